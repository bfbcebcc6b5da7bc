"""Real CLIP vectors already share a space: realigning them hurts, and the app must show it, not hide it."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.models.alignment import methods
from tests.models.alignment.made import embed, recall


@pytest.fixture(scope="module")
def clip(shared_data) -> Embeddings:
    with np.load(shared_data / "clip_coco500.npz", allow_pickle=False) as file:
        return embed({"image": file["image"], "text": file["text"]})


def test_raw_recall_is_the_published_one(clip):
    everything = np.ones(len(clip), bool)
    assert recall(clip, "image", "text", everything) == pytest.approx(0.552, abs=1e-6)
    assert recall(clip, "text", "image", everything) == pytest.approx(0.506, abs=1e-6)


def test_cca_hurts_and_its_card_says_so(clip):
    raw, aligned = [], []
    for seed in range(3):
        data = clip.with_splits(draw_split(clip, held_out=0.5, seed=seed))
        out, test = methods()["cca"]().fit(data).transform(data), data.in_split("test")
        for src, dst in (("image", "text"), ("text", "image")):
            raw.append(recall(data, src, dst, test))
            aligned.append(recall(out, src, dst, test))
    assert 0.55 < np.mean(raw) < 0.75  # 250 held-out pairs
    assert np.mean(aligned) < np.mean(raw) - 0.15, "CCA helped on CLIP: then its card is wrong"
    assert "CLIP" in methods()["cca"].card.look_for
