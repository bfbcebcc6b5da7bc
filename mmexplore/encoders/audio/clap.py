"""CLAP: sounds and texts in one space, downloaded at first use and run by torch.

Wu et al. 2023, "Large-scale contrastive language-audio pretraining with feature fusion and keyword-to-caption
augmentation" (arXiv:2211.06687), by way of `transformers`. Names: ``clap:REPOSITORY``; a name has two encoders, one for
sounds and one for texts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmexplore import runtime
from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.embeddings import unit
from mmexplore.data.media.sounds import read_sound
from mmexplore.encoders.audio.sounds import SOUND_VERSION
from mmexplore.encoders.base import Encoder, EncoderCard, OneByOne
from mmexplore.encoders.clip.open_clip_hub import hub_answers
from mmexplore.encoders.text.texts import texts_of
from mmexplore.errors import UserError
from mmexplore.optional import require

PREFIX = "clap:"
RATE = 48_000  # Hz; what CLAP hears
SECONDS = 10.0  # of a longer recording its first part is heard, of a shorter one repetitions
#: repository -> size of its weights in MB
REPOSITORIES = {"laion/clap-htsat-unfused": 614.0, "laion/larger_clap_general": 776.0}
OFFLINE = "connect to the network, or choose an encoder that works offline (speech-embedding, log-mel, minilm)"


def is_name(name: str) -> bool:
    """Is this the name of a CLAP (known or not)?"""
    return name.startswith(PREFIX)


def cards() -> list[EncoderCard]:
    """Two cards (sounds, texts) for every repository."""
    return [
        EncoderCard(
            name=PREFIX + repository,
            kind=kind,
            dim=512,
            space=PREFIX + repository,
            title=f"CLAP · {repository.partition('/')[2]}",
            size_mb=megabytes,
            licence="Apache-2.0",
            source=f"huggingface.co/{repository}",
            offline=False,
            languages=("en",) if kind == Kind.TEXT else (),
            look_for="Sounds and English texts in one space: what is heard, rather than which words are said. The "
            "first 10 seconds are heard. Downloaded at first use.",
        )
        for repository, megabytes in REPOSITORIES.items()
        for kind in (Kind.AUDIO, Kind.TEXT)
    ]


def open_side(card: EncoderCard, progress: object = None) -> Encoder:
    """One side of a model. Raises UserError: no network and no weights here (within seconds), or the load failed."""
    model, processor = _loaded(card.name.removeprefix(PREFIX))
    return (ClapSounds if card.kind == Kind.AUDIO else ClapTexts)(card, model, processor)


_kept: dict[str, tuple[Any, Any]] = {}
_lock = threading.Lock()


def _loaded(repository: str) -> tuple[Any, Any]:
    """(model, processor), loaded once for both sides."""
    with _lock:
        if repository not in _kept:
            _kept[repository] = _load(repository)
        return _kept[repository]


def _load(repository: str) -> tuple[Any, Any]:
    for package in ("transformers", "huggingface_hub"):
        require(package, "encoders", PREFIX + repository)
    from huggingface_hub import try_to_load_from_cache

    here = isinstance(try_to_load_from_cache(repository, "config.json"), str)
    if not here and not hub_answers():
        what = "its weights are not here yet and the hub cannot be reached"
        raise UserError(what, PREFIX + repository, OFFLINE)
    from transformers import ClapModel, ClapProcessor

    try:
        local = here and not hub_answers()
        model = ClapModel.from_pretrained(repository, use_safetensors=True, local_files_only=local)
        return model.eval().to(runtime.device()), ClapProcessor.from_pretrained(repository, local_files_only=local)
    except Exception as error:  # the client raises its network library's types, the loader its own
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise UserError(f"could not be loaded ({first})", PREFIX + repository, OFFLINE) from error


class _Side:
    """What both sides do: run the model under a lock and bring what it gives to length 1."""

    def __init__(self, card: EncoderCard, model: Any, processor: Any) -> None:
        self.card, self._model, self._processor = card, model, processor
        commit = getattr(model.config, "_commit_hash", None) or "local"
        self.version = f"{commit[:12]}-{SOUND_VERSION}-torch"

    def _vectors(self, ask: str, inputs: dict[str, Any]) -> np.ndarray:
        import torch

        with _lock, torch.inference_mode():
            on_device = {k: v.to(self._model.device) for k, v in inputs.items()}
            answer = getattr(self._model, ask)(**on_device)
        tensor = answer if isinstance(answer, torch.Tensor) else answer.pooler_output  # transformers 4, 5
        return unit(tensor.float().cpu().numpy())


class ClapSounds(_Side, OneByOne):
    """The sound side."""

    batch_size = 8

    def encode_one(self, cell: Cell) -> np.ndarray:
        samples = read_sound(cell, RATE, SECONDS)
        inputs = self._processor.feature_extractor(samples, sampling_rate=RATE, return_tensors="pt")
        return self._vectors("get_audio_features", dict(inputs))[0]


class ClapTexts(_Side, Encoder):
    """The text side."""

    batch_size = 32

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        if not batch:
            return np.zeros((0, self.card.dim or 0), np.float32)
        tokenizer = self._processor.tokenizer
        inputs = tokenizer(texts_of(batch), padding=True, truncation=True, max_length=77, return_tensors="pt")
        return self._vectors("get_text_features", dict(inputs))
