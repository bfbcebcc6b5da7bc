"""The bridge: pictures and texts of the offline encoders in one space, with no training by the user."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.alignment.bridge_views import COVERED, IMAGE_SPACE, bridge_image, bridge_text, prepare
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import OnEpoch

#: what scripts/fit_bridge.py made
FILE = Path(__file__).with_suffix(".safetensors")


@cache
def shipped() -> tuple[dict[str, np.ndarray], str]:
    """The fitted arrays, ready for use, and the SHA-256 of their file. Raises UserError when it is damaged."""
    from safetensors.numpy import load

    try:
        data = FILE.read_bytes()
        arrays = prepare(load(data))
    except Exception as error:
        raise UserError(f"cannot be read ({error})", FILE.name, "install mmexplore again") from error
    return arrays, hashlib.sha256(data).hexdigest()


class FittedInAdvance(Alignment):
    """An alignment that comes with the installation: `fit` only looks at which encoders made the vectors."""

    fitted_in_advance: ClassVar[bool] = True

    @abstractmethod
    def image(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Unit EfficientNet-Lite0 vectors [N, 1280] -> [N, K]; need not be of unit length."""

    @abstractmethod
    def text(self, vectors: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Unit text vectors [N, d] of one of the covered spaces -> [N, K]; need not be of unit length."""

    def covers(self, spaces: dict[str, str]) -> list[str]:
        """The modalities (of modality -> space) that it can map."""
        return [m for m, space in spaces.items() if space in COVERED]

    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        """Check that at least one modality is covered; nothing is fitted. Raises UserError where none is."""
        names = self._covered(embeddings)
        self.modalities_ = names
        self.dims_ = {m: embeddings.dims[m] for m in names}
        self.history_ = self.empty_history()
        self.sha256_ = shipped()[1]

    def transform(self, embeddings: Embeddings) -> Embeddings:
        """The covered modalities in one space; the others are left out. Raises UserError where none is covered."""
        arrays, _ = shipped()
        names = self._covered(embeddings)
        vectors = {}
        for m in names:
            space, given = embeddings.spaces[m], embeddings.vectors[m]
            mapped = self.image(given, arrays) if space == IMAGE_SPACE else self.text(given, space, arrays)
            vectors[m] = unit(mapped, embeddings.present[m])
        return embeddings.with_vectors(vectors, dict.fromkeys(names, f"aligned:{self.name}"))

    def _covered(self, embeddings: Embeddings) -> list[str]:
        names = self.covers(embeddings.spaces)
        if not names:
            raise UserError(
                "it was fitted for other encoders than these",
                f"alignment {self.name}",
                f"encode with {', '.join(COVERED)}, or choose an alignment that is fitted on your pairs",
            )
        return names

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {}, {"sha256": self.sha256_}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        """Raises UserError when the state was saved with another version of the shipped file."""
        if about.get("sha256") != shipped()[1]:
            raise UserError(
                "it was saved with another version of its file", f"alignment {self.name}", "run the alignment again"
            )
        self.sha256_ = about["sha256"]


class BridgeAlignment(FittedInAdvance):
    """Two views side by side, what captions say of photos and what things are called; see `bridge_views`."""

    name = "bridge"
    card = MethodCard(
        title="Bridge between the offline encoders (ridge CCA and ConSE)",
        summary="Puts pictures and texts of the offline encoders into one space with no training: learned once from "
        "captioned photos and from the names of the things the picture encoder knows. A gate decides for each text "
        "whether it reads like a caption or like a name.",
        equation=r"z(x)=\tfrac{1}{\sqrt2}\left[\widehat{P^\top(x-\mu)};\;\widehat{p_{1/2}(\cdot\mid x)-\bar p}\right],"
        r"\quad z(t)=\left[\sqrt{1-g(t)}\;\widehat{Q^\top\phi(t)};\;\sqrt{g(t)}\;\widehat{q(\cdot\mid t)}\right]",
        paper="Hotelling 1936, Relations between two sets of variates; Vinod 1976, Canonical ridge and econometrics "
        "of joint production; Norouzi et al. 2014, Zero-shot learning by convex combination of semantic embeddings",
        look_for="Everyday scenes with people and dogs, and things among the 1,000 ImageNet classes, are found "
        "best. Bad at counting, relations, colours, drawings, text in pictures and named people; of the "
        "1,128 numbers the first 128 are the scene, the rest one class each. A CLIP is far better where it can be had. "
        "Other languages than English come through the multilingual encoder, weaker for whole sentences. Fitted on "
        "Flickr8k: for research and education use.",
        missing="Each modality is mapped on its own, so any subset may be present; an absent cell stays zero.",
    )

    def image(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return bridge_image(vectors, arrays)

    def text(self, vectors: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return bridge_text(vectors, space, arrays)
