"""A picture and a text that are compared, and what their encoders can be asked about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmexplore.attribution.regions import with_regions
from mmexplore.data.embeddings import unit
from mmexplore.encoders.base import Encoder
from mmexplore.encoders.clip.open_clip import ClipPictures
from mmexplore.encoders.image.efficientnet_lite0 import EfficientNetLite0
from mmexplore.encoders.image.pictures import PictureEncoder

METHODS = {
    "grad-cam": "Grad-CAM: how the similarity would change if a cell of the picture's last feature map counted more.",
    "relevance": "Attention relevance: the attention of all layers and heads, weighed by how the similarity depends on "
    "it.",
    "attention": "Raw attention of one layer and head. It does not know the text: it is the same for every caption.",
    "occlusion": "Occlusion: what the similarity loses when a region is hidden. Slow, but it asks only the encoder.",
}


@dataclass(frozen=True)
class Pair:
    """One picture, one text, and how their encoders' vectors reach the space in which they are compared.

    Attributes:
        square: uint8 [s, s, 3], what the picture's encoder sees.
        image_to_shared, text_to_shared: encoder vectors [B, d] -> comparable vectors [B, K].
    """

    square: np.ndarray
    text: str
    image: PictureEncoder
    reader: Encoder
    image_to_shared: Callable[[np.ndarray], np.ndarray]
    text_to_shared: Callable[[np.ndarray], np.ndarray]
    _known: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def methods(self) -> list[str]:
        """Which of METHODS its picture encoder allows, the best one first. Opens a CLIP in torch."""
        if isinstance(self.image, EfficientNetLite0):
            return ["grad-cam", "occlusion"]
        if isinstance(self.image, ClipPictures):
            from mmexplore.attribution.towers import towers

            return [*towers(self.image.card.name).picture_methods, "occlusion"]
        return ["occlusion"]

    # -- similarities ----------------------------------------------------------
    def of_texts(self, texts: Sequence[str]) -> np.ndarray:
        """float [B]: similarity of each text to the picture."""
        return self._shared_texts(texts) @ self._shared_picture()

    def of_regions(self, grid: tuple[int, int], baseline: str) -> Callable[[np.ndarray], np.ndarray]:
        """keep bool [B, P] -> similarity [B] of the picture with only these regions of the grid."""

        def score(keep: np.ndarray) -> np.ndarray:
            step = 4 * self.image.chunk  # a hundred changed pictures at once would be a hundred megabytes
            parts = (keep[s : s + step] for s in range(0, len(keep), step))
            text = self._shared_texts([self.text])[0]
            squares = (with_regions(self.square, part, grid, baseline) for part in parts)
            vectors = np.concatenate([self.image.encode_squares(s) for s in squares])
            return self._shared(self.image_to_shared, vectors) @ text

        return score

    def to_texts(self, texts: Sequence[str]) -> Callable[[np.ndarray], np.ndarray]:
        """The picture encoder's unit vectors [B, d] -> similarities to these texts [B, Q]."""
        targets = self._shared_texts(texts)
        return lambda vectors: self._shared(self.image_to_shared, vectors) @ targets.T

    def to_picture(self) -> Callable[[np.ndarray], np.ndarray]:
        """The text encoder's unit vectors [B, d] -> similarity to the picture [B, 1]."""
        picture = self._shared_picture()
        return lambda vectors: (self._shared(self.text_to_shared, vectors) @ picture)[:, None]

    def _shared_texts(self, texts: Sequence[str]) -> np.ndarray:
        fresh = list(dict.fromkeys(t for t in texts if f"text {t}" not in self._known))
        if fresh:
            vectors = self._shared(self.text_to_shared, self.reader.encode(fresh))
            self._known.update((f"text {t}", v) for t, v in zip(fresh, vectors, strict=True))
        return np.stack([self._known[f"text {t}"] for t in texts])

    def _shared_picture(self) -> np.ndarray:
        if "picture" not in self._known:
            vectors = self.image.encode_squares(self.square[None])
            self._known["picture"] = self._shared(self.image_to_shared, vectors)[0]
        return self._known["picture"]

    @staticmethod
    def _shared(carry: Callable[[np.ndarray], np.ndarray], vectors: np.ndarray) -> np.ndarray:
        return unit(carry(vectors))
