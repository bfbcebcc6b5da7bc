"""The settings of a method: a label, a help text and bounds beside each constructor parameter.

A `Param` stands where the parameter is declared, once in the base where many classes have it:

    width: Annotated[int, Param("Width", "Numbers each modality is projected to.", low=1, high=4096)] = 64

That is a dataclass field, an annotated attribute of the class, or an argument of `__init__`.
"""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from mmexplore.errors import UserError

#: what every method has from its base; asked for elsewhere (target, seed), so no setting of the method
COMMON = ("objective", "random_state")

_TRUE, _FALSE, _NONE = ("true", "yes", "on", "1"), ("false", "no", "off", "0"), ("none", "null", "")


@dataclass(frozen=True)
class Param:
    """What people read of a parameter, and what it may be.

    Attributes:
        label: its name in words ("Learning rate").
        help: one or two plain sentences: what it is, and what happens when it is raised or lowered.
        low, high: smallest and largest value, both allowed; None = no bound.
        why: the reason of the bounds, a clause ("wider layers take gigabytes").
        none: what None does, in a word or two; only where the type admits None.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    why: str = ""
    none: str = "automatic"


@dataclass(frozen=True, kw_only=True)
class Declared(Param):
    """A parameter of a method as it is declared: its `Param`, and what its type and the constructor say.

    Attributes:
        name: of the constructor's argument.
        type: int, float, bool or str; `object` where the annotation is none of these.
        choices: the values allowed where there are only some (`Literal`), else ().
        default: the constructor's; `inspect.Parameter.empty` where it has none.
        optional: None is allowed and does what `none` says.
    """

    name: str
    type: type
    choices: tuple[Any, ...]
    default: Any
    optional: bool

    @property
    def bounds(self) -> str:
        """ "from 1 to 64", "at least 0", "at most 1", or "" where there are none."""
        if self.low is not None and self.high is not None:
            return f"from {_shown(self.low)} to {_shown(self.high)}"
        if self.low is not None:
            return f"at least {_shown(self.low)}"
        return "" if self.high is None else f"at most {_shown(self.high)}"

    @property
    def allowed(self) -> str:
        """What it may be, in words: "a whole number from 1 to 64 (why)", "true or false", "one of: a, b"."""
        if self.choices:
            text = f"one of: {', '.join(map(str, self.choices))}"
        elif self.type is object:
            text = "a value"
        else:
            text = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[self.type]
            of = "of " if self.bounds.startswith("at") else ""
            text += f" {of}{self.bounds}" if self.bounds else ""
        if self.optional:
            text += f", or none ({self.none})"
        return f"{text} ({self.why})" if self.why else text

    @property
    def about(self) -> str:
        """The help with the bounds and their reason, for a tooltip."""
        bounds = f" Allowed: {self.bounds}" + (f" ({self.why})" if self.why else "") + "." if self.bounds else ""
        return self.help + bounds

    def problem(self, value: Any) -> str | None:
        """Why the value is not allowed ("is -1"), or None where it is."""
        if value is None and self.optional:
            return None
        if self.choices:
            return None if value in self.choices else f"is {value!r}"
        if not _has_type(value, self.type):
            return f"is {value!r}"
        if self.type in (int, float):
            inside = (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
            return None if inside else f"is {_shown(value)}"
        return None

    def as_dict(self) -> dict[str, Any]:
        """The entry of `mmexplore methods --json`; `none` is null where None is not allowed."""
        return {
            "name": self.name,
            "label": self.label,
            "help": self.help,
            "type": self.type.__name__,
            "choices": list(self.choices),
            "low": self.low,
            "high": self.high,
            "why": self.why,
            "default": None if self.default is inspect.Parameter.empty else self.default,
            "none": self.none if self.optional else None,
        }


def params_of(cls: type) -> dict[str, Declared]:
    """The settings of a method by name, in the order of its constructor, without those of `COMMON`.

    A parameter without a `Param` is there too: its label is made of its name, its help is empty.
    """
    return dict(_params_of(cls))


def check_params(estimator: Any) -> None:
    """Check the type, the choices and the bounds of every setting of a method.

    Raises:
        UserError: the first one that is not allowed.
    """
    for name, declared in params_of(type(estimator)).items():
        _require(type(estimator), declared, getattr(estimator, name))


def read_param(cls: type, name: str, text: str) -> Any:
    """The value of a setting as typed in the shell: "16", "0.5", "true", "none", or one of its choices.

    Raises:
        UserError: the method has no such setting, or the value is not allowed.
    """
    declared = _known(cls, name)
    value = _parse(declared, text.strip())
    _require(cls, declared, value)
    return value


def check_names(cls: type, names: Iterable[str]) -> None:
    """Raise UserError for the first of `names` that is no constructor parameter of the method."""
    for name in names:
        if name not in COMMON:
            _known(cls, name)


# -- inside ----------------------------------------------------------------------
def _known(cls: type, name: str) -> Declared:
    known = params_of(cls)
    if name not in known:
        remedy = f"choose one of: {', '.join(known)}" if known else "it has nothing to set"
        raise UserError(f"there is no setting {name!r}", _title(cls), remedy)
    return known[name]


def _require(cls: type, declared: Declared, value: Any) -> None:
    if (problem := declared.problem(value)) is not None:
        raise UserError(f"{declared.name} {problem}", _title(cls), f"give {declared.allowed}")


def _title(cls: type) -> str:
    return getattr(cls, "name", cls.__name__)


def _parse(declared: Declared, text: str) -> Any:
    """The value that a text means for this type; the text itself where it means none (then `problem` says so)."""
    low = text.lower()
    if declared.optional and low in _NONE:
        return None
    if declared.type is bool:
        return True if low in _TRUE else False if low in _FALSE else text
    if declared.choices:
        return next((c for c in declared.choices if str(c) == text), text)
    if declared.type in (int, float):
        try:
            number = float(text)
        except ValueError:
            return text
        whole = declared.type is int and number.is_integer()
        return int(number) if whole else number
    return text


def _has_type(value: Any, wanted: type) -> bool:
    if wanted is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if wanted is float:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if wanted is bool:
        return isinstance(value, bool | np.bool_)
    return isinstance(value, wanted)


def _shown(number: Any) -> str:
    """1000 -> "1,000"; 1e-09 and 0.05 as they are."""
    return f"{int(number):,}" if float(number).is_integer() and abs(number) < 1e15 else f"{float(number):g}"


@cache
def _params_of(cls: type) -> dict[str, Declared]:
    found = {}
    for name, argument in inspect.signature(cls).parameters.items():
        if name in COMMON or argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            continue
        found[name] = _declared(name, argument.default, list(_hints(cls, name)))
    return found


def _declared(name: str, default: Any, hints: list[Any]) -> Declared:
    """From its hints, the nearest first: of several with a `Param` the first one counts."""
    told = [(hint, meta) for hint in hints for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Param)]
    hint, param = told[0] if told else (hints[0] if hints else type(default), Param(_in_words(name), ""))
    kind, choices, optional = _kind(hint)
    return Declared(**vars(param), name=name, type=kind, choices=choices, default=default, optional=optional)


def _in_words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _hints(cls: type, name: str) -> Iterator[Any]:
    """What the class and then its bases say of a parameter, as an attribute or as an argument of `__init__`.

    Annotations are texts, written for the module they stand in, and some name what only a type checker imports:
    each is read on its own, and those that cannot be read are left out.
    """
    for base in cls.__mro__:
        module = vars(sys.modules.get(base.__module__, types.ModuleType("")))
        places = [(inspect.get_annotations(base), module)]
        if inspect.isfunction(init := vars(base).get("__init__")):
            places.insert(0, (inspect.get_annotations(init), init.__globals__))
        for said, names in places:
            if name in said:
                holder = types.SimpleNamespace(__annotations__={name: said[name]})
                try:
                    yield get_type_hints(holder, names, dict(vars(base)), include_extras=True)[name]
                except (NameError, AttributeError, TypeError, SyntaxError):
                    continue


def _kind(hint: Any) -> tuple[type, tuple[Any, ...], bool]:
    """(int, float, bool, str or object; its choices; whether None is allowed)."""
    if get_origin(hint) is Annotated:
        return _kind(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not type(None)]
        kind, choices, _ = _kind(parts[0]) if len(parts) == 1 else (object, (), False)
        return kind, choices, len(parts) < len(get_args(hint))
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        return type(choices[0]), tuple(c for c in choices if c is not None), None in choices
    return (hint if hint in (int, float, bool, str) else object), (), False
