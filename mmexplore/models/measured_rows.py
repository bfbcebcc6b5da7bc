"""Which rows a fitted method is measured on, and how to say it: rows it has not seen, where there are any."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError


class Fitted(Protocol):
    """A fitted method that knows which rows it has seen: every `Estimator`."""

    fitted_in_advance: ClassVar[bool]

    def seen(self, embeddings: Embeddings) -> np.ndarray: ...


def rows_to_measure(
    estimator: Fitted,
    embeddings: Embeddings,
    strict: bool = False,
    usable: np.ndarray | None = None,
    where: str = "score",
) -> tuple[np.ndarray, str]:
    """The rows that the fit has not seen, where there is at least one; else all of them.

    Args:
        strict: refuse rows that the fit has seen.
        usable: bool [N], rows that can be measured on at all (those with a label, say); None = every row.
        where: what measures, for the error.

    Returns:
        (positions int [n], ascending; how to say it: "281 held-out items", "1,406 fitted items", or "1,406 items"
        where nothing was fitted on the person's rows).

    Raises:
        UserError: no row is usable; or, with `strict`, the fit has seen them all.
    """
    usable = np.ones(len(embeddings), bool) if usable is None else usable
    if not usable.any():
        raise UserError("there is no item to measure on", where, "give items with what the measure needs")
    unseen = np.flatnonzero(usable & ~estimator.seen(embeddings))
    if len(unseen):
        return unseen, _items(len(unseen), "" if estimator.fitted_in_advance else "held-out ")
    if strict:
        raise UserError(
            "the fit has seen all of these items", where, "give others, fit with holdout=0.2, or leave strict out"
        )
    rows = np.flatnonzero(usable)
    return rows, _items(len(rows), "fitted ")


def _items(n: int, which: str) -> str:
    return f"{n:,} {which}item{'' if n == 1 else 's'}"


class Score(float):
    """A number that says which rows it was measured on.

    Attributes: `rows` ("281 held-out items"), `n` (how many rows that is).
    """

    rows: str
    n: int

    def __new__(cls, value: float, rows: str, n: int) -> Score:
        score = super().__new__(cls, value)
        score.rows, score.n = rows, n
        return score

    def __getnewargs__(self) -> tuple[float, str, int]:  # type: ignore[override]  # float gives (value,)
        return float(self), self.rows, self.n

    def __repr__(self) -> str:
        return f"{float(self):.4g} ({self.rows})"
