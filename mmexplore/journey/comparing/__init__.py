"""The race: several methods on the same rows, the same labels, the same holes, as one piece of work."""

from __future__ import annotations

from mmexplore.errors import UserError
from mmexplore.journey.asking import embeddings_of
from mmexplore.journey.comparing.alignments import AlignmentRace
from mmexplore.journey.comparing.fusions import LabelRace
from mmexplore.journey.comparing.results import Comparison, Failed, Line, Measured, OnScored, Race, at_the_ceiling
from mmexplore.journey.comparing.running import Standing, nobody, run
from mmexplore.journey.comparing.setting import Entry, Setting, named_methods
from mmexplore.journey.comparing.views import ViewRace
from mmexplore.journey.fusing import fusion_input
from mmexplore.server.jobs import Progress
from mmexplore.workspace.state import Workspace

__all__ = [
    "Comparison",
    "Entry",
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


def compare(
    workspace: Workspace, setting: Setting, progress: Progress | None = None, hear: OnScored | None = None
) -> Comparison:
    """Fit every entry of the setting with every seed and judge all of them on the same held-out rows.

    Alignments are judged by retrieval; fusions and generative models by the task: the target where there is one, else
    whether a view with a modality hidden finds its full view. A method that this data does not allow is listed with
    its reason and the others go on.

    Args:
        hear: told how the race stands: with the baselines alone at first, then after each fit. What it was told last
            is what is left of a race that is cancelled.

    Raises:
        UserError: no method, one that is not known, no seed, no vectors, or no row to score.
    """
    embeddings_of(workspace)
    entries = setting.entries
    if not entries:
        raise UserError("no method was chosen", "compare", "choose one or more")
    if setting.n_seeds < 1:
        raise UserError(f"{setting.n_seeds} seeds fit nothing", "seeds", "give 1 or more")
    if not 0 < setting.missing <= 1:
        raise UserError(f"{setting.missing:g} is not a share of the cells", "missing", "give above 0, up to 1")
    if progress is not None:
        progress.update(0, len(entries) * setting.n_seeds, "reading the rows, fitting the baselines")
    _warm_up()
    embeddings = workspace.ensure_split()
    seeds = tuple(workspace.seed + i for i in range(setting.n_seeds))
    alignments = [e for e in entries if e.is_alignment]
    fusions = [e for e in entries if not e.is_alignment]
    labelled = bool(fusions) and fusion_input(workspace, setting.target, setting.source).target_kind is not None
    courses = ((LabelRace if labelled else ViewRace, fusions), (AlignmentRace, alignments))
    standings: list[Standing] = []
    cannot: list[tuple[Race, UserError]] = []
    for course, those in courses:
        try:
            standings += [Standing(course(workspace, setting, seeds), those, seeds)] if those else []
        except UserError as error:
            cannot.append((nobody(course.kind, those, error), error))
    if not standings:
        raise cannot[0][1]
    of = sum(len(standing.entries) for standing in standings) * len(seeds)
    aligned = workspace.aligned if setting.source == "aligned" else None

    def so_far(done: int) -> Comparison:
        races = (*(standing.race for standing in standings), *(race for race, _ in cannot))
        fitted = {label: kept for standing in standings for label, kept in standing.fitted.items()}
        return Comparison(setting, seeds, workspace.split_source, races, fitted, embeddings, done, of, aligned)

    def told(done: int) -> None:
        if hear is not None:
            hear(so_far(done))

    told(0)
    done = 0
    for standing in standings:
        run(standing, progress, done, of, told)
        done += len(standing.entries) * len(seeds)
    return so_far(done)


def _warm_up() -> None:
    """Everything that torch loads at its first use, now: the first fit must not be charged for it."""
    import torch

    from mmexplore.models.training import build_module

    build_module(lambda: torch.nn.Linear(1, 1), 0)
