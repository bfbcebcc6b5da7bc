"""The bridge: pictures and texts of the offline encoders in one space, with no training by the user."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from mmexplore.alignment.base import Alignment
from mmexplore.alignment.rows import unit_rows
from mmexplore.card import MethodCard
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.estimator import OnEpoch

FILE = Path(__file__).with_suffix(".safetensors")

#: spaces of encoders that the shipped file maps
IMAGE_SPACE, TEXT_SPACE, MULTILINGUAL_SPACE = "efficientnet-lite0", "minilm", "use-multilingual"
COVERED = (IMAGE_SPACE, TEXT_SPACE, MULTILINGUAL_SPACE)


@cache
def shipped() -> tuple[dict[str, np.ndarray], str]:
    """The fitted arrays (float32) and the SHA-256 of the file they come from. Raises UserError when it is damaged."""
    from safetensors.numpy import load

    try:
        data = FILE.read_bytes()
        arrays = {k: v.astype(np.float32) for k, v in load(data).items()}
        # stored as int8 with one scale a class: half the bytes of float16
        arrays["classifier.weight"] *= arrays["classifier.scale"][:, None]
    except Exception as error:
        raise UserError(f"cannot be read ({error})", FILE.name, "install mmexplore again") from error
    return arrays, hashlib.sha256(data).hexdigest()


def class_probabilities(vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Unit picture vectors [N, 1280] -> what EfficientNet-Lite0's classifier says, [N, 1000], rows sum to 1.

    The encoder hands out unit vectors, the classifier wants their length: the mean length of Flickr8k's photos
    ("image.norm") stands for it.
    """
    logits = arrays["image.norm"] * (vectors @ arrays["classifier.weight"].T) + arrays["classifier.bias"]
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def conse_image(vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """ConSE: sum over classes of p(class | picture) x name vector, less its mean over photos. [N, 1280] -> [N, 384]."""
    return class_probabilities(vectors, arrays) @ arrays["class.vectors"] - arrays["conse.image.mean"]


def conse_text(vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The other side of ConSE: the text vector less the mean over captions. [N, 384] -> [N, 384]."""
    return vectors - arrays["conse.text.mean"]


def to_minilm(vectors: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """A text vector of any covered space as (an estimate of) its MiniLM vector: unit rows [N, 384]."""
    if space == TEXT_SPACE:
        return vectors
    guess = (vectors - arrays["multilingual.mean"]) @ arrays["multilingual.map"] + arrays["multilingual.target"]
    return unit_rows(guess, np.ones(len(guess), bool))


class FittedInAdvance(Alignment):
    """An alignment that comes with the installation: `fit` only looks at which encoders made the vectors."""

    @abstractmethod
    def image(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Unit EfficientNet-Lite0 vectors [N, 1280] -> [N, K]; need not be of unit length."""

    @abstractmethod
    def text(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Unit MiniLM vectors [N, 384] -> [N, K]; need not be of unit length."""

    def covers(self, spaces: dict[str, str]) -> list[str]:
        """The modalities (of modality -> space) that it can map."""
        return [m for m, space in spaces.items() if space in COVERED]

    def fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None = None, seed: int = 0) -> Self:
        """Check that at least one modality is covered; nothing is fitted. Raises UserError where none is."""
        names = self.covers(embeddings.spaces)
        if not names:
            raise UserError(
                "it was fitted for other encoders than these",
                f"alignment {self.name}",
                f"encode with {', '.join(COVERED)}, or choose an alignment that is fitted on your pairs",
            )
        self.modalities_ = names
        self.dims_ = {m: embeddings.dims[m] for m in names}
        self.history_ = self.empty_history()
        self.sha256_ = shipped()[1]
        return self

    def transform(self, embeddings: Embeddings) -> Embeddings:
        """The covered modalities in one space; the others are left out. Raises UserError where none is covered."""
        arrays, _ = shipped()
        names = self.covers(embeddings.spaces)
        if not names:
            raise UserError(
                "it was fitted for other encoders than these",
                f"alignment {self.name}",
                f"encode with {', '.join(COVERED)}",
            )
        vectors = {}
        for m in names:
            space, given, present = embeddings.spaces[m], embeddings.vectors[m], embeddings.present[m]
            mapped = (
                self.image(given, arrays)
                if space == IMAGE_SPACE
                else self.text(to_minilm(given, space, arrays), arrays)
            )
            vectors[m] = unit_rows(mapped, present)
        return embeddings.with_vectors(vectors, dict.fromkeys(names, f"aligned:{self.name}"))

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {}, {"sha256": self.sha256_}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        if about.get("sha256") != shipped()[1]:
            raise UserError(
                "it was saved with another version of its file", f"alignment {self.name}", "run the alignment again"
            )
        self.sha256_ = about["sha256"]


class BridgeAlignment(FittedInAdvance):
    """Two views of a pair side by side, each of unit length, weighed: what captions say of photos (ridge CCA on
    Flickr8k) and what objects are called (ConSE on the ImageNet classes)."""

    name = "bridge"
    card = MethodCard(
        title="Bridge between the offline encoders (ridge CCA + ConSE)",
        summary="Puts pictures and texts of the offline encoders into one space with no training: learned once from "
        "captioned photos and from the names of the things the picture encoder knows.",
        equation=r"z=\left[\sqrt{w}\,\widehat{P^\top(x-\mu)}\;;\;\sqrt{1-w}\,\widehat{\textstyle\sum_c p(c|x)\,n_c-\nu}"
        r"\right]",
        paper="Hotelling 1936, Relations between two sets of variates; Vinod 1976, Canonical ridge and econometrics "
        "of joint production; Norouzi et al. 2014, Zero-shot learning by convex combination of semantic "
        "embeddings",
        look_for="Everyday scenes with people and dogs, and objects that are among the 1,000 ImageNet classes, work "
        "best. Bad at counting, relations, attributes, drawings, text in pictures and named people; a CLIP "
        "is far better where it can be had. Fitted on Flickr8k: research and education use.",
        missing="Each modality is mapped on its own, so any subset may be present; an absent cell stays zero.",
    )

    def image(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        scene = (vectors - arrays["cca.image.mean"]) @ arrays["cca.image.map"]
        return blocks(scene, conse_image(vectors, arrays), float(arrays["bridge.weight"][0]))

    def text(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        scene = (vectors - arrays["cca.text.mean"]) @ arrays["cca.text.map"]
        return blocks(scene, conse_text(vectors, arrays), float(arrays["bridge.weight"][0]))


def blocks(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """[sqrt(w) first / |first| ; sqrt(1 - w) second / |second|]: its cosine is w cos(first) + (1 - w) cos(second)."""
    here = np.ones(len(first), bool)
    return np.hstack([np.sqrt(weight) * unit_rows(first, here), np.sqrt(1 - weight) * unit_rows(second, here)])
