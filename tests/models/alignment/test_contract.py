"""What every alignment owes, tested on whatever `methods()` finds: a new method is tested by existing."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import Cancelled, UserError
from mmexplore.models.alignment import Alignment, methods
from mmexplore.models.estimator import load_estimator
from tests.models.alignment.made import WIDTHS, embed, planted, recall

# Fitted once by the project for its own encoders and shipped: `fit` only looks at the names of the spaces, so planted
# vectors of other encoders are refused. Their contract is tests/models/alignment/test_bridge.py.
FITTED_IN_ADVANCE = {"bridge", "conse"}
NAMES = sorted(set(methods()) - FITTED_IN_ADVANCE)
TRAINED = [name for name in NAMES if "epochs" in methods()[name]().get_params()]
SMALL = {"epochs": 3, "hidden": 16, "n_components": 5, "batch_size": 64}


def make(name: str, **params) -> Alignment:
    """The method with small networks and few epochs, so that the suite stays fast."""
    own = methods()[name]().get_params()
    small = {k: v for k, v in SMALL.items() if k in own} if "epochs" in own else {}
    return methods()[name](**(small | params))


def same_state(a: Alignment, b: Alignment) -> None:
    (arrays_a, about_a), (arrays_b, about_b) = a.state(), b.state()
    assert arrays_a.keys() == arrays_b.keys() and about_a == about_b
    for key, value in arrays_a.items():
        np.testing.assert_array_equal(value, arrays_b[key], err_msg=key)


@pytest.fixture(scope="module")
def holes() -> Embeddings:
    """Three modalities, a quarter of the cells absent, nothing present in the first and the last row."""
    return planted(missing=0.25)


@pytest.fixture(scope="module", params=NAMES)
def fitted(request, holes) -> Alignment:
    return make(request.param, random_state=3).fit(holes)


def test_the_list_of_the_issue_is_there():
    assert {
        "cca",
        "mcca",
        "gcca",
        "deep-cca",
        "procrustes",
        "ridge-map",
        "contrastive-linear",
        "contrastive-mlp",
        "adversarial",
        "asif",
    } <= set(methods())


def test_transform_gives_unit_vectors_in_one_space_and_zeros_where_absent(fitted, holes):
    before = {m: v.copy() for m, v in holes.vectors.items()}
    out = fitted.transform(holes)
    assert set(out.spaces.values()) == {f"aligned:{fitted.name}"} and len(set(out.dims.values())) == 1
    for m in holes.modalities:
        assert out.vectors[m].dtype == np.float32
        length = np.linalg.norm(out.vectors[m], axis=1)
        np.testing.assert_allclose(length[holes.present[m]], 1, atol=1e-5)
        assert not out.vectors[m][~holes.present[m]].any()
        np.testing.assert_array_equal(holes.vectors[m], before[m])
    assert not any(v[0].any() or v[-1].any() for v in out.vectors.values())  # nothing present: zeros, not NaN


def test_same_seed_same_bits(fitted, holes):
    same_state(make(fitted.name, random_state=3).fit(holes), fitted)


def test_refit_leaves_no_stale_state(fitted, holes):
    other = planted(90, {"photo": 5, "caption": 8}, seed=5)
    again = make(fitted.name, random_state=1).fit(other).set_params(random_state=3).fit(holes)
    same_state(again, fitted)
    assert vars(again).keys() == vars(fitted).keys()
    assert again.modalities_ == fitted.modalities_ and again.dims_ == fitted.dims_


def test_order_of_modalities_does_not_matter(fitted, holes):
    turned = holes.only(holes.modalities[::-1])
    a, b = fitted.transform(holes), make(fitted.name, random_state=3).fit(turned).transform(turned)
    for m in holes.modalities:
        np.testing.assert_array_equal(a.vectors[m], b.vectors[m])


def test_any_subset_may_be_present_and_a_hidden_cell_is_a_removed_one(fitted, holes):
    full = fitted.transform(holes)
    for m in holes.modalities:
        np.testing.assert_array_equal(fitted.transform(holes.only([m])).vectors[m], full.vectors[m])
    hidden = np.zeros_like(holes.mask)
    hidden[::2, 1] = True
    part = fitted.transform(holes.hide(hidden))
    for j, m in enumerate(holes.modalities):
        np.testing.assert_array_equal(part.vectors[m], np.where(hidden[:, [j]], 0, full.vectors[m]))


def test_rows_are_transformed_one_by_one(fitted, holes):
    full = fitted.transform(holes)
    for rows in ([7], range(20, 33)):
        part = fitted.transform(holes.take(np.array(rows)))
        for m in holes.modalities:
            np.testing.assert_allclose(part.vectors[m], full.vectors[m][list(rows)], atol=2e-6)
    assert len(fitted.transform(holes.take(np.zeros(0, int)))) == 0


def test_saved_and_loaded_gives_the_same_bits(fitted, holes, tmp_path):
    fitted.save(tmp_path / "alignment")
    loaded = load_estimator(tmp_path / "alignment", methods())
    assert isinstance(loaded, type(fitted)) and loaded.get_params() == fitted.get_params()
    same_state(loaded, fitted)
    a, b = fitted.transform(holes), loaded.transform(holes)
    for m in holes.modalities:
        np.testing.assert_array_equal(a.vectors[m], b.vectors[m])
    assert len(loaded.history_) == len(fitted.history_)


def test_test_rows_never_enter_the_fit(fitted, holes):
    test = holes.in_split("test")
    spoiled = holes.with_vectors(
        {m: np.where(test[:, None], 50 * v[::-1] + 7, v).astype(np.float32) for m, v in holes.vectors.items()},
        holes.spaces,
    )
    train = holes.take(~test)
    a, b = fitted.transform(train), make(fitted.name, random_state=3).fit(spoiled).transform(train)
    for m in holes.modalities:
        np.testing.assert_array_equal(a.vectors[m], b.vectors[m])


@pytest.mark.parametrize("widths", [{"photo": 9, "caption": 7}, WIDTHS], ids=["two", "three"])
@pytest.mark.parametrize("missing", [0.0, 0.25], ids=["complete", "holes"])
@pytest.mark.parametrize("name", NAMES)
def test_finds_the_planted_partner(name, widths, missing):
    data = planted(400, widths, missing=missing, noise=0.05)
    longer = {"epochs": 12, "lr": 2e-2, "n_components": 8, "hidden": 32} if name in TRAINED else {}
    longer = {k: v for k, v in longer.items() if k in make(name).get_params()}
    out = make(name, **longer).fit(data).transform(data)
    for src, dst in (("photo", "caption"), ("caption", "photo")):
        found = recall(out, src, dst, data.in_split("test"), k=5)  # of 80 (about 45 with holes): chance is .06 (.11)
        assert found > 0.5, f"{src} -> {dst}: {found:.2f}"


@pytest.mark.parametrize("name", NAMES)
def test_without_a_split_every_row_is_fitted(name):
    data = planted(60).with_splits(None)
    alignment = make(name).fit(data)
    assert len(alignment.transform(data)) == 60


@pytest.mark.parametrize("name", NAMES)
def test_more_dimensions_than_pairs(name):
    data = planted(40, {"photo": 70, "caption": 50})
    out = make(name).fit(data).transform(data)
    assert all(np.isfinite(v).all() for v in out.vectors.values())


@pytest.mark.parametrize("name", NAMES)
def test_several_captions_of_one_photo(name):
    photos = planted(80)
    of = np.repeat(np.arange(80), 3)
    random = np.random.default_rng(0)
    captions = photos.vectors["caption"][of] + 0.05 * random.normal(size=(240, 7))
    groups = np.array([f"photo {i}" for i in of], object)
    data = embed({"photo": photos.vectors["photo"][of], "caption": captions}, groups=groups)
    out = make(name).fit(data).transform(data)
    # the same photo in another row: the last bit of a product may depend on the row's place in its block
    np.testing.assert_allclose(out.vectors["photo"][0], out.vectors["photo"][2], rtol=1e-5, atol=1e-6)
    assert all(np.isfinite(v).all() for v in out.vectors.values())


def test_what_was_not_fitted_is_refused_in_one_sentence(fitted, holes):
    with pytest.raises(UserError, match="smell"):
        fitted.transform(embed({"smell": np.ones((3, 4))}))
    with pytest.raises(UserError, match="photo"):
        fitted.transform(embed({"photo": np.ones((3, 4))}))


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(name):
    good = planted(60)
    few = planted(9).with_splits(None)
    never = np.zeros_like(good.mask)
    never[::2, 0], never[1::2, 1:] = True, True  # photo never beside another
    flat = np.ones_like(good.vectors["sound"])
    for data, said in (
        (good.only(["photo"]), "one modality"),
        (few, "at least 10"),
        (good.hide(never), "at least 10"),
        (good.with_vectors(good.vectors | {"sound": flat}, good.spaces), "the same"),
    ):
        with pytest.raises(UserError, match=said):
            make(name).fit(data)


@pytest.mark.parametrize("name", NAMES)
def test_cancel_stops_the_fit(name):
    def pressed(epoch, epochs, values):
        raise Cancelled

    with pytest.raises(Cancelled):
        make(name).fit(planted(60), on_epoch=pressed)


@pytest.mark.parametrize("name", NAMES)
def test_card_parameters_and_docs(name):
    cls = methods()[name]
    assert cls.name == name and cls.family == "alignment"
    card = cls.card.as_dict()
    assert all(len(text) > 3 for text in card.values())
    assert "$" not in card["equation"] and len(card["summary"]) < 260
    assert card["equation"].count("{") == card["equation"].count("}")
    params = cls().get_params()
    assert json.loads(json.dumps(params)) == params
    assert cls(**params).get_params() == params
    json.dumps(cls.describe())


def test_listing_the_methods_does_not_import_torch():
    code = (
        "import sys; from mmexplore.models.alignment import methods; assert methods(); "
        "assert not {'torch', 'cca_zoo'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -- trained methods ---------------------------------------------------------------------------------------------------
def gradients(name: str, data: Embeddings):
    """(network, its parameters by name) after one backward pass of the method's loss over all rows."""
    import torch

    from mmexplore.models.alignment.heads import Batches

    alignment = make(name).fit(data)
    net = alignment.net_
    net.zero_grad()
    rows = torch.arange(len(data))
    alignment.loss(net, *Batches(alignment, data, net)(rows), train=False)["loss"].backward()
    return dict(net.named_parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_every_parameter_receives_a_gradient(name, holes):
    for key, parameter in gradients(name, holes).items():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, key


@pytest.mark.parametrize("name", TRAINED)
def test_an_absent_modality_has_no_part_in_the_loss(name, holes):
    import torch

    from mmexplore.models.alignment.heads import Batches

    alignment = make(name).fit(holes)
    gone = np.zeros_like(holes.mask)
    gone[:, sorted(holes.modalities).index("photo")] = True
    data = holes.only(sorted(holes.modalities)).hide(gone)
    batches = Batches(alignment, data, alignment.net_)
    x, present, groups = batches(torch.arange(len(data)))
    alignment.net_.zero_grad()
    alignment.loss(alignment.net_, x, present, groups, train=False)["loss"].backward()
    head = alignment.net_.heads[sorted(holes.modalities).index("photo")]
    assert all(p.grad is None or not p.grad.any() for p in head.parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_curves_are_kept(name, holes):
    history = make(name).fit(holes).history_
    assert list(history.columns) == ["epoch", "part", "modality", "value"]
    assert {"train loss", "val loss"} <= set(history["part"])
    assert np.isfinite(history["value"]).all()
