"""Every page works with missing cells, and says what is absent where a number depends on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.pages.mispairs import duplicates
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import OpenPage, each_part, part_of
from tests.app.pages.test_words_and_regions import FILES
from tests.attribution.photos import photo_workspace

ALL = "Absent: cap*tion* in 4 of 40 rows."


def captions(test: AppTest) -> str:
    """Every caption as it is read."""
    return "\n".join(c.value.replace("\\", "").replace("\u2060", "") for c in test.caption)


def complete(workspace: Workspace) -> Workspace:
    """The rows of a workspace that lack nothing, fitted."""
    whole = workspace.embeddings.mask.all(axis=1)
    found = Workspace(dataset=workspace.dataset.take(whole))
    found.set_embeddings(replace(workspace.embeddings.take(whole), splits=None), workspace.encoders)
    found.add_fusion(journey.fuse(found, "concat"))
    return found


def test_weights_tells_what_a_mean_is_of(open_page: OpenPage, fused: Workspace):
    test = open_page("weights")
    said = captions(test)
    summary = journey.weights(fused)
    assert f"{ALL} What is absent weighs 0 and contributes 0, and the means above count that." in said
    assert f"Mean weight over the rows that have it: cap*tion* {summary['mean_where_present'][1]:.0%}." in said
    assert "A modality that an item lacks weighs 0." in captions(part_of(test, "Class by class"))
    assert "over the items that have it." in captions(part_of(test, "All of the data"))


def test_the_mean_where_present_leaves_out_the_rows_without(fused: Workspace):
    summary, there = journey.weights(fused), fused.embeddings.present["cap*tion*"]
    learned = fused.fitted.fusion.modality_weights(fused.embeddings)
    assert summary["mean"][1] == pytest.approx(learned[:, 1].mean())
    assert summary["mean_where_present"][1] == pytest.approx(learned[there, 1].mean())
    assert summary["mean_where_present"][1] > summary["mean"][1]


def test_fuse_tells_on_how_many_judged_rows_a_modality_can_only_guess(open_page: OpenPage, fused: Workspace):
    judged = journey.scored(fused)
    assert len(judged) == fused.fitted.score.n
    lacking = int((~judged.present["cap*tion*"]).sum())
    said = captions(open_page("fuse"))
    sentence = f"Absent: cap*tion* in {lacking} of these {len(judged)} rows. A modality alone can only guess there"
    assert (sentence in said) == bool(lacking)


def test_the_rows_of_a_score_without_labels_are_those_that_were_judged(stages):
    workspace = stages["vectors"]()
    workspace.add_fusion(journey.fuse(workspace, "concat", objective="contrastive", target="none"))
    assert len(journey.scored(workspace)) == workspace.fitted.score.n


def test_retrieval_tells_why_directions_have_fewer_queries(open_page: OpenPage):
    assert "A direction is asked with the rows that have both of its modalities." in captions(open_page("retrieval"))


def test_an_item_without_the_modality_asked_with_is_no_error(open_page: OpenPage):
    test = open_page("retrieval")
    test.session_state["choice.search.way"] = "item"
    test.run()
    test.selectbox(key="choice.search.item").set_value("item-9").run()
    test.selectbox(key="choice.search.src").set_value("cap*tion*").run()
    assert not test.exception and not test.error
    assert any("has no cap*tion* to ask with" in t.value for t in test.text)
    assert test.get("plotly_chart"), "the rest of the page is there"


def test_mispairs_tells_which_rows_cannot_be_judged(open_page: OpenPage):
    assert f"{ALL} 36 rows have both; the others have no partner" in captions(open_page("mispairs"))


def test_near_duplicates_show_how_near_first(fused: Workspace):
    from mmexplore.retrieval.mispairs import near_duplicates

    pairs = near_duplicates(fused.embeddings, "photo", 0.8)
    assert len(pairs)
    shown = duplicates.with_words(fused, pairs, "photo")
    assert shown.columns[0] == "similarity" and list(shown.columns[-2:]) == ["photo_a", "photo_b"]


def test_only_items_with_a_picture_and_a_text_can_be_looked_at(open_page: OpenPage):
    photos = photo_workspace(FILES)
    name = next(m for m, kind in photos.dataset.kinds.items() if str(kind) == "text")
    cells = photos.dataset.cells | {name: (None, *photos.dataset.cells[name][1:])}
    hidden = np.zeros(photos.embeddings.mask.shape, bool)
    hidden[0, photos.embeddings.modalities.index(name)] = True
    holes = Workspace(dataset=replace(photos.dataset, cells=cells))
    holes.set_embeddings(photos.embeddings.hide(hidden), photos.encoders)
    holes.set_alignment(photos.alignment, photos.aligned)
    holes.selection = frozenset({"p0"})  # also what is selected on a map
    test = open_page("words_and_regions", workspace=holes)
    assert not test.exception and not test.error
    offered = test.selectbox(key="choice.words.item").options
    assert len(offered) == len(FILES) - 1 and not any(o.startswith("p0") for o in offered)
    assert f"Absent: {name} in 1 of {len(FILES)} rows. Only items that have both can be looked at." in captions(test)


@pytest.mark.parametrize("page", ["weights", "fuse", "retrieval", "mispairs"])
def test_nothing_is_said_of_absence_where_nothing_is_absent(open_page: OpenPage, fused: Workspace, page: str):
    test = open_page(page, workspace=complete(fused))
    assert not test.exception
    for _ in each_part(test):
        assert "Absent:" not in captions(test) and "weighs 0" not in captions(test)
