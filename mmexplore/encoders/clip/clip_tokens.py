"""open_clip's tokenizers without importing torch or transformers: the fast `tokenizers` library and a few settings.

The settings (a JSON dictionary) are made where a model is exported and checked there against open_clip's own tokenizer;
a model whose tokenizer cannot be had this way says ``{"style": "open_clip"}`` and is tokenised by open_clip itself.
"""

from __future__ import annotations

import gzip
import html
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.optional import require

#: what open_clip's own tokenizer takes as one word (its special tokens aside: typed, they are plain text here)
WORDS = r"(?i)'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
SPECIAL = ("<start_of_text>", "<end_of_text>")


def clean(text: str, how: str) -> str:
    """open_clip's three ways to clean a text: "lower", "whitespace", "canonicalize" (no punctuation, lower)."""
    require("ftfy", "encoders", "open_clip")
    import ftfy

    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    if how == "canonicalize":
        text = text.replace("_", " ").translate(str.maketrans("", "", string.punctuation)).lower()
    text = " ".join(text.split())
    return text.lower() if how == "lower" else text


def clip_tokenizer(vocabulary: Path) -> Any:
    """CLIP's byte-pair tokenizer (Radford et al. 2021) from its list of merges, ``bpe_simple_vocab_16e6.txt.gz``."""
    require("tokenizers", "encoders", "open_clip")
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    lines = gzip.decompress(vocabulary.read_bytes()).decode("utf-8").split("\n")
    merges = [(a, b) for a, b in (line.split() for line in lines[1 : 49152 - 256 - 2 + 1])]
    letters = _byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), *(a + b for a, b in merges), *SPECIAL]
    tokenizer = Tokenizer(
        models.BPE({w: i for i, w in enumerate(words)}, merges, end_of_word_suffix="</w>", fuse_unk=False)
    )
    split = pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True)
    to_letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, to_letters])
    return tokenizer


def _byte_letters() -> list[str]:
    """A printable letter for each byte, in the order of CLIP's vocabulary (GPT-2's table, Radford et al. 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]


def token_reader(settings: Mapping[str, Any]) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts -> token ids int64 [B, context], as `settings` say.

    settings: style ("clip", "hub" or "open_clip"), json (the `tokenizers` file), clean, context; start, end (clip);
    pad, pad_token, strip (hub: this id becomes 0, or None); model (open_clip: its name).
    """
    if settings["style"] == "open_clip":
        return _open_clip_reader(settings["model"])
    require("tokenizers", "encoders", "open_clip")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(settings["json"])
    context = settings["context"]
    if settings["style"] == "hub":
        tokenizer.enable_truncation(context)
        tokenizer.enable_padding(length=context, pad_id=settings["pad"], pad_token=settings["pad_token"])

    def read_clip(texts: Sequence[str]) -> np.ndarray:
        ids = np.zeros((len(texts), context), np.int64)
        encodings = tokenizer.encode_batch([clean(t, settings["clean"]) for t in texts], add_special_tokens=False)
        for row, encoding in enumerate(encodings):
            tokens = [settings["start"], *encoding.ids[: context - 2], settings["end"]]
            ids[row, : len(tokens)] = tokens
        return ids

    def read_hub(texts: Sequence[str]) -> np.ndarray:
        encodings = tokenizer.encode_batch([clean(t, settings["clean"]) for t in texts])
        ids = np.array([e.ids for e in encodings], np.int64).reshape(len(texts), context)
        return ids if settings["strip"] is None else np.where(ids == settings["strip"], 0, ids)

    return read_clip if settings["style"] == "clip" else read_hub


def token_places(settings: Mapping[str, Any], text: str) -> tuple[str, list[tuple[int, int]]] | None:
    """The text as the tokenizer cleans it, and where in it each of its tokens lies (start, end; end = start: nowhere).

    The places are in the order of `token_reader`'s ids and end where the text ends. None where only open_clip itself
    can tokenise: its tokenizers do not say where.
    """
    if settings["style"] == "open_clip":
        return None
    require("tokenizers", "encoders", "open_clip")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(settings["json"])
    cleaned = clean(text, settings["clean"])
    if settings["style"] == "clip":
        places = tokenizer.encode(cleaned, add_special_tokens=False).offsets[: settings["context"] - 2]
        return cleaned, [(0, 0), *places, (0, 0)]
    tokenizer.enable_truncation(settings["context"])
    return cleaned, tokenizer.encode(cleaned).offsets


def _open_clip_reader(model: str) -> Callable[[Sequence[str]], np.ndarray]:
    import open_clip

    tokenizer = open_clip.get_tokenizer(model)
    return lambda texts: tokenizer(list(texts)).numpy().astype(np.int64)
