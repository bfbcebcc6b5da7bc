"""Exact nearest items by cosine (faiss, flat)."""

from __future__ import annotations

import numpy as np

from mmexplore.retrieval.gallery import Gallery


def search(gallery: Gallery | np.ndarray, queries: np.ndarray, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest items of a gallery to each query, best first; exact.

    Args:
        gallery: a Gallery, or unit vectors [G, d].
        queries: float [Q, d] (or one query [d]); L2-normalised here, so scores are cosines -1..1.
        k: items wanted; cut to G.

    Returns:
        scores float32 [Q, min(k, G)], items int64 [Q, min(k, G)] (positions in the gallery;
        `gallery.rows[items]` are rows of the embeddings).

    Raises:
        UserError: the queries do not have the gallery's width.
    """
