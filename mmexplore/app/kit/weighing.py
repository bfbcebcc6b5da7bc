"""Modality weights as the person reads them: sorted, on cards, in words; with a warning where they say nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from mmexplore.app.kit.widgets import one_line

DIFFER = "Learned and measured differ most"
NOTHING = "No item has two modalities, so there is nothing to weigh."
COLLAPSED = 0.05  # mean entropy (share of its maximum) below this: one modality takes all
_SVG = '<svg xmlns="http://www.w3.org/2000/svg"'
EVEN = 0.999  # above this: all modalities weigh the same for every item


def orders(
    modalities: Sequence[str], mask: np.ndarray, learned: np.ndarray | None, shares: np.ndarray
) -> dict[str, Callable[[], np.ndarray]]:
    """The ways to sort items, each with what gives their positions, first first.

    Items with fewer than two modalities present are left out: there is nothing to weigh.

    Args:
        mask: bool [N, M].  learned: weights [N, M], or None.  shares: [N, M], of what is measured.
    """
    several = mask.sum(axis=1) > 1
    found: dict[str, Callable[[], np.ndarray]]
    found = {f"Measured: most {m}-driven": partial(_most, shares, mask, j) for j, m in enumerate(modalities)}
    if learned is None:
        return found
    own: dict[str, Callable[[], np.ndarray]]
    own = {f"Learned: most {m}-driven": partial(_most, learned, mask, j) for j, m in enumerate(modalities)}
    own["Learned: most uncertain"] = lambda: _descending(_evenness(learned, mask), several)
    return own | found | {DIFFER: lambda: _descending(np.abs(learned - shares).sum(axis=1), several)}


def _most(values: np.ndarray, mask: np.ndarray, column: int) -> np.ndarray:
    return _descending(values[:, column], mask[:, column] & (mask.sum(axis=1) > 1))


def _descending(values: np.ndarray, these: np.ndarray) -> np.ndarray:
    """Positions of `these` (bool [N]), largest value first."""
    rows = np.flatnonzero(these)
    return rows[np.argsort(-values[rows], kind="stable")]


def _evenness(weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Entropy [N] of each item's weights as a share of the most that its present modalities allow."""
    entropy = -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=1)
    return entropy / np.log(np.maximum(mask.sum(axis=1), 2))


def verdict(mean_entropy: float | None, names: Sequence[str], mean: Sequence[float]) -> tuple[str, str]:
    """("warning" or "info", one sentence) on what the mean entropy of the weights says."""
    if mean_entropy is None:
        return "info", NOTHING
    if mean_entropy < COLLAPSED:
        top = names[int(np.argmax(mean))]
        return "warning", (
            f"The weights have collapsed: nearly all items put everything on one modality (on average most on "
            f"{top}). They say how the method learned, not what the other modalities are worth."
        )
    if mean_entropy > EVEN:
        return "warning", "The weights are the same for every item: the method found no reason to prefer a modality."
    return "info", (
        "Learned weights say what the method looks at. They are not proof of what a modality contributes: compare "
        "them with what is measured."
    )


def where_present(
    modalities: Sequence[str], present: Mapping[str, np.ndarray], summary: Mapping[str, Any] | None
) -> str:
    """What the means count of absent modalities; of learned weights (`journey.weights`) also those without them."""
    if summary is None:
        return "What is absent contributes 0, and the means count that."
    means = zip(modalities, summary["mean_where_present"], strict=True)
    said = [f"{one_line(m, 40)} {mean:.0%}" for m, mean in means if mean is not None and not present[m].all()]
    over = f" Mean weight over the rows that have it: {', '.join(said)}." if said else ""
    return f"What is absent weighs 0 and contributes 0, and the means above count that.{over}"


def in_words(weights: np.ndarray, modalities: Sequence[str]) -> str:
    """ "picture 62 %, english 38 %", absent ones left out."""
    return ", ".join(f"{m} {w:.0%}" for m, w in zip(modalities, weights, strict=True) if w > 0)


def contributions_in_words(values: np.ndarray, present: np.ndarray, modalities: Sequence[str]) -> str:
    """ "picture +0.31, english -0.02" of one item's contributions [M], absent ones left out."""
    there = zip(modalities, values, present, strict=True)
    return ", ".join(f"{m} {round(float(v), 2) + 0.0:+.2f}" for m, v, is_there in there if is_there)  # no "-0.00"


def bar_svg(weights: np.ndarray, colours: Mapping[str, str], modalities: Sequence[str]) -> str:
    """A slim stacked bar of one item's weights [M]; numbers and our own colours only, nothing a person typed."""
    parts, x = [], 0.0
    for m, w in zip(modalities, weights, strict=True):
        if w > 0:
            parts.append(f'<rect x="{x:.2f}" y="0" width="{100 * w:.2f}" height="8" fill="{colours[m]}"/>')
            x += 100 * float(w)
    frame = f'{_SVG} viewBox="0 0 100 8" width="160" height="13" preserveAspectRatio="none">'
    return f"{frame}{''.join(parts)}</svg>"


def legend(colours: Mapping[str, str], key: str = "weights") -> None:
    """Which colour is which modality."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"legend-{key}"):
        for name, colour in colours.items():
            swatch(name, colour)


def swatch(name: str, colour: str) -> None:
    """A disc of our own colour and the name beside it, as one unit of a legend."""
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", width="content", wrap=False):
        disc(colour)
        st.text(one_line(name, 40))


def disc(colour: str) -> None:
    """A small disc of our own colour."""
    circle = f'<circle cx="6" cy="6" r="5.5" fill="{colour}"/>'
    st.image(f'{_SVG} viewBox="0 0 12 12" width="12" height="12">{circle}</svg>', width=12)
