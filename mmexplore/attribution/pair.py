"""A picture and a text that are compared: what each can be asked, and which words and regions make them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmexplore.attribution.faithfulness import Faithfulness, faithfulness
from mmexplore.attribution.gradcam import gradient, pooled_grad_cam
from mmexplore.attribution.regions import centre_weight, occlusion, with_regions
from mmexplore.attribution.words import Word, leave_one_out, words_of, words_without_each
from mmexplore.encoders.base import Encoder
from mmexplore.encoders.efficientnet_lite0 import EfficientNetLite0
from mmexplore.encoders.open_clip import ClipPictures, ClipTexts
from mmexplore.encoders.pictures import PictureEncoder
from mmexplore.errors import UserError

METHODS = {
    "grad-cam": "Grad-CAM: how the similarity would change if a cell of the picture's last feature map counted more.",
    "relevance": "Attention relevance: the attention of all layers and heads, weighed by how the similarity depends on "
    "it.",
    "attention": "Raw attention of one layer and head. It does not know the text: it is the same for every caption.",
    "occlusion": "Occlusion: what the similarity loses when a region is hidden. Slow, but it asks only the encoder.",
}
#: grid for encoders that have none of their own
GRID = (7, 7)


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

    def of_squares(self, squares: np.ndarray) -> np.ndarray:
        """float [B]: similarity of each square to the text."""
        return (
            self._shared(self.image_to_shared, self.image.encode_squares(squares)) @ self._shared_texts([self.text])[0]
        )

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
        found = carry(vectors)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.maximum(length, 1e-12)


@dataclass(frozen=True)
class Explanation:
    """Which regions and words make a pair alike. All numbers are parts or changes of the similarity (a cosine).

    Attributes:
        method: a name of METHODS.  similarity: of the pair.
        caption_map: float [rows, columns], for the whole text; above 0 raises the similarity, below 0 lowers it.
        words: of the text.  word_scores: float [W], similarity less that of the text without the word.
        word_maps: float [W, rows, columns], the same map for each word alone; None where the method knows no text.
        inside_words, inside_scores: what the text tower itself looks at, by the same method (words as its tokenizer
            cleans them); None where it cannot be seen, and `why_not` says why.
        layers: (layers, heads) of the picture tower and of the text tower, for raw attention.
    """

    pair: Pair
    method: str
    similarity: float
    caption_map: np.ndarray
    words: list[Word]
    word_scores: np.ndarray
    word_maps: np.ndarray | None
    inside_words: list[Word] | None = None
    inside_scores: np.ndarray | None = None
    why_not: str = ""
    layers: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))

    @property
    def grid(self) -> tuple[int, int]:
        return self.caption_map.shape[0], self.caption_map.shape[1]


@dataclass(frozen=True)
class Chosen:
    """Which layer and head raw attention is of, from 0; None: the last layer, the mean over heads."""

    layer: int | None = None
    head: int | None = None
    text_layer: int | None = None
    text_head: int | None = None


def explain(pair: Pair, method: str, baseline: str = "blurred picture", chosen: Chosen | None = None) -> Explanation:
    """Maps and word scores of a pair.

    Args:
        method: one of `pair.methods()`.  baseline: for occlusion.  chosen: for raw attention.

    Raises:
        UserError: the encoder does not allow the method, or what was chosen is not there.
    """
    if method not in pair.methods():
        raise UserError(f"does not allow {method}", pair.image.card.title, f"choose {' or '.join(pair.methods())}")
    words = words_of(pair.text)
    scores = leave_one_out(pair.text, words, pair.of_texts) if words else np.zeros(0)
    similarity = float(pair.of_texts([pair.text])[0])
    chosen = chosen or Chosen()
    layers = (0, 0)
    if method == "attention":
        caption_map, layers = _attention(pair, chosen)
        word_maps = None
    else:
        maps = _maps(pair, method, [pair.text, *(w.text for w in words)], baseline)
        caption_map, word_maps = maps[0], maps[1:]
    inside, inside_scores, text_layers, why_not = _inside(pair, method, chosen)
    return Explanation(
        pair=pair,
        method=method,
        similarity=similarity,
        caption_map=caption_map,
        words=words,
        word_scores=scores,
        word_maps=word_maps,
        inside_words=inside,
        inside_scores=inside_scores,
        why_not=why_not,
        layers=(layers, text_layers),
    )


def _maps(pair: Pair, method: str, texts: list[str], baseline: str) -> np.ndarray:
    """float [Q, rows, columns]: the map of each text."""
    if method == "occlusion":
        similar, image = pair.to_texts(texts), pair.image

        def score(keep: np.ndarray) -> np.ndarray:
            return similar(image.encode_squares(with_regions(pair.square, keep, GRID, baseline)))

        return occlusion(score, GRID[0] * GRID[1]).T.reshape(-1, *GRID)
    if isinstance(pair.image, EfficientNetLite0):
        cells = pair.image.feature_map(pair.square[None])[0]
        return pooled_grad_cam(cells.reshape(-1, cells.shape[-1]), pair.to_texts(texts)).reshape(-1, *cells.shape[:2])
    from mmexplore.attribution import relevance
    from mmexplore.attribution.towers import towers

    opened = towers(pair.image.card.name)
    upstream = gradient(pair.image.encode_squares(pair.square[None])[0], pair.to_texts(texts))
    inside = relevance.picture_relevance if method == "relevance" else relevance.picture_grad_cam
    return inside(opened, pair.square, upstream)


def _attention(pair: Pair, chosen: Chosen) -> tuple[np.ndarray, tuple[int, int]]:
    from mmexplore.attribution.relevance import picture_attention
    from mmexplore.attribution.towers import towers

    layers = picture_attention(towers(pair.image.card.name), pair.square)
    return _head(layers, chosen.layer, chosen.head), (len(layers), len(layers[0]))


def _inside(
    pair: Pair, method: str, chosen: Chosen
) -> tuple[list[Word] | None, np.ndarray | None, tuple[int, int], str]:
    """(words, what the text tower takes from each, its (layers, heads), why not)."""
    from mmexplore.attribution import relevance
    from mmexplore.attribution.towers import towers

    if not isinstance(pair.reader, ClipTexts):
        return None, None, (0, 0), ""
    opened = towers(pair.reader.card.name)
    try:
        text = opened.read(pair.text)
    except UserError as error:
        return None, None, (0, 0), str(error)
    if method == "attention":
        layers = relevance.text_attention(opened, text)
        return text.words, _head(layers, chosen.text_layer, chosen.text_head), (len(layers), len(layers[0])), ""
    upstream = gradient(pair.reader.encode([pair.text])[0], pair.to_picture())
    return text.words, relevance.text_relevance(opened, text, upstream)[0], (0, 0), ""


def _head(layers: list[np.ndarray], layer: int | None, head: int | None) -> np.ndarray:
    if layer is not None and not 0 <= layer < len(layers):
        raise UserError(f"there is no layer {layer + 1}", "attention", f"choose 1 to {len(layers)}")
    found = layers[-1 if layer is None else layer]
    if head is not None and not 0 <= head < len(found):
        raise UserError(f"there is no head {head + 1}", "attention", f"choose 1 to {len(found)}")
    return found.mean(axis=0) if head is None else found[head]


def check_regions(found: Explanation, baseline: str = "blurred picture", seed: int = 0) -> Faithfulness:
    """Deletion and insertion of the map's regions beside random orders and a map that only knows the centre."""
    importances = {"map": found.caption_map.ravel(), "centre": centre_weight(found.grid)}
    return faithfulness(importances, found.pair.of_regions(found.grid, baseline), baseline, seed=seed)


def check_words(found: Explanation, seed: int = 0) -> Faithfulness | None:
    """The same for words in the order of their scores; None for a text of fewer than three words."""
    if len(found.words) < 3:
        return None
    score = words_without_each(found.pair.text, found.words, found.pair.of_texts)
    return faithfulness({"words": found.word_scores}, score, "the word removed", seed=seed)
