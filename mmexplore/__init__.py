"""mmexplore: bring pairs, pick encoders and a fusion, and see what each modality contributes.

    >>> import mmexplore as mm
    >>> emb = mm.Embeddings.of({"image": A, "text": B}, labels=y)
    >>> fusion = mm.AttentionFusion().fit(emb, holdout=0.2)
    >>> fusion.weights(emb), mm.shapley(fusion, emb)

The names in `__all__` are the public ones; every other method comes by its name (`mm.make("tensor")`). Each is imported
when it is first asked for, so that `import mmexplore` waits for no heavy library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: public name -> the module it comes from
_HOME = {
    # what is given
    "Embeddings": "mmexplore.data.embeddings",
    "PairedDataset": "mmexplore.data.dataset",
    "read_pairs": "mmexplore.data.reading.read",
    "load_example": "mmexplore.data.examples",
    # contracts: what one's own parts derive from
    "Alignment": "mmexplore.models.alignment",
    "Fusion": "mmexplore.models.fusion",
    "TorchFusion": "mmexplore.models.fusion.torch_fusion",
    "Encoder": "mmexplore.encoders.base",
    "MethodCard": "mmexplore.models.card",
    "Param": "mmexplore.models.param",
    "UserError": "mmexplore.errors",
    # methods
    "RidgeCCA": "mmexplore.models.alignment.cca",
    "Procrustes": "mmexplore.models.alignment.procrustes",
    "ContrastiveLinear": "mmexplore.models.alignment.contrastive",
    "AttentionFusion": "mmexplore.models.fusion.attention",
    "ConcatFusion": "mmexplore.models.fusion.concat",
    "GatedFusion": "mmexplore.models.fusion.gated",
    "LateProductFusion": "mmexplore.models.fusion.late_product",
    "MVAE": "mmexplore.models.generative.mvae",
    "make": "mmexplore.models.methods",
    "register": "mmexplore.models.methods",
    # scikit-learn's tools on one table of features
    "FusionClassifier": "mmexplore.library.multiview",
    "FusionRegressor": "mmexplore.library.multiview",
    # measures
    "recall": "mmexplore.library.measure",
    "shapley": "mmexplore.library.measure",
    "compare": "mmexplore.library.comparison",
    # one person's work, as the app and the shell keep it
    "Workspace": "mmexplore.workspace.state",
}

__all__ = [
    "MVAE",
    "Alignment",
    "AttentionFusion",
    "ConcatFusion",
    "ContrastiveLinear",
    "Embeddings",
    "Encoder",
    "Fusion",
    "FusionClassifier",
    "FusionRegressor",
    "GatedFusion",
    "LateProductFusion",
    "MethodCard",
    "PairedDataset",
    "Param",
    "Procrustes",
    "RidgeCCA",
    "TorchFusion",
    "UserError",
    "Workspace",
    "compare",
    "load_example",
    "make",
    "read_pairs",
    "recall",
    "register",
    "shapley",
]

if TYPE_CHECKING:  # for editors and type checkers; at run time `__getattr__` imports what is asked for
    from mmexplore.data.dataset import PairedDataset
    from mmexplore.data.embeddings import Embeddings
    from mmexplore.data.examples import load_example
    from mmexplore.data.reading.read import read_pairs
    from mmexplore.encoders.base import Encoder
    from mmexplore.errors import UserError
    from mmexplore.library.comparison import compare
    from mmexplore.library.measure import recall, shapley
    from mmexplore.library.multiview import FusionClassifier, FusionRegressor
    from mmexplore.models.alignment import Alignment
    from mmexplore.models.alignment.cca import RidgeCCA
    from mmexplore.models.alignment.contrastive import ContrastiveLinear
    from mmexplore.models.alignment.procrustes import Procrustes
    from mmexplore.models.card import MethodCard
    from mmexplore.models.fusion import Fusion
    from mmexplore.models.fusion.attention import AttentionFusion
    from mmexplore.models.fusion.concat import ConcatFusion
    from mmexplore.models.fusion.gated import GatedFusion
    from mmexplore.models.fusion.late_product import LateProductFusion
    from mmexplore.models.fusion.torch_fusion import TorchFusion
    from mmexplore.models.generative.mvae import MVAE
    from mmexplore.models.methods import make, register
    from mmexplore.models.param import Param
    from mmexplore.workspace.state import Workspace


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mmexplore' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
