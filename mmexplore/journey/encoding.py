"""Pairs -> vectors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.reading.text import looks_like_language
from mmexplore.encoders import registry
from mmexplore.encoders.found import EncoderLike
from mmexplore.encoders.pipeline import Encoded, encode_dataset
from mmexplore.journey.asking import dataset_of
from mmexplore.server.jobs import Progress
from mmexplore.server.store import Store
from mmexplore.workspace.state import Workspace


@cache
def default_store() -> Store:
    """The one store of vectors of this process."""
    return Store()


def language_of(dataset: PairedDataset, modality: str) -> str | None:
    """ISO 639-1 code of a text modality, as the data says or as its texts look; None where unknown or not text."""
    if dataset.kinds[modality] is not Kind.TEXT:
        return None
    known = dataset.language.get(modality)
    return known or looks_like_language([c for c in dataset.cells[modality] if isinstance(c, str)])


def default_encoder(dataset: PairedDataset, modality: str) -> str:
    """The offline encoder suggested for one modality (a multilingual one where the text is not English)."""
    return registry.default_encoder(dataset.kinds[modality], language_of(dataset, modality))


def default_encoders(workspace: Workspace) -> dict[str, str]:
    """Modality -> its `default_encoder`; a modality of a kind that no encoder reads is not in it."""
    dataset = dataset_of(workspace)
    chosen = {}
    for modality in dataset.modalities:
        if registry.cards(dataset.kinds[modality]):
            chosen[modality] = default_encoder(dataset, modality)
    return chosen


def encode(
    workspace: Workspace,
    encoders: Mapping[str, EncoderLike],
    store: Store | None = None,
    progress: Progress | None = None,
) -> Encoded:
    """Vectors of the workspace's pairs, and the cells that could not be encoded.

    Args:
        encoders: modality -> name of an encoder, its class, or an instance.
    """
    return encode_dataset(dataset_of(workspace), encoders, store, progress, seed=workspace.seed)
