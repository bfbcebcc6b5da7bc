"""Methods and encoders are found, not listed: in the package's own folders, and in installed packages.

A new file in a folder of methods is a new method everywhere. Another package offers its own by an entry point of one
of `GROUPS`; what is broken there never stops this one: it is listed by `problems`, with the reason.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

FUSIONS = "mmexplore.fusions"  # classes of `mmexplore.models.fusion.Fusion`; a `Generative` is one, too
ALIGNMENTS = "mmexplore.alignments"  # classes of `mmexplore.models.alignment.Alignment`
ENCODERS = "mmexplore.encoders"  # classes of `mmexplore.encoders.base.Encoder` with a `card`
KINDS = "mmexplore.kinds"  # a `mmexplore.data.kinds.KindCard`
GROUPS = (FUSIONS, ALIGNMENTS, ENCODERS, KINDS)


# -- the package's own folders -------------------------------------------------------------------
@cache
def find_classes(package: str, base: type, skip: tuple[str, ...] = ()) -> tuple[type[Any], ...]:
    """Every concrete public subclass of `base` that a module of `package` defines, in alphabetical order of modules.

    Args:
        package: dotted name of a folder of modules and folders; those that begin with an underscore are passed over.
        skip: modules that are not even imported.
    """
    folder = importlib.import_module(package)
    found: list[type[Any]] = []
    for module in sorted(m.name for m in pkgutil.walk_packages(folder.__path__, f"{package}.")):
        name = module.rsplit(".", 1)[1]
        if name.startswith("_") or name in skip:
            continue
        for cls in vars(importlib.import_module(module)).values():
            own = inspect.isclass(cls) and cls.__module__ == module  # not one that it only imports
            if own and not cls.__name__.startswith("_") and not reason_against(cls, base):
                found.append(cls)
    return tuple(found)


def find_methods(package: str, base: type) -> dict[str, type[Any]]:
    """Name -> class for every method (a class with a `name`) in the modules of `package`."""
    return {cls.name: cls for cls in find_classes(package, base)}


def reason_against(cls: Any, base: type) -> str:
    """Why `cls` cannot be used as a `base`, one clause; "" where it can."""
    if not inspect.isclass(cls) or not issubclass(cls, base):
        return f"is not a subclass of {base.__module__}.{base.__name__}"
    if inspect.isabstract(cls):
        return f"does not define {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}"
    return ""


# -- installed packages ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Problem:
    """A part of an installed package that cannot be used.

    Attributes:
        group: one of `GROUPS`.  name: of the entry point.  package: that offers it, with its version.
        reason: one clause.
    """

    group: str
    name: str
    package: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.group}) of {self.package} is left out: {self.reason}."


_problems: dict[tuple[str, str, str], Problem] = {}


def problems() -> list[Problem]:
    """What installed packages offer and cannot be used, of the groups that were asked for so far."""
    return list(_problems.values())


def load_plugged(group: str, admit: Callable[[Any], str]) -> None:
    """Load what the entry points of a group stand for, in the order of their names; a broken one goes to `problems`.

    Args:
        admit: takes the object and returns "", or returns why it cannot be used, one clause.
    """
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, _package(p))):
        try:
            reason = admit(point.load())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is: it is listed, and the app starts
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200].rstrip('.') or 'no reason given'}"
        if reason:
            _problems[group, point.name, _package(point)] = Problem(group, point.name, _package(point), reason)


def _package(point: EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"{point.dist.name} {point.dist.version}"


# -- names -----------------------------------------------------------------------------------------
def near(name: str, names: Collection[str], otherwise: str) -> str:
    """The remedy for an unknown name: "did you mean A or B?", or `otherwise` where none is like it."""
    unique = list(dict.fromkeys(names))
    found = difflib.get_close_matches(name, unique, n=3, cutoff=0.5)
    found += [n for n in unique if name and name.lower() in n.lower() and n not in found]
    return f"did you mean {' or '.join(found[:3])}?" if found else otherwise
