"""Widgets for a method's constructor arguments, with the help its docstring gives."""

from __future__ import annotations

import inspect
import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

import streamlit as st

from mmexplore.estimator import Estimator
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain


def argument_help(cls: type) -> dict[str, str]:
    """Argument -> what the docstrings of the class and its bases say of it under "Args:"; the class's own word wins."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        match = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", inspect.cleandoc(vars(base).get("__doc__") or ""), re.S | re.M)
        name = ""
        for line in match.group(1).splitlines() if match else []:
            if m := re.match(r"    (\w+)(?: \([^)]*\))?: (.*)", line):
                name = m.group(1)
                found[name] = m.group(2)
            elif name and line.strip():
                found[name] += " " + line.strip()
    return found


def choices_of(cls: type[Estimator], name: str) -> tuple[Any, ...]:
    """The values a parameter may take where its type says so (Literal), else nothing."""
    try:
        hint = get_type_hints(cls.__init__).get(name)
    except (NameError, TypeError):  # an annotation only a type checker resolves
        return ()
    return get_args(hint) if get_origin(hint) is Literal else ()


def ask(cls: type[Estimator], where: str) -> dict[str, Any]:
    """A widget for each parameter of a method; returns what to construct it with.

    Args:
        where: part of the widgets' keys ("fusion", "alignment").
    """
    defaults, about, chosen = cls().own_params(), argument_help(cls), {}
    if not defaults:
        st.caption("This method has nothing to set.")
        return {}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for name, default in defaults.items():
            key = f"{CHOICE}{where}.{cls.name}.{name}"
            chosen[name] = _widget(name, default, choices_of(cls, name), key, plain(about.get(name, ""), 600) or None)
    return chosen


def _widget(name: str, default: Any, choices: tuple[Any, ...], key: str, about: str | None) -> Any:
    label = plain(name.replace("_", " "))
    if choices:
        return st.selectbox(label, choices, index=choices.index(default), key=key, help=about, width=200)
    if isinstance(default, bool):
        return st.toggle(label, default, key=key, help=about)
    if isinstance(default, int):
        return int(st.number_input(label, value=default, step=1, key=key, help=about, width=150))
    if isinstance(default, float):
        return st.number_input(label, value=default, step=_step(default), format="%g", key=key, help=about, width=150)
    typed = st.text_input(
        label,
        "" if default is None else str(default),
        key=key,
        help=about,
        width=150,
        placeholder="automatic" if default is None else None,
    )
    return _number(typed) if default is None else typed


def _step(value: float) -> float:
    """A tenth of the value's size: 0.1 for 1.0, 0.0001 for 0.001."""
    return 10.0 ** (int(f"{abs(value):e}".split("e")[1]) - 1) if value else 0.1


def _number(typed: str) -> int | float | None:
    """What was typed as a number; None (automatic) for nothing or for words."""
    try:
        value = float(typed)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value
