"""Sixteen languages without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from mmexplore.encoders import registry
from mmexplore.encoders.text import use_multilingual
from mmexplore.errors import UserError

SAME = [
    "a black dog runs on the grass",
    "一只黑狗在草地上奔跑",
    "un chien noir court dans l'herbe",
    "黒い犬が芝生の上を走っている",
    "ein schwarzer Hund läuft über das Gras",
]
OTHER = ["the stock market fell on Monday", "股市周一下跌", "la bourse a chuté lundi", "株式市場は月曜日に下落した"]


def test_translations_lie_nearer_than_anything_else() -> None:
    encoder = registry.load("use-multilingual")
    same, other = encoder.encode(SAME), encoder.encode(OTHER)
    np.testing.assert_allclose(np.linalg.norm(same, axis=1), 1, atol=1e-4)
    assert (same @ same.T).min() > (same @ other.T).max()


def test_it_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert use_multilingual.UseMultilingual().encode(["hello"]).shape == (1, 512)


def test_nothing_in_nothing_out() -> None:
    assert registry.load("use-multilingual").encode([]).shape == (0, 512)


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "weights.npz"
    altered.write_bytes(b"something else")
    monkeypatch.setattr(use_multilingual, "package_file", lambda *a: altered)
    with pytest.raises(UserError, match="not the weight file"):
        use_multilingual.UseMultilingual()
