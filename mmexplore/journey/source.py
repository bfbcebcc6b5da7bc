"""The code that a result depends on, as a digest: other code, another digest; comments and docstrings do not count."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def code_digest(modules: Iterable[str], package: Path = PACKAGE) -> str:
    """SHA-256 (hex) of the code of these modules and of all modules of the package that they import, at any remove, at
    the top of a file or inside a function (but not for a type checker alone).

    The files are read, nothing is imported. The same on every version of Python and with every kind of line end.

    Args:
        modules: full names ("mmexplore.models.fusion.attention").
        package: the folder of the package; its name is the first part of the modules' names.

    Raises:
        FileNotFoundError: there is no such module.
    """
    digest = hashlib.sha256()
    for name, code in sorted(_with_imports(modules, package).items()):
        digest.update(f"{name}\0{code}\0".encode())
    return digest.hexdigest()


def _with_imports(modules: Iterable[str], package: Path) -> dict[str, str]:
    """Module -> its code."""
    found: dict[str, str] = {}
    left = list(modules)
    while left:
        name = left.pop()
        if name not in found:
            file = _file(name, package)
            if file is None:
                raise FileNotFoundError(f"no module {name} in {package.parent}")
            found[name], imported = _read(file, package, file.stat().st_mtime_ns)
            left += imported
    return found


def _file(name: str, package: Path) -> Path | None:
    path = package.parent.joinpath(*name.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)


@cache
def _read(file: Path, package: Path, changed: int) -> tuple[str, list[str]]:
    """The code of a file, and the modules of the package that it imports."""
    text = file.read_text(encoding="utf-8")  # with "\n" for every kind of line end
    lines, names = text.split("\n"), set()
    for node in ast.walk(_Run().visit(ast.parse(text))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _blank_docstring(node, lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    ours = sorted(n for n in names if n.split(".")[0] == package.name and _file(n, package) is not None)
    return "\n".join(line.rstrip() for line in lines if line.strip()), ours


class _Run(ast.NodeTransformer):
    """Leaves out what only a type checker reads: mmexplore's own `__init__` names half of the package there."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return node.orelse
        return self.generic_visit(node)


def _blank_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]
) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        last = first.end_lineno or first.lineno
        lines[first.lineno - 1 : last] = [""] * (last - first.lineno + 1)
