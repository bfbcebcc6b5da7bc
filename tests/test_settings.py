"""The table of settings: whatever is read of the environment is in it, and docs/deploy.md shows it as it is."""

from __future__ import annotations

import ast
import re

import pytest

from mmexplore import settings
from mmexplore.errors import UserError
from mmexplore.settings import NUMBER, SETTINGS, SIZE
from tests.conftest import REPOSITORY

DEPLOY = (REPOSITORY / "docs" / "deploy.md").read_text(encoding="utf-8")
CODE = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("mmexplore", "pages")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
}


def read_of_the_environment(code: str) -> set[str]:
    """Names that `os.environ.get("X")`, `os.environ["X"]` (as a value) or `os.getenv("X")` ask for."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        key = None
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
            key = node.args[0]
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and ast.unparse(node.value) == "os.environ"
        ):
            key = node.slice
        if isinstance(key, ast.Constant):
            found.add(key.value)
    return found


def test_only_the_table_reads_our_variables():
    for path, code in CODE.items():
        ours = {name for name in read_of_the_environment(code) if name.startswith("MMEXPLORE_")}
        assert not ours, f"{path} reads {ours}: settings.given(), number() or size() does"
        unknown = set(re.findall(r"MMEXPLORE_[A-Z_]+", code)) - set(SETTINGS)
        assert not unknown, f"{path} names {unknown}, which mmexplore/settings.py does not have"


def test_every_setting_is_used():
    used = {name for path, code in CODE.items() if path != "mmexplore/settings.py" for name in SETTINGS if name in code}
    assert used == set(SETTINGS)


def test_the_docs_show_the_table():
    lines = ["| variable | default | what it may be | what it is |", "| --- | --- | --- | --- |"]
    lines += [f"| `{n}` | {s.default or s.otherwise} | {s.allowed} | {s.about} |" for n, s in SETTINGS.items()]
    assert "\n".join(lines) in DEPLOY, "paste this into docs/deploy.md:\n" + "\n".join(lines)


def test_what_else_is_read_of_the_environment_is_in_the_docs():
    others = {name for code in CODE.values() for name in read_of_the_environment(code)}
    assert {"HF_HUB_OFFLINE", "HTTPS_PROXY"} <= others
    for name in others - {"PYTHONPATH"}:  # handed on to a child as it is
        assert f"`{name}`" in DEPLOY or f"`{name.upper()}`" in DEPLOY, f"docs/deploy.md does not name {name}"


@pytest.mark.parametrize("name", SETTINGS)
def test_unset_it_is_its_default_and_what_it_may_not_be_is_told(name, monkeypatch):
    setting = SETTINGS[name]
    monkeypatch.delenv(name, raising=False)
    assert settings.given(name) == ""
    assert setting.default or setting.otherwise
    read = {NUMBER: settings.number, SIZE: settings.size}.get(setting.kind)
    if read is None:
        return
    assert read(name) == read(name, setting.default) >= setting.low
    for wrong in ("much", "-1", str(setting.low - 1)):
        monkeypatch.setenv(name, wrong)
        with pytest.raises(UserError) as told:
            read(name)
        assert told.value.where == name and told.value.remedy
    monkeypatch.setenv(name, " 7 ")
    assert read(name) == 7
