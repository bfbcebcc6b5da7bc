"""Log-mel statistics: the baseline for sounds, without any model."""

from __future__ import annotations

import numpy as np

from mmexplore.data.dataset import Kind
from mmexplore.encoders.audio.mel import BANDS, log_mel
from mmexplore.encoders.audio.sounds import SOUND_VERSION, SoundEncoder
from mmexplore.encoders.base import EncoderCard

NAME = "log-mel"
QUARTERS = 4


class LogMel(SoundEncoder):
    """Sounds in, 240-d unit vectors: 40 means over time, 40 standard deviations, 4 x 40 means of the quarters.

    The log power lies between about -18 and 0; half of that is added, so that silence and noise point apart.
    """

    card = EncoderCard(
        name=NAME,
        kind=Kind.AUDIO,
        dim=BANDS * (QUARTERS + 2),
        space=NAME,
        title="Log-mel statistics",
        size_mb=0.0,
        licence="Apache-2.0 (part of mmexplore)",
        source="no model: mean, spread and course of 40 mel bands",
        offline=True,
        look_for="The baseline: which pitches are how loud, on average, how much that varies, and in each quarter of "
        "the recording. Tells noises and simple sounds apart; knows no words. The first 60 seconds are heard.",
    )
    version = f"1-{SOUND_VERSION}"

    def describe(self, samples: np.ndarray) -> np.ndarray:
        bands = log_mel(samples) + 9
        whole = bands.mean(axis=0)
        # a recording of fewer than four frames has empty quarters: they say what the whole says
        quarters = [q.mean(axis=0) if len(q) else whole for q in np.array_split(bands, QUARTERS)]
        return np.concatenate([whole, bands.std(axis=0), *quarters]).astype(np.float32)
