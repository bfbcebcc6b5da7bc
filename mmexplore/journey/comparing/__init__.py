"""The race: several methods on the same rows, the same labels, the same holes, as one piece of work."""

from __future__ import annotations

from mmexplore.errors import UserError
from mmexplore.jobs import Progress
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.comparing.alignments import AlignmentRace
from mmexplore.journey.comparing.fusions import LabelRace
from mmexplore.journey.comparing.results import (
    Comparison,
    Failed,
    Line,
    Measured,
    OnScored,
    Race,
    Setting,
    at_the_ceiling,
)
from mmexplore.journey.comparing.running import Standing, nobody, run
from mmexplore.journey.comparing.views import ViewRace
from mmexplore.journey.fusing import fusion_input
from mmexplore.methods import alignment_methods, all_methods, methods_of_kind
from mmexplore.workspace import Workspace

__all__ = [
    "Comparison",
    "Failed",
    "Line",
    "Measured",
    "OnScored",
    "Race",
    "Setting",
    "at_the_ceiling",
    "compare",
    "named_methods",
]


def named_methods(asked: str) -> tuple[str, ...]:
    """ "all", a kind ("alignment", "fusion", "generative") or names, separated by commas -> names.

    Raises:
        UserError: no such method or kind.
    """
    rooms = methods_of_kind()
    names: list[str] = []
    for word in filter(None, (w.strip() for w in asked.split(","))):
        if word != "all" and word not in rooms and word not in all_methods():
            raise UserError(
                f"no method is called {word!r}", "methods", f"choose all, {', '.join((*rooms, *all_methods()))}"
            )
        names += list(all_methods()) if word == "all" else rooms.get(word, [word])
    return tuple(dict.fromkeys(names))


def compare(
    workspace: Workspace, setting: Setting, progress: Progress | None = None, hear: OnScored | None = None
) -> Comparison:
    """Fit every chosen method with every seed and judge all of them on the same held-out rows.

    Alignments are judged by retrieval; fusions and generative models by the task: the target where there is one, else
    whether a view with a modality hidden finds its full view. A method that this data does not allow is listed with
    its reason and the others go on.

    Args:
        hear: told how the race stands: with the baselines alone at first, then after each fit. What it was told last
            is what is left of a race that is cancelled.

    Raises:
        UserError: no method, no seed, no vectors, or no row to score.
    """
    embeddings_of(workspace)
    if not setting.methods:
        raise UserError("no method was chosen", "compare", "choose one or more")
    if setting.n_seeds < 1:
        raise UserError(f"{setting.n_seeds} seeds fit nothing", "seeds", "give 1 or more")
    if not 0 < setting.missing <= 1:
        raise UserError(f"{setting.missing:g} is not a share of the cells", "missing", "give above 0, up to 1")
    if progress is not None:
        progress.update(0, len(setting.methods) * setting.n_seeds, "reading the rows, fitting the baselines")
    _warm_up()
    embeddings = workspace.ensure_split()
    seeds = tuple(workspace.seed + i for i in range(setting.n_seeds))
    alignments = [m for m in setting.methods if m in alignment_methods()]
    fusions = [m for m in setting.methods if m not in alignment_methods()]
    labelled = bool(fusions) and fusion_input(workspace, setting.target, setting.source).target_kind is not None
    courses = ((LabelRace if labelled else ViewRace, fusions), (AlignmentRace, alignments))
    standings: list[tuple[Standing, list[str]]] = []
    cannot: list[tuple[Race, UserError]] = []
    for course, names in courses:
        try:
            standings += [(Standing(course(workspace, setting, seeds), seeds), names)] if names else []
        except UserError as error:
            cannot.append((nobody(course.kind, names, error), error))
    if not standings:
        raise cannot[0][1]
    of = sum(len(names) for _, names in standings) * len(seeds)
    aligned = workspace.aligned if setting.source == "aligned" else None

    def so_far(done: int) -> Comparison:
        races = (*(standing.race for standing, _ in standings), *(race for race, _ in cannot))
        fitted = {name: kept for standing, _ in standings for name, kept in standing.fitted.items()}
        return Comparison(setting, seeds, workspace.split_source, races, fitted, embeddings, done, of, aligned)

    def told(done: int) -> None:
        if hear is not None:
            hear(so_far(done))

    told(0)
    done = 0
    for standing, names in standings:
        run(standing, names, progress, done, of, told)
        done += len(names) * len(seeds)
    return so_far(done)


def _warm_up() -> None:
    """Everything that torch loads at its first use, now: the first fit must not be charged for it."""
    import torch

    from mmexplore.training import build_module

    build_module(lambda: torch.nn.Linear(1, 1), 0)
