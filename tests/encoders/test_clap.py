"""CLAP's two sides on a tiny model with random weights: what they are fed, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mmexplore.data.dataset import Kind
from mmexplore.encoders.audio import clap
from mmexplore.errors import UserError
from tests.media import tone, write_sound


@pytest.fixture(scope="module")
def sides() -> tuple[clap.ClapSounds, clap.ClapTexts]:
    import torch
    from transformers import ClapAudioConfig, ClapConfig, ClapFeatureExtractor, ClapModel, ClapTextConfig

    text = ClapTextConfig(
        vocab_size=300,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        projection_dim=8,
    )
    audio = ClapAudioConfig(
        hidden_size=64, depths=[1, 1], num_attention_heads=[2, 2], patch_embeds_hidden_size=32, projection_dim=8,
        enable_fusion=False,
    )  # fmt: skip
    torch.manual_seed(0)
    config = ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=8)
    model = ClapModel(config).eval()

    def tokenizer(texts: list[str], max_length: int, **_: object) -> dict:
        ids = [[2 + ord(c) % 200 for c in t][:max_length] for t in texts]
        width = max(map(len, ids))
        padded = torch.tensor([row + [1] * (width - len(row)) for row in ids])
        return {"input_ids": padded, "attention_mask": (padded != 1).long()}

    processor = SimpleNamespace(feature_extractor=ClapFeatureExtractor(truncation="rand_trunc"), tokenizer=tokenizer)
    cards = {c.kind: replace(c, dim=8) for c in clap.cards()[:2]}
    return (
        clap.ClapSounds(cards[Kind.AUDIO], model, processor),
        clap.ClapTexts(cards[Kind.TEXT], model, processor),
    )


def test_unit_vectors_in_one_space_the_same_each_time(sides, tmp_path: Path) -> None:
    sounds, texts = sides
    paths = [write_sound(tmp_path / f"{i}.wav", tone(300 * (i + 1), s)) for i, s in enumerate((0.4, 3.0))]
    heard, read = sounds.encode(paths), texts.encode(["a dog barks", "rain"])
    for vectors in (heard, read):
        assert vectors.shape == (2, 8) and vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert sounds.card.space == texts.card.space
    np.testing.assert_allclose(heard, sounds.encode(paths), atol=1e-6)
    assert texts.encode([]).shape == (0, 8)


def test_a_sound_that_cannot_be_read_is_one_sentence(sides, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF")
    answers = sides[0].encode_each([bad, write_sound(tmp_path / "a.wav", tone(440))])
    assert isinstance(answers[0], UserError) and isinstance(answers[1], np.ndarray)
    with pytest.raises(UserError, match="no text"):
        sides[1].encode([bad])
