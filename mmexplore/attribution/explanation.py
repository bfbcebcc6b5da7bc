"""Which words and which regions make a pair alike, and the check that says whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.attribution.faithfulness import Faithfulness, faithfulness
from mmexplore.attribution.gradcam import gradient, pooled_grad_cam
from mmexplore.attribution.pair import Pair
from mmexplore.attribution.regions import centre_weight, occlusion, with_regions
from mmexplore.attribution.words import Word, leave_one_out, words_of, words_without_each
from mmexplore.encoders.clip.open_clip import ClipTexts
from mmexplore.encoders.image.efficientnet_lite0 import EfficientNetLite0
from mmexplore.errors import UserError

#: regions where the encoder has no grid of its own
GRID = (7, 7)


@dataclass(frozen=True)
class Chosen:
    """Which layer and head raw attention is of, from 0; None: the last layer, the mean over heads."""

    layer: int | None = None
    head: int | None = None
    text_layer: int | None = None
    text_head: int | None = None


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
        layers: (layers, heads) of the picture tower and of the text tower, and what was chosen: for raw attention.
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
    chosen: Chosen | None = None

    @property
    def grid(self) -> tuple[int, int]:
        return self.caption_map.shape[0], self.caption_map.shape[1]


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
        chosen=chosen if method == "attention" else None,
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
