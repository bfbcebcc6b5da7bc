"""`compare` of the library: names, classes and instances on plain vectors, one table, the rows named."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.errors import Cancelled, UserError
from mmexplore.journey.comparing import Entry
from mmexplore.library.comparison import compare
from mmexplore.models.alignment.cca import RidgeCCA
from mmexplore.models.fusion.attention import AttentionFusion
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.server.progress import Progress
from tests.journey.small import shared_pairs, workspace_of
from tests.models.methods.made import data


class Mine(ConcatFusion):
    """A fusion of somebody's own."""

    name = "mine"


class Broken(ConcatFusion):
    """One that cannot be fitted."""

    name = "broken"

    def fit(self, *a, **k):
        raise RuntimeError("the roof came down")


@pytest.fixture(scope="module")
def table():
    methods = [
        AttentionFusion(epochs=3), AttentionFusion(epochs=3, width=16), Mine(epochs=3), Broken,
        Entry("concat", {"epochs": 3}), RidgeCCA(n_components=3),
    ]  # fmt: skip
    return compare(data(120), methods, seeds=2)


def test_every_entry_is_a_row_beside_the_baselines(table):
    methods = table[~table["baseline"]]
    assert set(methods.index) == {
        "AttentionFusion(epochs=3)", "AttentionFusion(width=16, epochs=3)", "Mine(epochs=3)", "Broken",
        "concat:epochs=3", "RidgeCCA(n_components=3)",
    }  # fmt: skip
    alone = {"image alone", "sound alone", "text alone"}
    assert set(table[table["baseline"]].index) == alone | {"late product", "early concat"}
    scored = methods.drop("Broken")
    assert (scored["seeds"] == 2).all() and (scored["seconds"] > 0).all() and (scored["reason"] == "").all()
    assert (scored["low"] <= scored["score"]).all() and (scored["score"] <= scored["high"]).all()
    assert "the roof came down" in table.loc["Broken", "reason"] and np.isnan(table.loc["Broken", "score"])
    assert table.loc["RidgeCCA(n_components=3)", "metric"] == "recall@1"
    same = ["score", "low", "high", "gain", "score with holes"]
    assert table.loc["Mine(epochs=3)", same].tolist() == table.loc["concat:epochs=3", same].tolist()


def test_it_says_on_which_rows_and_how_many(table):
    rows = int(data(120).in_split("test").sum())
    assert table.attrs["rows"] == f"{rows} test rows" and table.attrs["n"] == rows
    drawn = compare(shared_pairs(60), [ConcatFusion(epochs=1)], seeds=1, random_state=3)
    assert drawn.attrs["rows"] == "12 held-out rows (20 % by group, drawn with seed 3)"


def test_the_numbers_are_those_of_a_fit_by_hand(table):
    fitted = [
        journey.fuse(workspace_of(data(120)), AttentionFusion(epochs=3), seed=seed).score.score for seed in (0, 1)
    ]
    assert table.loc["AttentionFusion(epochs=3)", "score"] == pytest.approx(np.mean(fitted))


def test_an_unknown_name_is_one_sentence_and_it_can_be_cancelled():
    with pytest.raises(UserError, match="no method is called 'nonsense'"):
        compare(data(60), ["nonsense"])
    with pytest.raises(Cancelled):
        compare(data(60), ["late-sum"], seeds=2, progress=Progress(lambda p: p.cancel()))
