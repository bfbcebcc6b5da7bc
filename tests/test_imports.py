"""What is written about the package's modules is true: every line that imports from it finds what it names.

Also in texts: lines that are run in other processes, handed out, or shown in the documents. A folder that was renamed
is noticed here, where no test imports the file.
"""

from __future__ import annotations

import importlib
import re
from functools import cache

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow  # it imports every module

WRITTEN = [
    path
    for folder in ("mmexplore", "pages", "tests", "benchmarks", "scripts", "docs", "examples")
    for path in sorted((REPOSITORY / folder).rglob("*"))
    if path.suffix in {".py", ".md"} and "out" not in path.parts
] + [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "app.py")]
#: `from mmexplore.x import a, b as c`, on one line or in brackets
FROM = re.compile(r"^[ \t>]*from (mmexplore[\w.]*) import (?:\(([\w, \n]+)\)|([\w, ]+))", re.MULTILINE)
PLAIN = re.compile(r"^[ \t>]*import (mmexplore[\w.]*)", re.MULTILINE)


@cache
def is_there(module: str, name: str = "") -> bool:
    if module.startswith("mmexplore_"):  # the example plug-in, which is not installed here
        return True
    try:
        found = importlib.import_module(module)
        if name and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


def problems(text: str) -> list[str]:
    """Lines of this text whose module, or what they take from it, is not there."""
    found = []
    for module, in_brackets, on_a_line in FROM.findall(text):
        names = [n.split(" as ")[0].strip() for n in (in_brackets or on_a_line).split(",")]
        found += [f"from {module} import {n}" for n in names if n and not is_there(module, n)]
    return found + [f"import {m}" for m in PLAIN.findall(text) if not is_there(m)]


def test_what_is_imported_is_there():
    told = {str(p.relative_to(REPOSITORY)): problems(p.read_text(encoding="utf-8")) for p in WRITTEN}
    assert {path: lines for path, lines in told.items() if lines} == {}
    gone = ["from " + "mmexplore.nowhere import x", "import " + "mmexplore.gone"]  # in parts: this file is read, too
    assert problems("\n    ".join(gone)) == gone
