"""The contrastive loss (InfoNCE over pairs of modalities) against a loop over rows."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.models.alignment.contrastive import ContrastiveLinear, contrastive_loss
from tests.models.alignment.made import planted, recall

torch = pytest.importorskip("torch")


def brute_force(codes, present, groups, temperature) -> float:
    """Row by row, positive by positive."""
    unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in codes]
    pairs = []
    for i in range(len(codes)):
        for j in range(len(codes)):
            if i == j:
                continue
            rows = []
            for n in np.flatnonzero(present[:, i]):
                columns = np.flatnonzero(present[:, j])
                scores = np.array([unit[i][n] @ unit[j][c] for c in columns]) / temperature
                log_p = scores - np.log(np.exp(scores).sum())
                positive = groups[columns] == groups[n]
                if positive.any():
                    rows.append(-log_p[positive].mean())
            if rows:
                pairs.append(np.mean(rows))
    return float(np.mean(pairs))


@pytest.mark.parametrize("modalities", [2, 3])
@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_the_loss_is_its_definition(modalities, missing):
    random = np.random.default_rng(1)
    codes = [random.normal(size=(20, 5)) for _ in range(modalities)]
    present = random.random((20, modalities)) >= missing
    groups = random.integers(0, 8, 20)  # several positives a row
    ours = contrastive_loss([torch.tensor(z) for z in codes], torch.tensor(present), torch.tensor(groups), 0.2)
    assert float(ours) == pytest.approx(brute_force(codes, present, groups, 0.2), abs=1e-9)


def test_same_codes_for_all_cost_the_logarithm_of_the_batch():
    same = [torch.ones(16, 4)] * 2
    loss = contrastive_loss(same, torch.ones(16, 2, dtype=torch.bool), torch.arange(16), 0.07)
    assert float(loss) == pytest.approx(np.log(16), abs=1e-5)


def test_without_a_pair_it_is_zero():
    codes = [torch.randn(4, 3, requires_grad=True) for _ in range(2)]
    present = torch.tensor([[True, False]] * 4)
    loss = contrastive_loss(codes, present, torch.arange(4), 0.07)
    loss.backward()
    assert float(loss.detach()) == 0 and not codes[0].grad.any()


def test_other_captions_of_the_same_photo_are_positives_too():
    """Which of a photo's captions stands in which row is an accident: by group it cannot matter, by row it does."""
    random = torch.Generator().manual_seed(0)
    photos = torch.randn(6, 5, generator=random).repeat_interleave(2, 0) + 0.1 * torch.randn(12, 5, generator=random)
    captions = torch.randn(12, 5, generator=random)
    swapped = captions.reshape(6, 2, 5).flip(1).reshape(12, 5)
    present = torch.ones(12, 2, dtype=torch.bool)
    by_group, by_row = torch.arange(6).repeat_interleave(2), torch.arange(12)
    same, other = (float(contrastive_loss([photos, c], present, by_group, 0.5)) for c in (captions, swapped))
    assert same == pytest.approx(other, abs=1e-5)
    same, other = (float(contrastive_loss([photos, c], present, by_row, 0.5)) for c in (captions, swapped))
    assert abs(same - other) > 0.02


def test_linear_heads_learn():
    data = planted(300, {"photo": 9, "caption": 7}, noise=0.05)
    test = data.in_split("test")
    trained = ContrastiveLinear(8, epochs=25, lr=1e-2, batch_size=64).fit(data)
    untrained = ContrastiveLinear(8, epochs=1, lr=1e-9).fit(data)
    before, after = (recall(c.transform(data), "photo", "caption", test) for c in (untrained, trained))
    assert before < 0.2 and after > 0.7, (before, after)
