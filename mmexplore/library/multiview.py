"""Fusions on one table of features whose columns belong to views: what scikit-learn's tools take.

>>> views = {"image": slice(0, 512), "text": slice(512, 896)}
>>> cross_val_score(FusionClassifier("attention", views=views), X, y)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.methods import fusion_methods, with_common
from mmexplore.runtime import RandomState

#: which columns of the table a view has
Columns = slice | Sequence[int] | Sequence[str] | np.ndarray
ALL = "all"  # the only view where none are named


class _FusionOfViews(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What classifier and regressor share: the views, the method, and how a table becomes embeddings."""

    def __init__(
        self,
        method: str | type[Fusion] | Fusion = "attention",
        views: Mapping[str, Columns] | None = None,
        random_state: RandomState = 0,
    ) -> None:
        self.method = method
        self.views = views
        self.random_state = random_state

    def transform(self, X: Any) -> np.ndarray:
        """The fused vectors, float32 [N, d]."""
        embeddings = self._embeddings(X)
        return self.fusion_.transform(embeddings)

    def weights(self, X: Any) -> pd.DataFrame:
        """How much each view weighs: one row an item, one column a view; rows sum to 1 over the views present.

        Raises:
            UserError: the method has no weights of its own.
        """
        embeddings = self._embeddings(X)
        weights = self.fusion_.weights(embeddings)
        return weights.set_axis(X.index if isinstance(X, pd.DataFrame) else np.arange(len(weights)))

    # -- inside ----------------------------------------------------------------
    def _fit_fusion(self, x: np.ndarray, y: np.ndarray, objective: str) -> None:
        self.views_ = self._positions()
        embeddings = _as_embeddings(x, self.views_).with_labels(y)
        fusion = with_common(_new(self.method), objective=objective, random_state=self.random_state)
        self.fusion_ = fusion.fit(embeddings)
        self._n_features_out = self.fusion_.transform(embeddings.take([0])).shape[1]

    def _embeddings(self, X: Any) -> Embeddings:
        check_is_fitted(self)  # before anything fitted is looked at
        x = validate_data(self, X, reset=False, dtype=np.float32, ensure_all_finite="allow-nan")
        return _as_embeddings(x, self.views_)

    def _positions(self) -> dict[str, np.ndarray]:
        """View -> positions of its columns."""
        if self.views is None:
            return {ALL: np.arange(self.n_features_in_)}
        if not isinstance(self.views, Mapping) or not self.views:
            raise ValueError(f"views must be a dictionary of name -> columns, not {self.views!r}")
        names = getattr(self, "feature_names_in_", None)
        return {str(view): _columns(str(view), c, self.n_features_in_, names) for view, c in self.views.items()}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.views is not None  # a whole view of a row; of one view alone nothing is left
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class FusionClassifier(ClassifierMixin, _FusionOfViews):
    """A fusion that predicts classes from one table of features.

    All rows given to `fit` are used. A view that is NaN in all its columns of a row is absent there; NaN in some of
    them is an error.

    Args:
        method: name of a fusion or generative method, its class, or an instance with its parameters (which is cloned:
            `method__width` can be searched).
        views: name -> its columns: a slice, positions, a mask, or names of columns of a DataFrame; None = all columns
            are one view.
        random_state: of the fit, in place of the method's own.

    Attributes after `fit`: `classes_` [C]; `fusion_`, the fitted fusion; `views_`, view -> positions of its columns;
    `n_features_in_`, and `feature_names_in_` for a DataFrame.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Fit on all rows: X [N, d], y [N] (classes: text, whole numbers, booleans)."""
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan", ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has only one class, {self.classes_[0]!r}; at least two are needed")
        self._fit_fusion(X, codes, "classification")
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, [N]."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities [N, C], columns as `classes_`."""
        embeddings = self._embeddings(X)
        return self.fusion_.predict_proba(embeddings)


class FusionRegressor(RegressorMixin, _FusionOfViews):
    """A fusion that predicts numbers from one table of features; parameters and attributes as `FusionClassifier`."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit on all rows: X [N, d], y [N] numbers."""
        X, y = validate_data(
            self, X, y, dtype=np.float32, ensure_all_finite="allow-nan", ensure_min_samples=2, y_numeric=True
        )
        self._fit_fusion(X, y.astype(np.float64), "regression")
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The value of each row, [N]."""
        embeddings = self._embeddings(X)
        return self.fusion_.predict(embeddings)


def _new(method: str | type[Fusion] | Fusion) -> Fusion:
    """An unfitted fusion: by name, of a class, or like an instance."""
    if isinstance(method, Fusion):
        return clone(method)
    if isinstance(method, type) and issubclass(method, Fusion):
        return method()
    known = fusion_methods()
    if method not in known:
        raise UserError(f"no fusion is called {method!r}", "method", f"choose one of: {', '.join(known)}")
    return known[str(method)]()


def _columns(view: str, columns: Columns, n: int, names: np.ndarray | None) -> np.ndarray:
    """Positions of the columns of a view."""
    if isinstance(columns, slice):
        found = np.arange(n)[columns]
    else:
        found = np.atleast_1d(np.asarray(columns))
        if found.dtype.kind in "OU":
            found = _named(view, found, names)
        elif found.dtype.kind == "b":
            found = np.flatnonzero(found) if len(found) == n else np.array([n])
    if not len(found) or found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= n:
        raise ValueError(f"view {view!r} must name columns among the {n} of X, not {columns!r}")
    return found


def _named(view: str, columns: np.ndarray, names: np.ndarray | None) -> np.ndarray:
    if names is None:
        raise ValueError(f"view {view!r} names columns, and X has none: give a DataFrame, or positions")
    place = {name: j for j, name in enumerate(names)}
    unknown = [c for c in columns if c not in place]
    if unknown:
        raise ValueError(f"view {view!r}: X has no column {unknown[0]!r}")
    return np.array([place[c] for c in columns])


def _as_embeddings(x: np.ndarray, views: dict[str, np.ndarray]) -> Embeddings:
    """One modality a view; a row that is NaN throughout a view has none of it."""
    vectors, present = {}, {}
    for view, columns in views.items():
        part = x[:, columns]
        absent = np.isnan(part)
        present[view] = ~absent.all(axis=1)
        partly = np.flatnonzero(absent.any(axis=1) & present[view])
        if len(partly) or (len(views) == 1 and not present[view].all()):
            row = partly[0] if len(partly) else np.flatnonzero(~present[view])[0]
            raise ValueError(
                f"Input X contains NaN in row {row}, view {view!r}: NaN throughout one of several views is an absent "
                "view, anything else is an error"
            )
        vectors[view] = np.where(absent, 0, part).astype(np.float32)
    ids = np.arange(len(x)).astype(str).astype(object)
    content = {view: np.full(len(x), "", object) for view in views}  # nothing here asks which rows hold the same
    return Embeddings(vectors, present, ids, ids, {view: view for view in views}, content=content)
