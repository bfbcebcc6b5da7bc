"""The steps of the main job, once for the app and the shell: encode -> align -> fuse -> weights, search, evaluate.

No step changes the workspace it is given (so that it can run as a job beside the pages), but for the split that the
first fit draws; the caller keeps the answer with `set_embeddings`, `set_alignment` or `add_fusion`.
"""

from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.comparing import Comparison, Setting, compare, named_methods
from mmexplore.journey.encoding import default_encoder, default_encoders, default_store, encode, language_of
from mmexplore.journey.evaluating import evaluate, evaluation_rows, fusion_summary, retrieval_reports
from mmexplore.journey.fusing import (
    fitted_input,
    fuse,
    fusion_input,
    mean_entropy,
    weights,
)
from mmexplore.journey.measuring import agreement_of, measured_weights, perceptual_of, shapley_of
from mmexplore.journey.realigning import realigned
from mmexplore.journey.rebuilding import oddest, rebuild_item, rebuild_report, sample_items
from mmexplore.journey.searching import mispairs_of, search_items, search_like
from mmexplore.journey.spaces import align, shared_space

__all__ = [
    "Comparison",
    "Setting",
    "agreement_of",
    "align",
    "compare",
    "default_encoder",
    "default_encoders",
    "default_store",
    "embeddings_of",
    "encode",
    "evaluate",
    "evaluation_rows",
    "fitted_input",
    "fuse",
    "fusion_input",
    "fusion_summary",
    "language_of",
    "mean_entropy",
    "measured_weights",
    "mispairs_of",
    "named_methods",
    "oddest",
    "perceptual_of",
    "realigned",
    "rebuild_item",
    "rebuild_report",
    "retrieval_reports",
    "sample_items",
    "search_items",
    "search_like",
    "shapley_of",
    "shared_space",
    "weights",
]
