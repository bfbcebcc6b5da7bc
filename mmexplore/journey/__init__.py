"""The steps of the main job, once for the app and the shell: encode -> align -> fuse -> weights, search, explain,
evaluate.

No step changes the workspace it is given (so that it can run as a job beside the pages), but for the split that the
first fit draws; the caller keeps the answer with `set_embeddings`, `set_alignment` or `add_fusion`.
"""

from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.columns import columns_of, tables_of
from mmexplore.journey.comparing import Comparison, Entry, Setting, compare, named_methods
from mmexplore.journey.encoding import default_encoder, default_encoders, default_store, encode, language_of
from mmexplore.journey.evaluating import directions, evaluate, evaluation_rows, fusion_summary, retrieval_reports
from mmexplore.journey.explaining import (
    Seen,
    explain_item,
    explainable,
    explained,
    offline_workspace,
    pair_of,
    pair_of_item,
    reading_of,
)
from mmexplore.journey.fusing import fitted_input, fuse, fusion_input, mean_entropy, scored, weights
from mmexplore.journey.measuring import (
    agreement_of,
    information_of,
    information_table,
    measured_weights,
    per_class,
    perceptual_of,
    shapley_of,
)
from mmexplore.journey.prior import oddest, sample_items
from mmexplore.journey.querying import query_kinds
from mmexplore.journey.realigning import realigned
from mmexplore.journey.rebuilding import can_rebuild, real_items, rebuild, rebuild_item, rebuild_report, rebuilder
from mmexplore.journey.searching import mispairs_of, search_items, search_like
from mmexplore.journey.spaces import align, not_aligned, shared_space
from mmexplore.journey.stepping import Steps, steps_of
from mmexplore.journey.truth import truth_of_methods

__all__ = [
    "Comparison",
    "Entry",
    "Seen",
    "Setting",
    "Steps",
    "agreement_of",
    "align",
    "can_rebuild",
    "columns_of",
    "compare",
    "default_encoder",
    "default_encoders",
    "default_store",
    "directions",
    "embeddings_of",
    "encode",
    "evaluate",
    "evaluation_rows",
    "explain_item",
    "explainable",
    "explained",
    "fitted_input",
    "fuse",
    "fusion_input",
    "fusion_summary",
    "information_of",
    "information_table",
    "language_of",
    "mean_entropy",
    "measured_weights",
    "mispairs_of",
    "named_methods",
    "not_aligned",
    "oddest",
    "offline_workspace",
    "pair_of",
    "pair_of_item",
    "per_class",
    "perceptual_of",
    "query_kinds",
    "reading_of",
    "real_items",
    "realigned",
    "rebuild",
    "rebuild_item",
    "rebuild_report",
    "rebuilder",
    "retrieval_reports",
    "sample_items",
    "scored",
    "search_items",
    "search_like",
    "shapley_of",
    "shared_space",
    "steps_of",
    "tables_of",
    "truth_of_methods",
    "weights",
]
