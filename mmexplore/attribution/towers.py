"""A CLIP's two towers in torch, opened for a look inside: which patches, which pooled token, which words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mmexplore.attribution.words import Word, words_of
from mmexplore.data.dataset import Kind
from mmexplore.encoders.clip import open_clip as clips
from mmexplore.encoders.clip.clip_tokens import token_places
from mmexplore.errors import UserError
from mmexplore.optional import require


@dataclass(frozen=True)
class Patches:
    """How a picture tower made of attention blocks sees a picture.

    grid: (rows, columns) of patches.  prefix: tokens before the patches (CLS, registers).
    pool: what becomes the picture's vector: "tok" (the first token), "avg" (the mean of the patches), or "attention"
    (a last attention whose query is learned).
    """

    grid: tuple[int, int]
    prefix: int
    pool: str


@dataclass(frozen=True)
class ReadText:
    """A text as a tower reads it.

    ids: int64 [1, T].  words: its words, where the tokenizer says which tokens make them.
    tokens: for each word the positions of its tokens.  row: the position that becomes the text's vector.
    """

    ids: np.ndarray
    words: list[Word]
    tokens: list[list[int]]
    row: int


class Towers:
    """The torch model behind an open_clip name. Hold `at_work()` while it runs: its insides are not shared."""

    def __init__(self, name: str) -> None:
        require("open_clip", "encoders", name)
        import open_clip

        from mmexplore.encoders.clip.open_clip_build import known_as, load_model, tokenizer_settings

        source = clips.parse(name)
        clips.plan(name, Kind.IMAGE)  # fetches the weights, or says in a sentence why they cannot be had
        self.name, self.model = name, load_model(source)
        called = known_as(source)
        self.tokenizer = open_clip.get_tokenizer(called)
        self.settings = tokenizer_settings(self.tokenizer, called)
        self.patches = patches_of(self.model.visual)
        self.lock = threading.Lock()

    @property
    def picture_methods(self) -> tuple[str, ...]:
        """How its picture tower can be looked into."""
        return ("relevance", "attention") if self.patches is not None else ("grad-cam",)

    @contextmanager
    def at_work(self) -> Iterator[Any]:
        """The model, for this thread alone, with gradients switched on."""
        import torch

        with self.lock, torch.enable_grad():
            yield self.model

    def pixels(self, square: np.ndarray) -> Any:
        """uint8 [s, s, 3] -> the tower's input, float tensor [1, 3, s, s]."""
        import torch

        settings = self.model.visual.preprocess_cfg
        mean, std = (torch.tensor(settings[k]).view(1, 3, 1, 1) for k in ("mean", "std"))
        return (torch.from_numpy(np.array(square)).permute(2, 0, 1)[None].float() / 255 - mean) / std

    def read(self, text: str) -> ReadText:
        """Raises UserError where the text tower is of a kind whose attention cannot be read word by word."""
        ids = self.tokenizer([text]).numpy().astype(np.int64)
        row, places = _pooled_position(self.model, ids), token_places(self.settings, text)
        if row is None or places is None:
            raise UserError(
                "its text tower does not say which of its tokens make a word, or pools them in a way that is not known",
                self.name,
                "look at leave-one-word-out instead",
            )
        cleaned, spans = places
        words = words_of(cleaned)
        tokens = [[i for i, (start, end) in enumerate(spans) if start < w.end and end > w.start] for w in words]
        return ReadText(ids, [w for w, t in zip(words, tokens, strict=True) if t], [t for t in tokens if t], row)


@lru_cache(maxsize=1)
def towers(name: str) -> Towers:
    """The towers of an open_clip name, in torch; the last one is kept. Raises UserError like the encoder itself."""
    return Towers(name)


def patches_of(visual: Any) -> Patches | None:
    """The patches of a picture tower made of attention blocks; None for any other (convolutions, hybrids)."""
    from open_clip.transformer import VisionTransformer

    if isinstance(visual, VisionTransformer):
        if visual.attn_pool is not None:
            known = getattr(visual, "attn_pool_contrastive", None) is None and visual.pool_type == "tok"
            return Patches(_pair(visual.grid_size), 1, "attention") if known else None
        return Patches(_pair(visual.grid_size), 1, visual.pool_type) if visual.pool_type in ("tok", "avg") else None
    trunk = getattr(visual, "trunk", None)
    grid = getattr(getattr(trunk, "patch_embed", None), "grid_size", None)
    prefix = getattr(trunk, "num_prefix_tokens", None)
    pool = {"token": "tok", "avg": "avg", "map": "attention"}.get(getattr(trunk, "global_pool", ""))
    if grid is None or prefix is None or pool is None or not hasattr(trunk, "blocks"):
        return None
    return Patches(_pair(grid), int(prefix), pool)


def _pair(grid: Any) -> tuple[int, int]:
    return int(grid[0]), int(grid[1])


def _pooled_position(model: Any, ids: np.ndarray) -> int | None:
    """Which position of a text tower becomes the text's vector; None where no single one does."""
    from open_clip.transformer import TextTransformer

    text = getattr(model, "text", None)
    if text is None:
        pool, eos = model.text_pool_type, getattr(model, "text_eos_id", None)
    elif isinstance(text, TextTransformer):
        if text.cls_emb is not None:  # CoCa appends its own token, and the last one is taken
            return ids.shape[1]
        pool, eos = text.pool_type, getattr(text, "eos_id", None)
    else:
        return None
    if pool == "eos":
        return int((ids[0] == eos).argmax())
    return {"argmax": int(ids[0].argmax()), "first": 0, "last": ids.shape[1] - 1}.get(pool)
