"""What is present where: the pattern plot, counted for people; which class lacks what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app.kit import show
from mmexplore.app.kit.download import chart
from mmexplore.app.kit.widgets import PERCENT, in_percent, one_line, plain, section
from mmexplore.views.patterns import Patterns, patterns
from mmexplore.workspace.state import Workspace

UNEVEN = 0.2  # a modality's share in a class that differs so much from its share overall is pointed out


def view(workspace: Workspace) -> None:
    """Which modalities are present together, on the Data page; one sentence where nothing is missing."""
    source = workspace.dataset if workspace.dataset is not None else workspace.embeddings
    if source is None or not len(source):
        return
    present, labels = source.present, source.labels
    section("What is present where")
    if complete(present) == len(source):
        st.text("Every row has every modality.")
    else:
        st.caption(
            "Each column is a pattern: the modalities that a row has (filled dots), and above it how many rows look "
            "like that. At the right: how many rows have each modality."
        )
        of = Patterns()
        figure = show.figure_of(of, present, workspace)
        chart(figure, of.name)
        for sentence in remarks(present, labels):
            st.text(sentence)
        show.bar(of, present, figure)
        with st.expander("As a table"):
            table = in_percent(patterns(present), "share")
            st.dataframe(table, hide_index=True, key="patterns", column_config=_COLUMNS)
            by_class = presence_by_class(present, labels)
            if by_class is not None:
                st.caption("The share of each class that has a modality, the class that lacks most first.")
                share = st.column_config.ProgressColumn(min_value=0, max_value=100, format=PERCENT)
                shares = [str(m) for m in present if m not in ("class", "rows")]
                st.dataframe(
                    in_percent(by_class, *shares),
                    hide_index=True,
                    key="patterns-class",
                    column_config=dict.fromkeys(shares, share),
                )
    _not_encoded(workspace)


_COLUMNS = {
    "rows": st.column_config.NumberColumn("Rows", format="localized"),
    "share": st.column_config.ProgressColumn("Share", min_value=0, max_value=100, format=PERCENT),
}


def _not_encoded(workspace: Workspace) -> None:
    """Cells of the pairs that have no vector."""
    dataset, embeddings = workspace.dataset, workspace.embeddings
    if dataset is None or embeddings is None or len(dataset) != len(embeddings):
        return
    said = []
    for m, there in dataset.present.items():
        lost = int(there.sum()) - int((embeddings.present[m] & there).sum() if m in embeddings.present else 0)
        if lost:
            said.append(f"{lost:,} of {one_line(m, 40)}")
    if said:
        st.info(plain(f"Present but without a vector: {', '.join(said)}. The other pages treat them as missing.", 400))


def presence_by_class(present: Mapping[str, np.ndarray], labels: np.ndarray | None) -> pd.DataFrame | None:
    """One line a class: "class", "rows", and the share (0..1) of them that have each modality, the barest first.

    None where there are no classes.
    """
    if labels is None or np.issubdtype(labels.dtype, np.floating):
        return None
    table = pd.DataFrame({m: there.astype(float) for m, there in present.items()})
    by = table.groupby(labels.astype(str), sort=True)
    shares = by.mean()
    shares.insert(0, "rows", by.size(), allow_duplicates=True)
    shares = shares[shares.index != ""]
    order = np.argsort(shares.iloc[:, 1:].mean(axis=1).to_numpy(), kind="stable")
    return shares.iloc[order].rename_axis("class").reset_index(allow_duplicates=True)


def remarks(present: Mapping[str, np.ndarray], labels: np.ndarray | None) -> list[str]:
    """What a person should know before fitting: rows with nothing, rare modalities, absence that tells the class."""
    mask = np.stack(list(present.values()), axis=1)
    said = []
    nothing, lone = int((~mask.any(axis=1)).sum()), int((mask.sum(axis=1) == 1).sum())
    if nothing:
        said.append(f"{nothing:,} rows have nothing at all: they get each method's answer to nothing.")
    if lone and mask.shape[1] > 1:
        said.append(f"{lone:,} rows have one modality only: they take no part where two are compared.")
    rare = [f"{one_line(m, 40)} ({int(t.sum()):,} rows)" for m, t in present.items() if t.sum() < 10]
    if rare:
        said.append(f"Too rare to learn from: {', '.join(rare)}. An alignment leaves them out.")
    table = presence_by_class(present, labels)
    if table is not None and 1 < len(table) <= 1000:
        shares = table.iloc[:, 2:].to_numpy()
        overall = mask.mean(axis=0)
        for j, m in enumerate(present):
            lacking = [one_line(c, 30) for c, s in zip(table["class"], shares[:, j], strict=True) if s == 0]
            if lacking and overall[j] > 0 and len(lacking) < len(table):
                more = f" and {len(lacking) - 3:,} more" if len(lacking) > 3 else ""
                said.append(f"No item of class {', '.join(lacking[:3])}{more} has {one_line(m, 40)}.")
            elif np.abs(shares[:, j] - overall[j]).max() > UNEVEN and len(mask) >= 20 * len(table):
                said.append(
                    f"{one_line(m, 40)} is present more often in some classes: its absence itself tells the class."
                )
    return said


def complete(present: Mapping[str, np.ndarray]) -> int:
    """How many rows have every modality."""
    return int(np.logical_and.reduce(list(present.values())).sum()) if present else 0
