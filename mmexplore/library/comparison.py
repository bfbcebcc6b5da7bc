"""Several methods on the same rows, as one table: what the Compare page does, for plain arrays in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.data.embeddings import Embeddings, check_embeddings
from mmexplore.errors import UserError
from mmexplore.journey.comparing import Comparison, Entry, Race, Setting
from mmexplore.journey.comparing import compare as run
from mmexplore.models.estimator import Estimator
from mmexplore.runtime import RandomState, seed_of
from mmexplore.server.progress import Progress
from mmexplore.workspace.state import Workspace

HELD_OUT = "20 % by group, drawn with seed {}"
COLUMNS = ["metric", "score", "low", "high", "sd", "gain", "chance", "baseline", "seeds", "seconds", "reason"]


def compare(
    embeddings: Embeddings,
    methods: Sequence[str | Estimator | type[Estimator] | Entry],
    seeds: int = 3,
    target: str | None = None,
    labels_per_class: int | None = None,
    missing: float = 0.5,
    random_state: RandomState = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Fit every method with every seed on the train rows, and score all of them on the same rows they have not seen.

    A split of the embeddings is obeyed; else 20 % of the rows are held out, whole groups, drawn once. Fusions and
    generative models are judged by the target where there is one, else by whether an item with a modality hidden finds
    itself; alignments by retrieval.

    Args:
        methods: names ("attention"), classes, instances (fitted anew, with their parameters), or `Entry`, mixed.
        seeds: fits of each: `random_state`, `random_state` + 1 ...
        target: "label" (the default where there are labels), another column, or "none".
        labels_per_class: learn from so few labels of each class; None = from all.
        missing: share of the cells taken away for the score with holes (column `score with holes`), above 0, up to 1.
        random_state: of the split, the first fit and the bootstrap.
        progress: told after each fit; it can cancel.

    Returns:
        One row an entry, best first, baselines among them ("image alone", "late product" ...), then what could not
        take part, with its reason. Index: "AttentionFusion(width=16)", "attention" ...
        Columns: `metric` ("accuracy" ...), `score`, `low` and `high` (95 % bootstrap over the held-out items, of the
        mean over the seeds), `sd` (between the seeds), `gain` (over the race's reference), `chance`, `baseline`,
        `seeds` (fits), `seconds` (of one fit), `reason` ("" where it has a score), `score with holes`.
        `.attrs`: "rows" (on which rows, and how many, in words), "n", "notes".

    Raises:
        UserError: no method, one that is not known, or no row to score.
    """
    check_embeddings(embeddings, "compare")
    if not isinstance(seeds, int | np.integer):
        raise UserError(f"{seeds!r} is no number of fits", "seeds", "give a whole number from 1")
    workspace = Workspace(seed=seed_of(random_state))
    workspace.set_embeddings(embeddings, {})
    setting = Setting(tuple(methods), seeds, labels_per_class, missing, target)
    found = run(workspace, setting, progress)
    rows = [row for race in found.races for row in _rows(race)]
    table = pd.DataFrame(rows).set_index("entry")
    table = table[[*COLUMNS, *(c for c in table if c not in COLUMNS)]]
    judged = [race for race in found.races if race.lines]
    table.attrs |= {
        "rows": "; ".join(dict.fromkeys(_where(found, race, workspace.seed) for race in judged)),
        "n": judged[0].n if judged else 0,
        "notes": [note for race in judged for note in race.notes],
    }
    return table


def _rows(race: Race) -> list[dict[str, Any]]:
    """Lines of one race, then those who could not take part."""
    scored = [
        {
            "entry": f"{line.name} alone" if line.title == f"{line.name} alone" else line.name,
            "metric": race.metric,
            "score": line.score.score,
            "low": line.score.interval[0],
            "high": line.score.interval[1],
            "sd": line.score.sd,
            "gain": None if line.gain is None else line.gain.score,
            "chance": race.chance,
            "baseline": line.baseline,
            "seeds": line.n_seeds,
            "seconds": line.fit_seconds,
            "reason": "",
            "score with holes": None if line.holes is None else line.holes.score,
        }
        for line in race.lines
    ]
    refused = [
        {"entry": f.name, "metric": race.metric, "baseline": False, "seeds": 0, "reason": f.reason} for f in race.failed
    ]
    return [*scored, *refused]


def _where(found: Comparison, race: Race, seed: int) -> str:
    drawn = f" ({HELD_OUT.format(seed)})" if found.split == "drawn" else ""
    return f"{race.n:,} {race.rows} rows{drawn}"
