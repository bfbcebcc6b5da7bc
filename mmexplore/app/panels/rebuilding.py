"""What is rebuilt from some modalities, as real items: one item, and how good it is over the held-out ones.

For two pages: Reconstruct asks it of the shown fusion, Missing modalities of whatever can fill a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import show
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import PERCENT, in_percent, one_line, plain, say_error, section
from mmexplore.app.panels import fusing
from mmexplore.app.panels.asking import item_select
from mmexplore.app.shell import jobs_view, view_jobs
from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.retrieval.real_items import Found, RealItems
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.server.jobs import Progress
from mmexplore.views.rebuilding import JUDGED, RIDGE, RebuiltItem, RebuiltOverAll
from mmexplore.workspace.state import FittedFusion, Workspace

AT_ONCE = 3000  # rows up to which fitting and judging take a moment; above a job does it


@dataclass(frozen=True)
class Wish:
    """Who rebuilds (and its name in the workspace), from what, what is shown of it, and the real items to compare."""

    by: FittedFusion | RidgeFill
    name: str
    given: list[str]
    shown: list[str]
    real: RealItems

    @property
    def title(self) -> str:
        return self.by.fusion.card.short if isinstance(self.by, FittedFusion) else RIDGE


def real_items(workspace: Workspace, by: FittedFusion | RidgeFill | None = None) -> RealItems:
    """The real items of what `by` (None: the shown fusion) was fitted on; gathered once."""
    fitted = workspace.fitted if by is None else by
    aligned = isinstance(fitted, FittedFusion) and fitted.source == "aligned"
    split = workspace.ensure_split()
    key = ("real", *_vectors_key(workspace.aligned if aligned and workspace.aligned is not None else split))
    return session.remember(key, lambda: journey.real_items(workspace, by))


def ridge(embeddings: Embeddings) -> RidgeFill | None:
    """Ridge maps of these vectors; None while a job fits them."""
    key = ("ridge", *_vectors_key(embeddings))
    at_once = len(embeddings) <= AT_ONCE and sum(embeddings.dims.values()) <= 4000
    return jobs_view.result_of(
        key, lambda _: RidgeFill().fit(embeddings), "Fit ridge maps", "ridge", at_once, "Fit them"
    )


def _vectors_key(embeddings: Embeddings) -> tuple:
    return session.fingerprint(embeddings), embeddings.in_split("train").tobytes()


# -- one item ----------------------------------------------------------------------
def choose_item(workspace: Workspace, embeddings: Embeddings, key: str, given: list[str] | None = None) -> int:
    """The row of an item: in the menu those that have what is given come first, held-out ones before the others."""
    lacks = ~np.any([embeddings.present[m] for m in given or embeddings.modalities], axis=0)
    order = np.lexsort((embeddings.in_split("train"), lacks))
    item = item_select(workspace, embeddings.ids[order], key)
    return int(np.flatnonzero(embeddings.ids.astype(str) == item)[0])


def one_item(workspace: Workspace, wish: Wish, row: int, view: str) -> None:
    """The item, and the real items nearest to what each modality is rebuilt to."""
    embeddings = wish.real.embeddings
    item_grid(workspace, [row], f"{view}-item")
    rebuilt = RebuiltItem(wish.name, tuple(wish.given), str(embeddings.ids[row]))
    try:
        found = show.found(rebuilt, workspace, lambda: rebuilt.of(workspace, wish.by, wish.real))
    except UserError as error:
        say_error(error)
        return
    if embeddings.in_split("train")[row]:
        st.caption("The model has learned from this item. Choose one that was held out to see what it generalises.")
    own = embeddings.groups == embeddings.groups[row]
    shown = [f for f in found.of if f.modality in wish.shown]
    for f in shown:
        st.markdown(f"**{plain(f.modality, 60)}**")
        st.text(_place(f, wish.given))
        notes = {
            int(r): f"{i + 1}. cosine {score:.2f}" + (" · its own" if own[r] else "")
            for i, (r, score) in enumerate(zip(f.rows[0], f.scores[0], strict=True))
        }
        skip = [] if workspace.dataset is None else [m for m in workspace.dataset.modalities if m != f.modality]
        item_grid(workspace, f.rows[0], f"{view}-{f.modality}", notes=notes, skip=skip)
    show.bar(rebuilt, found, rows={"modalities": wish.shown}, name=view)


def _place(found: Found, given: list[str]) -> str:
    from_what = " and ".join(one_line(m, 40) for m in given)
    what = "Given, and given back." if found.modality in given else f"Rebuilt from {from_what}."
    if not found.known[0]:
        return f"{what} The item has none of its own to compare with. The nearest real ones:"
    place = f"Its own comes in place {found.rank[0]:,.10g} of {found.n_items:,} (by luck {found.chance_rank:,.0f})."
    return f"{what} {place} The nearest real ones:"


# -- all held-out items ------------------------------------------------------------
def over_all(workspace: Workspace, wish: Wish, view: str) -> None:
    """How often an item's own is the nearest, beside ridge maps and chance."""
    section(
        "Over all items",
        "How often an item's own comes first among all distinct real ones; beside a plain regression (ridge maps) and "
        "chance, a random order.",
    )
    bar = wish.by if isinstance(wish.by, RidgeFill) else ridge(wish.real.embeddings)
    if bar is None:
        return

    def work(_: Progress) -> dict[str, Any]:
        return journey.rebuild_report(workspace, wish.given, wish.by, JUDGED, bar, wish.real)

    over = RebuiltOverAll(wish.name, tuple(wish.given))
    at_once = len(wish.real.embeddings) <= AT_ONCE
    try:
        report = view_jobs.computed(
            over, workspace, "Judge what is rebuilt", at_once, "Judge it", kind="judge", shorter=work
        )
    except UserError as error:
        say_error(error)
        return
    if report is None:
        return
    n, of = (f"{report[key]:,}" for key in ("n_rows", "n_usable"))
    which = fusing.ROWS.get(report["rows"], report["rows"])
    st.caption(f"Over {n if n == of else f'{n} of {of}'} {which} that have what is given.")
    rows = {"modalities": wish.shown, "title": wish.title}
    table = over.table(report, **rows)
    shares = ("first", "in the first 10")
    config: dict[str, Any] = {c: st.column_config.NumberColumn(format=PERCENT) for c in shares}
    config |= {c: st.column_config.NumberColumn(format="localized") for c in ("median place", "of", "items")}
    seen = in_percent(table, *(c for c in shares if c in table))
    st.dataframe(seen, hide_index=True, height="content", key=f"{view}-judged", column_config=config)
    show.bar(over, report, rows=rows, name=f"{view}-all")
