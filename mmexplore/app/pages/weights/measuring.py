"""The top of the Weights page: what a method has learned of each modality, what is measured, and what to make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore.app.kit import show, weighing
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.widgets import PERCENT, in_percent, numbers, plain
from mmexplore.app.panels import fusing
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.null import Null
from mmexplore.attribution.perceptual import Perceptual
from mmexplore.attribution.shapley import Contributions
from mmexplore.attribution.value import BASELINES
from mmexplore.views.weights import LearnedClasses, Measured, Shapley
from mmexplore.workspace.state import Workspace

NO_WEIGHTS = (
    "This method has no weights of its own, so nothing is shown as if it had. What each modality contributes can "
    "still be measured. On the Fuse page, attention and gated fusion learn one weight a modality for every item."
)
ABOUT = (
    "**Measured**: what the answer loses when a modality is taken away, averaged over every order of taking them away "
    "(Shapley value). *Nothing to find*: what the same measure gives by luck; inside that range a contribution counts "
    "for nothing."
)


def measured(workspace: Workspace) -> Measured:
    """Draw the top of the page; what it found goes to the parts below it."""
    own = show.found(LearnedClasses(workspace.current), workspace)
    fusing.show_other(workspace)
    st.text(f"{workspace.title}. Source of the weights: {'none' if own.weights is None else 'learned'}.")
    if own.summary is None:
        st.info(NO_WEIGHTS)
    else:
        _learned_numbers(own.modalities, own.summary)
    baseline = _baseline()
    with st.spinner("Measuring"):
        known = show.found(Shapley(workspace.current, baseline), workspace)
    _table(known.found, known.null, known.lost, own.summary)
    present = own.items.present
    if lacking := absent(present):
        st.caption(plain(f"{lacking} {weighing.where_present(own.modalities, present, own.summary)}", 600))
    if own.summary is not None:
        _verdict(own.modalities, own.summary, known.agreed)
    return known


def _learned_numbers(modalities: Sequence[str], summary: dict[str, Any]) -> None:
    means = [
        (m, f"{mean:.0%}", "Mean learned weight over all items.")
        for m, mean in zip(modalities, summary["mean"], strict=True)
    ]
    even = "-" if summary["mean_entropy"] is None else f"{summary['mean_entropy']:.2f}"
    about = "Mean entropy of the weights as a share of its maximum. 1: all modalities weigh the same. 0: one takes all."
    numbers([*means, ("Evenness", even, about)])


def _baseline() -> str:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.caption(ABOUT, width=560)
        return st.segmented_control(
            "What stands in for what is taken away",
            list(BASELINES),
            default="missing",
            required=True,
            key=f"{CHOICE}shapley.baseline",
            help="; ".join(f"{name}: {about}" for name, about in BASELINES.items()) + ".",
        )


def _table(found: Contributions, null: Null, lost: Perceptual | None, summary: dict[str, Any] | None) -> None:
    table = pd.DataFrame({"modality": found.modalities})
    if summary is not None:
        table["learned weight"] = summary["mean"]
    table["Shapley value"] = found.mean()
    table["nothing to find"] = [f"{low:+.3f} to {high:+.3f}" for low, high in zip(null.low, null.high, strict=True)]
    if lost is not None:
        table["flips"] = lost.flips
        table["accuracy, permuted"] = lost.permuted
        table["perceptual score"] = lost.lost
    column = st.column_config.NumberColumn
    shares = [c for c in ("learned weight", "flips", "accuracy, permuted") if c in table]
    st.dataframe(
        in_percent(table, *shares),
        hide_index=True,
        key="measured",
        column_config={
            "learned weight": column(format=PERCENT, help="Mean over all items."),
            "Shapley value": column(format="%+.3f", help="Mean over all items."),
            "nothing to find": st.column_config.TextColumn(
                help="Where 95 % of the draws lie with the labels or the pairing permuted."
            ),
            "flips": column(
                "changes without it",
                format=PERCENT,
                help="Share of the held-out items whose answer changes when the modality is taken away altogether.",
            ),
            "accuracy, permuted": column(
                format=PERCENT, help="Held-out accuracy when the modality is dealt out among the items at random."
            ),
            "perceptual score": column(
                format="%.2f", help="The share of the accuracy that is lost when the modality is dealt out at random."
            ),
        },
    )
    whole = "" if lost is None else f" Held-out accuracy with everything as it is: {lost.score:.0%}."
    stands_in = f"In place of a hidden modality ({found.baseline}): {BASELINES[found.baseline]}."
    st.caption(plain(f"Value: {found.meaning}. {stands_in}{whole}", 600))


def _verdict(modalities: Sequence[str], summary: dict[str, Any], agreed: str | None) -> None:
    """What the weights say, and whether what is measured says the same."""
    level, sentence = weighing.verdict(summary["mean_entropy"], modalities, summary["mean"])
    (st.warning if level == "warning" else st.info)(plain(" ".join(filter(None, (sentence, agreed))), 900))
