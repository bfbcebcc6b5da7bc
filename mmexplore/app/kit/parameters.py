"""Widgets for the settings of a method, as they are declared: label, help, bounds."""

from __future__ import annotations

import inspect
from typing import Any

import streamlit as st

from mmexplore.app.kit.widgets import plain
from mmexplore.app.state.session import CHOICE
from mmexplore.models.estimator import Estimator
from mmexplore.models.param import Declared, params_of


def ask(cls: type[Estimator], where: str) -> dict[str, Any]:
    """A widget for each setting of a method; returns what to construct it with.

    Args:
        where: part of the widgets' keys ("fusion", "alignment").
    """
    settings = params_of(cls)
    if not settings:
        st.caption("This method has nothing to set.")
        return {}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        return {
            name: _widget(declared, f"{CHOICE}{where}.{cls.name}.{name}")
            for name, declared in settings.items()
            if declared.type is not object and declared.default is not inspect.Parameter.empty
        }


def _widget(declared: Declared, key: str) -> Any:
    """What is chosen; a number outside the bounds cannot be typed. An empty box is None where None is allowed."""
    default, empty = declared.default, declared.none if declared.optional else None
    label, about = plain(declared.label), plain(declared.about, 800) or None
    if declared.choices:
        options = [None, *declared.choices] if declared.optional else list(declared.choices)
        return st.selectbox(
            label,
            options,
            index=options.index(default),
            key=key,
            help=about,
            width=200,
            format_func=lambda value: declared.none if value is None else plain(value),
        )
    if declared.type is bool:
        return st.toggle(label, bool(default), key=key, help=about)
    if declared.type is str:
        typed = st.text_input(label, default or "", key=key, help=about, width=150, placeholder=empty)
        return typed.strip() or (None if declared.optional else typed)
    number = declared.type  # int or float: all numbers of a box must be of one type
    chosen = st.number_input(
        label,
        min_value=None if declared.low is None else number(declared.low),
        max_value=None if declared.high is None else number(declared.high),
        value=None if default is None else number(default),
        step=1 if number is int else _step(default or 1.0),
        format="%d" if number is int else "%g",
        placeholder=empty,
        key=key,
        help=about,
        width=200,
    )
    return chosen if chosen is not None or declared.optional else default


def _step(value: float) -> float:
    """A tenth of the value's size: 0.1 for 1.0, 0.0001 for 0.001."""
    return 10.0 ** (int(f"{abs(value):e}".split("e")[1]) - 1)
