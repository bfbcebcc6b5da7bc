"""Whether an alignment helps where the vectors find one another already: before it and after it, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import held_out_rows
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.fusing import rows_name
from mmexplore.retrieval.metrics import RetrievalReport, retrieval_report
from mmexplore.scores.bootstrap import interval
from mmexplore.workspace.state import Workspace

MAX_QUERIES = 2000  # asked in each direction
CERTAIN = 2.0  # "find one another": R@10 is above chance by this many times the width of its interval


@dataclass(frozen=True)
class Realigned:
    """Retrieval among modalities whose vectors could be compared before they were aligned, on held-out rows.

    Attributes:
        rows: how they are called; "held-out", "test", or "all" where nothing was held out.
        before, after: a report for each direction, in the same order and with the same queries.
        gain: R@1 after minus before, in points (per cent), over the queries of all directions; interval: 95 %.
        declared: True where the encoders say that they share a space, False where it was found by measuring.
    """

    rows: str
    before: tuple[RetrievalReport, ...]
    after: tuple[RetrievalReport, ...]
    gain: float
    interval: tuple[float, float]
    declared: bool

    @property
    def hurts(self) -> bool:
        return self.interval[1] < 0

    @property
    def helps(self) -> bool:
        return self.interval[0] > 0

    @property
    def sentence(self) -> str:
        """What to make of it, in plain words."""
        before, after = (float(np.mean([r.r1 for r in side])) for side in (self.before, self.after))
        numbers = f"R@1 went from {before:.1f} to {after:.1f} % on {self.rows} rows"
        if self.hurts:
            return (
                f"Aligning has hurt: {numbers}. These vectors could be compared as they came; aligning them again on "
                f"few pairs loses more than it finds. {self.remedy}"
            )
        if self.helps:
            return f"Aligning has helped: {numbers}, although these vectors could be compared as they came."
        return (
            f"Aligning has changed nothing that can be shown: {numbers}. These vectors could be compared as they came."
        )

    @property
    def remedy(self) -> str:
        """How to use the vectors as they came."""
        if self.declared:
            return "Remove the alignment and use them as they are."
        return "Remove the alignment, and on the Encode page say that these vectors lie in one space."

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; reports by direction."""
        sides = {"before": self.before, "after": self.after}
        return {
            "rows": self.rows,
            **{name: {f"{r.src}->{r.dst}": r.as_dict() for r in side} for name, side in sides.items()},
            "gain_r@1": self.gain,
            "gain_interval": list(self.interval),
            "hurts": self.hurts,
            "declared": self.declared,
            "sentence": self.sentence,
        }


def realigned(workspace: Workspace) -> Realigned | None:
    """The workspace's alignment beside its vectors as they came; None where these could not be compared.

    They could where their encoders share a space (a CLIP's halves), or where modalities of equal width are measured
    to find one another far better than chance.
    """
    embeddings, alignment, aligned = embeddings_of(workspace), workspace.alignment, workspace.aligned
    if alignment is None or aligned is None or alignment.fitted_in_advance:
        return None
    rows, which = held_out_rows(embeddings), "test"
    if not rows.any():
        rows, which = np.ones(len(embeddings), bool), "all"
    pairs = [p for p in permutations(aligned.modalities, 2) if comparable_before(embeddings, *p, rows)]
    if not pairs:
        return None
    before = [_report(as_one_space(embeddings, p), p, rows, workspace.seed) for p in pairs]
    after = [_report(aligned, p, rows, workspace.seed) for p in pairs]
    ahead = [100.0 * (b.ranks <= 1) - 100.0 * (a.ranks <= 1) for a, b in zip(before, after, strict=True)]
    groups = np.concatenate([embeddings.groups[r.query_rows] for r in before])
    values = np.concatenate(ahead)
    low, high = interval(values, groups, workspace.seed)
    declared = all(embeddings.spaces[a] == embeddings.spaces[b] for a, b in pairs)
    name = rows_name(workspace, which)
    return Realigned(name, tuple(before), tuple(after), float(values.mean()), (low, high), declared)


def comparable_before(embeddings: Embeddings, a: str, b: str, rows: np.ndarray) -> bool:
    """Could these two modalities be compared as they came: one space by name, or one by measure on `rows`?"""
    if not (embeddings.present[a] & embeddings.present[b] & rows).any():
        return False
    if embeddings.spaces[a] == embeddings.spaces[b]:
        return True
    if embeddings.dims[a] != embeddings.dims[b]:
        return False
    return all(_finds(_report(as_one_space(embeddings, (a, b)), p, rows, 0)) for p in ((a, b), (b, a)))


def all_comparable_before(embeddings: Embeddings, rows: np.ndarray) -> bool:
    """`comparable_before` for every two modalities."""
    return all(comparable_before(embeddings, a, b, rows) for a, b in combinations(embeddings.modalities, 2))


def _finds(report: RetrievalReport) -> bool:
    low, high = report.intervals["r10"]
    return report.r10 - report.chance_r10 > CERTAIN * (high - low)


def as_one_space(embeddings: Embeddings, modalities: Sequence[str]) -> Embeddings:
    """These modalities under the name of one space; their widths must be equal."""
    return replace(embeddings.only(modalities), spaces=dict.fromkeys(modalities, "as they are"))


def _report(shared: Embeddings, pair: tuple[str, str], rows: np.ndarray, seed: int) -> RetrievalReport:
    return retrieval_report(shared, *pair, rows=rows, seed=seed, max_queries=MAX_QUERIES)
