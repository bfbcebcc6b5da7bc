"""Small paired data for the tests of retrieval, latent and figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmexplore.data.embeddings import Embeddings


def paired(image: np.ndarray, text: np.ndarray, present: dict[str, np.ndarray] | None = None, **more) -> Embeddings:
    """Two modalities in one space; every row is its own group unless `groups` says otherwise."""
    n = len(image)
    ids = np.array([f"r{i}" for i in range(n)], object)
    present = present or {"image": np.ones(n, bool), "text": np.ones(n, bool)}
    vectors = {"image": np.asarray(image, np.float32), "text": np.asarray(text, np.float32)}
    vectors = {m: np.where(present[m][:, None], v, 0).astype(np.float32) for m, v in vectors.items()}
    return Embeddings(
        **{
            "vectors": vectors,
            "present": present,
            "ids": ids,
            "groups": ids,
            "spaces": {"image": "one", "text": "one"},
            **more,
        }
    )


def random_pairs(n: int, d: int = 8, noise: float = 1.0, seed: int = 0, **more) -> Embeddings:
    """Noisy twins."""
    random = np.random.default_rng(seed)
    image = random.normal(size=(n, d))
    return paired(image, image + noise * random.normal(size=(n, d)), **more)


def captioned(n_photos: int = 30, captions: int = 3, d: int = 6, seed: int = 0) -> Embeddings:
    """Photos with several captions each: one row a caption, one group a photo."""
    random = np.random.default_rng(seed)
    photos = random.normal(size=(n_photos, d))
    image = np.repeat(photos, captions, axis=0)
    groups = np.repeat([f"p{i}" for i in range(n_photos)], captions).astype(object)
    return paired(image, image + 1.5 * random.normal(size=image.shape), groups=groups)


def clip_coco(shared_data: Path) -> Embeddings:
    """500 COCO photos and captions in CLIP ViT-B/16."""
    data = np.load(shared_data / "clip_coco500.npz", allow_pickle=False)
    return paired(data["image"], data["text"])
