"""Weights: how much each modality weighs in the fused vector, for an item, a class, and all of the data."""

import streamlit as st

from mmexplore import journey
from mmexplore.figures import theme
from mmexplore.figures.weights import class_bars, distribution, weight_against_contribution
from mmexplore.ui import columns, information, measuring, picking, python_weights, session, truth, views, weighing
from mmexplore.ui.absent import absent
from mmexplore.ui.download import chart, view_bar
from mmexplore.ui.frame import header
from mmexplore.ui.items import item_grid
from mmexplore.ui.needs import need
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import numbers, plain, section

header(
    "Weights",
    "How much each modality weighs in the fused vector: item by item, class by class, and over all of the data.",
)
workspace = need("fusion")
weights, norms, embeddings = views.learned_weights(workspace)
fusion = workspace.fitted.fusion
st.text(f"{fusion.card.title}. Source of the weights: {'learned' if weights is not None else 'none'}.")

if weights is None:
    st.info(
        "This method has no weights of its own, so nothing is shown as if it had. What each modality contributes can "
        "still be measured. On the Fuse page, attention and gated fusion learn one weight a modality for every item."
    )
    measuring.measured(workspace, None)
    truth.beside_the_truth(workspace)
    information.shared_and_own(workspace)
    columns.columns(workspace)
    st.stop()

modalities = embeddings.modalities
colours = {m: theme.modality_colours(modalities)[m] for m in modalities}
_, summary = session.remember(("weights.summary", id(weights)), lambda: (weights, journey.weights(workspace)))
numbers(
    [
        (m, f"{mean:.0%}", "Mean learned weight over all items.")
        for m, mean in zip(modalities, summary["mean"], strict=True)
    ]
    + [
        (
            "Evenness",
            "-" if summary["mean_entropy"] is None else f"{summary['mean_entropy']:.2f}",
            "Mean entropy of the weights as a share of its maximum. 1: all modalities weigh the same. 0: one "
            "takes all.",
        )
    ]
)
if lacking := absent(embeddings.present):
    st.caption(plain(f"{lacking} {weighing.where_present(modalities, embeddings.present, summary)}", 600))
level, sentence = weighing.verdict(summary["mean_entropy"], modalities, summary["mean"])
(st.warning if level == "warning" else st.info)(plain(sentence, 400))
table = weighing.weights_table(embeddings.ids, weights, norms, modalities, embeddings.labels)

section("Item by item")
weighing.legend(colours)
how = st.selectbox("Sort by", weighing.orders(modalities), key=f"{CHOICE}weights.order", width=320)
rows = weighing.order_rows(weights, embeddings.mask, how, modalities)
rows = picking.only_selected(workspace, rows, "weights")


def under(row: int) -> None:
    with st.container(key=f"weigh-{row}"):
        st.image(weighing.bar_svg(weights[row], colours, modalities), width="stretch")
    st.text(weighing.in_words(weights[row], modalities))


item_grid(workspace, rows, f"weights-{how}", below=under, limit=24)
view_bar("weights-items", table=lambda: table.iloc[rows], python=python_weights.weights(workspace))

having = " that have it" if lacking else ""
section(
    "All of the data", f"How each modality's weight spreads over the items{having}. The dotted line is an even share."
)
_, figure = session.remember(
    ("distribution", id(weights)), lambda: (weights, distribution(weights, modalities, present=embeddings.mask))
)
chart(figure, "weights-distribution")
view_bar("weights-distribution", figure=figure, table=lambda: table, python=python_weights.weights(workspace))

if summary["per_class"]:
    zero = " A modality that an item lacks weighs 0." if lacking else ""
    section("Class by class", f"Mean weight of each modality for the items of a class.{zero}")
    figure = class_bars(summary["per_class"], modalities)
    chart(figure, "weights-classes")
    view_bar(
        "weights-classes",
        figure=figure,
        table=lambda: weighing.class_table(summary["per_class"], modalities),
        python=python_weights.weights(workspace),
    )

if norms is not None:
    section(
        "Beside the contribution",
        "A large weight on a short vector adds little. Each point is an item: its learned weight, and its share "
        "of the lengths "
        "of what was added up. On the diagonal both agree; far from it the weight alone misleads.",
    )
    _, figure = session.remember(
        ("norms", id(weights)),
        lambda: (weights, weight_against_contribution(weights, norms, modalities, present=embeddings.mask)),
    )
    chart(figure, "weights-norms")
    view_bar("weights-norms", figure=figure, table=lambda: table, python=python_weights.weights(workspace))

measuring.measured(workspace, weights)
truth.beside_the_truth(workspace)
information.shared_and_own(workspace)
columns.columns(workspace)
