"""InfoNCE with several positives: what fusions and alignments are trained by where there is no label.

Imported only when something is fitted: this module imports torch.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(queries: Tensor, answers: Tensor, positive: Tensor, scale: Tensor | float) -> Tensor:
    """Mean over both directions of -log softmax(scale * cosine), averaged over the positives of each row
    (van den Oord 2018; the sum over positives outside the logarithm: L_out of Khosla 2020, eq. 2).

    Args:
        queries: [Q, D].  answers: [A, D]; any length.
        positive: bool [Q, A]: which answers are right. A row or a column without one is only something to tell apart.
        scale: 1 / temperature.

    Returns:
        scalar; 0 (with zero gradients) where nothing is positive.
    """
    cosines = F.normalize(queries, dim=1) @ F.normalize(answers, dim=1).T * scale
    right = positive.to(cosines.dtype)
    both = []
    for dim in (1, 0):
        count = right.sum(dim=dim)
        of_all = cosines.logsumexp(dim=dim) - (cosines * right).sum(dim=dim) / count.clamp(min=1)
        both.append((of_all * (count > 0)).sum() / (count > 0).sum().clamp(min=1))
    return torch.stack(both).mean()
