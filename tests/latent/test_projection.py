"""Maps: known answers, repeatable, and never in trouble with few, equal or constant points."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mmexplore.data.embeddings import unit
from mmexplore.errors import UserError
from mmexplore.latent.geometry import trustworthiness
from mmexplore.latent.projection import METHODS, pca, project, project_joint, project_space, project_steps
from tests.retrieval.paired import clip_coco, paired, random_pairs


@pytest.mark.parametrize("shape", [(60, 10), (12, 40)])
def test_pca_equals_scikit_learn_up_to_the_sign_it_fixes(shape):
    points = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mine, shares = pca(points, 3)
    theirs = PCA(3).fit(points)
    np.testing.assert_allclose(np.abs(mine), np.abs(theirs.transform(points)), atol=1e-4)
    np.testing.assert_allclose(shares, theirs.explained_variance_ratio_, rtol=1e-4)
    flipped, _ = pca(points[::-1], 3)
    np.testing.assert_allclose(flipped[::-1], mine, atol=1e-4)  # row order turns no axis round


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_tiny_equal_and_constant_points(method, dims, n):
    random = np.random.default_rng(0)
    for points in (random.normal(size=(n, 6)), np.ones((n, 6)), np.zeros((n, 6)), random.normal(size=(n, 1))):
        found = project(points, method, dims)
        assert found.shape == (n, dims) and found.dtype == np.float32 and np.isfinite(found).all()


def test_umap_and_tsne_at_their_smallest_and_with_equal_rows():
    random = np.random.default_rng(0)
    for n in (5, 6, 9):
        points = np.repeat(random.normal(size=(n, 6)), 3, axis=0)
        for method in ("umap", "tsne"):
            found = project(points, method, 2, n_neighbors=200)
            assert np.isfinite(found).all()
            np.testing.assert_array_equal(found[::3], found[2::3])


def test_umap_is_repeatable_and_keeps_neighbours(shared_data):
    image = clip_coco(shared_data).vectors["image"]
    first = project(image, "umap", seed=3)
    np.testing.assert_array_equal(first, project(image, "umap", seed=3))
    assert not np.array_equal(first, project(image, "umap", seed=4))
    assert trustworthiness(image, first) > trustworthiness(image, project(image, "pca")) + 0.05


def test_three_clusters_stay_three_on_every_map():
    random = np.random.default_rng(0)
    which = np.repeat([0, 1, 2], 25)
    points = np.eye(8)[which] + 0.05 * random.normal(size=(75, 8))
    for method in METHODS:
        flat = project(points, method, n_neighbors=10)
        nearest = ((flat[:, None] - flat[None]) ** 2).sum(axis=2) + np.diag(np.full(75, np.inf))
        assert (which[nearest.argmin(axis=1)] == which).all(), method


def test_absent_rows_are_left_out_and_told():
    data = random_pairs(40, present={"image": np.arange(40) % 4 != 0, "text": np.ones(40, bool)})
    found = project_space(data.vectors["image"], data.present["image"], np.arange(20), name="image")
    assert found.n_asked == 20 and found.n_absent == 5 and found.rows.tolist() == [i for i in range(20) if i % 4]
    assert found.n_all == 40 and found.note == (
        "15 of 40 rows drawn: a sample of 20 that keeps the share of each class; 5 of them left out because image is "
        "absent."
    )
    absent = project_space(data.vectors["image"], data.present["image"], name="image")
    assert absent.note == "30 of 40 rows drawn; 10 left out because image is absent."
    assert found.explained is not None and 0 < sum(found.explained) <= 1
    assert project_space(data.vectors["text"], name="text").note == "40 of 40 rows drawn."
    assert project_space(data.vectors["image"][:3], name="image", method="umap").method == "pca"


def test_the_joint_map_is_one_fit_over_all_modalities():
    data = random_pairs(30, present={"image": np.arange(30) > 4, "text": np.ones(30, bool)})
    found = project_joint(data)
    both = unit(np.concatenate([data.vectors["image"][5:], data.vectors["text"]]))
    np.testing.assert_allclose(
        np.concatenate([found["image"].points, found["text"].points]), pca(both, 2)[0], atol=1e-5
    )
    assert (found["image"].n_absent, found["text"].n_absent) == (5, 0)
    with pytest.raises(UserError, match="different spaces"):
        project_joint(random_pairs(5, spaces={"image": "a", "text": "b"}))
    with pytest.raises(UserError, match="two modalities"):
        project_joint(data, ["image"])


def test_what_cannot_be_drawn_is_said():
    for arguments, message in ((("cube",), "no projection called"), (("pca", 4), "2 or 3 dimensions")):
        with pytest.raises(UserError, match=message):
            project(np.eye(4), *arguments)
    with pytest.raises(UserError, match="not finite"):
        project(np.array([[1, np.nan], [0, 1]]))
    assert paired(np.eye(2), np.eye(2)).spaces == {"image": "one", "text": "one"}


@pytest.mark.parametrize("method", METHODS)
def test_steps_lie_in_one_plane_and_what_does_not_move_stays(method):
    random = np.random.default_rng(0)
    first = random.normal(size=(30, 6)).astype(np.float32)
    moved = first.copy()
    moved[:5] = random.normal(size=(5, 6))
    steps = np.stack([first, moved, 2 * moved])  # longer is not elsewhere; by 2 it is so to the last bit
    before, after, again = project_steps(steps, name="fused", method=method)
    np.testing.assert_allclose(after.points[5:], before.points[5:], atol=1e-5)
    np.testing.assert_allclose(again.points, after.points, atol=1e-4)
    assert np.linalg.norm(after.points[:5] - before.points[:5], axis=1).min() > 1e-3
    if method == "pca":  # one fit for all: distances between steps are those between the vectors in that plane
        together = pca(unit(np.concatenate(steps)), 2)[0]
        np.testing.assert_allclose(np.concatenate([p.points for p in (before, after, again)]), together, atol=1e-6)
    assert [p.rows.tolist() for p in project_steps(steps, np.array([7, 2]))] == [[2, 7]] * 3
