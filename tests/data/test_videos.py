"""Frames are spread evenly over a clip of known colours; nothing that a header claims makes decoding endless."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.media import videos
from mmexplore.data.media.videos import read_frames
from mmexplore.errors import UserError
from tests.media import write_gif, write_video

COLOURS = [(220, 20, 20), (20, 200, 20), (20, 20, 220)]


def _means(path: Path, n: int) -> list[np.ndarray]:
    return [f.pixels.reshape(-1, 3).mean(axis=0) for f in read_frames(path, n)]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_each_third_gives_a_third_of_the_frames(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"a{suffix}", COLOURS, each=20)
    for mean, colour in zip(_means(path, 12), np.repeat(COLOURS, 4, axis=0), strict=True):
        assert np.abs(mean - colour).max() < 12
    seconds = [f.seconds for f in read_frames(path, 12)]
    assert seconds[0] == 0 and seconds[-1] == pytest.approx(59 / 25, abs=0.05)
    assert np.ptp(np.diff(seconds)) < 0.09  # evenly, to within two frames


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations(tmp_path: Path, suffix: str) -> None:
    path = write_gif(tmp_path / f"a{suffix}", COLOURS)
    for mean, colour in zip(_means(path, 12), COLOURS, strict=True):  # fewer frames than asked for: all of them
        assert np.abs(mean - colour).max() < 20
    assert [f.seconds for f in read_frames(path)] == pytest.approx([0, 0.1, 0.2])


def test_many_frames_are_thinned_out_evenly(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [(k, k, k) for k in range(20, 220, 2)], each=3, size=(32, 32))
    grey = [m[0] for m in _means(path, 6)]
    assert np.abs(np.array(grey) - np.linspace(20, 218, 6)).max() < 8


def test_decoding_ends_at_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos, "MAX_DECODED", 20)
    path = write_video(tmp_path / "a.mp4", COLOURS, each=20)
    assert all(np.abs(m - COLOURS[0]).max() < 12 for m in _means(path, 5))


def test_frames_of_too_many_pixels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos, "MAX_PIXELS", 1000)
    for path in (write_video(tmp_path / "a.mp4", COLOURS), write_gif(tmp_path / "a.gif", COLOURS)):
        with pytest.raises(UserError, match="pixels"):
            read_frames(path)


def test_a_truncated_video_gives_what_is_there_or_one_sentence(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.webm", COLOURS, each=20).read_bytes()
    for share in (0.05, 0.5, 0.9):
        path = tmp_path / f"{share}.webm"
        path.write_bytes(whole[: int(share * len(whole))])
        try:
            assert 1 <= len(read_frames(path)) <= videos.FRAMES
        except UserError as error:
            assert error.remedy


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp", ".webm"])
def test_what_is_no_video_gets_one_sentence(tmp_path: Path, suffix: str) -> None:
    for i, content in enumerate((b"", b"\0\0\0\x18ftypmp42" + bytes(40), b"GIF89a" + bytes(20), b"words " * 40)):
        path = tmp_path / f"{i}{suffix}"
        path.write_bytes(content)
        with pytest.raises(UserError):
            read_frames(path)


def test_a_sound_is_no_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UserError, match="no video"):
        read_frames(path)
