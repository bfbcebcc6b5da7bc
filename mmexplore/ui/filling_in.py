"""An absent modality filled in: the nearest real items, and how good that is over held-out rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.jobs import Progress
from mmexplore.journey.filling import NearestReal, RealItems
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.runtime import rng
from mmexplore.ui import jobs_view, python_models, session
from mmexplore.ui.asking import item_select
from mmexplore.ui.download import view_bar
from mmexplore.ui.items import item_grid
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import one_line, plain, section
from mmexplore.workspace import FittedFusion, Workspace

RIDGE = "ridge maps"
AT_ONCE = 3000  # rows up to which fitting and judging take a moment; above a job does it
JUDGED = 2000  # held-out rows that are judged at most, drawn once
FOUND = 6  # nearest real items shown


@dataclass(frozen=True)
class Wish:
    """Who fills in (its name in the menu), from what, what is filled in, and the real items it is compared with."""

    fills: FittedFusion | RidgeFill
    name: str
    given: list[str]
    targets: list[str]
    real: RealItems


def panel(workspace: Workspace) -> None:
    """Choose who fills in from what; one item, then all held-out rows."""
    embeddings = workspace.ensure_split()
    able = {n: f for n, f in workspace.fusions.items() if journey.can_fill(f)}
    words = {RIDGE: "Ridge maps (plain regression)"} | {n: f.fusion.card.title for n, f in able.items()}
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = st.selectbox(
            "Filled in by", [*able, RIDGE], key=f"{CHOICE}fill.by", width=320, format_func=lambda n: words[n],
            help="Generative methods that are fitted on the Fuse page, and regressions as the bar they must pass.",
        )  # fmt: skip
        given = st.pills(
            "Given",
            embeddings.modalities,
            selection_mode="multi",
            default=embeddings.modalities[:1],
            key=f"{CHOICE}fill.given",
            format_func=lambda m: plain(m, 40),
        )
    if not able:
        st.caption("Fit a generative method (an autoencoder, MVAE ...) on the Fuse page to see it fill in as well.")
    given = [m for m in embeddings.modalities if m in given]
    targets = [m for m in embeddings.modalities if m not in given]
    if not given or not targets:
        st.text("Give some of the modalities, not all: the others are filled in.")
        return
    fills = able[name] if name in able else _ridge(workspace)
    if fills is None:
        return
    source = fills.source if isinstance(fills, FittedFusion) else "encoded"
    key = ("real", session.fingerprint(journey.fusion_input(workspace, "none", source)))
    real = session.remember(key, lambda: journey.real_items(workspace, source))
    wish = Wish(fills, name, given, targets, real)
    _one_item(workspace, wish)
    _all_items(workspace, wish)


def _ridge(workspace: Workspace) -> RidgeFill | None:
    embeddings = workspace.ensure_split()
    key = ("ridge", session.fingerprint(embeddings), embeddings.in_split("train").tobytes())
    at_once = len(embeddings) <= AT_ONCE and sum(embeddings.dims.values()) <= 4000
    return jobs_view.result_of(
        key, lambda _: RidgeFill().fit(embeddings), "Fit ridge maps", "ridge", at_once, "Fit them"
    )


def _one_item(workspace: Workspace, wish: Wish) -> None:
    embeddings, given = wish.real.embeddings, wish.given
    section(
        "One item",
        "What is filled in is a vector, no picture and no text: shown are the real items nearest to it. Items held out "
        "of the fit come first in the menu.",
    )
    order = np.argsort(embeddings.in_split("train"), kind="stable")
    item = item_select(workspace, embeddings.ids[order], f"{CHOICE}fill.item")
    row = int(np.flatnonzero(embeddings.ids.astype(str) == item)[0])
    _, found = session.remember(
        ("filled", id(wish.fills), tuple(given), row),
        lambda: (wish.fills, journey.nearest_real(workspace, wish.fills, [row], given, FOUND, wish.real)),
    )
    missing = [m for m in given if not embeddings.present[m][row]]
    if len(missing) == len(given):
        st.info(plain(f"This item has no {', '.join(missing)}: what follows is the answer to nothing."))
    with st.container(horizontal=True, gap="medium", key="fill-item"):
        item_grid(workspace, [row], "fill-item")
    own = embeddings.groups == embeddings.groups[row]
    for m in wish.targets:
        st.markdown(f"**{plain(m, 60)}**")
        st.text(_place(found[m], bool(embeddings.present[m][row]), m))
        skip = [other for other in embeddings.modalities if other != m]
        notes = {
            int(r): f"{i + 1}. cosine {score:.2f}" + (" · its own" if own[r] else "")
            for i, (r, score) in enumerate(zip(found[m].rows[0], found[m].scores[0], strict=True))
        }
        item_grid(workspace, found[m].rows[0], f"fill-{m}", notes=notes, skip=skip)
    code = python_models.filling(workspace, wish.name, RIDGE, row, given)
    view_bar("filled", table=lambda: _table(found, embeddings.ids), python=code)


def _place(found: NearestReal, there: bool, modality: str) -> str:
    if not found.known[0]:
        return f"It has no {one_line(modality, 40)} of its own: there is nothing to compare with." if not there else ""
    said = f"Its own is number {found.rank[0]:,.0f} of {found.n_items:,}; by chance it would be about number "
    return said + f"{found.chance_rank:,.0f}."


def _all_items(workspace: Workspace, wish: Wish) -> None:
    embeddings = wish.real.embeddings
    held_out = np.flatnonzero(~embeddings.in_split("train"))
    rows = np.sort(rng(workspace.seed).choice(held_out, min(JUDGED, len(held_out)), replace=False))
    section(
        "Over all held-out items",
        f"Where the true item comes among all distinct ones, over {len(rows):,} of {len(held_out):,} rows that were "
        "not fitted on. Chance is a random order.",
    )
    if not len(rows):
        st.text("No rows are held out.")
        return

    def work(_: Progress) -> tuple[object, dict[str, NearestReal]]:
        return wish.fills, journey.nearest_real(workspace, wish.fills, rows, wish.given, 1, wish.real)

    key = ("filled all", id(wish.fills), tuple(wish.given), rows.tobytes())
    made = jobs_view.result_of(key, work, "Judge what is filled in", "fill", len(embeddings) <= AT_ONCE, "Judge it")
    if made is None:
        return
    table = _judged(made[1], wish.targets)
    percent = {c: st.column_config.NumberColumn(format="percent") for c in table.columns if c.startswith("R@")}
    st.dataframe(table, hide_index=True, key="fill-judged", column_config=percent)
    code = python_models.filling(workspace, wish.name, RIDGE, None, wish.given)
    view_bar("filled-all", table=lambda: table, python=code)


def _judged(found: dict[str, NearestReal], targets: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "filled in": m,
                "R@1": found[m].recall(1),
                "R@1 by chance": found[m].chance_recall(1),
                "R@10": found[m].recall(10),
                "R@10 by chance": found[m].chance_recall(10),
                "median place": found[m].median_rank,
                "by chance": found[m].chance_rank,
                "of": found[m].n_items,
                "rows judged": int(found[m].known.sum()),
            }
            for m in targets
        ]
    )


def _table(found: dict[str, NearestReal], ids: np.ndarray) -> pd.DataFrame:
    lines = [
        {"modality": m, "place": i + 1, "id": str(ids[r]), "cosine": float(s), "true item's place": one.rank[0]}
        for m, one in found.items()
        for i, (r, s) in enumerate(zip(one.rows[0], one.scores[0], strict=True))
    ]
    return pd.DataFrame(lines)
