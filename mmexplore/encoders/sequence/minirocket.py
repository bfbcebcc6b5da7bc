"""MiniRocket: the offline default for series; 84 fixed kernels, and how often each is exceeded.

Dempster, Schmidt & Webb 2021, "MiniRocket: a very fast (almost) deterministic transform for time series
classification" (arXiv:2012.08791); several channels and unequal lengths as in its authors' multivariate variant. The
transform of equal lengths is that of aeon's `MiniRocket` (tested). It is written out here because aeon takes equal
lengths only, compiles for half a minute at first use, and its compiled threads may not run side by side.

For a kernel k with taps w (six -1, three 2), dilation d, channels S and a bias b

    (X * k)(t) = sum over c in S, j in -4..4 of w_j X_c(t + j d),     feature = share of t with (X * k)(t) > b
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mmexplore import runtime
from mmexplore.data.dataset import Kind
from mmexplore.encoders.base import EncoderCard
from mmexplore.encoders.sequence.series import SeriesEncoder

NAME = "minirocket"
FEATURES = 1008  # 12 a kernel
MAX_DILATIONS = 32
#: which three of the nine taps are 2; the others are -1
TAPS = np.array(list(combinations(range(9), 3)))


@dataclass(frozen=True)
class Kernels:
    """dilations [D]; weights, one [84, 9 * C] a dilation (zero for channels a kernel does not see); biases, one [84, n]
    a dilation."""

    dilations: np.ndarray
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]


class MiniRocket(SeriesEncoder):
    """Series in, unit vectors out: 1,008 shares, scaled by the train rows."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.SERIES,
        dim=FEATURES + 1,
        space=NAME,
        title="MiniRocket",
        size_mb=0.0,
        licence="Apache-2.0 (part of mmexplore)",
        source="no weights: Dempster et al. 2021, fitted to the train rows of the column",
        offline=True,
        look_for="Finds which shapes occur in a series, at which scale and how often: strong for telling motions, "
        "machines and heartbeats apart. Levels count only through shapes; when something happens is lost. Series of "
        "any length and several channels; beyond 20,000 points they are averaged.",
    )
    version = "1"
    kernels: Kernels

    def learn(self, series: Sequence[np.ndarray]) -> None:
        self.kernels = draw_kernels(series)

    def features(self, series: np.ndarray) -> np.ndarray:
        return transform(series, self.kernels)


def draw_kernels(series: Sequence[np.ndarray], n_features: int = FEATURES, seed: int = 0) -> Kernels:
    """Dilations for the median length; channels of each kernel at random; biases = quantiles of its output on a random
    train series (one a kernel and dilation)."""
    random = runtime.rng(seed)
    length, channels = max(9, int(np.median([len(s) for s in series]))), series[0].shape[1]
    dilations, counts = dilations_of(length, n_features)
    quantile = (np.arange(1, 84 * counts.sum() + 1) * (np.sqrt(5) + 1) / 2) % 1
    weights, biases, at = [], [], 0
    for dilation, count in zip(dilations, counts, strict=True):
        w = np.full((84, 9, channels), -1.0, np.float32)
        w[np.arange(84)[:, None], TAPS] = 2
        seen = np.zeros((84, channels), np.float32)
        for row in seen:
            several = int(2 ** random.uniform(0, np.log2(min(channels, 9) + 1)))
            row[random.choice(channels, several, replace=False)] = 1
        weights.append((w * seen[:, None]).reshape(84, -1))
        b = np.empty((84, count), np.float32)
        drawn = random.integers(len(series), size=84)
        outputs = {i: weights[-1] @ _shifted(series[i], dilation) for i in np.unique(drawn)}
        for k in range(84):
            b[k] = np.quantile(outputs[drawn[k]][k], quantile[at : at + count])
            at += count
        biases.append(b)
    return Kernels(dilations, tuple(weights), tuple(biases))


def dilations_of(length: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """(dilations [D], features a kernel has at each [D]): spread so that the widest kernel spans the series."""
    each = n_features // 84
    several = min(each, MAX_DILATIONS)
    exponents = np.logspace(0, np.log2((length - 1) / 8), several, base=2).astype(int)
    dilations, counts = np.unique(exponents, return_counts=True)
    counts = (counts * (each / several)).astype(int)
    counts[: each - counts.sum()] += 1
    return dilations, counts


def transform(series: np.ndarray, kernels: Kernels) -> np.ndarray:
    """float32 [T, C] -> shares in 0..1, float32 [84 * features a kernel], dilation by dilation.

    Every second kernel ignores the points at which it reaches over the ends, where the series is long enough.
    """
    found = []
    for j, (dilation, weights, biases) in enumerate(
        zip(kernels.dilations, kernels.weights, kernels.biases, strict=True)
    ):
        output = weights @ _shifted(series, int(dilation))  # [84, T]
        edge = 4 * int(dilation)
        inner = output[:, edge:-edge] if len(series) > 2 * edge else output
        shares = np.empty(biases.shape, np.float32)
        for part, rows in ((output, slice(j % 2, None, 2)), (inner, slice(1 - j % 2, None, 2))):
            for f in range(biases.shape[1]):
                shares[rows, f] = (part[rows] > biases[rows, f, None]).mean(axis=1)
        found.append(shares.reshape(-1))
    return np.concatenate(found)


def _shifted(series: np.ndarray, dilation: int) -> np.ndarray:
    """[9 * C, T]: the series moved by -4 .. 4 dilations, zeros where it ends."""
    length, channels = series.shape
    reach = 4 * dilation
    padded = np.zeros((length + 2 * reach, channels), np.float32)
    padded[reach : reach + length] = series
    return np.stack([padded[j * dilation : j * dilation + length].T for j in range(9)]).reshape(9 * channels, length)
