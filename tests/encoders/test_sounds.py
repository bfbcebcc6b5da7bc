"""Sounds become unit vectors of their encoder's width, the same each time; a tone lies where it should."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.dataset import Kind
from mmexplore.data.media.sounds import RATE
from mmexplore.encoders import registry
from mmexplore.encoders.audio.mel import BANDS, centres, filters, log_mel
from mmexplore.errors import UserError
from tests.media import tone, write_sound

NAMES = ("speech-embedding", "log-mel")


@pytest.mark.parametrize("hertz", [200, 1000, 3000, 6000])
def test_a_pure_tone_peaks_in_its_band(hertz: float) -> None:
    bands = log_mel(tone(hertz))
    assert bands.shape == (98, BANDS)
    nearest = np.abs(centres() - hertz).argmin()
    assert (np.abs(bands.argmax(axis=1) - nearest) <= 1).all()


def test_ten_times_the_level_is_a_hundred_times_the_power() -> None:
    loud, soft = log_mel(tone(1000, level=0.5)), log_mel(tone(1000, level=0.05))
    band = loud[0].argmax()
    np.testing.assert_allclose(loud[:, band] - soft[:, band], np.log(100), atol=1e-3)


def test_the_filters_cover_every_frequency_between_their_ends() -> None:
    covered = filters().sum(axis=0)
    assert filters().shape == (BANDS, 257) and filters().max() <= 1
    assert (covered[10:240] > 0.4).all()


@pytest.mark.parametrize("name", NAMES)
def test_unit_vectors_of_any_length_and_the_same_each_time(name: str, tmp_path: Path) -> None:
    encoder = registry.load(name)
    lengths = (0.001, 0.05, 0.4, 1.3, 7.0)
    paths = [write_sound(tmp_path / f"{i}.wav", tone(300 + 200 * i, s)) for i, s in enumerate(lengths)]
    paths.append(write_sound(tmp_path / "silence.wav", np.zeros(8000, np.float32)))
    vectors = encoder.encode(paths)
    assert vectors.shape == (6, encoder.card.dim) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[::-1], encoder.encode(paths[::-1]))


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_does_not_lose_the_others(name: str, tmp_path: Path) -> None:
    good = write_sound(tmp_path / "a.flac", tone(500))
    bad = tmp_path / "b.flac"
    bad.write_bytes(good.read_bytes()[:30])
    answers = registry.load(name).encode_each([bad, good])
    assert isinstance(answers[0], UserError) and isinstance(answers[1], np.ndarray)


def test_the_models_give_what_the_package_itself_gives() -> None:
    """The oracle: the same two files run by TensorFlow Lite, as pyopen-wakeword runs them."""
    from pyopen_wakeword import OpenWakeWordFeatures

    random = np.random.default_rng(0)
    samples = np.clip(0.1 * random.normal(size=4 * RATE) + tone(700, 4.0, level=0.3), -1, 1).astype(np.float32)
    pcm = (samples * 32767).astype(np.int16)
    theirs = np.concatenate(
        [e.reshape(-1, 96) for e in OpenWakeWordFeatures.from_builtin().process_streaming(pcm.tobytes())]
    )
    ours = registry.load("speech-embedding").windows(pcm.astype(np.float32) / 32768)
    # Theirs are those of a stream that began 4 s of silence before, in pieces; of ours each must be near one of them.
    a = ours[10:40] / np.linalg.norm(ours[10:40], axis=1, keepdims=True)
    b = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    assert (a @ b.T).max(axis=1).min() > 0.95


def test_tokens_say_where_they_lie(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(400, 2.0))
    encoder = registry.load("speech-embedding")
    tokens = encoder.encode_tokens([path])[0]
    assert len(tokens.places) == len(tokens.vectors) and tokens.places[5] == (0, 775)
    pooled = np.concatenate([tokens.vectors.mean(axis=0), tokens.vectors.std(axis=0)])
    np.testing.assert_allclose(encoder.encode([path])[0], pooled / np.linalg.norm(pooled), atol=1e-5)


def test_a_linear_probe_tells_spoken_digits_apart(shared_data: Path, tmp_path: Path) -> None:
    """A part of the official split: 25 train and 6 test clips a digit. The whole is in benchmarks/kinds.py."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    with zipfile.ZipFile(shared_data / "fsdd.zip") as archive:
        pairs = pd.read_csv(archive.open("pairs.csv"))
        part = pd.concat(
            [
                rows.iloc[:: max(1, len(rows) // (25 if s == "train" else 6))]
                for (_, s), rows in pairs.groupby(["label", "split"])
            ]
        )
        for name in part["audio"]:
            archive.extract(name, tmp_path)
    vectors = registry.load(registry.default_encoder(Kind.AUDIO)).encode([tmp_path / a for a in part["audio"]])
    train = (part["split"] == "train").to_numpy()
    probe = LogisticRegression(C=100, max_iter=500).fit(vectors[train], part["label"][train])
    assert probe.score(vectors[~train], part["label"][~train]) >= 0.9


def test_clap_without_a_network_says_so_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    began = time.monotonic()
    with pytest.raises(UserError, match="speech-embedding"):
        registry.load("clap:laion/clap-htsat-unfused", Kind.AUDIO)
    assert time.monotonic() - began < 5
    with pytest.raises(UserError, match="audio and text"):
        registry.load("clap:laion/clap-htsat-unfused")
