"""What holds for every view, by existing: a new file in `mmexplore/views/` is tested here without being named."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from mmexplore import views
from mmexplore.app.state.kept import _walk, memory_of
from mmexplore.data.embeddings import Embeddings
from mmexplore.discovery import find_classes
from mmexplore.errors import UserError
from mmexplore.views.base import View
from mmexplore.views.needs import NEEDS
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.views.made import MADE

VIEWS = views.all_views()
each = pytest.mark.parametrize("name", VIEWS)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Workspace, Path]]:
    """The workspace of this name, and the folder where it is saved as `run`."""
    known: dict[str, tuple[Workspace, Path]] = {}

    def get(name: str) -> tuple[Workspace, Path]:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            workspace = MADE[name](folder)
            workspace_files.save(workspace, folder / "run")
            known[name] = workspace, folder
        return known[name]

    return get


@pytest.fixture(scope="module")
def first(saved) -> Callable[[str], tuple[View[Any], Any, Workspace, Path]]:
    """A view of this name with its result, on the first workspace that has one."""
    known: dict[str, tuple[View[Any], Any, Workspace, Path]] = {}

    def get(name: str) -> tuple[View[Any], Any, Workspace, Path]:
        if name not in known:
            for made in MADE:
                workspace, folder = saved(made)
                if (view := VIEWS[name].first(workspace)) is None:
                    continue
                with suppress(UserError):  # its encoder, say, is a made-up one
                    known[name] = view, view.compute(workspace), workspace, folder
                    break
        assert name in known, f"no workspace of tests/views/made.py has what {name} is of"
        return known[name]

    return get


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a.reset_index(drop=True), b.reset_index(drop=True), check_dtype=False, atol=1e-4)


def test_names_are_unique_and_classes_are_found_by_theirs():
    classes = find_classes("mmexplore.views", View)
    assert len(classes) == len(VIEWS) == len({cls.__name__ for cls in classes})
    for cls in classes:
        assert getattr(views, cls.__name__) is cls
    with pytest.raises(AttributeError):
        views.Nothing  # noqa: B018 - the attribute is what is asked for


@each
def test_it_is_described(name: str):
    cls = VIEWS[name]
    assert name == name.lower() and name.replace("-", "").isalnum()
    assert "name" in vars(cls) and cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(")
    assert cls.needs and set(cls.needs) <= set(NEEDS)
    assert is_dataclass(cls) and cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hash(cls()) == hash(cls()) and cls() == cls()


@each
def test_what_is_lacking_is_said(name: str):
    assert VIEWS[name]().lacking(Workspace()).endswith(".")
    assert VIEWS[name].first(Workspace()) is None


@each
def test_figure_and_table(name: str, first):
    view, found, workspace, _ = first(name)
    assert view.lacking(workspace) == ""
    figures, table = view.figures(found), view.table(found)
    assert bool(figures) == view.draws() and all(isinstance(figure, go.Figure) for figure in figures.values())
    assert isinstance(table, pd.DataFrame) if view.tabulates() else table is None
    assert view.draws() or view.tabulates()


@each
def test_its_python_makes_it_again(name: str, first, monkeypatch: pytest.MonkeyPatch):
    view, found, _, folder = first(name)
    shown: list[go.Figure] = []
    monkeypatch.chdir(folder)
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure))
    names: dict[str, Any] = {}
    exec(compile(view.python(), "handed-out.py", "exec"), names)
    assert names["view"] == view
    assert len(shown) == len(view.figures(found))
    if view.tabulates():
        same(names["view"].table(names["found"]), view.table(found))


def other(value: Any) -> Any:
    """Another value of the same type."""
    if value is None or isinstance(value, str):
        return f"{value or ''}x"
    if isinstance(value, bool):
        return not value
    return (*value, "x") if isinstance(value, tuple) else value + 1


@each
def test_its_key_changes_with_each_field_and_with_the_data(name: str, first):
    view, _, workspace, _ = first(name)
    key = view.key(workspace)
    assert key == view.key(workspace) == replace(view).key(workspace.snapshot())
    hash(key)
    for field in fields(view):
        changed = other(getattr(view, field.name))
        if field.name == "fit":
            changed = next(i for i in workspace.fusions if i != workspace.current)
        assert replace(view, **{field.name: changed}).key(workspace) != key, field.name
    seed = workspace.snapshot()
    seed.seed += 1
    assert view.key(seed) != key
    assert view.key(_with_other_data(workspace)) != key


def _with_other_data(workspace: Workspace) -> Workspace:
    """The same but for one vector and its pairs."""
    changed = workspace.snapshot()
    if workspace.embeddings is not None:
        vectors = {m: v.copy() for m, v in workspace.embeddings.vectors.items()}
        next(iter(vectors.values()))[:1] *= -1
        changed.embeddings = workspace.embeddings.with_vectors(vectors, workspace.embeddings.spaces)
    if workspace.dataset is not None:
        changed.dataset = replace(workspace.dataset)
    return changed


@each
def test_its_result_is_light_to_keep(name: str, first):
    """What a session remembers counts against its memory: a result that carries the vectors would push out the rest."""
    found = first(name)[1]
    if name == "gap":
        found = found.of  # the page remembers the gaps alone: it draws them from the space that it has
    seen: list[Any] = []
    _walk(found, seen.append)
    assert not any(isinstance(one, Embeddings) for one in seen)
    assert memory_of(found) < 2_000_000


def test_words_of_strangers_stay_inside_their_quotes():
    name = "'''\"\"\"\n__import__('os').abort()\n#"
    tree = compile(views.Columns(modality=name).python(), "x", "exec")
    assert name in tree.co_consts
