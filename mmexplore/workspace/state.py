"""One person's work: pairs, vectors, fits, selection. `workspace_files` saves it as JSON + Parquet + safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.encoders.found import EncoderLike, name_of
from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.workspace.fits import FittedFusion, titles
from mmexplore.workspace.unread import Unread, notices

__all__ = ["FittedFusion", "Workspace"]


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
        fusions: fit id -> FittedFusion, in the order of the fits; `current` is the id of the one the views show.
        selection: ids selected in any view; every view reads and writes it.
        seed: of every fit.
        unread: what a saved workspace holds and this installation cannot read; it is saved again as it is.
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
    unread: tuple[Unread, ...] = ()

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
        self.fusions = {i: f for i, f in self.fusions.items() if f.source != "aligned"}
        self.unread = tuple(u for u in self.unread if not u.of_aligned)
        if self.current not in self.fusions:
            self.current = next(reversed(self.fusions), None)

    def snapshot(self) -> Workspace:
        """As it is now, for a job: what the page does with this workspace meanwhile does not reach the copy."""
        return replace(self, encoders=dict(self.encoders), fusions=dict(self.fusions))

    def _clear_embeddings(self) -> None:
        self.embeddings, self.aligned, self.alignment, self.current = None, None, None, None
        self.encoders, self.fusions, self.split_source, self.unread = {}, {}, "none", ()

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

    # -- fits ------------------------------------------------------------------
    def add_fusion(self, fitted: FittedFusion, show: bool = True, id: str | None = None) -> str:
        """Keep a fit beside the others; its id.

        One with the same method, settings, target, source, budget and seed is the same fit: it is replaced. Else the
        id is the method's name, or where that is taken the name with a number: "attention-2".

        Args:
            show: the views show it from now on. False for what a page fits for a purpose of its own.
            id: an id of one's own (what has it already is replaced).
        """
        chosen = id or self._id_for(fitted)
        if fitted.id != chosen:
            fitted = replace(fitted, id=chosen)
        self.fusions.pop(chosen, None)  # what was fitted last is last
        self.fusions[chosen] = fitted
        if show or self.current is None:
            self.current = chosen
        return chosen

    def _id_for(self, fitted: FittedFusion) -> str:
        for known, fit in self.fusions.items():
            if fit.settings == fitted.settings:
                return known
        taken = {*self.fusions, *(u.id for u in self.unread if u.what == "fit")}
        free = (f"{fitted.method}-{n}" for n in range(2, len(taken) + 3))
        return fitted.method if fitted.method not in taken else next(i for i in free if i not in taken)

    def remove_fusion(self, id: str) -> None:
        """Forget a fit; where the views showed it they show the latest of the others."""
        self.fusions.pop(id, None)
        if self.current == id:
            self.current = next(reversed(self.fusions), None)

    def fit_of(self, name: str) -> FittedFusion | None:
        """The fit with this id; else the latest fit of the method of this name; else None."""
        if name in self.fusions:
            return self.fusions[name]
        return next((f for f in reversed(self.fusions.values()) if f.method == name), None)

    def use(self, name: str) -> None:
        """The views show this fit from now on (see `fit_of`); UserError where there is none."""
        fit = self.fit_of(name)
        if fit is None:
            known = ", ".join(self.fusions)
            raise UserError(
                f"no fit is called {name!r}", "fit", f"choose one of: {known}" if known else "fit one first"
            )
        self.current = fit.id

    @property
    def titles(self) -> dict[str, str]:
        """Fit id -> what people read of it: "Attention fusion, width 16"."""
        return titles(self.fusions)

    @property
    def title(self) -> str:
        """Of the fit that the views show; "" where there is none."""
        return self.titles.get(self.current or "", "")

    @property
    def fitted(self) -> FittedFusion | None:
        """The fit that the views show."""
        return self.fusions.get(self.current) if self.current else None

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person must be told of this workspace, a sentence each."""
        return notices(self.unread)

    # -- selection -------------------------------------------------------------
    def selected_rows(self) -> np.ndarray:
        """Positions of the selected ids in `embeddings` (or the pairs), ascending."""
        ids = self.embeddings.ids if self.embeddings is not None else self.dataset.ids if self.dataset else np.array([])
        return np.flatnonzero(np.isin(ids.astype(str), list(self.selection))) if self.selection else np.array([], int)
