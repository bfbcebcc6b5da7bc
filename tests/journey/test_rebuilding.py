"""What is rebuilt, as the nearest real items: models that know, that mistake, that know nothing; and ridge maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.errors import UserError
from mmexplore.robustness.ridge_fill import RidgeFill
from mmexplore.workspace.state import Workspace
from tests.journey.oracle import Says, showing, whole
from tests.journey.small import quick, six_views, workspace_of

ROWS = 200


@pytest.fixture(scope="module")
def linear() -> Workspace:
    """Two modalities of one another by a noisy linear map, a third that is noise and there for three rows only."""
    random = np.random.default_rng(0)
    a = random.normal(size=(ROWS, 12)).astype(np.float32)
    b = (a @ random.normal(size=(12, 20)) + 0.05 * random.normal(size=(ROWS, 20)) + 3).astype(np.float32)
    rare = np.zeros((ROWS, 4), np.float32)
    rare[:3] = random.normal(size=(3, 4))
    ids = np.array([f"i{i}" for i in range(ROWS)], object)
    present = {"a": np.ones(ROWS, bool), "b": np.ones(ROWS, bool), "rare": np.arange(ROWS) < 3}
    present["b"][10:20] = False
    b[10:20] = 0
    embeddings = Embeddings({"a": a, "b": b, "rare": rare}, present, ids, ids, dict.fromkeys("ab", "x") | {"rare": "y"})
    workspace = Workspace()
    workspace.set_embeddings(embeddings.with_splits(draw_split(embeddings)), {})
    return workspace


# -- one item ----------------------------------------------------------------------
def test_a_model_that_knows_finds_every_item_first():
    data = whole()
    workspace = showing(data, Says(data))
    hidden, given = journey.rebuild_item(workspace, "i5", ["image"])
    assert (hidden.modality, given.modality) == ("text", "image"), "what was hidden comes first"
    assert hidden.rows[0, 0] == 5 and hidden.scores[0, 0] == pytest.approx(1, abs=1e-5)
    assert hidden.rank[0] == 1 and hidden.chance_rank == (90 + 1) / 2 and hidden.n_items == 90
    assert (np.diff(hidden.scores[0]) <= 0).all() and hidden.rows.shape == (1, 6)
    report = journey.rebuild_report(workspace, ["image"])
    assert report["modalities"]["text"]["recall@1"] == 1.0
    assert report["modalities"]["text"]["n"] == int(data.in_split("test").sum())


def test_the_model_sees_what_was_given_and_nothing_else():
    data = whole()
    fusion = Says(data)
    journey.rebuild_item(showing(data, fusion), "i3", ["text"])
    assert fusion.seen[0].tolist() == [[False, True]]


def test_a_model_that_mistakes_one_for_another_shows_the_other():
    data = whole()
    found = journey.rebuild_item(showing(data, Says(data, offset=1)), "i5", ["image"])[0]
    assert found.rows[0, 0] == 6
    train = data.vectors["text"][data.in_split("train")].astype(float)
    z = (data.vectors["text"] - train.mean(0)) / train.std(0)
    cosine = (z @ z[6]) / np.linalg.norm(z, axis=1) / np.linalg.norm(z[6])
    assert found.scores[0] == pytest.approx(np.sort(cosine)[::-1][:6], abs=1e-5)
    assert found.rank[0] == 1 + (cosine > cosine[5]).sum()


def test_any_item_of_the_group_is_right_and_equal_items_are_one():
    data = whole(groups=3)
    twin = {m: v.copy() for m, v in data.vectors.items()}
    for v in twin.values():
        v[1] = v[0]
    data = Embeddings(twin, data.present, data.ids, data.groups, data.spaces, labels=data.labels)
    found = journey.rebuild_item(showing(data, Says(data, offset=1)), "i0", ["image"])[0]
    assert found.n_items == 89, "rows 0 and 1 show the same"
    assert found.rank[0] == 1 and found.n_correct[0] == 2
    assert found.chance_rank < 89 / 2, "two right ones are found sooner"


def test_a_row_without_a_modality_is_judged_by_what_its_group_has():
    data = whole(groups=3)
    hide = np.zeros((90, 2), bool)
    hide[0, 1] = hide[3:6, 1] = True
    asked = showing(data.hide(hide), Says(data, offset=1))
    assert journey.rebuild_item(asked, "i0", ["image"])[0].rank[0] == 1, "row 1 is of its group"
    assert not journey.rebuild_item(asked, "i3", ["image"])[0].known[0], "nobody of its group has one"


def test_a_fusion_fitted_to_reconstruct_rebuilds_too():
    workspace = workspace_of(six_views())
    params = quick("concat")["concat"]
    workspace.add_fusion(journey.fuse(workspace, "concat", params, objective="reconstruction"))
    row = int(np.flatnonzero(workspace.embeddings.present["fac"])[0])
    found = journey.rebuild_item(workspace, str(workspace.embeddings.ids[row]), ["fac"])
    assert len(found) == 6 and found[-1].modality == "fac"
    missing = {m for m in workspace.embeddings.modalities if not workspace.embeddings.present[m][row]}
    assert {f.modality for f in found if not f.known[0]} == missing, "no own item, no place"


# -- many rows ---------------------------------------------------------------------
def test_every_row_is_found_by_a_model_that_knows_and_none_by_one_that_mistakes(linear: Workspace):
    data = linear.embeddings
    found = journey.rebuild(linear, np.arange(ROWS), ["a"], Says(data))["b"]
    assert (found.rank[found.known] == 1).all() and (found.rows[found.known, 0] == np.flatnonzero(found.known)).all()
    assert not found.known[10:20].any(), "no true item to compare with"
    wrong = journey.rebuild(linear, np.arange(10), ["a"], Says(data, offset=20))["b"]
    assert (wrong.rank[wrong.known] > 1).all()


def test_a_row_without_anything_given_is_not_judged(linear: Workspace):
    found = journey.rebuild(linear, np.arange(25), ["b"], RidgeFill().fit(linear.embeddings))["a"]
    assert not found.known[10:20].any() and found.known[:10].all()


def test_what_is_at_hand_changes_nothing(linear: Workspace):
    """Rows as a mask, and the real items gathered before."""
    fill, some = RidgeFill().fit(linear.embeddings), np.arange(ROWS) % 7 == 0
    real = journey.real_items(linear, fill)
    one = journey.rebuild(linear, some, ["a"], fill, real=real)
    other = journey.rebuild(linear, np.flatnonzero(some), ["a"], fill)
    for m, found in one.items():
        assert (found.rows == other[m].rows).all() and np.array_equal(found.rank, other[m].rank, equal_nan=True)


def test_a_model_of_aligned_vectors_is_compared_with_those():
    data = whole()
    aligned = data.with_vectors({m: v @ np.eye(v.shape[1], 4, dtype=np.float32) for m, v in data.vectors.items()},
                                dict.fromkeys(data.vectors, "one"))  # fmt: skip
    workspace = showing(data, Says(aligned))
    workspace.aligned = aligned
    workspace.add_fusion(replace(workspace.fitted, source="aligned"))
    assert journey.real_items(workspace).embeddings.dims == {"image": 4, "text": 4}
    report = journey.rebuild_report(workspace, ["image"])["modalities"]["text"]
    assert report["recall@1"] == 1 and report["baseline"]["n"] == report["n"]


# -- the score ---------------------------------------------------------------------
def test_a_model_that_knows_nothing_is_at_chance():
    data = whole(400)
    report = journey.rebuild_report(showing(data, Says(data, noise=1.0)), ["image"])["modalities"]["text"]
    assert report["chance_recall@10"] == pytest.approx(10 / 400), "among all distinct ones, not the held-out alone"
    assert report["n"] == 80 and report["n_gallery"] == 400
    assert abs(report["recall@10"] - report["chance_recall@10"]) < 0.06
    assert report["median_rank"] == pytest.approx(report["chance_median_rank"], rel=0.3)
    beside = report["baseline"]  # the modalities have nothing in common
    assert abs(beside["recall@10"] - report["chance_recall@10"]) < 0.06


def test_the_report_is_what_the_items_say():
    """Every held-out item by itself against the report, for a model and for the ridge maps beside it."""
    workspace = workspace_of(six_views())
    workspace.add_fusion(journey.fuse(workspace, "mvae", quick("mvae")["mvae"]))
    data, given = workspace.embeddings, ["fac", "kar"]
    report = journey.rebuild_report(workspace, given)
    rows = np.flatnonzero(data.in_split("test") & (data.present["fac"] | data.present["kar"]))
    assert (report["n_rows"], report["n_usable"], report["rows"]) == (len(rows), len(rows), "held-out")
    assert report["given"] == given and report["baseline"] == "ridge-maps"
    for by, pick in ((None, lambda r: r), (journey.rebuilder(workspace, "ridge-maps"), lambda r: r["baseline"])):
        items = [{f.modality: f for f in journey.rebuild_item(workspace, str(data.ids[r]), given, 1, by)} for r in rows]
        for m, said in report["modalities"].items():
            assert said["given"] == (m in given)
            if pick(said) is None:
                assert m in given, "ridge maps hand back what is given"
                continue
            ranks = np.array([i[m].rank[0] for i in items if i[m].known[0]])
            assert len(ranks) == pick(said)["n"]
            assert pick(said)["recall@1"] == (ranks <= 1).mean() and pick(said)["recall@10"] == (ranks <= 10).mean()
            assert pick(said)["median_rank"] == np.median(ranks)


def test_some_of_many_rows_are_drawn_and_that_is_said():
    data = whole(400)
    workspace = showing(data, Says(data))
    report = journey.rebuild_report(workspace, ["image"], limit=30)
    assert (report["n_rows"], report["n_usable"], report["modalities"]["text"]["n"]) == (30, 80, 30)
    assert report == journey.rebuild_report(workspace, ["image"], limit=30)


def test_a_modality_that_cannot_be_judged_is_left_out(linear: Workspace):
    report = journey.rebuild_report(linear, ["a"], RidgeFill(ridge=0.01).fit(linear.embeddings))
    held_out = linear.embeddings.in_split("test")
    rare = bool((held_out & linear.embeddings.present["rare"]).any())
    assert set(report["modalities"]) == {"a", "b"} | ({"rare"} if rare else set())
    assert report["baseline"] is None and report["modalities"]["b"]["baseline"] is None
    assert report["modalities"]["b"]["recall@1"] > 0.95, "the map is linear"


def test_a_modality_that_no_item_has_finds_nothing_and_breaks_nothing():
    data = whole()
    hide = np.zeros((90, 2), bool)
    hide[:, 1] = True
    asked = showing(data.hide(hide), Says(data))
    nowhere = journey.rebuild_item(asked, "i5", ["image"])[0]
    assert nowhere.modality == "text" and nowhere.rows.shape == (1, 0) and not nowhere.known[0]
    assert set(journey.rebuild_report(asked, ["image"])["modalities"]) == {"image"}


def test_rows_that_were_fitted_on_are_only_judged_where_there_are_no_others():
    data = whole().with_splits(np.array(["train", "val", "test"] * 30, object))
    assert journey.rebuild_report(showing(data, Says(data)), ["image"])["n_rows"] == 30
    bare = showing(data.with_splits(None), Says(data))
    report = journey.rebuild_report(bare, ["image"])
    assert report["rows"] == "all" and report["n_rows"] == 90


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
        assert found["baseline"]["recall@10"] > 0.8, "linear: plain regression has it"


# -- what cannot be done -----------------------------------------------------------
@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda w: journey.rebuild_item(w, "nobody", ["image"]), "no item"),
        (lambda w: journey.rebuild_item(w, "i1", ["smell"]), "smell"),
        (lambda w: journey.rebuild_item(w, "i1", []), "nothing was given"),
        (lambda w: journey.rebuild_item(w, "i2", ["text"]), "has no text"),
        (lambda w: journey.rebuild_report(w, []), "nothing was given"),
        (lambda w: journey.rebuilder(w, "mvae"), "no fitted method is called 'mvae'; .*autoencoder, ridge-maps"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask, says):
    data = whole()
    hide = np.zeros((90, 2), bool)
    hide[2, 1] = True
    with pytest.raises(UserError, match=says):
        ask(showing(data.hide(hide), Says(data)))


def test_a_fusion_that_cannot_go_back_says_what_can():
    workspace = workspace_of(whole())
    workspace.add_fusion(journey.fuse(workspace, "late-sum"))
    for ask in (
        lambda: journey.rebuild_item(workspace, "i1", ["image"]),
        lambda: journey.rebuild(workspace, [0], ["image"], journey.rebuilder(workspace, "late-sum")),
    ):
        with pytest.raises(UserError, match="autoencoder"):
            ask()
