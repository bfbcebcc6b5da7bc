"""Exact nearest items by cosine (faiss, flat)."""

from __future__ import annotations

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import unit
from mmexplore.errors import UserError
from mmexplore.retrieval.gallery import Gallery

BLOCK = 20_000_000  # products held at once where NumPy searches: 80 MB


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
    return nearest(gallery.vectors if isinstance(gallery, Gallery) else gallery, unit(queries), k)


def nearest(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k greatest inner products of each query [Q, d] with `vectors` [G, d], taken as they are; as `search`.

    This is `IndexFlatIP`'s own search run on our array: no second copy of the gallery is made. Without faiss NumPy does
    the same, several times as slowly.
    """
    vectors = np.ascontiguousarray(vectors, np.float32)
    queries = np.ascontiguousarray(np.atleast_2d(queries), np.float32)
    if queries.shape[1] != vectors.shape[1]:
        raise UserError(
            f"the query has {queries.shape[1]} numbers, the gallery's items have {vectors.shape[1]}",
            "search",
            "use the encoder (and alignment) that made the gallery",
        )
    k = max(0, min(k, len(vectors)))
    if k == 0 or len(queries) == 0:
        return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    try:
        import faiss
    except ImportError:  # comes with the extra `app`
        return _by_numpy(vectors, queries, k)
    faiss.omp_set_num_threads(runtime.threads())
    return faiss.knn(queries, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)


def _by_numpy(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    scores, items = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    block = max(1, BLOCK // len(vectors))
    for start in range(0, len(queries), block):
        products = queries[start : start + block] @ vectors.T
        best = np.argpartition(-products, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(products, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        scores[start : start + block] = np.take_along_axis(values, order, axis=1)
        items[start : start + block] = np.take_along_axis(best, order, axis=1)
    return scores, items
