"""The public surface: what `import mmexplore` costs, which names there are, and that the documented lines run."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys

import numpy as np
import pytest

import mmexplore as mm
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs" / "library.md"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_brings_no_library_along():
    """In place of a clock: what makes it slow is what it imports. `benchmarks/startup.py` has the time."""
    loaded = run("import sys, mmexplore; print(*{m.split('.')[0] for m in sys.modules})").split()
    assert not {"torch", "numpy", "pandas", "sklearn", "scipy", "streamlit", "plotly", "typer"} & set(loaded)


def test_every_public_name_is_there_and_says_what_it_is():
    assert set(mm.__all__) == set(mm._HOME) and set(mm.__all__) <= set(dir(mm))
    for name in mm.__all__:
        found = getattr(mm, name)
        assert found is getattr(importlib.import_module(mm._HOME[name]), name)
        assert (found.__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mm.nothing  # noqa: B018


def test_type_checkers_are_told_the_same_names():
    tree = ast.parse((REPOSITORY / "mmexplore" / "__init__.py").read_text(encoding="utf-8"))
    (told,) = (n for n in tree.body if isinstance(n, ast.If))
    names = {a.name: n.module for n in told.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert names == mm._HOME
    assert (REPOSITORY / "mmexplore" / "py.typed").exists()


def test_the_documented_lines_run(capsys: pytest.CaptureFixture[str]):
    """Every block of docs/library.md, one after another, as a person would type them."""
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 5
    names: dict[str, object] = {"__name__": "library"}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), names)
    recalled, weights, contributions, raced = (names[n] for n in ("recalled", "weights", "contributions", "raced"))
    assert list(recalled.index) == ["image -> text", "text -> image"]
    assert set(recalled["rows"]) == {"80 held-out items"} == set(contributions["rows"])
    assert (recalled["recall@1"] > 3 * recalled["recall@1 chance"]).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert list(weights.columns) == ["image", "text"]
    assert (contributions["value"] > contributions["chance_high"]).all()
    assert {"AttentionFusion", "AttentionFusion(width=16)", "Mean(epochs=20)"} <= set(raced.index)
    assert raced.loc["AttentionFusion", "score"] > 2 * raced.loc["AttentionFusion", "chance"]
