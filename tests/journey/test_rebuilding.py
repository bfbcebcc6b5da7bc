"""Reconstructions as the nearest real items: against models that know, that mistake, and that know nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.embeddings import Embeddings, draw_split
from mmexplore.errors import UserError
from mmexplore.fusion.score import FusionScore
from mmexplore.fusion.standardise import fit_standard
from mmexplore.generative.autoencoder import Autoencoder
from mmexplore.journey.rebuilding import _rank
from mmexplore.workspace import FittedFusion, Workspace
from tests.journey.small import quick, six_views, workspace_of


class Says(Autoencoder):
    """Not a method: rebuilds each item of `known` as the item `offset` places on."""

    def __init__(self, known: Embeddings, offset: int = 0, noise: float | None = None):
        super().__init__()
        self.known, self.offset, self.noise, self.objective_ = known, offset, noise, "contrastive"
        self.standard_ = fit_standard(known, np.arange(len(known)))
        self.seen: list[np.ndarray] = []

    def reconstruct(self, embeddings, given=None):
        self.seen.append(embeddings.mask.copy())
        rows = [(list(self.known.ids).index(i) + self.offset) % len(self.known) for i in embeddings.ids]
        if self.noise is None:
            return {m: v[rows] for m, v in self.known.vectors.items()}
        random = np.random.default_rng(0)
        return {m: random.normal(size=(len(rows), d)).astype(np.float32) for m, d in self.known.dims.items()}

    def sample(self, n, seed=0):
        rows = np.random.default_rng(seed).integers(0, len(self.known), n)
        return {m: v[rows] for m, v in self.known.vectors.items()}

    def elbo(self, embeddings):
        bound = np.full(len(embeddings), 5.0) + np.random.default_rng(0).normal(size=len(embeddings))
        bound += 100 * embeddings.mask.sum(1)  # more modalities, another scale: not to be compared
        bound[17] -= 40
        return bound


def whole(n: int = 90, groups: int = 0) -> Embeddings:
    random = np.random.default_rng(1)
    vectors = {m: random.normal(size=(n, d)).astype(np.float32) for m, d in (("image", 6), ("text", 9))}
    ids = np.array([f"i{k}" for k in range(n)], object)
    own = ids if not groups else np.array([f"g{k // groups}" for k in range(n)], object)
    labels = np.array([f"class {k % 3}" for k in range(n)], object)
    data = Embeddings(vectors, {m: np.ones(n, bool) for m in vectors}, ids, own, {m: m for m in vectors}, labels=labels)
    return data.with_splits(draw_split(data))


def showing(embeddings: Embeddings, fusion) -> Workspace:
    workspace = workspace_of(embeddings)
    score = FusionScore("recall@1", 0.0, [0.0, 0.0], {}, 0.0, "test", 1)
    workspace.add_fusion(FittedFusion(fusion, score))
    return workspace


def test_a_model_that_knows_finds_every_item_first():
    data = whole()
    workspace = showing(data, Says(data))
    hidden, given = journey.rebuild_item(workspace, "i5", ["image"])
    assert (hidden.modality, hidden.given, given.modality, given.given) == ("text", False, "image", True)
    assert hidden.rows[0] == 5 and hidden.distances[0] == pytest.approx(0, abs=1e-4)
    assert hidden.rank == 1 and hidden.chance == (90 + 1) / 2 and hidden.n_gallery == 90
    assert (np.diff(hidden.distances) >= 0).all() and len(hidden.rows) == 6
    report = journey.rebuild_report(workspace, ["image"])
    assert report["modalities"]["text"]["recall@1"] == 1.0
    assert report["modalities"]["text"]["n"] == int(data.in_split("test").sum())


def test_a_number_that_never_moves_does_not_count():
    data = whole()
    vectors = {m: np.hstack([v, np.full((len(v), 1), 7, np.float32)]) for m, v in data.vectors.items()}
    flat = data.with_vectors(vectors, data.spaces)
    plain = journey.rebuild_item(showing(data, Says(data, offset=1)), "i5", ["image"])[0]
    found = journey.rebuild_item(showing(flat, Says(flat, offset=1)), "i5", ["image"])[0]
    assert found.distances == pytest.approx(plain.distances, abs=1e-6) and found.rank == plain.rank


def test_the_model_sees_what_was_given_and_nothing_else():
    data = whole()
    fusion = Says(data)
    journey.rebuild_item(showing(data, fusion), "i3", ["text"])
    assert fusion.seen[0].tolist() == [[False, True]]


def test_a_model_that_mistakes_one_for_another_shows_the_other():
    data = whole()
    found = journey.rebuild_item(showing(data, Says(data, offset=1)), "i5", ["image"])[0]
    assert found.rows[0] == 6
    z = data.vectors["text"] / data.vectors["text"].std(0)
    apart = np.sqrt(((z - z[6]) ** 2).mean(1))
    assert found.distances == pytest.approx(np.sort(apart)[:6], abs=1e-4)
    assert found.rank == 1 + (apart < apart[5]).sum()


def test_a_model_that_knows_nothing_is_at_chance():
    data = whole(400)
    report = journey.rebuild_report(showing(data, Says(data, noise=1.0)), ["image"])["modalities"]["text"]
    assert report["chance_recall@10"] == pytest.approx(10 / 80)
    assert abs(report["recall@10"] - report["chance_recall@10"]) < 0.12
    assert report["median_rank"] == pytest.approx(report["chance_median_rank"], rel=0.4)


def test_any_item_of_the_group_is_right_and_equal_items_are_one():
    data = whole(groups=3)
    twin = {m: v.copy() for m, v in data.vectors.items()}
    for v in twin.values():
        v[1] = v[0]
    data = Embeddings(twin, data.present, data.ids, data.groups, data.spaces, labels=data.labels)
    found = journey.rebuild_item(showing(data, Says(data, offset=1)), "i0", ["image"])[0]
    assert found.n_gallery == 89, "rows 0 and 1 show the same"
    assert found.rank == 1 and found.chance == 90 / 3


def test_ties_count_half():
    assert _rank(np.array([1.0, 1.0, 1.0, 2.0]), np.array([0])) == 2.0
    assert _rank(np.array([3.0, 1.0, 1.0, 2.0]), np.array([0])) == 4.0


def test_a_fitted_model_rebuilds_a_hidden_view_better_than_luck():
    random = np.random.default_rng(0)
    n, item = 300, random.normal(size=(300, 4))
    vectors = {m: (item @ random.normal(size=(4, d))).astype(np.float32) for m, d in (("a", 8), ("b", 10), ("c", 6))}
    ids = np.arange(n).astype(str).astype(object)
    data = Embeddings(vectors, {m: np.ones(n, bool) for m in vectors}, ids, ids, {m: m for m in vectors})
    workspace = workspace_of(data)
    params = {"latent": 4, "hidden": 0, "epochs": 60, "modality_dropout": 0.5, "lr": 0.02}
    workspace.add_fusion(journey.fuse(workspace, "autoencoder", params))
    report = journey.rebuild_report(workspace, ["a"])
    assert report["rows"] == "held-out"
    for m in ("b", "c"):
        found = report["modalities"][m]
        assert found["recall@10_interval"][0] > 2 * found["chance_recall@10"]


def test_a_fusion_fitted_to_reconstruct_rebuilds_too():
    workspace = workspace_of(six_views())
    params = quick("concat")["concat"]
    workspace.add_fusion(journey.fuse(workspace, "concat", params, objective="reconstruction"))
    row = int(np.flatnonzero(workspace.embeddings.present["fac"])[0])
    found = journey.rebuild_item(workspace, str(workspace.embeddings.ids[row]), ["fac"])
    assert len(found) == 6 and found[-1].given
    missing = {m for m in workspace.embeddings.modalities if not workspace.embeddings.present[m][row]}
    assert {f.modality for f in found if f.rank is None} == missing, "no own item, no place"


def test_draws_are_the_nearest_real_items_and_hang_together_as_the_model_does():
    data = whole()
    workspace = showing(data, Says(data))
    drawn = journey.sample_items(workspace, 7, seed=3)
    want = np.random.default_rng(3).integers(0, 90, 7)
    assert (drawn.rows == want[:, None]).all() and np.allclose(drawn.distances, 0, atol=1e-4)
    assert drawn.coherence == 1.0 and drawn.chance == pytest.approx(1 / 3)
    unlabelled = journey.sample_items(showing(data.with_labels(None), Says(data)), 2)
    assert unlabelled.coherence is None


def test_odd_items_are_judged_among_their_like():
    data = whole(120)
    hide = np.zeros((120, 2), bool)
    hide[:40, 1] = True
    hide[119, 0] = True
    data = data.hide(hide)
    table = journey.oddest(showing(data, Says(data)))
    assert table["row"][0] == 17 and table["oddness"][0] > 10
    assert table["modalities"][0] == "image", "fewer modalities alone make nothing odd"
    assert 119 not in set(table["row"]), "alone with its pattern"
    assert len(table) == 119
    few = whole(18)
    with pytest.raises(UserError, match="20 items"):
        journey.oddest(showing(few, Says(few)))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda w: journey.rebuild_item(w, "nobody", ["image"]), "no item"),
        (lambda w: journey.rebuild_item(w, "i1", ["smell"]), "smell"),
        (lambda w: journey.rebuild_item(w, "i1", []), "nothing was given"),
        (lambda w: journey.rebuild_report(w, []), "nothing was given"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask, says):
    data = whole()
    with pytest.raises(UserError, match=says):
        ask(showing(data, Says(data)))


def test_a_fusion_that_cannot_go_back_says_what_can():
    workspace = workspace_of(whole())
    workspace.add_fusion(journey.fuse(workspace, "late-sum"))
    with pytest.raises(UserError, match="autoencoder"):
        journey.rebuild_item(workspace, "i1", ["image"])
    for ask in (journey.sample_items, journey.oddest):
        with pytest.raises(UserError, match="generative"):
            ask(workspace)
