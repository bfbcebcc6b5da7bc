"""ASIF: describe every item by which known pairs it resembles; nothing is trained."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from mmexplore.data.embeddings import Embeddings, unit
from mmexplore.data.split import train_rows
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.alignment.rows import pair_rows, require_linked
from mmexplore.models.alignment.whitening import centre
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import OnEpoch
from mmexplore.models.known import require_known
from mmexplore.models.param import Param
from mmexplore.runtime import RandomState, rng

CHUNK = 4096  # rows whose similarities to all anchors are held at once


class ASIF(Alignment):
    """Relative representations (Norelli 2023): rel(x)_a = cos(x, anchor_a), the k largest kept, to the power p.

    The anchors are train rows, one of each group first, drawn with the seed; a coordinate means the same row in
    every modality, so the relative vectors may be compared. Vectors are first centred on the train mean of their
    modality (encoders crowd into a narrow cone, where all cosines are alike) and brought to one unit, see `centre`.
    An anchor that lacks a modality is 0 there.

    Attributes after `fit`: `anchors_` modality -> float32 [A, d_m], unit rows; `means_`, `scales_`
    modality -> float32 [d_m].
    """

    name = "asif"
    handles_missing = True
    card = MethodCard(
        title="ASIF (training-free relative representations)",
        summary="Describes an item by how much it resembles each of the known pairs, a photo by the photos and a "
        "text by their captions: two items that resemble the same pairs are said to match.",
        equation=r"\mathrm{rel}(x)_a = \mathbb{1}\!\left[a \in \mathrm{top}_k\right]\,"
        r"\max\!\left(0,\cos(x, x_a)\right)^{p}, \qquad "
        r"s(x,y) = \cos\left(\mathrm{rel}(x), \mathrm{rel}(y)\right)",
        paper="Norelli 2023, ASIF: coupled data turns unimodal models to multimodal without training",
        look_for="Every match can be explained by the pairs behind it, and taking a pair away takes its influence "
        "away. It grows with the number of pairs; with few it falls behind CCA where the relation is "
        "nearly linear, and can lead where it is not.",
        missing="An anchor needs two modalities; in one it lacks it counts as unlike everything. An absent cell "
        "stays zero.",
    )

    anchors: Annotated[
        int,
        Param(
            "Anchors",
            "How many known pairs items are described by, at most; the shared space has one number for each. More "
            "describe an item better, and take more memory and time.",
            low=1,
            high=100_000,
            why="every item gets one number for each anchor",
        ),
    ]
    neighbours: Annotated[
        int,
        Param(
            "Neighbours",
            "How many of the anchors describe one item: those it resembles most, the others count as 0. Fewer keep "
            "only the closest; more blur the description.",
            low=1,
            high=100_000,
        ),
    ]
    power: Annotated[
        float,
        Param(
            "Power",
            "The power that similarities to the anchors are raised to. Raised, the nearest anchors count more than the "
            "others; 1 takes the similarities as they are.",
            low=0.1,
            high=64,
            why="at 0 all anchors would count alike, far above only one does",
        ),
    ]

    def __init__(
        self, anchors: int = 1000, neighbours: int = 100, power: float = 4.0, *, random_state: RandomState = 0
    ) -> None:
        self.anchors = anchors
        self.neighbours = neighbours
        self.power = power
        self.random_state = random_state

    def _fit(self, embeddings: Embeddings, on_epoch: OnEpoch | None, seed: int) -> None:
        train = train_rows(embeddings)
        require_linked(embeddings, train, self.name)
        usable = np.flatnonzero(train & (embeddings.mask.sum(axis=1) >= 2))
        shuffled = rng(seed).permutation(usable)
        _, first = np.unique(embeddings.groups[shuffled].astype(str), return_index=True)
        again = np.ones(len(shuffled), bool)
        again[first] = False  # a second caption of a photo comes after every photo has had its first
        chosen = np.sort(shuffled[np.argsort(again, kind="stable")][: self.anchors])
        self.means_, self.scales_, self.anchors_ = {}, {}, {}
        for m, x in embeddings.vectors.items():
            _, mean, scale = centre(x[pair_rows(embeddings, [m], train)], f"modality {m}")
            self.means_[m], self.scales_[m] = mean.astype(np.float32), scale.astype(np.float32)
            self.anchors_[m] = unit((x[chosen] - self.means_[m]) / self.scales_[m], embeddings.present[m][chosen])
        self.modalities_, self.dims_ = embeddings.modalities, embeddings.dims
        self.history_ = self.empty_history()
        if on_epoch is not None:
            on_epoch(1, 1, {})

    def transform(self, embeddings: Embeddings) -> Embeddings:
        require_known(embeddings, self.dims_, self.name)
        out = {}
        for m, x in embeddings.vectors.items():
            parts = [self._relative(m, x[i : i + CHUNK]) for i in range(0, len(x), CHUNK)]
            relative = np.concatenate(parts) if parts else np.zeros((0, len(self.anchors_[m])), np.float32)
            out[m] = unit(relative, embeddings.present[m])
        return embeddings.with_vectors(out, dict.fromkeys(out, f"aligned:{self.name}"))

    def _relative(self, modality: str, x: np.ndarray) -> np.ndarray:
        """float32 [n, A] of rows [n, d_m]."""
        cosine = unit((x - self.means_[modality]) / self.scales_[modality]) @ self.anchors_[modality].T
        if self.neighbours < cosine.shape[1]:
            least = np.partition(cosine, -self.neighbours, axis=1)[:, -self.neighbours, None]
            cosine[cosine < least] = 0
        return np.maximum(cosine, 0) ** np.float32(self.power)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        parts = (("mean", self.means_), ("scale", self.scales_), ("anchors", self.anchors_))
        return {f"{key}.{j}": held[m] for key, held in parts for j, m in enumerate(self.modalities_)}, {}

    def restore(self, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        self.means_ = {m: arrays[f"mean.{j}"] for j, m in enumerate(self.modalities_)}
        self.scales_ = {m: arrays[f"scale.{j}"] for j, m in enumerate(self.modalities_)}
        self.anchors_ = {m: arrays[f"anchors.{j}"] for j, m in enumerate(self.modalities_)}
