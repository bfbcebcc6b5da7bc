"""What a fusion is fitted to: classes, numbers, or (self-supervised) groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError


@dataclass(frozen=True)
class Targets:
    """One target a row.

    codes: int64 [N] (class, -1 = unknown; or group) or float64 [N] (regression; NaN = unknown).
    usable: bool [N], rows whose target is known.  classes: [C], sorted, each as it was given; or None.
    """

    codes: np.ndarray
    usable: np.ndarray
    classes: np.ndarray | None = None

    def scale(self, rows: np.ndarray) -> tuple[float, float]:
        """Mean and spread of a numeric target over `rows`; (0, 1) for classes and groups."""
        if self.codes.dtype.kind != "f":
            return 0.0, 1.0
        return float(self.codes[rows].mean()), float(self.codes[rows].std()) or 1.0

    def encode(self, mean: float, spread: float) -> np.ndarray:
        """What a loss takes: int64 as they are, numbers as standardised float32."""
        if self.codes.dtype.kind != "f":
            return self.codes
        return ((self.codes - mean) / spread).astype(np.float32)


def read_targets(embeddings: Embeddings, objective: str) -> Targets:
    """The targets of `objective`; classes are those of the train rows.

    Raises:
        UserError: no labels, labels of the other kind, or a single class.
    """
    if objective in ("contrastive", "reconstruction"):
        groups = embeddings.group_codes.astype(np.int64)
        return Targets(groups, np.ones(len(embeddings), bool))
    labels = embeddings.labels
    if labels is None:
        raise UserError(
            f"{objective} needs a label for each item and there are none",
            "fuse",
            "give a label column, or choose the objective `contrastive`",
        )
    if objective == "regression":
        if embeddings.target_kind != "regression":
            raise UserError(
                "regression needs numbers and the labels are classes", "fuse", "choose the objective `classification`"
            )
        values = labels.astype(np.float64)
        return Targets(values, np.isfinite(values))
    known = known_labels(labels)
    text = labels.astype(str)
    fitted = known if embeddings.splits is None else known & embeddings.in_split("train")
    classes = classes_of(labels[fitted])
    if len(classes) < 2:
        raise UserError(
            f"the train rows have {len(classes)} class{'' if len(classes) == 1 else 'es'}",
            "fuse",
            "give labels of at least two classes, or choose the objective `contrastive`",
        )
    names, place = np.unique(classes.astype(str), return_index=True)
    nearest = np.searchsorted(names, text).clip(max=len(names) - 1)
    codes = np.where(known & (names[nearest] == text), place[nearest], -1)
    return Targets(codes.astype(np.int64), codes >= 0, classes)


def known_labels(labels: np.ndarray) -> np.ndarray:
    """bool [N]: rows with a label; unknown are "" and None among classes, NaN among numbers."""
    if labels.dtype.kind == "f":
        return np.isfinite(labels)
    return (labels.astype(str) != "") & np.array([label is not None for label in labels], bool)


def classes_of(labels: np.ndarray) -> np.ndarray:
    """The distinct labels, sorted by value (by their text where they are of several types), with their type."""
    _, first = np.unique(labels.astype(str), return_index=True)
    classes = labels[first]
    try:
        return np.sort(classes)
    except TypeError:  # 1 and "one" have no order
        return classes
