"""The few lines that make a view's result again, from a saved workspace. Every value is written as Python's repr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OPEN = """from mmexplore import journey
from mmexplore.workspace.files import open_directory
from pathlib import Path

workspace = open_directory(Path("run"))
"""


def patterns() -> str:
    """Which modalities are present together."""
    return (
        OPEN
        + """
import numpy as np
from mmexplore.figures.patterns import missing_pattern

present = (workspace.dataset or workspace.embeddings).present
missing_pattern(np.stack(list(present.values()), axis=1), list(present)).show()
"""
    )


def arguments(options: Mapping[str, Any]) -> str:
    """Keyword arguments as they are typed."""
    return ", ".join(f"{k}={v!r}" for k, v in options.items())


def moved(gap: float, modalities: Sequence[str]) -> str:
    """Lines that move these modalities of `shared` by `gap` of the way between their clouds; none where it is 0.

    They take the centres over the rows that `rows` (those of `journey.evaluation_rows`) leaves, where there are any.
    """
    if not gap:
        return ""
    return f"""from mmexplore.latent.gap import shift_gap
shared = shift_gap(shared, {gap!r}, {list(modalities)!r}, rows if rows.all() else ~rows)
"""


def retrieval(src: str, dst: str) -> str:
    """The report of one direction."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.metrics import retrieval_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
report = retrieval_report(shared, {src!r}, {dst!r}, rows=rows, seed=workspace.seed)
print(report.as_dict())
recall_bars([report]).show()
"""
    )


def search_text(query: str, into: str, k: int) -> str:
    """A typed query."""
    return OPEN + f"\nfor hit in journey.search_items(workspace, {query!r}, {into!r}, k={k!r}):\n    print(hit)\n"


def search_item(item: str, src: str, into: str, k: int) -> str:
    """An item as the query."""
    return (
        OPEN + f"\nfor hit in journey.search_like(workspace, {item!r}, {src!r}, {into!r}, k={k!r}):\n    print(hit)\n"
    )


def rescored(src: str, dst: str, method: str, bank: str, k: int, beta: float) -> str:
    """Recall with and without rescoring, and the hubs."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.rescore import rescored_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
found = rescored_report(shared, {src!r}, {dst!r}, {method!r}, None if rows.all() else rows, bank={bank!r},
                        k={k!r}, beta={beta!r}, seed=workspace.seed, most=2000)
print(found.note, found.raw_hubs.skewness, found.hubs.skewness)
recall_bars({{"raw": found.raw, {method!r}: found.rescored}}).show()
"""
    )


def mispairs(src: str, dst: str) -> str:
    """Rows whose halves do not seem to belong together."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import mispairs

shared, where = journey.shared_space(workspace)
print(mispairs(shared, {src!r}, {dst!r}).head(20))
"""
    )


def duplicates(modality: str, least: float) -> str:
    """Items of one modality that are nearly the same."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import near_duplicates

shared, where = journey.shared_space(workspace)
print(near_duplicates(shared, {modality!r}, {least!r}))
"""
    )


def thermometer(src: str, dst: str, gap: float = 0.0, modalities: Sequence[str] = ()) -> str:
    """What a similarity means in this data, with these modalities moved by `gap` of the way between their clouds."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import thermometer_figure
from mmexplore.retrieval.thermometer import thermometer

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
{moved(gap, modalities)}thermometer_figure(thermometer(shared, {src!r}, {dst!r}, rows, seed=workspace.seed)).show()
"""
    )
