"""One expert a modality: what each modality says on its own. Late fusion combines them; every score stands beside them.

Plain arrays in, plain arrays out; scikit-learn is imported when something is fitted.
"""

from __future__ import annotations

import warnings
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

    def cooled(self, sharpness: float) -> Expert:
        """The same expert with its logits times `sharpness` (temperature scaling, Guo 2017)."""
        return Expert(self.weight * sharpness, self.bias * sharpness)


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
        x: standardised [N, d].  y: class codes [N]. A class without a row is made as unlikely as a hundredth of a row.
    """
    return fit_classifiers(x, y, n_classes, (strength,))[0]


def fit_classifiers(x: np.ndarray, y: np.ndarray, n_classes: int, strengths: tuple[float, ...]) -> list[Expert]:
    """`fit_classifier` for several strengths, weakest model first, each started from the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    seen = np.unique(y)
    if len(seen) < 2:
        return [Expert(np.zeros((x.shape[1], n_classes)), log_prior(y, n_classes))] * len(strengths)
    model = LogisticRegression(max_iter=200, tol=1e-3, warm_start=True)
    answer = []
    for strength in strengths:
        with warnings.catch_warnings():  # 200 steps are enough to predict with; the optimum to the last digit is not
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.set_params(C=strength).fit(x, y)
        answer.append(_spread(model.coef_, model.intercept_, seen, n_classes, len(y)))
    return answer


def fit_gaussian(x: np.ndarray, y: np.ndarray, n_classes: int, shrinkage: float = 0.5) -> Expert | None:
    """Linear discriminant analysis with a shrunken covariance (closed form); None where a class has too few rows."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    seen = np.unique(y)
    if len(seen) < 2 or len(y) <= len(seen):
        return None
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(x.astype(np.float64), y)
    return _spread(model.coef_, model.intercept_, seen, n_classes, len(y))


def _spread(coef: np.ndarray, intercept: np.ndarray, seen: np.ndarray, n_classes: int, n_rows: int) -> Expert:
    """scikit-learn's weights of the classes seen -> weights of all classes."""
    if len(seen) == 2:  # scikit-learn keeps one row of weights for two classes: softmax of (0, z)
        coef = np.vstack([np.zeros_like(coef[0]), coef[0]])
        intercept = np.array([0.0, intercept[0]])
    weight = np.zeros((coef.shape[1], n_classes))
    bias = np.full(n_classes, intercept.mean() + np.log(0.01 / n_rows))
    weight[:, seen], bias[seen] = coef.T, intercept
    return Expert(weight, bias)


def fit_regressor(x: np.ndarray, y: np.ndarray) -> Expert:
    """Ridge regression, its penalty chosen by leave-one-out (generalised cross-validation)."""
    from sklearn.linear_model import RidgeCV

    if len(x) < 3 or np.ptp(y) == 0:
        return Expert(np.zeros((x.shape[1], 1)), np.array([y.mean() if len(y) else 0.0]))
    model = RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(x, y)
    return Expert(np.asarray(model.coef_).reshape(-1, 1), np.array([float(model.intercept_)]))
