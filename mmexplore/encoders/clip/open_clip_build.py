"""open_clip models as modules that can be traced. Imports torch and open_clip: only for the export and for GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from torch.nn.functional import normalize

from mmexplore.data.dataset import Kind
from mmexplore.encoders.audio.samples import TEXTS, pictures
from mmexplore.encoders.clip.clip_tokens import clip_tokenizer, token_reader
from mmexplore.encoders.clip.open_clip import Source
from mmexplore.encoders.engine import Exportable
from mmexplore.errors import UserError


def load_model(source: Source) -> Any:
    """The pretrained model, fp32, eval mode; never with random weights.

    Raises:
        UserError: unknown model, damaged checkpoint, or one that does not fit the model.
    """
    model_name, pretrained, extra = known_as(source), source.tag or None, {}
    if source.tag:
        # A pair whose weights were trained with QuickGELU is listed under the plain model too, where open_clip only
        # warns: the activation of the weights is the right one.
        extra["quick_gelu"] = bool(open_clip.get_pretrained_cfg(source.model, source.tag).get("quick_gelu", False))
    elif source.file:
        pretrained = str(source.file)
    try:
        return open_clip.create_model(
            model_name, pretrained=pretrained, require_pretrained=True, weights_only=True, **extra
        ).eval()
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(
            f"its weights do not load ({reason})",
            str(source.file or source.folder or f"open_clip:{source.model}/{source.tag}"),
            "check that the file is whole and that the model is the one it was trained as",
        ) from error


def known_as(source: Source) -> str:
    """What open_clip itself calls the model; a configuration of one's own is made known to it."""
    if source.folder:
        return f"local-dir:{source.folder}"
    if source.config:
        open_clip.add_model_config(source.config)
    return source.model


def build_side(source: Source, kind: Kind) -> Exportable:
    """One tower with what surrounds it: normalised vectors out. Raises UserError like `load_model`."""
    model = load_model(source)
    return _picture_side(model) if kind == Kind.IMAGE else _text_side(model, known_as(source))


class _Pictures(torch.nn.Module):
    def __init__(self, model: Any, mean: tuple, std: tuple, grid: tuple[int, int] | None) -> None:
        super().__init__()
        self.model, self.grid = model, grid
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = (pixels.permute(0, 3, 1, 2).float() / 255.0 - self.mean) / self.std
        if self.grid is None:
            return (normalize(self.model.encode_image(x), dim=-1),)
        tower = self.model.visual
        x = tower.transformer(tower._embeds(x))
        pooled, _ = tower._pool(x)
        patches = tower.ln_post(x)[:, 1:]
        if tower.proj is not None:
            pooled, patches = pooled @ tower.proj, patches @ tower.proj
        return normalize(pooled, dim=-1), patches


def _picture_side(model: Any) -> Exportable:
    from open_clip.transformer import VisionTransformer

    settings = model.visual.preprocess_cfg
    size = settings["size"] if isinstance(settings["size"], int) else settings["size"][0]
    tower = model.visual
    plain = isinstance(tower, VisionTransformer) and tower.attn_pool is None and tower.pool_type in ("tok", "avg")
    grid = (int(tower.grid_size[0]), int(tower.grid_size[1])) if plain else None
    module = _Pictures(model, settings["mean"], settings["std"], grid).eval()
    pixels = pictures(size)
    with torch.no_grad():
        vectors = module(torch.from_numpy(pixels[:1]))[0]
        plainly = normalize(
            model.encode_image((torch.from_numpy(pixels[:1]).permute(0, 3, 1, 2) / 255.0 - module.mean) / module.std),
            dim=-1,
        )
    if not torch.allclose(vectors, plainly, atol=1e-4):
        raise UserError("its picture tower is of a kind that mmexplore does not know", "open_clip", "choose another")
    prep = {
        "size": size,
        "resize": size,
        "interpolation": settings["interpolation"] if settings["interpolation"] != "random" else "bicubic",
        "mode": settings["resize_mode"],
        "fill": settings["fill_color"],
        "draft": 3.0,
    }
    meta = {"preprocessing": prep, "dim": int(vectors.shape[1]), "grid": grid}
    outputs = ("vectors", "tokens") if grid else ("vectors",)
    return Exportable(module, {"pixels": pixels}, {"pixels": (-1, size, size, 3)}, outputs, half=True, meta=meta)


class _Texts(torch.nn.Module):
    """A text tower; a plain causal one also takes texts without the padding behind them."""

    def __init__(self, model: Any, trims: bool) -> None:
        super().__init__()
        self.model, self.trims = model, trims

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        model = self.model
        if not self.trims:
            return (normalize(model.encode_text(ids), dim=-1),)
        length = ids.shape[1]
        x = model.token_embedding(ids) + model.positional_embedding[:length]
        x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
        # The end of a text is its greatest token id.
        x = x[torch.arange(x.shape[0], device=x.device), ids.argmax(dim=-1)]
        projection = model.text_projection
        x = projection(x) if isinstance(projection, torch.nn.Module) else x @ projection
        return (normalize(x, dim=-1),)


def _text_side(model: Any, model_name: str) -> Exportable:
    tokenizer = open_clip.get_tokenizer(model_name)
    settings = tokenizer_settings(tokenizer, model_name)
    ids = tokenizer(list(TEXTS)).numpy().astype(np.int64)
    context = ids.shape[1]
    with torch.no_grad():
        plainly = normalize(model.encode_text(torch.from_numpy(ids)), dim=-1)
    trims = _trims(model, ids, plainly, settings)
    meta = {"tokenizer": settings, "dim": int(plainly.shape[1]), "trims": trims}
    shape = (-1, -1) if trims else (-1, context)
    return Exportable(_Texts(model, trims).eval(), {"ids": ids}, {"ids": shape}, ("vectors",), half=True, meta=meta)


def _trims(model: Any, ids: np.ndarray, plainly: torch.Tensor, settings: dict) -> bool:
    """Does the tower give the same without the padding? Tried, not assumed."""
    plain = isinstance(model, open_clip.CLIP) and model.attn_mask is not None and model.text_pool_type == "argmax"
    if not plain or model.text_projection is None or settings["style"] != "clip":
        return False
    tower = _Texts(model, True).eval()
    with torch.no_grad():
        short = ids[:1, : int(ids[0].argmax()) + 1]
        return all(
            torch.allclose(tower(torch.from_numpy(i))[0], expected, atol=1e-4)
            for i, expected in ((ids, plainly), (short, plainly[:1]))
        )


def tokenizer_settings(tokenizer: Any, model_name: str) -> dict:
    """The tokenizer as `clip_tokens.token_reader` takes it, compared with open_clip's own on every sample text."""
    slow = {"style": "open_clip", "model": model_name}
    light = _light_settings(tokenizer)
    if light is None:
        return slow
    same = np.array_equal(token_reader(light)(TEXTS), tokenizer(list(TEXTS)).numpy())
    return light if same else slow


def _light_settings(tokenizer: Any) -> dict | None:
    from open_clip.tokenizer import HFTokenizer, SigLipTokenizer, SimpleTokenizer, default_bpe

    cleaners: dict[str, str] = {
        "_clean_lower": "lower",
        "_clean_whitespace": "whitespace",
        "_clean_canonicalize": "canonicalize",
    }
    if isinstance(tokenizer, SimpleTokenizer):
        if tokenizer.reduction_fn is not None or len(tokenizer.all_special_ids) != 2:
            return None
        return {
            "style": "clip",
            "json": clip_tokenizer(Path(default_bpe())).to_str(),
            "clean": cleaners[tokenizer.clean_fn.__name__],
            "context": tokenizer.context_length,
            "start": tokenizer.sot_token_id,
            "end": tokenizer.eot_token_id,
        }
    hub = isinstance(tokenizer, HFTokenizer)
    if (hub and tokenizer.tokenizer_mode) or not (hub or isinstance(tokenizer, SigLipTokenizer)):
        return None
    inner = tokenizer.tokenizer
    if not hasattr(inner, "backend_tokenizer"):
        return None
    return {
        "style": "hub",
        "json": inner.backend_tokenizer.to_str(),
        "clean": cleaners[tokenizer.clean_fn.__name__] if hub else "canonicalize",
        "context": tokenizer.context_length,
        "pad": inner.pad_token_id,
        "pad_token": inner.pad_token,
        "strip": inner.sep_token_id if hub and tokenizer.strip_sep_token else None,
    }
