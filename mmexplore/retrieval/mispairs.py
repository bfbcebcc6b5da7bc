"""Rows whose two halves do not seem to belong together, and items that are there twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmexplore.embeddings import Embeddings


def mispairs(embeddings: Embeddings, src: str, dst: str, rows: np.ndarray | None = None) -> pd.DataFrame:
    """Every row with both modalities, the most suspicious first.

    The measure is the sum of both ranks of the own partner (src -> dst and back), each as a share of its gallery;
    other items of the same group do not compete. Equal sums: the lower similarity first.

    Returns:
        columns row, id, similarity, rank_forward, rank_backward (from 1), suspicion (0 = both first .. 1 = both last),
        better_dst_row, better_dst_score (the item that fits this row's src best), better_src_row, better_src_score.
    """


def near_duplicates(embeddings: Embeddings, modality: str, threshold: float = 0.95,
                    rows: np.ndarray | None = None, k: int = 10) -> pd.DataFrame:
    """Pairs of distinct items of one modality with a cosine of at least `threshold`, most alike first.

    Returns:
        columns row_a, id_a, row_b, id_b, similarity, same_group. Looks at the k nearest of each item.
    """
