"""What every step asks first."""

from __future__ import annotations

import pytest

from mmexplore.errors import UserError
from mmexplore.journey.asking import make


@pytest.mark.parametrize("params", [{"random_state": 3}, {"objective": "regression"}, {"nothing": 1}])
def test_only_a_methods_own_parameters_are_taken(params):
    """Seed and objective are given beside them: of two seeds one would be ignored without a word."""
    with pytest.raises(UserError, match=f"concat: .*{next(iter(params))}"):
        make("concat", params, "fusion")
