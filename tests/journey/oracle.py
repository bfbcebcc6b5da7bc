"""A model whose answers are known: what it rebuilds, draws and finds odd."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.models.generative.autoencoder import Autoencoder
from mmexplore.models.standardise import fit_standard
from mmexplore.scores.score import FusionScore
from mmexplore.workspace.state import FittedFusion, Workspace
from tests.journey.small import workspace_of


class Says(Autoencoder):
    """Not a method: rebuilds each item of `known` as the item `offset` places on."""

    def __init__(self, known: Embeddings, offset: int = 0, noise: float | None = None):
        super().__init__()
        self.known, self.offset, self.noise, self.objective_ = known, offset, noise, "contrastive"
        self.standard_ = fit_standard(known, np.arange(len(known)))
        self.seen: list[np.ndarray] = []  # what it was shown of each item

    def reconstruct(self, embeddings, given=None):
        self.seen.append(embeddings.mask.copy())
        rows = [(list(self.known.ids).index(i) + self.offset) % len(self.known) for i in embeddings.ids]
        if self.noise is None:
            return {m: v[rows] for m, v in self.known.vectors.items()}
        random = np.random.default_rng(0)
        return {m: random.normal(size=(len(rows), d)).astype(np.float32) for m, d in self.known.dims.items()}

    def sample(self, n, seed=0):
        rows = np.random.default_rng(seed).integers(0, len(self.known), n)
        return {m: v[rows] for m, v in self.known.vectors.items()}

    def elbo(self, embeddings):
        bound = np.full(len(embeddings), 5.0) + np.random.default_rng(0).normal(size=len(embeddings))
        bound += 100 * embeddings.mask.sum(1)  # more modalities, another scale: not to be compared
        bound[17] -= 40
        return bound


def whole(n: int = 90, groups: int = 0) -> Embeddings:
    random = np.random.default_rng(1)
    vectors = {m: random.normal(size=(n, d)).astype(np.float32) for m, d in (("image", 6), ("text", 9))}
    ids = np.array([f"i{k}" for k in range(n)], object)
    own = ids if not groups else np.array([f"g{k // groups}" for k in range(n)], object)
    labels = np.array([f"class {k % 3}" for k in range(n)], object)
    data = Embeddings(vectors, {m: np.ones(n, bool) for m in vectors}, ids, own, {m: m for m in vectors}, labels=labels)
    return data.with_splits(draw_split(data))


def showing(embeddings: Embeddings, fusion) -> Workspace:
    workspace = workspace_of(embeddings)
    score = FusionScore("recall@1", 0.0, [0.0, 0.0], {}, 0.0, "test", 1)
    workspace.add_fusion(FittedFusion(fusion, score))
    return workspace
