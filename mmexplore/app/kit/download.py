"""Under each view: its figure and table to take away, and the Python that makes it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from mmexplore.data.export import parquet_bytes, safe_csv

if TYPE_CHECKING:
    import plotly.graph_objects as go


def chart(figure: go.Figure, name: str, **selecting: Any) -> None:
    """A figure in the app's own theme; its camera button saves a sharp PNG. `selecting` goes to `st.plotly_chart`."""
    selecting.setdefault("key", f"chart-{name}")
    st.plotly_chart(figure, theme="streamlit", config=chart_config(name), **selecting)


def chart_config(name: str) -> dict[str, Any]:
    """plotly's bar: only what helps; the camera saves a PNG of twice the size under this name."""
    from mmexplore.figures.theme import CONFIG

    return CONFIG | {"toImageButtonOptions": {"format": "png", "filename": f"mmexplore-{name}", "scale": 2}}


def table_buttons(table: Callable[[], pd.DataFrame], name: str, key: str) -> None:
    """CSV (formulas escaped) and Parquet of a table; written only when a button is pressed."""
    st.download_button(
        "Table as CSV",
        lambda: safe_csv(table()),
        f"mmexplore-{name}.csv",
        "text/csv",
        key=f"csv-{key}",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        "Table as Parquet",
        lambda: parquet_bytes(table()),
        f"mmexplore-{name}.parquet",
        "application/octet-stream",
        key=f"parquet-{key}",
        on_click="ignore",
        width="stretch",
    )


def view_bar(
    name: str,
    *,
    figure: go.Figure | None = None,
    table: Callable[[], pd.DataFrame] | None = None,
    python: str = "",
) -> None:
    """The two buttons under a view: Download and Python.

    Args:
        name: unique on the page; part of the file names.
        figure: the figure as drawn. Its HTML is self-contained: it opens offline.
        table: makes the numbers behind it.
        python: lines that recreate it from a saved workspace.
    """
    with st.container(horizontal=True, gap="small", key=f"bar-{name}"):
        with st.popover("Download"):
            if figure is not None:
                st.download_button(
                    "Figure as HTML",
                    lambda: figure.to_html(include_plotlyjs=True).encode(),
                    f"mmexplore-{name}.html",
                    "text/html",
                    key=f"html-{name}",
                    on_click="ignore",
                    width="stretch",
                )
                st.caption("For a PNG press the camera at the top right of the figure.")
            if table is not None:
                table_buttons(table, name, key=name)
        if python:
            with st.popover("Python"):
                st.caption(
                    "Save the workspace on the Data page and unpack it as `run`; these lines make the same result."
                )
                st.code(python, language="python")
