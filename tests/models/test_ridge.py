"""The one ridge solver, against scikit-learn's, with more rows than features and with fewer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mmexplore.models.ridge import ridge


@pytest.mark.parametrize("n", [50, 8, 5])
def test_it_is_ridge_regression_whichever_way_it_is_solved(n):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(n, 8)), random.normal(size=(n, 3))
    expected = Ridge(alpha=2.5, fit_intercept=False).fit(x, y).coef_.T
    np.testing.assert_allclose(ridge(x, y, 2.5), expected, atol=1e-10)
