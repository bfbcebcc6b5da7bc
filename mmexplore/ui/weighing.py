"""Modality weights as the person reads them: sorted, on cards, in words; with a warning where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.ui.widgets import one_line

COLLAPSED = 0.05  # mean entropy (share of its maximum) below this: one modality takes all
_SVG = '<svg xmlns="http://www.w3.org/2000/svg"'
EVEN = 0.999  # above this: all modalities weigh the same for every item


def orders(modalities: Sequence[str]) -> list[str]:
    """The ways to sort items: most driven by each modality, most uncertain."""
    return [*(f"Most {m}-driven" for m in modalities), "Most uncertain"]


def order_rows(weights: np.ndarray, mask: np.ndarray, how: str, modalities: Sequence[str]) -> np.ndarray:
    """Positions of the items in an order of `orders`.

    Args:
        weights, mask: [N, M]. Items with fewer than two modalities present are left out: there is nothing to weigh.

    Returns:
        int, best first; "Most uncertain" = largest entropy relative to the modalities present.
    """
    several = np.flatnonzero(mask.sum(axis=1) > 1)
    w = weights[several]
    if how == "Most uncertain":
        entropy = -(w * np.log(np.where(w > 0, w, 1))).sum(axis=1) / np.log(mask[several].sum(axis=1))
        return several[np.argsort(-entropy, kind="stable")]
    column = orders(modalities).index(how)
    present = mask[several, column]
    return several[present][np.argsort(-w[present, column], kind="stable")]


def verdict(mean_entropy: float | None, names: Sequence[str], mean: Sequence[float]) -> tuple[str, str]:
    """("warning" or "info", one sentence) on what the mean entropy of the weights says."""
    if mean_entropy is None:
        return "info", "No item has two modalities, so there is nothing to weigh."
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
        "them with the share of the contribution norm below."
    )


def where_present(modalities: Sequence[str], present: Mapping[str, np.ndarray], summary: Mapping[str, Any]) -> str:
    """What the means are of the modalities that some rows lack, as `journey.weights` found them."""
    means = zip(modalities, summary["mean_where_present"], strict=True)
    said = [f"{one_line(m, 40)} {mean:.0%}" for m, mean in means if mean is not None and not present[m].all()]
    over = f" Over the rows that have it: {', '.join(said)}." if said else ""
    return f"There it weighs 0, and the means above count that.{over}"


def in_words(weights: np.ndarray, modalities: Sequence[str]) -> str:
    """ "picture 62 %, english 38 %", absent ones left out."""
    return ", ".join(f"{m} {w:.0%}" for m, w in zip(modalities, weights, strict=True) if w > 0)


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


def weights_table(
    ids: np.ndarray, weights: np.ndarray, norms: np.ndarray | None, modalities: Sequence[str], labels: np.ndarray | None
) -> pd.DataFrame:
    """One line an item: id, label, weight of each modality, share of the contribution norm."""
    table = pd.DataFrame({"id": ids.astype(str)})
    if labels is not None:
        table["label"] = labels
    for j, m in enumerate(modalities):
        table[f"weight {m}"] = weights[:, j]
    if norms is not None:
        for j, m in enumerate(modalities):
            table[f"contribution norm {m}"] = norms[:, j]
    return table


def class_table(per_class: Mapping[str, Sequence[float]], modalities: Sequence[str]) -> pd.DataFrame:
    """One line a class: its mean weights."""
    return pd.DataFrame([{"class": c, **dict(zip(modalities, w, strict=True))} for c, w in per_class.items()])
