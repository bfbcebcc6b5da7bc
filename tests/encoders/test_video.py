"""Videos: the image encoder's vectors of their frames, pooled as the head of the file says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.sequence.video import TEMPERATURE, Video, attention, video_cards
from mmexplore.errors import UserError
from tests.media import write_gif, write_video

COLOURS = [(250, 0, 0), (250, 4, 0), (0, 0, 250)]  # no two alike: a GIF keeps equal frames as one


class MeanColour(Encoder):
    """A picture becomes its mean colour, as a unit vector."""

    card = EncoderCard("colour", Kind.IMAGE, 3, "colour", "Colour", 0, "-", "-", True)
    version = "1"

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        means = np.stack([np.asarray(p, float).reshape(-1, 3).mean(axis=0) + 1e-3 for p in batch])
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def _encoder(pooling: int) -> Video:
    return Video(video_cards(MeanColour.card)[pooling], MeanColour())


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_the_mean_of_the_frames(tmp_path: Path, suffix: str) -> None:
    vector = _encoder(0).encode([write_video(tmp_path / f"a{suffix}", COLOURS)])[0]
    expected = np.array([2, 0, 1]) / np.sqrt(5)
    assert vector.dtype == np.float32 and vector @ expected > 0.999
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_attention_counts_what_looks_like_the_rest(tmp_path: Path) -> None:
    path = write_gif(tmp_path / "a.gif", COLOURS)
    mean, attended = (_encoder(p).encode([path])[0] for p in (0, 1))
    assert attended[0] > mean[0] and attended[2] < mean[2]
    frames = _encoder(1).encode_tokens([path])[0].vectors
    score = np.exp(frames @ (frames.mean(0) / np.linalg.norm(frames.mean(0))) / TEMPERATURE)
    np.testing.assert_allclose(attention(frames), score / score.sum(), rtol=1e-4)
    assert attention(np.eye(3, dtype=np.float32)) == pytest.approx([1 / 3] * 3)  # no frame is the odd one


def test_a_token_a_frame(tmp_path: Path) -> None:
    tokens = _encoder(0).encode_tokens([write_video(tmp_path / "a.mp4", COLOURS, each=20)])[0]
    assert tokens.vectors.shape == (12, 3) and len(tokens.places) == 12 and tokens.grid is None
    assert tokens.places[0][0] == 0 and all(a <= b for a, b in tokens.places)


def test_a_damaged_video_does_not_lose_the_others(tmp_path: Path) -> None:
    good, bad = write_gif(tmp_path / "a.webp", COLOURS), tmp_path / "b.mp4"
    bad.write_bytes(b"no video")
    answers = _encoder(0).encode_each([bad, good])
    assert isinstance(answers[0], UserError) and isinstance(answers[1], np.ndarray)


def test_poolings_and_frames_are_part_of_the_version() -> None:
    versions = {_encoder(0).version, _encoder(1).version}
    assert len(versions) == 2 and all(MeanColour.version in v for v in versions)
