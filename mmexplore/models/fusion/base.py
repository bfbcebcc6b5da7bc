"""What a fusion is: many vectors -> one vector, and how much each modality weighed."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.estimator import Estimator, check_embeddings
from mmexplore.models.measured_rows import Score, rows_to_measure
from mmexplore.models.targets import known_labels
from mmexplore.runtime import RandomState

OBJECTIVES = ("classification", "regression", "contrastive", "reconstruction")


def default_objective(embeddings: Embeddings) -> str:
    """`classification` where there are classes, `regression` for a numeric target, else `contrastive`."""
    return embeddings.target_kind or "contrastive"


@dataclass(eq=False, repr=False)
class Fusion(Estimator):
    """One vector an item from any subset of its modalities.

    Class attribute: `gives_steps`, True where the fused vector comes about in steps that can be looked at.

    Parameter of every fusion, beside `random_state`: `objective`, one of OBJECTIVES; None = `default_objective`.

    Attributes after `fit`: `objective_`; `classes_` [C] for classification, sorted, each as it was given; else None.
    """

    objective: str | None = field(default=None, kw_only=True)
    random_state: RandomState = field(default=0, kw_only=True)

    gives_steps: ClassVar[bool] = False

    if TYPE_CHECKING:  # a plain annotation would make them fields of the dataclass, and so parameters
        objective_: str
        classes_: np.ndarray | None

    def chosen_objective(self, embeddings: Embeddings) -> str:
        """The parameter, or what suits the embeddings. Raises UserError for a word that is none."""
        objective = self.objective or default_objective(embeddings)
        if objective not in OBJECTIVES:
            raise UserError(f"no objective is called {objective!r}", "fuse", f"choose one of {', '.join(OBJECTIVES)}")
        return objective

    @abstractmethod
    def transform(self, embeddings: Embeddings) -> np.ndarray:
        """float32 [N, d]; a row with nothing present gives the documented neutral vector, never NaN."""

    # -- answers -----------------------------------------------------------------
    @abstractmethod
    def answers(self, embeddings: Embeddings) -> np.ndarray | None:
        """Class probabilities [N, C] (classification), values [N] (regression), None for other objectives."""

    def predict(self, embeddings: Embeddings) -> np.ndarray:
        """The most probable class of each item [N], as it was given, or its value, float [N].

        Raises:
            UserError: it was fitted to another objective.
        """
        answers = self._answers(embeddings, "predict")
        if self.classes_ is None:
            return answers
        classes = self.classes_
        if classes.dtype == object and {type(c) for c in classes} in ({int}, {bool}, {float}):
            classes = np.array(classes.tolist())  # scikit-learn's measures take no numbers among objects
        return classes[answers.argmax(axis=1)]

    def predict_proba(self, embeddings: Embeddings) -> np.ndarray:
        """Probabilities [N, C] in the order of `classes_`. Raises UserError unless it was fitted to classes."""
        answers = self._answers(embeddings, "predict_proba")
        if self.classes_ is None:
            raise UserError("it was fitted to numbers and gives no probabilities", "predict_proba", "use predict")
        return answers

    def score(self, embeddings: Embeddings, strict: bool = False) -> Score:
        """Accuracy (0..1) or, for numbers, R^2, of the rows with a label that the fit has not seen, else of all.

        Args:
            strict: raise UserError where all of them have been seen.

        Returns:
            a float that says which rows it was measured on (see `measured_rows`).
        """
        self._answers(embeddings.take([]), "score")
        if embeddings.labels is None:
            raise UserError("there are no labels to compare with", "score", "give embeddings with labels")
        rows, said = rows_to_measure(self, embeddings, strict, known_labels(embeddings.labels))
        asked = embeddings.take(rows)
        assert asked.labels is not None
        if self.classes_ is not None:
            right = self.predict(asked).astype(str) == asked.labels.astype(str)
            return Score(float(right.mean()), said, len(rows))
        truth = asked.labels.astype(np.float64)
        left = ((truth - self.predict(asked)) ** 2).sum()
        return Score(1 - float(left) / max(float(((truth - truth.mean()) ** 2).sum()), 1e-12), said, len(rows))

    def _answers(self, embeddings: Embeddings, where: str) -> np.ndarray:
        check_embeddings(embeddings, where)
        answers = self.answers(embeddings)
        if answers is None:
            raise UserError(
                f"it was fitted to be {self.objective_} and predicts nothing", where, "fit it to classes or to numbers"
            )
        return answers

    # -- weights -----------------------------------------------------------------
    def weights(self, embeddings: Embeddings) -> pd.DataFrame:
        """`modality_weights` as a table: one row an id, one column a modality.

        Raises:
            UserError: the method has no weights of its own.
        """
        check_embeddings(embeddings, "weights")
        weights = self.modality_weights(embeddings)
        if weights is None:
            raise UserError(
                "it has no weights of its own", f"fusion {self.name}", "measure what each modality contributes: shapley"
            )
        return pd.DataFrame(weights, index=pd.Index(embeddings.ids, name="id"), columns=embeddings.modalities)

    def modality_weights(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [N, M], rows sum to 1 over present modalities and are 0 for absent ones; None = no own weights."""
        return None

    def contribution_norms(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [N, M]: each modality's share of the norms of what was added up (||alpha_m P_m c_m||), or None."""
        return None

    def steps(self, embeddings: Embeddings) -> np.ndarray | None:
        """float32 [T + 1, N, d]: the fused vectors after each step, the last one as `transform`; None = no steps."""
        return None

    # -- saved state -------------------------------------------------------------
    def target_state(self) -> dict[str, Any]:
        """Objective and classes, for `state`."""
        if self.classes_ is None:
            return {"objective": self.objective_, "classes": None}
        return {"objective": self.objective_, "classes": self.classes_.tolist(), "class_type": self.classes_.dtype.str}

    def restore_target(self, about: dict[str, Any]) -> None:
        """Take back what `target_state` gave."""
        self.objective_, classes = about["objective"], about["classes"]
        self.classes_ = None if classes is None else np.array(classes, dtype=about.get("class_type", "O"))
