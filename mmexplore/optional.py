"""Packages that come with an extra of the installation: where one is not there, one sentence names the extra."""

from __future__ import annotations

import importlib.util

from mmexplore.errors import UserError


def is_there(module: str) -> bool:
    """Is a package installed? It is not imported.

    Args:
        module: as it is imported, without a dot ("umap").
    """
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def require(module: str, extra: str, where: str = "") -> None:
    """Called before the import of an optional package; imports nothing itself.

    Args:
        module: as it is imported, without a dot ("umap").
        extra: of mmexplore, which brings it ("app", "encoders", "information" ...).
        where: what the person asked for ("UMAP"); by default the package.

    Raises:
        UserError: it is not installed; names the extra.
    """
    if not is_there(module):
        raise UserError(
            f"needs the package {module}, which is not installed", where, f'run `pip install "mmexplore[{extra}]"`'
        )
