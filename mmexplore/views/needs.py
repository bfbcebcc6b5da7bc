"""What a view's result depends on: is it there, how is it recognised again, and what is said where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mmexplore import journey
from mmexplore.data.fingerprint import digest_of, fingerprint
from mmexplore.data.identity import uid_of
from mmexplore.workspace.state import Workspace

NeedName = Literal["items", "pairs", "vectors", "shared", "fit", "rows"]


@dataclass(frozen=True)
class Need:
    """A part of the workspace.

    Attributes:
        there: is it?  marks: texts that change when it does.  lacking: one sentence where it is not there.
    """

    there: Callable[[Workspace], bool]
    marks: Callable[[Workspace], tuple[str, ...]]
    lacking: str


def _items(workspace: Workspace) -> tuple[str, ...]:
    return (uid_of(workspace.dataset if workspace.dataset is not None else workspace.embeddings),)


def _vectors(workspace: Workspace) -> tuple[str, ...]:
    return ("" if workspace.embeddings is None else fingerprint(workspace.embeddings),)


def _shared(workspace: Workspace) -> tuple[str, ...]:
    of = workspace.aligned if workspace.aligned is not None else workspace.embeddings
    return "" if of is None else fingerprint(of), uid_of(workspace.alignment)


def _fit(workspace: Workspace) -> tuple[str, ...]:
    if workspace.fitted is None:
        return "", ""
    fitted, given = journey.fitted_input(workspace)
    return uid_of(fitted), fingerprint(given)


def _rows(workspace: Workspace) -> tuple[str, ...]:
    if workspace.embeddings is None:
        return "", ""
    return digest_of(journey.evaluation_rows(workspace)[0]), digest_of(workspace.embeddings.splits)


NEEDS: dict[NeedName, Need] = {
    "items": Need(
        lambda w: w.dataset is not None or w.embeddings is not None, _items, "There are no pairs and no vectors yet."
    ),
    "pairs": Need(lambda w: w.dataset is not None, lambda w: (uid_of(w.dataset),), "There are no pairs yet."),
    "vectors": Need(lambda w: w.embeddings is not None, _vectors, "The pairs are not encoded yet."),
    "shared": Need(
        lambda w: journey.shared_space(w)[0] is not None,
        _shared,
        "There is no space in which the modalities can be compared yet.",
    ),
    "fit": Need(lambda w: w.fitted is not None, _fit, "Nothing is fused yet."),
    "rows": Need(lambda w: w.embeddings is not None, _rows, "The pairs are not encoded yet."),
}
