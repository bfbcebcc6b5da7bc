"""What a CLIP's towers look at: gradient-weighted attention relevance, raw attention, Grad-CAM. Torch.

Chefer, Gur & Wolf 2021, "Generic attention-model explainability for interpreting bi-modal and encoder-decoder
transformers" (arXiv:2103.15679): with A the attention of a layer and dA the gradient of the similarity with respect to
it, the relevance of tokens for tokens starts as R = I and each layer adds mean over heads of max(0, dA * A) times R.
The row of the token that becomes the vector (CLS of a picture, end of a text) is the map. Each tower sees the other
only through `upstream`, the gradient of the similarity with respect to its own unit vector.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import normalize

from mmexplore.attribution.recording import recorded_attention
from mmexplore.attribution.towers import Patches, ReadText, Towers
from mmexplore.errors import UserError


def picture_relevance(towers: Towers, square: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """float [Q, rows, columns], at least 0: relevance of each patch for each of Q similarities.

    Args:
        square: uint8 [s, s, 3].  upstream: float [Q, d], see the module.
    """
    patches = _patches(towers)
    with towers.at_work() as model, recorded_attention(model) as found:
        vector = normalize(model.encode_image(towers.pixels(square)), dim=-1)[0]
        rows = [_relevance(found, vector, one, patches.pool == "attention") for one in upstream]
    return np.stack([_patch_row(r, patches) for r in rows])


def text_relevance(towers: Towers, text: ReadText, upstream: np.ndarray) -> np.ndarray:
    """float [Q, W], at least 0: relevance of each word (the sum of its tokens') for each of Q similarities."""
    with towers.at_work() as model, recorded_attention(model) as found:
        vector = normalize(model.encode_text(torch.from_numpy(text.ids)), dim=-1)[0]
        rows = [_relevance(found, vector, one, False)[text.row] for one in upstream]
    return np.stack([_by_word(r, text) for r in rows])


def picture_attention(towers: Towers, square: np.ndarray) -> list[np.ndarray]:
    """For each layer float [heads, rows, columns]: how much the pooled token looks at each patch. Knows no text."""
    patches = _patches(towers)
    with towers.at_work() as model, recorded_attention(model) as found:
        model.encode_image(towers.pixels(square))
        layers = [_heads(w) for w in found]
    last = len(layers) - 1
    return [
        np.stack([_patch_row(head, patches, pooled=patches.pool != "attention" or j == last) for head in layer])
        for j, layer in enumerate(layers)
    ]


def text_attention(towers: Towers, text: ReadText) -> list[np.ndarray]:
    """For each layer float [heads, W]: how much the token that becomes the vector looks at each word."""
    with towers.at_work() as model, recorded_attention(model) as found:
        model.encode_text(torch.from_numpy(text.ids))
        return [np.stack([_by_word(head[text.row], text) for head in _heads(w)]) for w in found]


def picture_grad_cam(towers: Towers, square: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """float [Q, rows, columns]: Grad-CAM on the last feature map of a convolutional tower, without ReLU (signed).

    Raises:
        UserError: the tower has no feature map.
    """
    maps: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4 and min(sorted(output.shape[1:])[:2]) > 1:
            maps.append(output)

    with towers.at_work() as model:
        hooks = [m.register_forward_hook(keep) for m in model.visual.modules()]
        try:
            pixels = towers.pixels(square).requires_grad_()
            vector = normalize(model.encode_image(pixels), dim=-1)[0]
            if not maps:
                raise UserError("its picture tower has no feature map", towers.name, "choose occlusion")
            last = maps[-1]
            channels_first = last.shape[2] == last.shape[3]
            answers = []
            for one in upstream:
                (slope,) = torch.autograd.grad(vector @ _tensor(one, vector), last, retain_graph=True)
                if channels_first:
                    answers.append((slope.mean((2, 3), keepdim=True) * last).sum(1)[0])
                else:
                    answers.append((slope.mean((1, 2), keepdim=True) * last).sum(3)[0])
            return torch.stack(answers).detach().numpy()
        finally:
            for hook in hooks:
                hook.remove()


# -- inside ------------------------------------------------------------------------
def _patches(towers: Towers) -> Patches:
    if towers.patches is None:
        raise UserError("its picture tower has no attention blocks", towers.name, "choose Grad-CAM")
    return towers.patches


def _tensor(upstream: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(upstream)).to(like.dtype)


def _relevance(found: Sequence[torch.Tensor], vector: torch.Tensor, upstream: np.ndarray, pooler: bool) -> np.ndarray:
    """R, [T, T] (or [queries, T] where the last attention is a pooler with queries of its own)."""
    slopes = torch.autograd.grad(vector @ _tensor(upstream, vector), list(found), retain_graph=True, allow_unused=True)
    relevance = np.eye(found[0].shape[-1])
    for j, (weights, slope) in enumerate(zip(found, slopes, strict=True)):
        if slope is None:
            continue
        kept = (_heads(weights) * _heads(slope)).clip(min=0).mean(axis=0)
        if pooler and j == len(found) - 1:  # its queries are learned; some poolers leave out the tokens before patches
            return kept @ relevance[-kept.shape[1] :]
        relevance = kept @ relevance + relevance
    return relevance


def _heads(weights: torch.Tensor) -> np.ndarray:
    """One item's attention as float64 [heads, queries, keys]."""
    return weights.detach().double().reshape(-1, *weights.shape[-2:]).numpy()


def _patch_row(square: np.ndarray, patches: Patches, pooled: bool = True) -> np.ndarray:
    """[queries, T] -> what the pooled token takes from each patch, [rows, columns]."""
    by_mean = patches.pool == "avg" or not pooled
    row = square[patches.prefix if by_mean else 0 :][: None if by_mean else 1].mean(axis=0)
    return row[-patches.grid[0] * patches.grid[1] :].reshape(patches.grid)  # patches come last


def _by_word(row: np.ndarray, text: ReadText) -> np.ndarray:
    return np.array([row[tokens].sum() for tokens in text.tokens])
