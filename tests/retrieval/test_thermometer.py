"""The thermometer against the definitions of percentile and area under the curve."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmexplore.errors import UserError
from mmexplore.retrieval.thermometer import Thermometer, thermometer
from tests.retrieval.paired import captioned, clip_coco, paired, random_pairs


def test_readings_are_shares_of_the_two_distributions():
    scale = Thermometer("a", "b", np.array([0.2, 0.4, 0.6, 0.8]), np.linspace(0, 0.99, 100), 0.0)
    reading = scale.read(0.5)
    assert (reading.random_higher, reading.true_lower) == (pytest.approx(0.5), 0.5)
    assert (
        reading.sentence
        == "A random pair scores higher in 50 of 100 cases; a true pair scores lower in 50 of 100 cases."
    )
    assert "fewer than 1 of 100 cases" in scale.read(1.5).sentence and "all of 4 cases" in scale.read(1.5).sentence
    assert scale.read(-1).random_higher == 1


def test_random_pairs_never_share_a_group_and_absent_rows_take_no_part():
    random = np.random.default_rng(0)
    groups = np.array([f"g{i // 10}" for i in range(40)], object)
    vectors = np.eye(4)[np.arange(40) // 10] + 1e-6 * random.normal(size=(40, 4))
    present = {"image": np.arange(40) != 3, "text": np.arange(40) != 17}
    found = thermometer(paired(vectors, vectors, present, groups=groups), "image", "text", n_random=5000)
    assert len(found.true) == 38 and found.true.min() > 0.99 and found.random.max() < 0.01
    assert len(found.random) == 5000 and found.separation == 1


def test_separation_is_the_area_under_the_curve_and_halves_without_signal():
    found = thermometer(random_pairs(300), "image", "text")
    truth = np.repeat([1, 0], [len(found.true), len(found.random)])
    assert found.separation == pytest.approx(roc_auc_score(truth, np.concatenate([found.true, found.random])), abs=1e-6)
    random = np.random.default_rng(0)
    null = thermometer(paired(random.normal(size=(500, 8)), random.normal(size=(500, 8))), "image", "text")
    assert null.separation == pytest.approx(0.5, abs=0.05)


def test_random_pairs_are_even_over_the_other_rows():
    data = paired(np.eye(6), np.diag(np.arange(1, 7)), groups=np.array(["a", "a", "a", "b", "c", "c"], object))
    data = data.with_vectors({"image": np.ones((6, 1), np.float32), "text": np.ones((6, 1), np.float32)}, data.spaces)
    assert (thermometer(data, "image", "text").random == 1).all()
    with pytest.raises(UserError, match="fewer than two groups"):
        thermometer(data, "image", "text", rows=np.arange(3))


def test_clip_pairs_stand_apart(shared_data):
    found = thermometer(clip_coco(shared_data), "image", "text")
    assert found.separation > 0.98 and found.read(0.25).random_higher == pytest.approx(0.06, abs=0.01)
    assert "6 of 100" in found.read(0.25).sentence
    assert len(thermometer(captioned(10, 3), "image", "text").true) == 30
