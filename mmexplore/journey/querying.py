"""What a person asks with -> a vector in the shared space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.kinds import cards
from mmexplore.data.reading.file_names import kind_of_name
from mmexplore.data.reading.text import looks_like_language
from mmexplore.encoders import registry
from mmexplore.encoders.base import Encoder, FittedEncoder
from mmexplore.encoders.pipeline import fitted, with_split
from mmexplore.errors import UserError
from mmexplore.journey.asking import dataset_of, embeddings_of, known
from mmexplore.journey.spaces import carried
from mmexplore.workspace.state import Workspace


def query_vector(workspace: Workspace, shared: Embeddings, query: Cell, from_modality: str | None) -> np.ndarray:
    """float32 [1, d]: the query in the shared space, by an encoder whose vectors lie where a modality's do."""
    dataset, kind = dataset_of(workspace), kind_of_query(query)
    readers = {m: name for m in shared.modalities if (name := _reader(workspace, m, kind))}
    fitting = sorted(readers, key=lambda m: dataset.kinds.get(m) != kind)  # those of the query's own kind first
    if from_modality is not None:
        known(from_modality, fitting, "from")
    elif not fitting:
        raise UserError(
            f"no {kind} modality lies in the shared space",
            "query",
            f"add a {kind} column, or encode with a model that reads {kind} too (open_clip, CLAP)",
        )
    else:
        language = looks_like_language([query]) if isinstance(query, str) else None
        from_modality = next((m for m in fitting if language and dataset.language.get(m) == language), fitting[0])
    encoder = encoder_of(workspace, from_modality, readers[from_modality], kind)
    return carried(workspace, shared, from_modality, encoder.encode([query]))


def encoder_of(workspace: Workspace, modality: str, name: str, kind: Kind) -> Encoder:
    """The encoder as it was when this modality was encoded: fitted anew where it takes scales from the data."""
    encoder = registry.load(name, kind)
    if not isinstance(encoder, FittedEncoder):
        return encoder
    dataset = replace(dataset_of(workspace), splits=embeddings_of(workspace).splits)
    return fitted(encoder, with_split(dataset, workspace.seed), modality)


def kind_of_query(query: Cell) -> Kind:
    """What sort of thing is asked with. Raises UserError for a file that no encoder reads."""
    if isinstance(query, str):
        return Kind.TEXT
    if isinstance(query, np.ndarray):
        return Kind.PLACE if query.shape == (2,) else Kind.SERIES
    kind = kind_of_name(query.name) if query is not None else None
    if kind is None:
        raise UserError(
            "no encoder reads such a file", query.name if query else "query", "give a picture, sound or video"
        )
    return kind


def query_kinds(workspace: Workspace, shared: Embeddings) -> list[Kind]:
    """Kinds of things that can be asked with: those that an encoder of a comparable modality's space reads."""
    asked = [kind for kind, card in cards().items() if card.query]
    return [k for k in asked if any(_reader(workspace, m, k) for m in shared.modalities)]


def _reader(workspace: Workspace, modality: str, kind: Kind) -> str:
    """The encoder of `kind` whose vectors lie in the space of this modality's; "" where there is none.

    Its own encoder for its own kind; else the other half of a CLIP or CLAP, or the image encoder behind a video's.
    """
    name = workspace.encoders.get(modality, "")
    if workspace.dataset is not None and workspace.dataset.kinds.get(modality) == kind:
        return name
    space = embeddings_of(workspace).spaces[modality]
    return next((c.name for c in registry.cards(kind) if c.space == space), "")
