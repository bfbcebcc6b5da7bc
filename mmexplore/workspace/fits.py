"""A fit: one method, fitted once, with what it was given and how it scored; its id for programs, its title for people.

Several fits of one method stand beside each other in a workspace; what tells them apart is in their titles.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmexplore.models.estimator import Estimator
from mmexplore.models.fusion.base import Fusion

if TYPE_CHECKING:
    from mmexplore.scores.evaluation import FusionScore


@dataclass(frozen=True)
class FittedFusion:
    """A fusion with what it was given and what was measured on it.

    Attributes:
        seed: of the fit.
        target: the column it was fitted to ("label" or another), if any.
        source: the vectors it was given: "encoded" (as the encoders made them) or "aligned".
        labels_per_class: the label budget; None = every label.
        id: its key in `Workspace.fusions`; the method's name until a workspace gives it another.
    """

    fusion: Fusion
    score: FusionScore
    seed: int = 0
    target: str | None = None
    source: str = "encoded"
    labels_per_class: int | None = None
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", self.method)

    @property
    def method(self) -> str:
        """The name of its method."""
        return name_of(self.fusion)

    @property
    def params(self) -> dict[str, Any]:
        """The settings of its method, without objective and seed."""
        return self.fusion.own_params()

    @property
    def settings(self) -> tuple[str, ...]:
        """Everything the result depends on beside the vectors: two fits with the same settings are the same fit."""
        params = sorted(self.params.items())
        rest = (self.fusion.objective_, self.target, self.source, self.labels_per_class, self.seed)
        return self.method, *(f"{k}={v!r}" for k, v in params), *map(repr, rest)


# -- names of methods --------------------------------------------------------------
def name_of(method: str | Estimator | type[Estimator]) -> str:
    """The name of a method that is given by name, class or instance; its class's name where it has none."""
    if isinstance(method, str):
        return method
    cls = method if isinstance(method, type) else type(method)
    return str(getattr(cls, "name", "") or cls.__name__)


def title_of(method: Estimator | type[Estimator]) -> str:
    """What people read of a method: its card's title, its name where it has no card."""
    card = getattr(method, "card", None)
    return name_of(method) if card is None else card.title


def short_of(method: Estimator | type[Estimator]) -> str:
    """As `title_of`, for a narrow column."""
    card = getattr(method, "card", None)
    return name_of(method) if card is None else card.short


# -- titles ------------------------------------------------------------------------
def changed(cls: type[Estimator], params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that are not the defaults of the class."""
    defaults = {name: p.default for name, p in inspect.signature(cls).parameters.items()}
    return {k: v for k, v in params.items() if k not in defaults or repr(defaults[k]) != repr(v)}


def in_words(params: Mapping[str, Any]) -> list[str]:
    """["width 16", "no dropout", ...]."""
    said = []
    for name, value in params.items():
        words = name.replace("_", " ")
        if isinstance(value, bool):
            said.append(words if value else f"no {words}")
        else:
            said.append(f"{words} {value:g}" if isinstance(value, float) else f"{words} {value}")
    return said


def titles(fits: Mapping[str, FittedFusion], short: bool = False) -> dict[str, str]:
    """Fit id -> what people read: the method's title, and what differs from the other fits of the method.

    A method's only fit is told by what differs from its defaults: "Attention fusion, width 16".
    """
    called = short_of if short else title_of
    return {id_: ", ".join([called(fit.fusion), *_told(fit, fits.values())]) for id_, fit in fits.items()}


def _told(fit: FittedFusion, fits: Iterable[FittedFusion]) -> list[str]:
    others = [f for f in fits if f is not fit and f.method == fit.method]
    own = changed(type(fit.fusion), fit.params)
    differs = {k for f in others for k, v in fit.params.items() if repr(f.params.get(k)) != repr(v)}
    said = in_words({k: v for k, v in fit.params.items() if (k in differs if others else k in own) and k in own})
    if any(f.fusion.objective_ != fit.fusion.objective_ for f in others):
        said.append(fit.fusion.objective_)
    if any(f.target != fit.target for f in others):
        said.append(f"to {fit.target}" if fit.target else "without labels")
    if any(f.source != fit.source for f in others):
        said.append(f"{fit.source} vectors")
    if any(f.labels_per_class != fit.labels_per_class for f in others):
        budget = fit.labels_per_class
        said.append("all labels" if budget is None else f"{budget} labels of each class")
    if any(f.seed != fit.seed for f in others):
        said.append(f"seed {fit.seed}")
    return said
