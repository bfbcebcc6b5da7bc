"""Packages that come with an extra of the installation: where one is not there, one sentence names the extra."""

from __future__ import annotations

import importlib
import importlib.util

from mmexplore.errors import UserError


def require(module: str, extra: str, where: str = "") -> None:
    """Import an optional package, so that the `import` after it succeeds.

    Args:
        module: as it is imported ("umap").
        extra: of mmexplore, which brings it ("app", "encoders", "information" ...).
        where: what the person asked for ("the map"); by default the package's name.

    Raises:
        UserError: it is not installed, or cannot be imported; names the extra.
    """
    try:
        importlib.import_module(module)
    except ImportError as error:
        top = module.split(".")[0]
        absent = isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == top
        what = f"needs the package {top}, which " + (
            "is not installed" if absent else f"cannot be imported ({str(error).splitlines()[0][:200]})"
        )
        raise UserError(what, where or top, f'run `pip install "mmexplore[{extra}]"`') from error


def is_there(module: str) -> bool:
    """Is an optional package installed? It is not imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False
