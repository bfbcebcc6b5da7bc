"""What is rebuilt from some modalities, as real items: one item, and how good it is over the held-out ones.

For two pages: Reconstruct asks it of the shown fusion, Missing modalities of whatever can fill a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.download import view_bar
from mmexplore.app.kit.items import item_grid
from mmexplore.app.kit.widgets import PERCENT, in_percent, one_line, plain, say_error, section
from mmexplore.app.panels import fusing
from mmexplore.app.panels.asking import item_select
from mmexplore.app.shell import jobs_view
from mmexplore.app.snippets import models as python_models
from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.errors import UserError
from mmexplore.retrieval.real_items import Found, RealItems
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import FittedFusion, Workspace

RIDGE = "Ridge maps"
AT_ONCE = 3000  # rows up to which fitting and judging take a moment; above a job does it
JUDGED = 2000  # held-out rows that are judged at most, drawn once
NEAREST = 6  # real items shown


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

    @property
    def key(self) -> tuple:
        """Of everything that is computed for it."""
        return uid_of(self.by), tuple(self.given), *_vectors_key(self.real.embeddings)


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
    item = str(embeddings.ids[row])
    try:
        found = session.remember(
            ("rebuilt", *wish.key, item),
            lambda: journey.rebuild_item(workspace, item, wish.given, NEAREST, wish.by, wish.real),
        )
    except UserError as error:
        say_error(error)
        return
    if embeddings.in_split("train")[row]:
        st.caption("The model has learned from this item. Choose one that was held out to see what it generalises.")
    own = embeddings.groups == embeddings.groups[row]
    shown = [f for f in found if f.modality in wish.shown]
    for f in shown:
        st.markdown(f"**{plain(f.modality, 60)}**")
        st.text(_place(f, wish.given))
        notes = {
            int(r): f"{i + 1}. cosine {score:.2f}" + (" · its own" if own[r] else "")
            for i, (r, score) in enumerate(zip(f.rows[0], f.scores[0], strict=True))
        }
        skip = [] if workspace.dataset is None else [m for m in workspace.dataset.modalities if m != f.modality]
        item_grid(workspace, f.rows[0], f"{view}-{f.modality}", notes=notes, skip=skip)
    code = python_models.rebuild_item(wish.name, item, wish.given)
    view_bar(view, table=lambda: rebuilt_table(shown, embeddings.ids, wish.given), python=code)


def _place(found: Found, given: list[str]) -> str:
    from_what = " and ".join(one_line(m, 40) for m in given)
    what = "Given, and given back." if found.modality in given else f"Rebuilt from {from_what}."
    if not found.known[0]:
        return f"{what} The item has none of its own to compare with. The nearest real ones:"
    place = f"Its own comes in place {found.rank[0]:,.10g} of {found.n_items:,} (by luck {found.chance_rank:,.0f})."
    return f"{what} {place} The nearest real ones:"


def rebuilt_table(found: list[Found], ids: np.ndarray, given: list[str]) -> pd.DataFrame:
    """One line a nearest item."""
    return pd.DataFrame(
        [
            {"modality": f.modality, "given": f.modality in given, "place": i + 1, "id": str(ids[r]),
             "cosine": float(s), "place of its own": f.rank[0], "by chance": f.chance_rank, "of": f.n_items}
            for f in found
            for i, (r, s) in enumerate(zip(f.rows[0], f.scores[0], strict=True))
        ]
    )  # fmt: skip


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

    at_once = len(wish.real.embeddings) <= AT_ONCE
    try:
        report = jobs_view.result_of(("judged", *wish.key), work, "Judge what is rebuilt", "judge", at_once, "Judge it")
    except UserError as error:
        say_error(error)
        return
    if report is None:
        return
    n, of = (f"{report[key]:,}" for key in ("n_rows", "n_usable"))
    which = fusing.ROWS.get(report["rows"], report["rows"])
    st.caption(f"Over {n if n == of else f'{n} of {of}'} {which} that have what is given.")
    table = judged_table(report, wish.shown, wish.title)
    shares = ("first", "in the first 10")
    config: dict[str, Any] = {c: st.column_config.NumberColumn(format=PERCENT) for c in shares}
    config |= {c: st.column_config.NumberColumn(format="localized") for c in ("median place", "of", "items")}
    seen = in_percent(table, *(c for c in shares if c in table))
    st.dataframe(seen, hide_index=True, height="content", key=f"{view}-judged", column_config=config)
    code = python_models.rebuild_report(wish.name, wish.given, JUDGED)
    view_bar(f"{view}-all", table=lambda: table, python=code)


def judged_table(report: dict[str, Any], shown: list[str], title: str) -> pd.DataFrame:
    """For each modality a line of who rebuilds, one of the ridge maps, and one of chance."""
    lines = []
    for m, own in report["modalities"].items():
        if m not in shown:
            continue
        chance = {key.removeprefix("chance_"): own[key] for key in own if key.startswith("chance_")}
        chance |= {"n": own["n"], "n_gallery": own["n_gallery"]}
        for who, score in ((title, own), (RIDGE, own["baseline"]), ("Chance", chance)):
            if score is None:
                continue
            ends = score.get("recall@10_interval")
            lines.append(
                {
                    "modality": f"{m} (given)" if own["given"] else m,
                    "rebuilt by": who,
                    "first": score["recall@1"],
                    "in the first 10": score["recall@10"],
                    "95 % interval": "" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}",
                    "median place": score["median_rank"],
                    "of": score["n_gallery"],
                    "items": score["n"],
                }
            )
    return pd.DataFrame(lines)
