"""InfoNCE against loops over rows and positives."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")


def by_loop(queries, answers, positive, scale) -> float:
    """Row by row, positive by positive, both ways."""
    both = []
    for left, right, correct in ((queries, answers, positive), (answers, queries, positive.T)):
        rows = []
        for i in range(len(left)):
            cosine = [
                left[i] @ right[j] / np.linalg.norm(left[i]) / np.linalg.norm(right[j]) for j in range(len(right))
            ]
            log_p = scale * np.array(cosine) - np.log(np.exp(scale * np.array(cosine)).sum())
            if correct[i].any():
                rows.append(-log_p[correct[i]].mean())
        both.append(np.mean(rows))
    return float(np.mean(both))


@pytest.mark.parametrize("n_answers", [6, 4])
def test_info_nce_is_its_definition(n_answers):
    from mmexplore.models.networks.info_nce import info_nce

    random = np.random.default_rng(0)
    queries, answers = random.normal(size=(6, 4)), random.normal(size=(n_answers, 4))
    groups = np.array([0, 0, 1, 2, 2, 3])
    positive = groups[:, None] == groups[None, :n_answers]  # with 4 answers, the last query has none
    got = info_nce(torch.tensor(queries), torch.tensor(answers), torch.tensor(positive), torch.tensor(5.0))
    assert float(got) == pytest.approx(by_loop(queries, answers, positive, 5.0), abs=1e-9)


@pytest.mark.parametrize("n", [0, 3])
def test_without_a_positive_it_is_zero_and_moves_nothing(n):
    from mmexplore.models.networks.info_nce import info_nce

    queries, answers = torch.randn(n, 4, requires_grad=True), torch.randn(n, 4)
    loss = info_nce(queries, answers, torch.zeros(n, n, dtype=torch.bool), 5.0)
    loss.backward()
    assert loss.item() == 0 and not queries.grad.any()
