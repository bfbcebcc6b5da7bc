"""What a race is run with: who takes part, with how many seeds, on which task."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmexplore.errors import UserError
from mmexplore.models.alignment.base import Alignment
from mmexplore.models.estimator import Estimator
from mmexplore.models.methods import MethodLike, all_methods, class_of, methods_of_kind
from mmexplore.models.param import COMMON, read_param
from mmexplore.workspace.fits import changed, in_words, title_of


@dataclass(frozen=True)
class Entry:
    """A method with settings of its own: two entries of a race may be the same method with different settings.

    Attributes:
        method: by name, class or instance.
        params: instead of the defaults (of an instance: instead of its own).
        label: how the entry is called in tables; by default made of the method and its parameters.
    """

    method: MethodLike
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", label_of(self.method, self.params))

    @property
    def cls(self) -> type[Estimator]:
        """UserError where no method has this name, or the class is none."""
        return class_of(self.method)

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that are not the method's defaults, an instance's own among them."""
        own = own_params_of(self.method)
        return {k: v for k, v in changed(self.cls, {**own, **self.params}).items() if k not in COMMON}

    @property
    def is_alignment(self) -> bool:
        return issubclass(self.cls, Alignment)

    def title(self, full: bool) -> str:
        """What people read; `full`: with the parameters that are not the defaults."""
        return ", ".join([title_of(self.cls), *(in_words(self.given) if full else ())])


def own_params_of(method: Any) -> dict[str, Any]:
    """Of an instance its own settings; of a name or a class none."""
    return {} if isinstance(method, str | type) else method.own_params()


def label_of(method: MethodLike, params: Mapping[str, Any]) -> str:
    """attention, attention:width=16 (as the shell takes it); of a class or an instance AttentionFusion(width=16)."""
    if isinstance(method, str):
        return ":".join([method, *(f"{k}={_short(v)}" for k, v in params.items())])
    cls = class_of(method)
    if not isinstance(method, type):
        params = {k: v for k, v in changed(cls, {**own_params_of(method), **params}).items() if k not in COMMON}
    inside = ", ".join(f"{k}={v!r}" for k, v in params.items())
    return f"{cls.__name__}({inside})" if inside else cls.__name__


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


@dataclass(frozen=True)
class Setting:
    """What is compared.

    Attributes:
        methods: names, classes, instances, or `Entry` (a method with parameters), mixed.
        n_seeds: fits of each, with the workspace's seed and those that follow it.
        labels_per_class: a label budget; None = every label.
        missing: share of the cells that are taken away for the score with holes, above 0, up to 1.
        target, source: as in `journey.fuse`.
        params: method -> parameters other than its defaults, for the methods that are given by name.
    """

    methods: tuple[MethodLike | Entry, ...]
    n_seeds: int = 3
    labels_per_class: int | None = None
    missing: float = 0.5
    target: str | None = None
    source: str = "encoded"
    params: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Who takes part, each under a label of its own; what is named twice takes part once."""
        entries: list[Entry] = []
        for given in self.methods:
            if isinstance(given, Entry):
                entries.append(given)
            elif isinstance(given, str):
                entries.append(Entry(given, self.params.get(given, {}), given))
            else:
                entries.append(Entry(given))
        return tuple(_told_apart(entries))

    @property
    def given(self) -> dict[str, dict[str, Any]]:
        """label -> parameters, of the entries that have any."""
        own = {e.label: dict(e.params) if isinstance(e.method, str) else e.given for e in self.entries}
        return {label: params for label, params in own.items() if params}


def _told_apart(entries: Iterable[Entry]) -> list[Entry]:
    """Entries that are equal once; others of one label with a number."""
    kept: dict[str, Entry] = {}
    for entry in entries:
        label, n = entry.label, 1
        while label in kept and not _same(kept[label], entry):
            n += 1
            label = f"{entry.label} ({n})"
        kept.setdefault(label, entry if label == entry.label else Entry(entry.method, entry.params, label))
    return list(kept.values())


def _same(a: Entry, b: Entry) -> bool:
    one_method = a.method is b.method or (isinstance(a.method, str) and a.method == b.method)
    return one_method and repr(dict(a.params)) == repr(dict(b.params))


# -- what a person types -----------------------------------------------------------
def named_methods(asked: str) -> tuple[str | Entry, ...]:
    """ "all", a kind ("alignment", "fusion", "generative"), names, or names with parameters ("attention:width=16",
    several parameters each after a colon), separated by commas.

    Raises:
        UserError: no such method or kind, or a parameter without a value.
    """
    rooms = methods_of_kind()
    names: list[str | Entry] = []
    for word in filter(None, (w.strip() for w in asked.split(","))):
        name, *given = word.split(":")
        if name in all_methods():
            names.append(Entry(name, dict(_setting(name, text) for text in given)) if given else name)
        elif not given and word == "all":
            names += list(all_methods())
        elif not given and word in rooms:
            names += rooms[word]
        else:
            raise UserError(
                f"no method is called {name!r}", "methods", f"choose all, {', '.join((*rooms, *all_methods()))}"
            )
    return tuple({e if isinstance(e, str) else e.label: e for e in names}.values())


def _setting(method: str, text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not (sign and name and value):
        raise UserError(f"{text!r} is not NAME=VALUE", "methods", "write for example attention:width=16:epochs=50")
    return name, read_param(all_methods()[method], name, value)
