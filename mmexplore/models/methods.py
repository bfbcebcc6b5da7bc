"""Every method by name, whichever folder or installed package it lives in; and one's own, by class or instance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from mmexplore import discovery
from mmexplore.errors import UserError
from mmexplore.models import alignment, fusion, generative
from mmexplore.models.card import MethodCard
from mmexplore.models.estimator import Estimator
from mmexplore.models.param import check_names, check_params

#: what may stand wherever a method is asked for: its name, its class, or an instance (its parameters are kept)
MethodLike = str | type[Estimator] | Estimator
Registered = TypeVar("Registered", bound=type[Estimator])

_BASES: dict[str, type] = {"alignment": alignment.Alignment, "fusion": fusion.Fusion}
_GROUPS = {discovery.ALIGNMENTS: "alignment", discovery.FUSIONS: "fusion"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
_registered: dict[str, type[Estimator]] = {}


# -- by name ---------------------------------------------------------------------------
def alignment_methods() -> dict[str, type[alignment.Alignment]]:
    """Every alignment by name: built in, of installed packages, registered."""
    return {**alignment.methods(), **_others(alignment.Alignment)}


def fusion_methods() -> dict[str, type[fusion.Fusion]]:
    """Every fusion and generative method by name: built in, of installed packages, registered."""
    return {**fusion.methods(), **generative.methods(), **_others(fusion.Fusion)}


def all_methods() -> dict[str, type[Estimator]]:
    """Every alignment, fusion and generative method by name, in that order."""
    return {**alignment_methods(), **fusion_methods()}


def methods_of_kind() -> dict[str, list[str]]:
    """ "alignment", "fusion" and "generative" -> names; here a generative method is no fusion."""
    able = {name: issubclass(cls, generative.Generative) for name, cls in fusion_methods().items()}
    return {
        "alignment": list(alignment_methods()),
        "fusion": [name for name, is_generative in able.items() if not is_generative],
        "generative": [name for name, is_generative in able.items() if is_generative],
    }


def find(name: str, what: str = "") -> type[Estimator]:
    """The class of the method of this name.

    Args:
        what: "alignment" or "fusion", where only one of these will do ("" = any).

    Raises:
        UserError: there is none; near names are suggested.
    """
    known: Mapping[str, type[Estimator]] = all_methods()
    known = {n: cls for n, cls in known.items() if not what or issubclass(cls, _BASES[what])}
    if name not in known:
        kind = f"{what} method" if what else "method"
        raise UserError(
            f"no {kind} is called {name!r}", "method", discovery.near(name, known, f"choose one of: {', '.join(known)}")
        )
    return known[name]


# -- by name, class or instance ----------------------------------------------------------
def make(method: MethodLike, params: Mapping[str, Any] | None = None, what: str = "") -> Any:
    """An unfitted estimator: of a name or class with these parameters, of an instance a copy with these changed.

    Args:
        what: "alignment" or "fusion", where only one of these will do ("" = any).

    Raises:
        UserError: no such method, a class that is none, or parameters that it does not take.
    """
    cls = class_of(method, what)
    kept = method.get_params() if isinstance(method, Estimator) else {}
    check_names(cls, params or {})
    try:
        made = cls(**{**kept, **(params or {})})
    except TypeError as error:
        raise UserError(
            f"does not take these parameters ({error})", cls.name, "see its card with `mmexplore methods`"
        ) from error
    check_params(made)
    return made


def with_common(estimator: Any, **common: Any) -> Any:
    """The estimator with these values of `random_state` and `objective`, as far as it has such parameters.

    A method that draws nothing need not take a seed, and an alignment takes no objective.
    """
    taken = estimator.get_params(deep=False)
    return estimator.set_params(**{name: value for name, value in common.items() if name in taken})


def name_of(method: MethodLike, what: str = "") -> str:
    """The name of a method given by name, class or instance. Raises UserError like `make`."""
    return class_of(method, what).name


def class_of(method: MethodLike, what: str = "") -> type[Estimator]:
    """The class of a method given by name, class or instance. Raises UserError like `make`."""
    if isinstance(method, str):
        return find(method, what)
    cls: Any = method if isinstance(method, type) else type(method)
    reason = _reason_against(cls, _BASES.get(what, Estimator)) or _taken(cls)
    if reason:
        raise UserError(reason, cls.__name__, "CONTRIBUTING.md says what a method needs")
    return cls


def register(cls: Registered) -> Registered:
    """Make one's own method known by its name for the rest of this process; usable as a decorator.

    A class or an instance is taken wherever a name is, without this. It is needed where only the name is known: to
    reopen a saved workspace, and to choose the method in the app. A class registered again replaces the older one.

    Raises:
        UserError: it is no complete alignment or fusion, or its name is that of a method that is not one's own.
    """
    class_of(cls)
    _registered[cls.name] = cls
    return cls


# -- what is not built in ------------------------------------------------------------------
def _others(base: type) -> dict[str, Any]:
    return {n: cls for n, cls in {**_installed(), **_registered}.items() if issubclass(cls, base)}


@cache
def _installed() -> dict[str, type[Estimator]]:
    """The methods of installed packages; what is broken or called like another one is in `discovery.problems`."""
    found: dict[str, type[Estimator]] = {}
    for group, what in _GROUPS.items():

        def admit(cls: Any, base: type = _BASES[what]) -> str:
            reason = _reason_against(cls, base)
            if not reason and (cls.name in _built_in() or cls.name in found):
                reason = f"the name {cls.name!r} is taken"
            if not reason:
                found[cls.name] = cls
            return reason

        discovery.load_plugged(group, admit)
    return found


def _built_in() -> dict[str, type[Estimator]]:
    return {**alignment.methods(), **fusion.methods(), **generative.methods()}


def _taken(cls: type[Estimator]) -> str:
    """Why this class may not be called as it is: a saved fit of it would be opened as something else."""
    other = {**_built_in(), **_installed()}.get(cls.name, cls)
    same = (other.__module__, other.__qualname__) == (cls.__module__, cls.__qualname__)  # also after a reload
    return "" if same else f"the name {cls.name!r} is that of {other.__module__}.{other.__qualname__}"


def _reason_against(cls: Any, base: type) -> str:
    """Why a class cannot be used as a method, one clause; "" where it can."""
    if reason := discovery.reason_against(cls, base):
        return reason
    if not any(issubclass(cls, known) for known in _BASES.values()):
        return "is neither an Alignment nor a Fusion"
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return 'has no `name` (lower-case letters, digits and hyphens, such as "mine")'
    if not isinstance(getattr(cls, "card", None), MethodCard):
        return "has no `card` (a mmexplore.models.card.MethodCard)"
    return "" if isinstance(getattr(cls, "family", None), str) else 'has no `family` (such as "attention")'
