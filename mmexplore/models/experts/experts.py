"""One expert a modality: what each modality says on its own. Late fusion combines them; every score stands beside them.

Plain arrays in, plain arrays out; scikit-learn is imported when something is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmexplore.runtime import NOT_CONVERGED

LOWEST = -30.0  # log-probabilities below this are cut: no expert may veto a class for ever


@dataclass(frozen=True)
class Expert:
    """Logits (or a value) = z @ weight + bias - |z @ root_c|^2 / 2 with z = x, or x @ axes; softmax for classes.

    weight [k, C], bias [C]; C = 1 for a numeric target.  root: [C, k, k], or None where the scores are linear.
    axes: [d, k], or None where k = d.
    """

    weight: np.ndarray
    bias: np.ndarray
    root: np.ndarray | None = None
    axes: np.ndarray | None = None

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Logits or values, float64 [N, C]."""
        z = x.astype(np.float64)
        z = z if self.axes is None else z @ self.axes
        answer = z @ self.weight + self.bias
        if self.root is not None:  # one class at a time: [N, k] numbers are held, not [C, N, k]
            answer -= 0.5 * np.stack([((z @ root) ** 2).sum(1) for root in self.root], axis=1)
        return answer

    def log_proba(self, x: np.ndarray) -> np.ndarray:
        """Log-probabilities, float64 [N, C], none below `LOWEST`."""
        return np.maximum(log_softmax(self.scores(x)), LOWEST)

    def cooled(self, sharpness: float) -> Expert:
        """The same expert with its logits times `sharpness` (temperature scaling, Guo 2017)."""
        root = None if self.root is None else self.root * np.sqrt(sharpness)
        return Expert(self.weight * sharpness, self.bias * sharpness, root, self.axes)

    def spread(self, seen: np.ndarray, n_classes: int, n_rows: int) -> Expert:
        """A linear expert on the classes `seen`, for all classes; one without a row counts as a hundredth of a row."""
        weight = np.zeros((len(self.weight), n_classes))
        bias = np.full(n_classes, self.bias.mean() + np.log(0.01 / n_rows))
        weight[:, seen], bias[seen] = self.weight, self.bias
        return Expert(weight, bias)

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name, for saving; `Expert(**arrays)` gives it back."""
        return {k: v for k, v in vars(self).items() if v is not None}


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
    from sklearn.linear_model import LogisticRegression

    seen = np.unique(y)
    if len(seen) < 2:
        return [Expert(np.zeros((x.shape[1], n_classes)), log_prior(y, n_classes))] * len(strengths)
    model = LogisticRegression(max_iter=200, tol=1e-3, warm_start=True)
    answer = []
    for strength in strengths:
        with NOT_CONVERGED:  # 200 steps are enough to predict with; the optimum to the last digit is not needed
            model.set_params(C=strength).fit(x, y)
        coef, intercept = model.coef_, model.intercept_
        if len(seen) == 2:  # scikit-learn keeps one row of weights for two classes: softmax of (0, z)
            coef, intercept = np.vstack([np.zeros_like(coef[0]), coef[0]]), np.array([0.0, intercept[0]])
        answer.append(Expert(coef.T, intercept).spread(seen, n_classes, len(y)))
    return answer


def fit_regressor(x: np.ndarray, y: np.ndarray) -> Expert:
    """Ridge regression, its penalty chosen by leave-one-out (generalised cross-validation)."""
    from sklearn.linear_model import RidgeCV

    if len(x) < 3 or np.ptp(y) == 0:
        return Expert(np.zeros((x.shape[1], 1)), np.array([y.mean() if len(y) else 0.0]))
    model = RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(x, y)
    return Expert(np.asarray(model.coef_).reshape(-1, 1), np.array([float(model.intercept_)]))
