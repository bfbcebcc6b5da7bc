"""Each step clears what was built on the one before."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.journey import mean_entropy
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.workspace.state import FittedFusion, Workspace
from tests.data.test_embeddings import make


def test_new_vectors_clear_the_fits_and_new_pairs_clear_the_vectors():
    workspace = Workspace()
    workspace.set_embeddings(make(), {"a": "x"})
    workspace.aligned = workspace.embeddings
    workspace.current = "attention"
    workspace.set_embeddings(make(seed=1), {"a": "y"})
    assert workspace.aligned is None
    assert workspace.current is None
    workspace.set_dataset(object())  # type: ignore[arg-type]
    assert workspace.embeddings is None
    assert workspace.encoders == {}


def test_the_split_is_drawn_once_and_kept():
    workspace = Workspace()
    workspace.set_embeddings(make(), {})
    first = workspace.ensure_split().splits
    assert workspace.split_source == "drawn"
    assert workspace.ensure_split().splits is first


def test_a_split_of_the_data_is_obeyed():
    workspace = Workspace()
    given = np.array(["train"] * 6 + ["test"] * 6, object)
    workspace.set_embeddings(make().with_splits(given), {})
    assert workspace.split_source == "data"
    assert list(workspace.ensure_split().splits) == list(given)


def test_selection_gives_rows_in_order():
    workspace = Workspace()
    workspace.set_embeddings(make(), {})
    workspace.selection = frozenset({"i7", "i2", "nowhere"})
    assert workspace.selected_rows().tolist() == [2, 7]


def test_mean_entropy_is_one_for_even_and_zero_for_one_modality():
    mask = np.array([[True, True, False], [True, True, True], [True, False, False]])
    even = mask / mask.sum(axis=1, keepdims=True)
    assert mean_entropy(even, mask) == pytest.approx(1)
    one = np.zeros((3, 3))
    one[:, 0] = 1
    assert mean_entropy(one, mask) == 0.0
    assert mean_entropy(even[2:], mask[2:]) is None


# -- fits --------------------------------------------------------------------------
class Fitted(ConcatFusion):
    """A fusion that is taken for fitted: what a workspace asks of it, without a fit."""

    def __init__(self, width: int = 64, epochs: int = 100, objective: str = "classification") -> None:
        super().__init__(width=width, epochs=epochs)
        self.objective_ = objective

    def get_params(self, deep: bool = True) -> dict:
        return {"width": self.width, "epochs": self.epochs}


def fit(seed: int = 0, target: str | None = "label", labels: int | None = None, **params) -> FittedFusion:
    return FittedFusion(Fitted(**params), None, seed, target, labels_per_class=labels)  # type: ignore[arg-type]


def test_a_fit_with_other_settings_stands_beside_the_first_and_the_same_fit_replaces_it():
    workspace = Workspace()
    first, second, again = fit(), fit(width=16), fit()
    ids = [workspace.add_fusion(f) for f in (first, second, fit(seed=1), fit(labels=3), fit(objective="contrastive"))]
    assert ids == ["concat", "concat-2", "concat-3", "concat-4", "concat-5"]
    assert workspace.fusions["concat"] is first and workspace.current == "concat-5"
    assert workspace.add_fusion(again) == "concat"
    assert workspace.fusions["concat"] is again and len(workspace.fusions) == 5 and workspace.current == "concat"
    assert {i: f.id for i, f in workspace.fusions.items()} == {i: i for i in ids}
    assert second.id == "concat", "what is shared between sessions is not changed by one of them"


def test_what_a_page_fits_for_itself_changes_nothing_that_is_shown():
    workspace = Workspace()
    workspace.add_fusion(fit())
    workspace.add_fusion(fit(width=16), show=False)
    assert workspace.current == "concat" and set(workspace.fusions) == {"concat", "concat-2"}


def test_a_fit_is_found_by_its_id_and_by_its_method():
    workspace = Workspace()
    workspace.add_fusion(fit())
    workspace.add_fusion(fit(width=16))
    assert workspace.fit_of("concat") is workspace.fusions["concat"], "an id is exact"
    workspace.remove_fusion("concat")
    assert workspace.fit_of("concat") is workspace.fusions["concat-2"], "else the latest fit of the method"
    assert workspace.fit_of("attention") is None
    workspace.use("concat")
    assert workspace.current == "concat-2"
    with pytest.raises(UserError, match="no fit is called 'gone'; choose one of: concat-2"):
        workspace.use("gone")
    workspace.remove_fusion("concat-2")
    assert workspace.current is None and workspace.title == ""


def test_titles_name_what_differs_and_nothing_else():
    workspace, name = Workspace(), ConcatFusion.card.title
    workspace.add_fusion(fit())
    assert workspace.titles == {"concat": name}
    workspace.add_fusion(fit(width=16))
    workspace.add_fusion(fit(width=16, seed=3))
    assert list(workspace.titles.values()) == [
        f"{name}, seed 0",
        f"{name}, width 16, seed 0",
        f"{name}, width 16, seed 3",
    ]
    only = Workspace()
    only.add_fusion(fit(width=16))
    assert only.title == f"{name}, width 16"
    assert len(set(workspace.titles.values())) == 3


def test_a_snapshot_does_not_hear_of_what_comes_after():
    workspace = Workspace()
    workspace.set_embeddings(make(), {"a": "x"})
    workspace.add_fusion(fit())
    frozen = workspace.snapshot()
    workspace.add_fusion(fit(width=16))
    workspace.remove_fusion("concat")
    workspace.encoders["a"] = "y"
    assert list(frozen.fusions) == ["concat"] and frozen.current == "concat" and frozen.encoders == {"a": "x"}
    workspace.set_embeddings(make(seed=1), {"a": "z"})
    assert frozen.embeddings is not workspace.embeddings and frozen.fusions
