"""Pages driven without a browser: each is given a workspace and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.app import navigation
from mmexplore.workspace.state import Workspace
from tests.app.pages.small import make_workspace
from tests.conftest import REPOSITORY

PAGES = [page.name for page in navigation.PAGES]
OpenPage = Callable[..., AppTest]


def part_of(test: AppTest, name: str) -> AppTest:
    """The page with this part of it open, as a person opens it."""
    control = next(c for c in test.segmented_control if c.key and c.key.endswith(".part"))
    return control.set_value(name).run()


def each_part(test: AppTest) -> Iterator[str]:
    """Opens one part of the page after the other and gives its name; once "" where the page has no parts."""
    controls = [c for c in test.segmented_control if c.key and c.key.endswith(".part")]
    for name in list(controls[0].options) if controls else []:
        part_of(test, name)
        assert not test.exception, (name, test.exception)
        yield name
    if not controls:
        yield ""


@pytest.fixture(scope="session")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace with an attention fusion; copy it before changing it."""
    return make_workspace(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def stages(fused: Workspace) -> dict[str, Callable[[], Workspace]]:
    """Stage -> a fresh workspace at that stage of the journey."""

    def upto_vectors() -> Workspace:
        workspace = Workspace(dataset=fused.dataset)
        workspace.set_embeddings(replace(fused.embeddings), fused.encoders)  # type: ignore[type-var]
        return workspace

    return {
        "empty": Workspace,
        "pairs": lambda: Workspace(dataset=fused.dataset),
        "vectors": upto_vectors,
        "fusion": lambda: replace(fused, fusions=dict(fused.fusions)),
    }


@pytest.fixture
def open_page(stages: dict[str, Callable[[], Workspace]]) -> OpenPage:
    """Runs a page on a workspace: `open_page("weights", "fusion")`; returns the AppTest after its first run."""

    def run(page: str, stage: str = "fusion", workspace: Workspace | None = None) -> AppTest:
        test = AppTest.from_file(str(Path(REPOSITORY, "pages", f"{page}.py")), default_timeout=60)
        test.session_state["started"] = True
        test.session_state["workspace"] = stages[stage]() if workspace is None else workspace
        return test.run()

    return run
