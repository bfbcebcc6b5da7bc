"""The steps of a fusion: no step is the plain fused vector, the last one is `transform`, and what each one changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexplore import journey
from mmexplore.errors import UserError
from mmexplore.scores.exam import exam, fit_probe
from tests.journey.small import labelled, quick, shared_pairs, workspace_of
from tests.models.methods.made import data, numeric


def stepped(workspace, n_steps: int = 3, **options):
    fitted = journey.fuse(workspace, "recurrent", quick("recurrent")["recurrent"] | {"n_steps": n_steps}, **options)
    workspace.add_fusion(fitted)
    return workspace


def test_the_last_step_is_the_fused_vector_and_its_probe_is_the_fusions():
    workspace = stepped(labelled())
    found, (fitted, given) = journey.steps_of(workspace), journey.fitted_input(workspace)
    assert [s.step for s in found.steps] == [0, 1, 2, 3] and found.vectors.shape[:2] == (4, len(given))
    np.testing.assert_array_equal(found.vectors[-1], fitted.fusion.transform(given))
    asked = exam(given, "classification", fitted.seed)
    rate = asked.rate(fit_probe(fitted.fusion, given, asked)(given.take(asked.rows)))
    assert found.steps[-1].score == pytest.approx(rate.mean())
    assert (found.metric, found.rows, found.n) == ("accuracy", "test", len(asked.rows))


def test_no_step_is_the_plain_fused_vector():
    workspace = stepped(labelled(), n_steps=0)
    found, (fitted, given) = journey.steps_of(workspace), journey.fitted_input(workspace)
    assert len(found.steps) == 1 and found.steps[0].cosine is None
    np.testing.assert_array_equal(found.vectors[0], fitted.fusion.transform(given))
    plain = journey.fuse(labelled(), "concat", quick("concat")["concat"])
    np.testing.assert_array_equal(found.vectors[0], plain.fusion.transform(given))


def test_the_cosine_is_that_of_the_items_with_something_present():
    workspace = stepped(labelled(), n_steps=1)
    _, given = journey.fitted_input(workspace)
    found = journey.steps_of(workspace)
    some = given.mask.any(1)
    a, b = (v[some] / np.linalg.norm(v[some], axis=1, keepdims=True) for v in found.vectors)
    assert found.steps[1].cosine == pytest.approx((a * b).sum(1).mean(), abs=1e-6)
    low, high = found.steps[1].cosine_interval
    assert low <= found.steps[1].cosine <= high


def test_a_closed_gate_changes_nothing():
    workspace = stepped(labelled())
    with torch.no_grad():
        for gate in workspace.fitted.fusion.net_.layers["gates"]:
            gate.zero_()
    found = journey.steps_of(workspace)
    assert [s.cosine for s in found.steps[1:]] == pytest.approx([1.0] * 3)
    assert len({s.score for s in found.steps}) == 1


def test_a_self_supervised_fusion_is_probed_where_labels_exist():
    found = journey.steps_of(stepped(labelled(), target="none"))
    assert found.metric == "accuracy" and found.steps[0].score is not None
    assert journey.steps_of(stepped(workspace_of(numeric(data(120))))).metric == "r2"
    bare = journey.steps_of(stepped(workspace_of(shared_pairs())))
    assert bare.metric is None and all(s.score is None for s in bare.steps)
    assert bare.steps[1].cosine is not None


def test_what_has_no_steps_says_which_have():
    workspace = labelled()
    with pytest.raises(UserError, match="nothing is fused"):
        journey.steps_of(workspace)
    workspace.add_fusion(journey.fuse(workspace, "concat", quick("concat")["concat"]))
    with pytest.raises(UserError, match="recurrent"):
        journey.steps_of(workspace)
