"""The shipped bridge: what it maps, its arithmetic against its formulas, what it finds beyond what it was fitted on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import eigh

from mmexplore.data.embeddings import Embeddings
from mmexplore.data.reading.read import read_pairs
from mmexplore.encoders.pipeline import encode_dataset
from mmexplore.errors import UserError
from mmexplore.models.alignment import bridge, methods
from mmexplore.models.alignment import bridge_views as views
from mmexplore.retrieval.metrics import retrieval_report
from tests.conftest import REPOSITORY

WIDTHS = {"efficientnet-lite0": 1280, "minilm": 384, "use-multilingual": 512}


def made(spaces: dict[str, str], n: int = 6, seed: int = 0) -> Embeddings:
    """Random unit vectors in these spaces; the last row has nothing."""
    rng = np.random.default_rng(seed)
    vectors, present = {}, {}
    for m, space in spaces.items():
        v = rng.normal(size=(n, WIDTHS.get(space, 7))).astype(np.float32)
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        v[-1] = 0
        vectors[m], present[m] = v, np.arange(n) < n - 1
    ids = np.array([f"i{i}" for i in range(n)], object)
    return Embeddings(vectors=vectors, present=present, ids=ids, groups=ids, spaces=spaces)


ALL = {"picture": "efficientnet-lite0", "english": "minilm", "chinese": "use-multilingual"}


@pytest.mark.parametrize("name", ["bridge", "conse"])
def test_unit_rows_in_one_space_and_zeros_where_absent(name):
    embeddings = made(ALL | {"other": "elsewhere"})
    found = methods()[name]().fit(embeddings).transform(embeddings)
    assert found.modalities == list(ALL), "a modality of another space is left out"
    assert set(found.spaces.values()) == {f"aligned:{name}"}
    for v in found.vectors.values():
        assert np.allclose(np.linalg.norm(v[:-1], axis=1), 1, atol=1e-5)
        assert not v[-1].any()


@pytest.mark.parametrize("name", ["bridge", "conse"])
def test_order_and_company_of_the_modalities_change_nothing(name):
    embeddings = made(ALL)
    one = methods()[name]().fit(embeddings).transform(embeddings)
    turned = embeddings.only(list(ALL)[::-1])
    other = methods()[name]().fit(turned).transform(turned)
    alone = embeddings.only(["english"])
    for m in ALL:
        assert np.array_equal(one.vectors[m], other.vectors[m])
    assert np.allclose(
        methods()[name]().fit(alone).transform(alone).vectors["english"], one.vectors["english"], atol=1e-6
    )


def test_other_encoders_are_refused_in_one_sentence():
    with pytest.raises(UserError, match="efficientnet-lite0"):
        bridge.BridgeAlignment().fit(made({"a": "x", "b": "y"}))


def test_the_file_is_small_safe_and_pinned():
    assert bridge.FILE.suffix == ".safetensors"
    assert bridge.FILE.stat().st_size < 4_000_000
    fitted = bridge.BridgeAlignment().fit(made(ALL))
    fitted.restore(*fitted.state())
    with pytest.raises(UserError, match="another version"):
        fitted.restore({}, {"sha256": "0" * 64})


# -- the arithmetic ----------------------------------------------------------------
def test_conse_is_its_formula():
    arrays, _ = bridge.shipped()
    x = made(ALL).vectors["picture"][:2]
    logits = arrays["image.norm"] * x @ arrays["classifier.weight"].T + arrays["classifier.bias"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = sum(p[:, c, None] * arrays["names.minilm"][c] for c in range(1000)) - arrays["conse.image.mean"]
    assert np.allclose(views.conse_image(x, arrays), expected, atol=1e-4)


def test_the_regression_to_classes_solves_its_equations():
    """(H K H + r I) W = I: kernel ridge regression whose targets are the classes themselves."""
    arrays, _ = bridge.shipped()
    k = views.likeness(arrays["names.minilm"], arrays["names.minilm"]).astype(np.float64)
    h = np.eye(1000) - 1 / 1000
    centred = h @ k @ h
    system = centred + views.RIDGE * np.trace(centred) / 1000 * np.eye(1000)
    assert np.abs(system @ arrays["object.solve.minilm"] - np.eye(1000)).max() < 1e-3


def test_cosine_is_the_weighed_sum_of_both_views():
    arrays, _ = bridge.shipped()
    embeddings = made(ALL)
    x, t = embeddings.vectors["picture"][:3], embeddings.vectors["english"][:3]

    def cosine(a, b):
        return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)

    g = views.gate(t, arrays)
    assert ((g >= views.GATE[0]) & (g <= views.GATE[1])).all()
    scene = cosine(views.scene_image(x, arrays), views.scene_text(t, arrays))
    thing = cosine(views.object_image(x, arrays), views.object_text(t, "minilm", arrays))
    expected = np.sqrt((1 - g) / 2) * scene + np.sqrt(g / 2) * thing
    found = (views.bridge_image(x, arrays) * views.bridge_text(t, "minilm", arrays)).sum(axis=1)
    assert np.allclose(found, expected, atol=1e-5)


@pytest.fixture(scope="module")
def script():
    """scripts/fit_bridge.py as a module."""
    path = REPOSITORY / "scripts" / "fit_bridge.py"
    spec = importlib.util.spec_from_file_location("fit_bridge_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_ridge_cca_solves_its_generalised_eigenproblem(script):
    """Sxy (Syy + ry)^-1 Syx p = s^2 (Sxx + rx) p with p' (Sxx + rx) p = 1 (Vinod 1976), solved another way."""
    random = np.random.default_rng(0)
    shared = random.normal(size=(200, 3))
    x = np.hstack([shared, random.normal(size=(200, 4))]) @ random.normal(size=(7, 7))
    y = np.hstack([shared, random.normal(size=(200, 2))]) @ random.normal(size=(5, 5))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    p, q, s = script.ridge_cca(x, y, 2.0, 0.5, 4)
    sxx, syy, sxy = x.T @ x / 200, y.T @ y / 200, x.T @ y / 200
    sxx += 2.0 * np.trace(sxx) / 7 * np.eye(7)
    syy += 0.5 * np.trace(syy) / 5 * np.eye(5)
    values, vectors = eigh(sxy @ np.linalg.solve(syy, sxy.T), sxx)
    assert np.allclose(s**2, values[::-1][:4], atol=1e-10)
    assert np.allclose(np.abs(np.diag(p.T @ sxx @ vectors[:, ::-1][:, :4])), 1, atol=1e-6), "the same directions"
    assert np.allclose(p.T @ sxy @ q, np.diag(s), atol=1e-10), "both sides paired, signs included"


def test_the_scene_view_of_the_file_is_the_fit_it_came_from(script):
    """Rounding to float16 and int8 moves no cosine by more than 0.01; planted pairs are found after it."""
    random = np.random.default_rng(1)
    hidden = random.normal(size=(400, 20))

    def unit(v):
        return (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32)

    images = unit(hidden @ random.normal(size=(20, 1280)) + random.normal(size=(400, 1280)))
    captions = unit(hidden @ random.normal(size=(20, 384)) + random.normal(size=(400, 384)))
    names = {"minilm": unit(random.normal(size=(1000, 384))), "use-multilingual": unit(random.normal(size=(1000, 512)))}
    parallel = (unit(random.normal(size=(600, 512))), unit(random.normal(size=(600, 384))))
    weight = random.normal(size=(1000, 1280)).astype(np.float32)
    lexicon = script.Lexicon(names, names, names["minilm"], parallel, weight, np.zeros(1000, np.float32))
    exact = script.fit(images[:300], captions[:300], np.arange(300), lexicon, 1.0)
    full, small = views.prepare(exact), views.prepare(script.rounded(exact))
    for side, v in ((views.scene_image, images), (views.scene_text, captions)):
        assert ((unit(side(v, full)) * unit(side(v, small))).sum(axis=1) > 0.99).all()
    scores = unit(views.scene_text(captions[300:], small)) @ unit(views.scene_image(images[300:], small)).T
    assert (scores.argmax(axis=1) == np.arange(100)).mean() > 0.5, "chance is 0.01"


def test_a_name_goes_by_the_object_and_a_caption_by_the_scene():
    from mmexplore.encoders import registry

    arrays, _ = bridge.shipped()
    texts = [
        "fire truck",
        "a drum",
        "Two dogs run along the beach near the water.",
        "A man in a red shirt climbs a rock.",
    ]
    name, drum, dogs, man = views.gate(registry.load("minilm").encode(texts), arrays)
    assert min(name, drum) > 0.5 > 0.3 > max(dogs, man)


# -- what it finds -----------------------------------------------------------------
@pytest.fixture(scope="module")
def stamps(shared_data: Path, tmp_path_factory) -> Embeddings:
    dataset = read_pairs(shared_data / "stamps.zip", workdir=tmp_path_factory.mktemp("stamps"))
    encoders = {
        "image": "efficientnet-lite0",
        "text": "minilm",
        "text_fr": "use-multilingual",
        "text_zh": "use-multilingual",
    }
    embeddings = encode_dataset(dataset, encoders).embeddings
    return bridge.BridgeAlignment().fit(embeddings).transform(embeddings)


def test_object_pictures_are_found_by_their_english_names(stamps):
    """The floors are ConSE's: 36.4 and 34.3 per cent of 519. Only its own picture counts."""
    rows = stamps.present["image"] & stamps.present["text"]
    scores = stamps.vectors["text"][rows] @ stamps.vectors["image"][rows].T
    own = np.diag(scores)
    forward = (scores > own[:, None]).sum(axis=1)
    backward = (scores > own).sum(axis=0)
    assert 100 * (forward < 10).mean() >= 36.4
    assert 100 * (backward < 10).mean() >= 34.3


@pytest.mark.parametrize("language", ["text_fr", "text_zh"])
def test_other_languages_reach_the_pictures_too(stamps, language):
    found = retrieval_report(stamps, language, "image")
    assert found.intervals["r10"][0] > 3 * found.chance_r10
