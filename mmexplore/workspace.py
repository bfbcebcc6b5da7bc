"""One person's work: pairs, vectors, fits, selection. `workspace_files` saves it as JSON + Parquet + safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.alignment.base import Alignment
from mmexplore.embeddings import Embeddings, draw_split
from mmexplore.encoders.found import EncoderLike, name_of
from mmexplore.fusion.base import Fusion
from mmexplore.pairs.dataset import PairedDataset

if TYPE_CHECKING:
    from mmexplore.fusion.evaluation import FusionScore


@dataclass
class FittedFusion:
    """A fusion with what was measured on it.

    `target` is the column it was fitted to ("label" or another), if any; `source` the vectors it was given:
    "encoded" (as the encoders made them) or "aligned"; `labels_per_class` the label budget, None = every label.
    """

    fusion: Fusion
    score: FusionScore
    seed: int = 0
    target: str | None = None
    source: str = "encoded"
    labels_per_class: int | None = None


@dataclass
class Workspace:
    """The typed state behind a browser session and behind a run directory of the shell.

    Each step clears what was built on the one before: new pairs clear the vectors, new vectors clear the fits.

    Attributes:
        dataset: the pairs, or None.
        encoders: modality -> encoder name that made its vectors.
        embeddings: the vectors as encoded; its `splits` are the data's own or, after the first fit, the drawn ones.
        split_source: "data", "drawn" (by us, at the first fit) or "none".
        alignment: the alignment fitted (or chosen: bridge, conse), or None.
        aligned: what it made of `embeddings`.
        fusions: name -> FittedFusion; `current` is the one the views show.
        selection: ids selected in any view; every view reads and writes it.
        seed: of every fit.
    """

    dataset: PairedDataset | None = None
    encoders: dict[str, str] = field(default_factory=dict)
    embeddings: Embeddings | None = None
    split_source: str = "none"
    alignment: Alignment | None = None
    aligned: Embeddings | None = None
    fusions: dict[str, FittedFusion] = field(default_factory=dict)
    current: str | None = None
    selection: frozenset[str] = frozenset()
    seed: int = 0

    # -- the chain -------------------------------------------------------------
    def set_dataset(self, dataset: PairedDataset) -> None:
        """Start over with these pairs."""
        self.dataset, self.selection = dataset, frozenset()
        self._clear_embeddings()

    def set_embeddings(self, embeddings: Embeddings, encoders: Mapping[str, EncoderLike]) -> None:
        """New vectors of the pairs, and their encoders as `journey.encode` took them; fits on the old vectors go."""
        self._clear_embeddings()
        self.embeddings, self.encoders = embeddings, {m: name_of(e) for m, e in encoders.items()}
        drawn = self.dataset is not None and self.dataset.splits is None  # by an encoder that had to be fitted
        self.split_source = "none" if embeddings.splits is None else "drawn" if drawn else "data"

    def set_alignment(self, alignment: Alignment | None, aligned: Embeddings | None) -> None:
        """Take an alignment (or none); fusions fitted on the aligned vectors of another one go."""
        self.alignment, self.aligned = alignment, aligned
        self.fusions = {name: f for name, f in self.fusions.items() if f.source != "aligned"}
        if self.current not in self.fusions:
            self.current = next(reversed(self.fusions), None)

    def add_fusion(self, fitted: FittedFusion) -> None:
        """Keep a fitted fusion under its method's name and show it."""
        self.fusions[fitted.fusion.name] = fitted
        self.current = fitted.fusion.name

    def _clear_embeddings(self) -> None:
        self.embeddings, self.aligned, self.alignment, self.current = None, None, None, None
        self.encoders, self.fusions, self.split_source = {}, {}, "none"

    def ensure_split(self) -> Embeddings:
        """The embeddings with a split: the data's own, else a seeded 80 / 20 draw by group, made once and kept."""
        if self.embeddings is None:
            raise ValueError("encode first")
        if self.embeddings.splits is None:
            self.embeddings = self.embeddings.with_splits(draw_split(self.embeddings, seed=self.seed))
            if self.aligned is not None:
                self.aligned = self.aligned.with_splits(self.embeddings.splits)
            self.split_source = "drawn"
        return self.embeddings

    @property
    def fitted(self) -> FittedFusion | None:
        """The fusion that the views show."""
        return self.fusions.get(self.current) if self.current else None

    # -- selection -------------------------------------------------------------
    def selected_rows(self) -> np.ndarray:
        """Positions of the selected ids in `embeddings` (or the pairs), ascending."""
        ids = self.embeddings.ids if self.embeddings is not None else self.dataset.ids if self.dataset else np.array([])
        return np.flatnonzero(np.isin(ids.astype(str), list(self.selection))) if self.selection else np.array([], int)
