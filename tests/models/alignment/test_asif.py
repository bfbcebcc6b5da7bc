"""ASIF against its formula, spelt out item by item."""

from __future__ import annotations

import numpy as np

from mmexplore.models.alignment.asif import ASIF
from tests.models.alignment.made import embed, planted


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_asif_is_its_formula():
    data = planted(40, {"photo": 6, "caption": 5}, noise=0.5)
    fitted = ASIF(anchors=1000, neighbours=7, power=3.0).fit(data)
    out = fitted.transform(data)
    train = np.flatnonzero(data.in_split("train"))  # fewer than 1,000: all of them are anchors
    for m in data.modalities:
        x = data.vectors[m].astype(np.float64)
        mean = x[train].mean(axis=0)
        for i in (0, 5, 39):
            said = [cosine(x[i] - mean, x[a] - mean) for a in train]
            nearest = sorted(range(len(train)), key=lambda a: -said[a])[:7]
            relative = np.array([max(0.0, s) ** 3 if a in nearest else 0.0 for a, s in enumerate(said)])
            np.testing.assert_allclose(out.vectors[m][i], relative / np.linalg.norm(relative), atol=1e-5)


def test_an_anchor_that_lacks_a_modality_is_zero_there():
    data = planted(60, test=0)
    gone = np.zeros_like(data.mask)
    gone[4, 2] = True
    data = data.hide(gone)
    fitted = ASIF().fit(data)
    assert not fitted.anchors_["sound"][4].any() and fitted.anchors_["photo"][4].any()
    assert not fitted.transform(data).vectors["sound"][:, 4].any()


def test_each_group_gives_one_anchor_before_any_gives_two():
    captions = planted(30, {"photo": 6, "caption": 5}, test=0)
    of = np.repeat(np.arange(30), 5)
    data = embed(
        {m: v[of] + np.arange(150)[:, None] * 1e-6 for m, v in captions.vectors.items()},
        groups=np.array([f"photo {i}" for i in of], object),
    )
    for n in (10, 30):
        anchors = ASIF(anchors=n, random_state=4).fit(data).anchors_["photo"]
        similar = anchors @ anchors.T
        assert (similar - np.eye(n)).max() < 0.9999, "two anchors of one photo"
