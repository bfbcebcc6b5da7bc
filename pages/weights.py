"""Weights: how much each modality weighs in the fused vector, and how much it contributes."""

from functools import partial

from mmexplore import journey
from mmexplore.ui import columns, information, item_weights, measuring, parts, truth, weight_figures
from mmexplore.ui.frame import header
from mmexplore.ui.needs import need

header(
    "Weights",
    "How much each modality weighs in the fused vector, as the method has learned it, and how much it contributes, as "
    "it is measured.",
)
workspace = need("fusion")
known = measuring.measured(workspace)

views = {"Item by item": partial(item_weights.item_by_item, workspace, known)}
if known.embeddings.target_kind == "classification":
    views["Class by class"] = partial(weight_figures.class_by_class, workspace, known)
views["All of the data"] = partial(weight_figures.all_of_the_data, workspace, known)
if known.learned is not None:
    views["Learned against measured"] = partial(weight_figures.learned_against_measured, workspace, known)
views["What two share"] = partial(information.shared_and_own, workspace)
if truth.is_known(workspace):
    views["Against the truth"] = partial(truth.beside_the_truth, workspace)
if journey.tables_of(workspace):
    views["Column by column"] = partial(columns.columns, workspace)

views[parts.choose(views, "weights.part")]()
