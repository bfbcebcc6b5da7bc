"""Tiny CLIPs, and pairs made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmexplore.attribution import towers as towers_module
from mmexplore.attribution.pair import Pair
from mmexplore.attribution.towers import Towers
from tests.attribution.clips import make_clip, torch_sides


@pytest.fixture(scope="session")
def clip_named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Kind -> the name under which mmexplore opens such a CLIP; made once."""
    folder, made = tmp_path_factory.mktemp("clips"), {}
    return lambda kind: made.setdefault(kind, made.get(kind) or make_clip(folder, kind))


@pytest.fixture(scope="session")
def tower_of(clip_named: Callable[[str], str]) -> Callable[[str], Towers]:
    """Kind -> its towers in torch, opened once."""
    opened: dict[str, Towers] = {}
    return lambda kind: opened.setdefault(kind, opened.get(kind) or Towers(clip_named(kind)))


@pytest.fixture
def clip_pair(
    clip_named: Callable[[str], str], tower_of: Callable[[str], Towers], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Pair]:
    """Kind, text -> the cat and this text, encoded by such a CLIP (in torch: its export is tested elsewhere)."""

    def make(kind: str, text: str = "a tabby cat looks into the camera") -> Pair:
        import skimage.data

        name = clip_named(kind)
        monkeypatch.setattr(towers_module, "towers", lambda asked: tower_of(kind))
        image, reader = torch_sides(name)
        square = image.squares([np.ascontiguousarray(skimage.data.chelsea())])[0]
        return Pair(square, text, image, reader, lambda v: v, lambda v: v)

    return make


@pytest.fixture(scope="session")
def photo_files() -> dict[str, Path]:
    """Caption -> file of scikit-image's photos."""
    import skimage

    from tests.browser.test_browser import PHOTOS

    folder = Path(skimage.__file__).parent / "data"
    return {caption: folder / file for file, caption in PHOTOS.items()}
