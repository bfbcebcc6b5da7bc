"""The speech embedding of openWakeWord, 96 numbers every 80 ms, pooled to 192 for a recording.

Lin et al. 2020, "Training keyword spotters with limited and synthesized speech data" (arXiv:2002.01322). Both models
(mel spectrogram, embedding) are the TensorFlow Lite files of the package ``pyopen-wakeword``, run by OpenVINO.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.media.sounds import RATE, read_sound
from mmexplore.encoders.audio.sounds import SOUND_VERSION, SoundEncoder
from mmexplore.encoders.base import EncoderCard, Tokens
from mmexplore.encoders.engine import cpu_hints
from mmexplore.encoders.weights import package_file, verified
from mmexplore.optional import require

NAME = "speech-embedding"
DISTRIBUTION = "pyopen-wakeword"
MEL_SHA256 = "96fa0adccb6e8cf95cb14465409a1a2898ee4a96a85bb9ed3c7eb0e68bf163e8"
EMBEDDING_SHA256 = "c0aea21eb84a4ce90a08c870da41b7a7173b45269e6a3207c71d67c40f3a59d8"
WIDTH = 96
FRAMES, STEP, HOP = 76, 8, 160  # the model looks at 76 mel frames of 10 ms, here every 8 frames
#: silence put before and after a recording, so that a short one is seen in several windows, as in a stream
LEAD = int(0.4 * RATE)
CHUNK = 64  # windows in one call


class SpeechEmbedding(SoundEncoder):
    """Sounds in, 192-d unit vectors out: mean and standard deviation of 96 numbers over the windows."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.AUDIO,
        dim=2 * WIDTH,
        space=NAME,
        title="Speech embedding (openWakeWord)",
        size_mb=2.4,
        licence="Apache-2.0",
        source=f"PyPI {DISTRIBUTION}; trained by Google on 200 million clips of speech",
        offline=True,
        look_for="Good at which words are spoken and at the character of a voice or noise; knows little of music, and "
        "nothing of what a word means. The mean and the spread over the first 60 seconds: order in time is lost.",
    )

    def __init__(self) -> None:
        self._models = [_compiled("melspectrogram", MEL_SHA256, [1, -1])]
        self._models.append(_compiled("embedding_model", EMBEDDING_SHA256, [-1, FRAMES, 32, 1]))
        self._requests = threading.local()
        self.version = f"{EMBEDDING_SHA256[:8]}-{SOUND_VERSION}-f32"

    def describe(self, samples: np.ndarray) -> np.ndarray:
        windows = self.windows(samples)
        return np.concatenate([windows.mean(axis=0), windows.std(axis=0)])

    def windows(self, samples: np.ndarray) -> np.ndarray:
        """float32 [W, 96]: the embedding of every window of 775 ms, 80 ms apart, the first one before the sound."""
        shortest = HOP * (FRAMES + 3)
        padded = np.pad(samples, (LEAD, LEAD + max(0, shortest - len(samples) - 2 * LEAD)))
        mel = self._run(0, padded[None] * np.float32(32768)).reshape(-1, 32) / 10 + 2
        starts = np.arange(0, len(mel) - FRAMES + 1, STEP)
        stacked = mel[starts[:, None] + np.arange(FRAMES)][..., None]
        found = [self._run(1, stacked[i : i + CHUNK]) for i in range(0, len(stacked), CHUNK)]
        return np.concatenate(found).reshape(-1, WIDTH)

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens]:
        """A vector a window, and from when to when it lies in the recording, in ms."""
        tokens = []
        for cell in batch:
            windows = self.windows(read_sound(cell))
            starts = [i * STEP * 10 - LEAD * 1000 // RATE for i in range(len(windows))]
            tokens.append(Tokens(windows, tuple((s, s + FRAMES * 10 + 15) for s in starts)))
        return tokens

    def _run(self, model: int, inputs: np.ndarray) -> np.ndarray:
        requests: dict[Any, Any] = self._requests.__dict__
        if model not in requests:  # a request belongs to one thread
            requests[model] = self._models[model].create_infer_request()
        answer = requests[model].infer([np.ascontiguousarray(inputs, np.float32)])
        return np.array(answer[0], dtype=np.float32)  # a copy: the request's memory is used again


def _compiled(name: str, sha256: str, shape: list[int]) -> Any:
    """One of the package's models, ready to run. Raises UserError where it is absent or not the pinned one."""
    path = verified(package_file("pyopen_wakeword", f"models/{name}.tflite", DISTRIBUTION), sha256, DISTRIBUTION)
    require("openvino", "encoders", "speech-embedding")
    import openvino as ov

    core = ov.Core()
    model = core.read_model(path)
    model.reshape(shape)
    return core.compile_model(model, "CPU", cpu_hints("f32"))
