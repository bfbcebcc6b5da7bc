"""Reconstructions, draws and odd items as real items: what the Reconstruct page shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import generative, journey
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.fusion.base import Fusion
from mmexplore.generative import Generative
from mmexplore.journey.rebuilding import Rebuilt, can_rebuild
from mmexplore.ui import fusing, jobs_view, live, python_models, session
from mmexplore.ui.asking import item_select
from mmexplore.ui.download import view_bar
from mmexplore.ui.items import draw_cell, draw_item, item_grid
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import numbers, one_line, plain, say_error, section
from mmexplore.workspace import FittedFusion, Workspace

NEAREST, ODD, SAMPLES = 6, 12, 4


def need_rebuilder(workspace: Workspace) -> FittedFusion:
    """The shown fusion if it can rebuild; else what there is to do, and the end of the page."""
    fitted = workspace.fitted
    assert fitted is not None
    if can_rebuild(fitted):
        return fitted
    able = [name for name, f in workspace.fusions.items() if can_rebuild(f)]
    st.info(
        plain(
            f"{fitted.fusion.card.title} makes one vector of an item and cannot go back. An autoencoder or a "
            "multimodal VAE rebuilds every modality from any of them.",
            400,
        )
    )
    with st.container(horizontal=True):
        for name in able:
            title = workspace.fusions[name].fusion.card.title
            if st.button(plain(f"Show {title}"), key=f"rebuild-show-{name}"):
                workspace.current = name
                st.rerun()
        if not able and st.button(
            "Fit a multimodal VAE (MVAE)", type="primary", key="rebuild-fit", disabled=jobs_view.busy("fuse")
        ):
            _fit(workspace)
    live.curves("fuse")
    return st.stop()


def _fit(workspace: Workspace) -> None:
    card = generative.methods()["mvae"].card
    fusing.start(
        workspace,
        card.title,
        lambda frozen, progress, hear: journey.fuse(frozen, "mvae", progress=progress, hear=hear),
        ("fuse", "mvae", "first", workspace.seed),
    )


# -- one item ----------------------------------------------------------------------
def item(workspace: Workspace, fusion: Fusion, embeddings: Embeddings) -> None:
    """One item: what is given, and what each modality is rebuilt to."""
    ids = embeddings.ids.astype(str)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = item_select(workspace, embeddings.ids, f"{CHOICE}rebuild.item")
        row = int(np.flatnonzero(ids == name)[0])
        has = [m for m in embeddings.modalities if embeddings.present[m][row]]
        given = st.pills(
            "The model is shown",
            has,
            selection_mode="multi",
            default=has[:1],
            format_func=lambda m: plain(m, 30),
            key=f"{CHOICE}rebuild.given.{'.'.join(has)}",
        )
    with st.container(border=True, width=200, key="card-rebuild"):
        draw_item(workspace.dataset, row, name)
    if not given:
        st.text("Choose at least one modality that the model is shown.")
        return
    key = ("rebuild", id(fusion), session.fingerprint(embeddings), name, tuple(given))
    try:
        _, found = session.remember(key, lambda: (fusion, journey.rebuild_item(workspace, name, given, NEAREST)))
    except UserError as error:
        say_error(error)
        return
    split = "" if embeddings.splits is None else str(embeddings.splits[row])
    if split == "train":
        st.caption("The model has learned from this item. Choose one that was held out to see what it generalises.")
    for rebuilt in found:
        _rebuilt(workspace, rebuilt, given)
    view_bar(
        "rebuild",
        table=lambda: rebuilt_table(found, embeddings.ids),
        python=python_models.rebuild_item(name, list(given)),
    )
    _over_all(workspace, fusion, embeddings, list(given))


def _rebuilt(workspace: Workspace, found: Rebuilt, given: list[str]) -> None:
    what = "given, and given back" if found.given else f"rebuilt from {', '.join(given)}"
    place = "The item has none of its own to compare with."
    if found.rank is not None and found.chance is not None:
        place = f"The item's own comes in place {found.rank:,.0f} of {found.n_gallery:,} (by luck {found.chance:,.0f})."
    st.text(one_line(f"{found.modality}, {what}. {place} The nearest real ones:", 300))
    notes = {
        int(r): f"{i + 1}. distance {d:.2f}" for i, (r, d) in enumerate(zip(found.rows, found.distances, strict=True))
    }
    others = [] if workspace.dataset is None else [m for m in workspace.dataset.modalities if m != found.modality]
    item_grid(workspace, found.rows, f"rebuilt-{found.modality}", notes=notes, skip=others)


def rebuilt_table(found: list[Rebuilt], ids: np.ndarray) -> pd.DataFrame:
    """One line a nearest item."""
    return pd.DataFrame(
        [
            {"modality": f.modality, "given": f.given, "place": i + 1, "id": str(ids[r]), "distance": float(d),
             "rank of its own": f.rank, "rank by chance": f.chance, "of": f.n_gallery}
            for f in found
            for i, (r, d) in enumerate(zip(f.rows, f.distances, strict=True))
        ]
    )  # fmt: skip


def _over_all(workspace: Workspace, fusion: Fusion, embeddings: Embeddings, given: list[str]) -> None:
    """The same for all held-out items."""
    key = ("rebuild-all", id(fusion), session.fingerprint(embeddings), tuple(given))
    _, report = session.remember(key, lambda: (fusion, journey.rebuild_report(workspace, given)))
    where = fusing.ROWS.get(report["rows"], report["rows"])
    section(
        "Over all items", plain(f"How often an item's own is the nearest, over the {where} that have what is given.")
    )
    table = pd.DataFrame([{"modality": m, **v} for m, v in report["modalities"].items()])
    shown = ["modality", "given", "recall@1", "chance_recall@1", "recall@10", "chance_recall@10", "median_rank",
             "chance_median_rank", "n"]  # fmt: skip
    kind = st.column_config
    names = {
        "chance_recall@1": "by chance",
        "chance_recall@10": "by chance ",
        "recall@1": "first",
        "recall@10": "in the first 10",
    }
    config = {c: kind.NumberColumn(name, format="percent") for c, name in names.items()}
    config |= {
        "median_rank": kind.NumberColumn("median place", format="%.0f"),
        "chance_median_rank": kind.NumberColumn("by chance  ", format="%.0f"),
        "n": kind.NumberColumn("items", format="localized"),
    }
    st.dataframe(table[shown], hide_index=True, key="rebuild-all", column_config=config)
    view_bar("rebuild-all", table=lambda: table, python=python_models.rebuild_report(given))


# -- drawn from the prior ----------------------------------------------------------
def samples(workspace: Workspace, fusion: Generative, embeddings: Embeddings) -> None:
    """New items, each modality as the nearest real one."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        n = int(st.number_input("How many", 1, 50, SAMPLES, key=f"{CHOICE}sample.n", width=110))
        seed = int(st.number_input("Seed", 0, 999_999_999, 0, key=f"{CHOICE}sample.seed", width=110))
    key = ("samples", id(fusion), session.fingerprint(embeddings), n, seed)
    _, drawn = session.remember(key, lambda: (fusion, journey.sample_items(workspace, n, seed)))
    if drawn.coherence is not None:
        about = "How often the nearest items of two modalities of one draw have the same label, over all draws."
        numbers(
            [("Coherence", f"{drawn.coherence:.0%}", about), ("By luck", f"{drawn.chance:.0%}", "For unrelated items.")]
        )
    for i in range(n):
        with st.container(horizontal=True, gap="small", key=f"sample-{i}"):
            for j, m in enumerate(drawn.modalities):
                with st.container(border=True, width=176, height="stretch", key=f"sample-{i}-{j}"):
                    _cell(workspace, int(drawn.rows[i, j]), m, embeddings)
                    st.caption(plain(f"{m}, distance {drawn.distances[i, j]:.2f}", 60))
    table = pd.DataFrame(
        [
            {"draw": i, "modality": m, "id": str(embeddings.ids[drawn.rows[i, j]]), "distance": drawn.distances[i, j]}
            for i in range(n)
            for j, m in enumerate(drawn.modalities)
        ]
    )
    view_bar("samples", table=lambda: table, python=python_models.samples(n, seed))


def _cell(workspace: Workspace, row: int, modality: str, embeddings: Embeddings) -> None:
    dataset = workspace.dataset
    if dataset is None or modality not in dataset.kinds:
        st.text(one_line(embeddings.ids[row], 60))
    else:
        draw_cell(dataset.cells[modality][row], dataset.kinds[modality], modality)
    if embeddings.labels is not None:
        st.text(one_line(f"{embeddings.ids[row]}: {embeddings.labels[row]}", 60))


# -- what the model finds odd ------------------------------------------------------
def odd(workspace: Workspace, fusion: Generative, embeddings: Embeddings) -> None:
    """The items that the model knows least."""
    key = ("oddest", id(fusion), session.fingerprint(embeddings))
    try:
        _, table = session.remember(key, lambda: (fusion, journey.oddest(workspace)))
    except UserError as error:
        say_error(error)
        return
    left_out = len(embeddings) - len(table)
    if left_out:
        st.caption(plain(f"{left_out:,} items are not ranked: too few others have the same modalities present.", 200))
    top = table.head(ODD * 4)
    notes = {
        int(r): f"{o:.1f} sd below; {fusion.elbo_name} {e:,.0f}"
        for r, o, e in zip(top["row"], top["oddness"], top["elbo"], strict=True)
    }
    item_grid(workspace, top["row"].to_numpy(), "odd", notes=notes, limit=ODD)
    view_bar("odd", table=lambda: table.drop(columns="row"), python=python_models.oddest())
