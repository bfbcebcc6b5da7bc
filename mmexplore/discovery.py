"""Methods are found, not listed: a new file in a method folder is a new method everywhere."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TypeVar

Method = TypeVar("Method")


@cache
def find_methods(package: str, base: type[Method]) -> dict[str, type[Method]]:
    """Name -> class for every concrete subclass of `base` with a `name` in the modules of `package`."""
    folder = importlib.import_module(package)
    found: dict[str, type[Method]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(folder.__path__) if not m.name.startswith("_")):
        for cls in vars(importlib.import_module(f"{package}.{module}")).values():
            if (
                inspect.isclass(cls)
                and issubclass(cls, base)
                and not inspect.isabstract(cls)
                and cls.__module__ == f"{package}.{module}"
                and not cls.__name__.startswith("_")
            ):
                found[cls.name] = cls  # type: ignore[attr-defined]
    return found
