"""The offline text encoder reads like transformers and answers like torch."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.encoders import registry
from mmexplore.encoders.audio.samples import TEXTS
from mmexplore.encoders.engine import TorchEngine
from mmexplore.encoders.text import minilm
from mmexplore.errors import UserError
from tests.encoders.conftest import cosines

CAPTIONS = [
    *TEXTS,
    "",
    "x",
    "!!!",
    "A man in a blue shirt is standing on a ladder cleaning a window.",
    "ＦＵＬＬＷＩＤＴＨ ﬁgures and 𝔣𝔯𝔞𝔨𝔱𝔲𝔯",
    "emoji 🦊 and ‎marks",
]


def test_token_ids_are_those_of_transformers() -> None:
    from transformers import AutoTokenizer

    folder = minilm.model_file("config.json").parent
    reference = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    for caption, encoding in zip(CAPTIONS, registry.load("minilm").tokenise(CAPTIONS), strict=True):
        assert encoding.ids == reference(caption, truncation=True, max_length=256)["input_ids"], caption


def test_engine_keeps_to_torch() -> None:
    exported = registry.load("minilm").encode(CAPTIONS)
    torch_fp32 = minilm.MiniLM(TorchEngine(minilm.PLAN, "cpu")).encode(CAPTIONS)
    assert cosines(exported, torch_fp32).min() >= 0.999


def test_vectors_are_those_of_sentence_transformers() -> None:
    library = pytest.importorskip("sentence_transformers", reason="comes with the weights' package")
    reference = library.SentenceTransformer(str(minilm.model_file("config.json").parent), device="cpu")
    expected = reference.encode(CAPTIONS, normalize_embeddings=True)
    assert cosines(registry.load("minilm").encode(CAPTIONS), expected).min() >= 0.999


def test_a_vector_does_not_depend_on_its_batch() -> None:
    encoder = registry.load("minilm")
    together = encoder.encode(CAPTIONS)
    alone = np.concatenate([encoder.encode([c]) for c in CAPTIONS])
    assert cosines(together, alone).min() >= 0.9995


def test_words_lie_where_they_stand() -> None:
    text = "Skateboarding puppies, unbelievable!"
    (tokens,) = registry.load("minilm").encode_tokens([text])
    assert [text[a:b] for a, b in tokens.places] == ["Skateboarding", "puppies", ",", "unbelievable", "!"]
    assert tokens.vectors.shape == (5, 384) and tokens.grid is None


def test_meaning_beats_words() -> None:
    a, b, c = registry.load("minilm").encode(["a dog runs on grass", "a puppy is running", "the grass is green"])
    assert a @ b > a @ c


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UserError, match="no text"):
        registry.load("minilm").encode(["fine", None])


def test_lone_surrogates_are_survived() -> None:
    assert registry.load("minilm").encode(["broken \ud800 character"]).shape == (1, 384)
