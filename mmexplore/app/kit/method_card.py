"""A method before it is fitted: what it is, its formula, the way of the vectors through it, its paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from mmexplore.app.kit.download import chart_config
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.figures.flow import flow_diagram
from mmexplore.figures.flow.stages import flow_of
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import Estimator

NONE = "none"
LINE = 110  # characters of LaTeX that fit on a line of a narrow window


def pick(methods: Mapping[str, type[Estimator]], where: str, names: list[str] | None = None) -> str:
    """The menu of methods, by their titles. `where` is part of the key; `names` limits and orders it."""
    names = names or list(methods)
    return st.selectbox(
        "Method",
        names,
        key=f"{CHOICE}{where}.method",
        format_func=lambda n: "None: use the vectors as they are" if n == NONE else methods[n].card.title,
    )


def show(card: MethodCard) -> None:
    """What a method is, its formula, its paper and what to look for (ours: Markdown and LaTeX allowed)."""
    st.markdown(card.summary)
    st.latex(on_lines(card.equation))
    with st.expander("What to look for, and where it comes from"):
        st.markdown(card.look_for)
        st.markdown(f"**Missing modalities.** {card.missing}")
        st.caption(card.paper)


def on_lines(equation: str) -> str:
    """A long equation on several lines, broken where the author left a wide space after a comma."""
    parts = re.split(r"(?<=,)\\q?quad\s*", equation)
    paired = [[len(re.findall(rf"\\{word}(?![a-z])", p)) for word in ("left", "right")] for p in parts]
    whole = all(a == b for a, b in paired) and all(p.count("{") == p.count("}") for p in parts)
    if len(equation) <= LINE or len(parts) < 2 or not whole:
        return equation
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) <= LINE:
            lines[-1] += r"\quad " + part
        else:
            lines.append(part)
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def diagram(
    method: type[Estimator], params: Mapping[str, Any], embeddings: Embeddings, objective: str | None = None
) -> None:
    """The data flow with these vectors' sizes and these settings."""
    classes = 0
    if objective == "classification" and embeddings.labels is not None:
        labels = embeddings.labels
        classes = session.remember(("classes", uid_of(labels)), lambda: len(set(labels.astype(str)) - {""}))
    flow = flow_of(method, params, embeddings.dims, objective, classes)
    where = "alignment" if objective is None else "fusion"
    st.plotly_chart(
        flow_diagram(flow),
        theme="streamlit",
        config=chart_config(f"flow-{method.name}") | {"displayModeBar": False},
        key=f"flow-{where}",
    )
    st.caption("A bar is a vector; its height is the logarithm of how many numbers it has.")
