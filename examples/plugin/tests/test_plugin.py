"""The plug-in by itself: `pip install .` it first, or put its folder on PYTHONPATH."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmexplore_example_plugin.max_pooling import MaxPooling
from mmexplore_example_plugin.point_cloud import check, picture, read_points
from mmexplore_example_plugin.principal_axes import _axes
from mmexplore_example_plugin.shape_distribution import ShapeDistribution

from mmexplore.errors import UserError


def cloud(path: Path, points: np.ndarray) -> Path:
    np.savetxt(path, points)
    return path


def test_a_shape_is_the_same_turned_moved_and_scaled(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rod = random.normal(size=(500, 3)) * (10, 1, 1)
    turned, _ = np.linalg.qr(random.normal(size=(3, 3)))
    a, b = cloud(tmp_path / "a.xyz", rod), cloud(tmp_path / "b.xyz", 3 * rod @ turned + 5)
    ball = cloud(tmp_path / "c.xyz", random.normal(size=(500, 3)))
    x, y, z = ShapeDistribution().encode([a, b, ball])
    assert x @ y > 0.9999 and x @ z < 0.98
    assert np.linalg.norm(x) == pytest.approx(1)


def test_what_is_no_cloud_is_said(tmp_path: Path) -> None:
    bad = tmp_path / "bad.xyz"
    bad.write_text("1 2 three\n")
    with pytest.raises(UserError, match="three numbers"):
        read_points(bad)
    assert check(bad) == ""  # three words: only reading tells
    bad.write_text("1 2\n")
    assert "first line" in check(bad)


def test_a_cloud_has_a_picture(tmp_path: Path) -> None:
    jpeg, line = picture(cloud(tmp_path / "a.xyz", np.eye(3)))
    assert jpeg[:2] == b"\xff\xd8" and line == "3 points"


def test_the_strongest_modality_speaks() -> None:
    import torch

    parts = torch.tensor([[[1.0, 5.0], [2.0, 3.0]], [[1.0, 5.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    present = torch.tensor([[True, True], [True, False], [False, False]])
    found = MaxPooling().combine(MaxPooling().layers(2), parts, present)
    assert found.fused.tolist() == [[2, 5], [1, 5], [0, 0]]
    assert found.weights.tolist() == [[0.5, 0.5], [1, 0], [0, 0]]


def test_axes_have_variance_one_and_one_sign() -> None:
    x = np.random.default_rng(0).gamma(1, size=(300, 4)) * (5, 2, 1, 0.5)
    x -= x.mean(axis=0)
    z = x @ _axes(x, 3)
    assert z.std(axis=0) == pytest.approx(1) and ((z**3).sum(axis=0) >= 0).all()
