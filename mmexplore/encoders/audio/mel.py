"""The log-mel spectrogram of a recording: what the baseline encoder counts and what the viewer draws.

Stevens, Volkmann & Newman 1937 for the mel scale, in the form m = 2595 log10(1 + f / 700) (O'Shaughnessy 1987).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from mmexplore.data.media.sounds import RATE

WINDOW, HOP = 400, 160  # samples: 25 ms every 10 ms
FFT = 512
BANDS = 40
LOWEST = 50.0  # Hz
FLOOR = 1e-8  # of the power in a band; full scale is about 1, so the log runs from about -18 to 0


def log_mel(samples: np.ndarray, bands: int = BANDS) -> np.ndarray:
    """float32 [T] at `RATE` -> natural log of the power in mel bands, float32 [frames, bands]; frames are 10 ms apart.

    A recording shorter than a window is padded with silence.
    """
    from numpy.lib.stride_tricks import sliding_window_view

    samples = np.pad(np.asarray(samples, np.float32), (0, max(0, WINDOW - len(samples))))
    frames = sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, FFT, axis=1)) ** 2 / (WINDOW / 4) ** 2
    return np.log(power @ filters(bands).T + FLOOR).astype(np.float32)


@cache
def filters(bands: int = BANDS) -> np.ndarray:
    """Triangles on the mel scale from `LOWEST` to half the rate, float32 [bands, FFT // 2 + 1]; each peaks at 1."""
    edges = _hertz(np.linspace(_mel(LOWEST), _mel(RATE / 2), bands + 2))
    at = np.fft.rfftfreq(FFT, 1 / RATE)
    rise = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None).astype(np.float32)


def centres(bands: int = BANDS) -> np.ndarray:
    """Frequency in Hz at which each band peaks, [bands]."""
    return _hertz(np.linspace(_mel(LOWEST), _mel(RATE / 2), bands + 2))[1:-1]


def _mel(hertz):
    return 2595 * np.log10(1 + np.asarray(hertz, float) / 700)


def _hertz(mel):
    return 700 * (10 ** (np.asarray(mel, float) / 2595) - 1)
