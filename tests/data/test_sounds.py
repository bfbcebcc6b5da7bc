"""Sounds are read mono, at one rate, in bounded pieces; what is no sound gets one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.media.sounds import RATE, read_sound, resampled, sound_seconds
from mmexplore.errors import UserError
from tests.media import tone, write_sound


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_every_format_and_rate_gives_the_same_tone(tmp_path: Path, suffix: str, rate: int) -> None:
    path = write_sound(tmp_path / f"a{suffix}", tone(440, 1.0, rate), rate)
    samples = read_sound(path)
    assert samples.dtype == np.float32 and abs(len(samples) - RATE) < 0.12 * RATE  # MP3 pads its ends
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(np.fft.rfftfreq(len(samples), 1 / RATE)[spectrum.argmax()] - 440) < 2


def test_resampling_keeps_what_both_rates_can_hold() -> None:
    there = resampled(tone(440, 1.0, 44_100), 44_100, RATE)
    middle = slice(RATE // 4, 3 * RATE // 4)
    assert np.abs(there[middle] - tone(440, 1.0, RATE)[middle]).max() < 2e-3


def test_resampling_removes_what_the_lower_rate_cannot_hold() -> None:
    assert np.abs(resampled(tone(15_000, 1.0, 44_100), 44_100, RATE)[4000:12000]).max() < 0.01


def test_channels_become_their_mean(tmp_path: Path) -> None:
    left, right = tone(300), tone(900)
    samples = read_sound(write_sound(tmp_path / "a.wav", np.stack([left, right], axis=1)))
    np.testing.assert_allclose(samples, (left + right) / 2, atol=1e-4)


def test_of_a_long_sound_the_beginning_is_read(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(100, 5.0))
    assert len(read_sound(path, max_seconds=2.0)) == 2 * RATE
    assert sound_seconds(path) == pytest.approx(5.0)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\x24\0\0\0WAVEfmt ", b"ID3" + bytes(500), b"no sound at all" * 50]
)
def test_what_is_no_sound_gets_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_sound(path)


def test_a_sound_without_samples_a_senseless_rate_and_nan_are_refused(tmp_path: Path) -> None:
    import soundfile

    with pytest.raises(UserError, match="no samples"):
        read_sound(write_sound(tmp_path / "a.wav", np.zeros(0, np.float32)))
    with pytest.raises(UserError, match="Hz"):
        read_sound(write_sound(tmp_path / "b.wav", tone(100), 5))
    soundfile.write(tmp_path / "c.wav", np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    with pytest.raises(UserError, match="NaN"):
        read_sound(tmp_path / "c.wav")
    with pytest.raises(UserError, match="does not exist"):
        read_sound(tmp_path / "none.wav")
