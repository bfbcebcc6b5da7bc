"""recall and shapley as library calls: closed forms, the journey's numbers, and which rows they are of."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.attribution.null import null_band
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.library.measure import recall, shapley
from mmexplore.models.alignment.bridge import BridgeAlignment
from mmexplore.models.alignment.cca import RidgeCCA
from mmexplore.models.fusion.attention import AttentionFusion
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.models.measured_rows import rows_to_measure
from mmexplore.retrieval.metrics import recall_at, retrieval_report
from tests.journey.small import quick, shared_pairs, workspace_of
from tests.models.methods.made import data

SHARED = {"image": "one", "text": "one"}


# -- recall ------------------------------------------------------------------------
def test_twins_find_each_other_and_chance_is_one_in_n():
    own = np.random.default_rng(0).normal(size=(40, 6))
    table = recall(Embeddings.of({"image": own, "text": own}, spaces=SHARED), k=(1, 4))
    assert table.index.tolist() == ["image -> text", "text -> image"]
    assert (table[["recall@1", "recall@4", "recall@1 low", "recall@1 high", "median rank"]] == 1).all(axis=None)
    assert table["recall@1 chance"].tolist() == pytest.approx([1 / 40] * 2)
    assert table["recall@4 chance"].tolist() == pytest.approx([4 / 40] * 2)
    assert table["queries"].tolist() == table["gallery"].tolist() == [40, 40]
    assert table["rows"].tolist() == ["40 items"] * 2 and table.attrs["rows"] == "40 items"


def test_strangers_are_found_by_chance():
    random = np.random.default_rng(0)
    table = recall(Embeddings.of({m: random.normal(size=(400, 8)) for m in SHARED}, spaces=SHARED), k=40)
    assert (table["recall@40 low"] < 0.1).all() and (table["recall@40 high"] > 0.1).all()
    assert table["recall@40 chance"].tolist() == pytest.approx([0.1] * 2)
    assert (recall(Embeddings.of({m: np.eye(3) for m in SHARED}, spaces=SHARED), k=99)["recall@99 chance"] == 1).all()


def test_any_k_is_read_off_the_report_and_its_bootstrap():
    pairs = shared_pairs(80, noise=2.0)
    report = retrieval_report(pairs, "image", "text", seed=3)
    for k, value, chance, ends in (
        (1, report.r1, report.chance_r1, report.intervals["r1"]),
        (5, report.r5, report.chance_r5, report.intervals["r5"]),
        (10, report.r10, report.chance_r10, report.intervals["r10"]),
    ):
        found = recall_at(report, k, seed=3)
        expected = np.array([value, chance, *ends]) / 100
        assert [found.value, found.chance, found.low, found.high] == pytest.approx(expected)


def test_an_alignment_is_measured_as_the_journey_does():
    workspace = workspace_of(shared_pairs(100, noise=1.0))
    workspace.set_alignment(*journey.align(workspace, "cca", {"n_components": 4}))
    told = journey.evaluate(workspace)
    table = recall(workspace.alignment, workspace.embeddings)
    assert told["rows"] == "held-out" and table.attrs["rows"] == f"{told['n_rows']} held-out items"
    for direction, line in table.iterrows():
        known = told["retrieval"][str(direction).replace(" -> ", "->")]
        for k in (1, 5, 10):
            ours = 100 * line[[f"recall@{k}", f"recall@{k} low", f"recall@{k} high", f"recall@{k} chance"]].to_numpy()
            expected = [known[f"r@{k}"], *known["intervals"][f"r@{k}"], known[f"chance_r@{k}"]]
            assert ours.astype(float) == pytest.approx(expected, abs=1e-4)
        assert line["median rank"] == known["median_rank"] and line["queries"] == known["n_queries"]


def test_fitted_items_are_called_so_or_refused():
    pairs = shared_pairs(60)
    cca = RidgeCCA(n_components=4).fit(pairs)
    assert recall(cca, pairs).attrs["rows"] == "60 fitted items"
    with pytest.raises(UserError, match="has seen all of these items"):
        recall(cca, pairs, strict=True)


def test_what_was_fitted_in_advance_has_seen_none_of_them():
    random = np.random.default_rng(0)
    bridge = BridgeAlignment()
    spaces = {"image": "efficientnet-lite0", "text": "minilm"}
    pairs = Embeddings.of({"image": random.normal(size=(9, 1280)), "text": random.normal(size=(9, 384))}, spaces=spaces)
    covered = bridge.covers(pairs.spaces)
    assert len(covered) == 2
    assert recall(bridge.fit(pairs), pairs, strict=True).attrs["rows"] == "9 items"


WRONG_RECALL = [
    (lambda e: recall(Embeddings.of({m: np.eye(3) for m in "ab"})), "no two modalities lie in one space"),
    (lambda e: recall(e, e), "two embeddings"),
    (lambda e: recall(ConcatFusion(), e), "ConcatFusion is no alignment"),
    (lambda e: recall(RidgeCCA(), e), "cca: it is not fitted"),
    (lambda e: recall(RidgeCCA()), "no items are given"),
    (lambda e: recall(e, k=0), "are no places"),
]


@pytest.mark.parametrize(("ask", "said"), WRONG_RECALL, ids=[said for _, said in WRONG_RECALL])
def test_what_cannot_be_searched_is_one_sentence(ask, said):
    with pytest.raises(UserError, match=said):
        ask(shared_pairs(20))


# -- shapley -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def fitted() -> tuple[AttentionFusion, Embeddings]:
    items = data(120)
    return AttentionFusion(**quick("attention")["attention"]).fit(items), items


def test_contributions_are_the_journeys_on_the_rows_that_were_not_fitted(fitted):
    _, items = fitted
    held_out = items.in_split("test")
    workspace = workspace_of(items)
    workspace.add_fusion(journey.fuse(workspace, "attention", quick("attention")["attention"]))
    found, _ = journey.shapley_of(workspace)
    table = shapley(workspace.fitted.fusion, items, n_null=5)
    assert table.index.tolist() == items.modalities
    assert table["value"].to_numpy() == pytest.approx(found.values[held_out].mean(axis=0), abs=1e-6)
    null = null_band(workspace.fitted.fusion, items.take(held_out), draws=5)
    assert table["chance_low"].to_numpy() == pytest.approx(null.low)
    assert table["chance_high"].to_numpy() == pytest.approx(null.high)
    assert table["rows"].unique().tolist() == [f"{held_out.sum()} held-out items"]
    assert table.attrs["value"] == "probability of the item's own class" and table.attrs["permuted"] == "labels"


@pytest.mark.parametrize("metric", [None, "information"])
def test_contributions_sum_to_what_the_fusion_gains(fitted, metric):
    from mmexplore.attribution.value import game

    fusion, items = fitted
    held_out = items.take(items.in_split("test"))
    table = shapley(fusion, items, metric=metric, n_null=5)
    played = game(fusion, held_out, measure=metric or "probability")
    gained = played.value(np.ones(3, bool)).mean() - played.value(np.zeros(3, bool)).mean()
    assert table["value"].sum() == pytest.approx(gained, abs=1e-5)
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_chance_in_bits_is_another_range(fitted):
    plain, bits = (shapley(*fitted, metric=metric, n_null=5) for metric in ("probability", "information"))
    assert not np.allclose(plain["chance_low"], bits["chance_low"])


def test_fitted_items_of_a_fusion_are_called_so_or_refused(fitted):
    fusion, items = fitted
    train = items.take(items.in_split("train"))
    assert shapley(fusion, train, n_null=2).attrs["rows"] == f"{len(train)} fitted items"
    with pytest.raises(UserError, match="has seen all"):
        shapley(fusion, train, n_null=2, strict=True)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda f, e: shapley(ConcatFusion(), e), "concat: it is not fitted"),
        (lambda f, e: shapley(RidgeCCA(), e), "RidgeCCA is no fusion"),
        (lambda f, e: shapley(f, e, metric="beauty"), "no measure is called 'beauty'"),
        (lambda f, e: shapley(f, e, n_null=1), "n_null"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(fitted, ask, said):
    with pytest.raises(UserError, match=said):
        ask(*fitted)


# -- rows --------------------------------------------------------------------------
class Fitted:
    fitted_in_advance = False

    def __init__(self, ids: set[str]) -> None:
        self.ids = ids

    def seen(self, embeddings: Embeddings) -> np.ndarray:
        return np.isin(embeddings.ids, list(self.ids))


def test_rows_that_a_fit_has_not_seen_come_first():
    items = Embeddings.of({"a": np.eye(4)}, groups=["x", "y", "z", "z"])
    rows, said = rows_to_measure(Fitted({"0"}), items, strict=True)
    assert rows.tolist() == [1, 2, 3] and said == "3 held-out items"
    rows, said = rows_to_measure(Fitted({"0", "1"}), items, usable=np.array([True, True, True, False]))
    assert rows.tolist() == [2] and said == "1 held-out item"
    rows, said = rows_to_measure(Fitted({"0", "1", "2", "3"}), items)
    assert rows.tolist() == [0, 1, 2, 3] and said == "4 fitted items"
