"""Aligning vectors that could be compared as they came: measured beside them, and said in plain words."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from tests.journey.small import shared_pairs, six_views, workspace_of


def aligned_by(embeddings: Embeddings, method: str, **params):
    workspace = workspace_of(embeddings)
    workspace.set_alignment(*journey.align(workspace, method, params))
    return workspace


@pytest.mark.parametrize("declared", [True, False])
def test_clip_is_hurt_by_cca_and_it_is_said(shared_data, declared):
    with np.load(shared_data / "clip_coco500.npz", allow_pickle=False) as file:
        vectors = {m: file[m].astype(np.float32) for m in ("image", "text")}
    ids = np.arange(500).astype(str).astype(object)
    spaces = {m: "clip" if declared else f"as-is:{m}" for m in vectors}
    raw = Embeddings(vectors, {m: np.ones(500, bool) for m in vectors}, ids, ids, spaces)
    found = journey.realigned(aligned_by(raw, "cca"))
    assert found is not None and found.declared is declared
    assert found.hurts and not found.helps
    assert "hurt" in found.sentence and ("Encode page" in found.sentence) is not declared
    assert {(r.src, r.dst) for r in found.before} == {("image", "text"), ("text", "image")}
    for before, after in zip(found.before, found.after, strict=True):
        assert before.n_queries == after.n_queries == 100
        for metric in ("r1", "r5", "r10"):
            assert getattr(before, metric) > getattr(after, metric)
    assert found.gain == pytest.approx(np.mean([a.r1 - b.r1 for a, b in zip(found.after, found.before, strict=True)]))


def test_an_alignment_that_changes_nothing_is_not_said_to_hurt():
    """A rotation of both sides by one matrix: every cosine stays."""
    workspace = workspace_of(shared_pairs(120))
    estimator, aligned = journey.align(workspace, "procrustes")
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(24, 24)))[0]
    same = {m: (v @ turn).astype(np.float32) for m, v in workspace.embeddings.vectors.items()}
    workspace.set_alignment(estimator, aligned.with_vectors(same, dict.fromkeys(same, "turned")))
    found = journey.realigned(workspace)
    assert found.gain == 0 and not found.hurts and not found.helps
    assert "nothing that can be shown" in found.sentence


def test_nothing_is_compared_where_the_vectors_could_not_be():
    strangers = six_views()
    assert journey.realigned(aligned_by(strangers, "gcca", n_components=4)) is None
    random = np.random.default_rng(0)
    unrelated = shared_pairs()
    vectors = {m: random.normal(size=v.shape).astype(np.float32) for m, v in unrelated.vectors.items()}
    same_width = unrelated.with_vectors(vectors, {m: f"as-is:{m}" for m in vectors})
    assert journey.realigned(aligned_by(same_width, "cca", n_components=4)) is None, "equal widths prove nothing"
