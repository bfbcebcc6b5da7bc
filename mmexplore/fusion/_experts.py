"""One expert a modality: what each modality says on its own. Late fusion combines them; every score stands beside them.

Plain arrays in, plain arrays out; scikit-learn is imported when something is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST = -30.0  # log-probabilities below this are cut: no expert may veto a class for ever


@dataclass(frozen=True)
class Expert:
    """A linear expert: logits (or a value) = x @ weight + bias; softmax for classes.

    weight [d, C], bias [C]; C = 1 for a numeric target.
    """

    weight: np.ndarray
    bias: np.ndarray

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Logits or values, float64 [N, C]."""
        return x.astype(np.float64) @ self.weight + self.bias

    def log_proba(self, x: np.ndarray) -> np.ndarray:
        """Log-probabilities, float64 [N, C], none below `LOWEST`."""
        return np.maximum(log_softmax(self.scores(x)), LOWEST)


def log_softmax(z: np.ndarray) -> np.ndarray:
    """Over the last axis, safe for any finite z."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_prior(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Log of the class shares [C] (one pseudo-count a class): what is answered where nothing is present."""
    counts = np.bincount(y, minlength=n_classes) + 1.0
    return np.log(counts / counts.sum())


def fit_classifier(x: np.ndarray, y: np.ndarray, n_classes: int, strength: float = 1.0) -> Expert:
    """Multinomial logistic regression with ridge penalty (scikit-learn's C = `strength`).

    Args:
        x: standardised [N, d].  y: class codes [N]; classes without a row get the probability of a hundredth of a row.
    """
    from sklearn.linear_model import LogisticRegression

    d = x.shape[1]
    seen = np.unique(y)
    weight, bias = np.zeros((d, n_classes)), log_prior(y, n_classes)
    if len(seen) < 2:
        return Expert(weight, bias)
    model = LogisticRegression(C=strength, max_iter=200).fit(x, y)
    coef, intercept = model.coef_, model.intercept_
    if len(seen) == 2:  # scikit-learn keeps one row of weights for two classes: softmax of (0, z)
        coef, intercept = np.vstack([np.zeros(d), coef[0]]), np.array([0.0, intercept[0]])
    rarest = np.log(0.01 / len(y))
    bias = np.full(n_classes, intercept.mean() + rarest)
    weight[:, seen], bias[seen] = coef.T, intercept
    return Expert(weight, bias)


def fit_regressor(x: np.ndarray, y: np.ndarray) -> Expert:
    """Ridge regression, its penalty chosen by leave-one-out (generalised cross-validation)."""
    from sklearn.linear_model import RidgeCV

    if len(x) < 3 or np.ptp(y) == 0:
        return Expert(np.zeros((x.shape[1], 1)), np.array([y.mean() if len(y) else 0.0]))
    model = RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(x, y)
    return Expert(np.asarray(model.coef_).reshape(-1, 1), np.array([float(model.intercept_)]))
