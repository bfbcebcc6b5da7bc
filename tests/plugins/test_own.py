"""One's own method or encoder, as a class or an instance, wherever a name is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.value import game
from mmexplore.data.dataset import Kind
from mmexplore.data.reading.read import read_pairs
from mmexplore.encoders import registry
from mmexplore.errors import UserError
from mmexplore.journey.fusing import fitted_input
from mmexplore.journey.missing import missing_lab
from mmexplore.models import methods
from mmexplore.models.fusion.attention import AttentionFusion
from mmexplore.server.store import Store
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.journey.small import labelled
from tests.plugins import offered

SMALL = {"epochs": 2, "width": 4}


# -- methods ---------------------------------------------------------------------------
def test_a_name_a_class_and_an_instance_make_the_same() -> None:
    instance = AttentionFusion(width=5)
    for method in ("attention", AttentionFusion, instance):
        made = methods.make(method, {"epochs": 3}, "fusion")
        assert type(made) is AttentionFusion and made.epochs == 3
        assert methods.name_of(method) == "attention"
    assert methods.make(instance).width == 5 and methods.make(instance) is not instance
    assert methods.make(instance, {"width": 6}).width == 6 and instance.width == 5


@pytest.mark.parametrize(
    ("asked", "what", "words"),
    [
        ("atention", "fusion", "did you mean attention"),
        ("zzzz", "fusion", "choose one of: attention"),
        ("procrustes", "fusion", "no fusion method is called 'procrustes'"),
        (offered.MyRotation, "fusion", "not a subclass of mmexplore.models.fusion.base.Fusion"),
        (offered.Unfinished, "", "does not define _fit, answers, restore, state, transform"),
        (offered.Impostor, "", "the name 'attention' is that of mmexplore.models.fusion.attention.AttentionFusion"),
        (offered.Cardless(), "", "has no `card`"),
        (3, "", "is not a subclass"),
    ],
)
def test_what_is_no_method_is_said_in_a_sentence(asked, what: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        methods.make(asked, None, what)
    assert words in str(error.value)


def test_a_parameter_that_it_does_not_take_is_said() -> None:
    for method in ("attention", AttentionFusion, AttentionFusion()):
        with pytest.raises(UserError, match="there is no setting 'colour'"):
            methods.make(method, {"colour": "red"})


@pytest.mark.parametrize("method", [offered.Mine, offered.Mine(**SMALL)], ids=["class", "instance"])
def test_ones_own_fusion_is_fused_weighed_measured_saved_and_opened(method, tmp_path: Path) -> None:
    workspace = labelled(60)
    fitted = journey.fuse(workspace, method, SMALL)
    workspace.add_fusion(fitted)
    weights = journey.weights(workspace)
    assert weights["method"] == "mine" and sum(weights["mean"]) == pytest.approx(1, abs=1e-5)
    fusion, embeddings = fitted_input(workspace)
    measured = shapley(game(fusion.fusion, embeddings))
    assert np.isfinite(measured.values).all()
    lab = missing_lab(workspace, shares=(0.0, 1.0), at="train", seeds=1)  # fitted anew, by the instance
    assert lab.curve("mine", embeddings.modalities[0]) is not None

    workspace_files.save(workspace, tmp_path / "run")
    methods.register(offered.Mine)
    again = workspace_files.open_directory(tmp_path / "run")
    np.testing.assert_array_equal(again.fitted.fusion.transform(embeddings), fusion.fusion.transform(embeddings))


def test_ones_own_alignment_is_fitted_saved_and_opened(tmp_path: Path) -> None:
    workspace = labelled(60)
    workspace.set_alignment(*journey.align(workspace, offered.MyRotation(max_rounds=3)))
    assert workspace.alignment.max_rounds == 3
    workspace_files.save(workspace, tmp_path / "run")
    methods.register(offered.MyRotation)
    assert workspace_files.open_directory(tmp_path / "run").alignment.name == "my-rotation"


def test_registered_ones_are_listed_and_a_later_one_replaces_the_first() -> None:
    before = list(methods.all_methods())
    assert methods.register(offered.Mine) is offered.Mine
    assert list(methods.all_methods()) == [*before, "mine"] and methods.find("mine") is offered.Mine
    methods.register(offered.AlsoMine)  # a notebook's cell that was changed and run again
    assert methods.find("mine") is offered.AlsoMine
    with pytest.raises(UserError, match="'attention' is that of"):
        methods.register(offered.Impostor)


# -- encoders --------------------------------------------------------------------------
@pytest.fixture
def texts(tmp_path: Path) -> Workspace:
    table = tmp_path / "t.csv"
    rows = [f"{'long ' * (1 + i % 7)}text number {i},{'wide ' * (1 + i % 5)}words {i}" for i in range(30)]
    table.write_text("\n".join(["caption,note", *rows]))
    workspace = Workspace()
    workspace.set_dataset(read_pairs(table, workdir=tmp_path))
    return workspace


@pytest.mark.parametrize("encoder", [offered.Lengths, offered.Lengths()], ids=["class", "instance"])
def test_ones_own_encoder_encodes_and_is_asked_again_by_a_search(texts: Workspace, encoder, tmp_path: Path) -> None:
    chosen = {"caption": encoder, "note": encoder}
    texts.set_embeddings(journey.encode(texts, chosen).embeddings, chosen)
    assert texts.encoders == {"caption": "lengths", "note": "lengths"}  # a name, so that it can be saved
    np.testing.assert_array_equal(
        texts.embeddings.vectors["note"], offered.Lengths().encode(texts.dataset.cells["note"])
    )
    said = texts.dataset.cells["caption"][4]
    assert journey.search_items(texts, said, "caption", k=1)[0]["score"] == pytest.approx(1, abs=1e-5)
    workspace_files.save(texts, tmp_path / "run")
    assert workspace_files.open_directory(tmp_path / "run").encoders == texts.encoders


def test_ones_own_encoder_may_be_changed_and_given_again(texts: Workspace, tmp_path: Path) -> None:
    class Lengths(offered.Lengths):
        version = ""  # nothing is kept in the store

        def encode(self, batch):
            return super().encode(batch)[:, ::-1]

    store = Store(tmp_path / "store.sqlite")
    for encoder in (Lengths(), offered.Lengths(), Lengths()):
        found = journey.encode(texts, {"note": encoder}, store).embeddings
        np.testing.assert_array_equal(found.vectors["note"], encoder.encode(texts.dataset.cells["note"]))
        assert registry.load("lengths", Kind.TEXT) is encoder


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (offered.NotMiniLM, "the name 'minilm' is that of another encoder"),
        (offered.NoCard(), "has no `card`"),
        (offered.Nose, "it encodes scent, not text"),
        (offered.Mine, "is not a subclass of mmexplore.encoders.base.Encoder"),
        ("minilmm", "did you mean minilm"),
    ],
)
def test_what_is_no_encoder_for_it_is_said(texts: Workspace, encoder, words: str) -> None:
    with pytest.raises(UserError) as error:
        journey.encode(texts, {"note": encoder})
    assert words in str(error.value)
