"""Stratified samples keep the shares of the classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.latent.sample import stratified_sample


@settings(max_examples=80)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 120), st.integers(0, 5))
def test_size_and_shares(sizes, n_max, seed):
    labels = (
        np.random.default_rng(seed).permutation(np.repeat([f"c{i}" for i in range(len(sizes))], sizes)).astype(object)
    )
    rows = stratified_sample(labels, n_max, seed)
    assert len(rows) == min(len(labels), n_max) and len(set(rows)) == len(rows) and (np.diff(rows) > 0).all()
    if n_max >= len(sizes):
        for i, size in enumerate(sizes):
            kept = (labels[rows] == f"c{i}").sum()
            assert 1 <= kept <= size
            # one each, the rest by size: never further than one item from the exact quota
            exact = 1 + (len(rows) - len(sizes)) * (size - 1) / max(len(labels) - len(sizes), 1)
            assert abs(kept - exact) < 1 + 1e-9


def test_same_seed_same_rows_and_another_seed_others():
    labels = np.arange(1000) % 3
    assert (stratified_sample(labels, 50, 1) == stratified_sample(labels, 50, 1)).all()
    assert (stratified_sample(labels, 50, 1) != stratified_sample(labels, 50, 2)).any()


def test_numbers_are_cut_into_quantiles_and_the_unknown_are_a_class():
    values = np.concatenate([np.exp(np.linspace(0, 10, 900)), np.full(100, np.nan)])
    rows = stratified_sample(values, 100)
    assert np.isnan(values[rows]).sum() == pytest.approx(10, abs=1)
    assert (values[rows] <= np.nanmedian(values)).sum() == pytest.approx(45, abs=2)
    assert len(stratified_sample(np.array(["", None, "a"] * 5, object), 4)) == 4
    assert len(stratified_sample(1000, 10)) == 10 and len(stratified_sample(3, 10)) == 3
    assert len(stratified_sample(np.full(30, np.nan), 4)) == 4
