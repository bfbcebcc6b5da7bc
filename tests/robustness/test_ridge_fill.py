"""Ridge maps: the least squares solution, what is given is itself, and nothing is said of what was not learned."""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.robustness.ridge_fill import RidgeFill
from tests.models.methods.made import data


def test_a_ridge_map_is_the_least_squares_solution():
    """One map against the normal equations written out, in the modality's own units."""
    whole = data(90, holes=0.0)
    fill = RidgeFill(ridge=0.0).fit(whole)
    train = whole.in_split("train")
    x, y = whole.vectors["image"], whole.vectors["sound"]
    design = np.column_stack([np.ones(train.sum()), x[train]])
    solution = np.linalg.lstsq(design, y[train], rcond=None)[0]
    want = np.column_stack([np.ones(len(x)), x]) @ solution
    got = fill.reconstruct(whole.only(["image"]))["sound"]
    rows = whole.present["image"]
    assert np.allclose(got[rows], want[rows], atol=1e-3)


def test_what_is_given_is_itself_and_what_could_not_be_learned_is_the_mean():
    whole = data(90, holes=0.0)
    hidden = np.zeros_like(whole.mask)
    hidden[3:, whole.modalities.index("text")] = True
    rare = whole.hide(hidden)
    fill = RidgeFill().fit(rare)
    assert ("image", "sound") in fill.maps_ and ("image", "text") not in fill.maps_
    filled = fill.reconstruct(rare.only(["image"]))
    there = rare.present["image"]
    assert np.allclose(filled["image"][there], rare.vectors["image"][there])
    assert np.allclose(filled["text"], fill.means_["text"], atol=1e-6)
    nothing = fill.reconstruct(Embeddings.hide(rare, np.ones_like(rare.mask)))
    assert np.allclose(nothing["sound"], fill.means_["sound"], atol=1e-6)
