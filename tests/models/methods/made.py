"""Small made-up data for the property tests of fusion and generative methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.methods import fusion_methods

FAST = {"epochs": 4, "patience": 4, "width": 8, "depth": 1, "latent": 4}
METHODS = fusion_methods()


def data(n: int = 90, holes: float = 0.2, seed: int = 0, classes: int = 3) -> Embeddings:
    """Three modalities of widths 5, 4 and 7 that know the class, some cells absent, the last two rows without any."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % classes
    vectors = {}
    for name, width, noise in (("sound", 5, 1.0), ("image", 4, 0.5), ("text", 7, 2.0)):
        centres = random.normal(size=(classes, width))
        vectors[name] = (centres[y] + noise * random.normal(size=(n, width))).astype(np.float32)
    ids = np.array([f"item {i}" for i in range(n)], dtype=object)
    whole = Embeddings(
        vectors,
        {m: np.ones(n, bool) for m in vectors},
        ids,
        ids,
        {m: m for m in vectors},
        labels=np.array([f"class {c}" for c in y], dtype=object),
        splits=np.array(["test" if i % 4 == 3 or i >= n - 2 else "train" for i in range(n)], dtype=object),
    )
    hidden = random.random((n, 3)) < holes
    hidden[-2:] = True
    return whole.hide(hidden)


def reordered(embeddings: Embeddings, order: list[str]) -> Embeddings:
    """The same data, its modalities listed in another order."""
    return embeddings.only(order)


def small(name: str, **options):
    """A method with parameters that make it fast, or these."""
    method = METHODS[name]()
    known = method.get_params()
    return type(method)(**(known | {k: v for k, v in (FAST | options).items() if k in known}))


def without(embeddings: Embeddings, name: str) -> Embeddings:
    """The data without that modality at all."""
    return embeddings.only([m for m in embeddings.modalities if m != name])


def hidden(embeddings: Embeddings, name: str) -> Embeddings:
    """The data with that modality absent in every row."""
    mask = np.zeros((len(embeddings), len(embeddings.modalities)), bool)
    mask[:, embeddings.modalities.index(name)] = True
    return embeddings.hide(mask)


def numeric(embeddings: Embeddings) -> Embeddings:
    """A numeric target: what the class says, and a little of one feature."""
    codes = np.array([float(label.split()[-1]) for label in embeddings.labels])
    return replace(embeddings, labels=codes + 0.1 * embeddings.vectors["image"][:, 0])
