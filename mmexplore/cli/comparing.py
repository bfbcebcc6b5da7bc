"""`mmexplore compare`: several methods on the same rows."""

from __future__ import annotations

import sys
from collections import deque
from typing import Annotated, Any

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import FitSeed, Json, Run
from mmexplore.cli.printing import print_json, print_table, stderr_progress
from mmexplore.journey.comparing import Comparison, at_the_ceiling


def compare(
    run: Run,
    methods: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Names (with settings: attention:width=16), kinds (alignment, fusion, generative), or all.",
        ),
    ] = "all",
    seeds: Annotated[int, typer.Option(min=1, help="Fits of each method, with as many seeds.")] = 3,
    labels_per_class: Annotated[
        int | None, typer.Option(min=1, help="Learn from this many labels of each class; by default from all.")
    ] = None,
    missing: Annotated[
        float, typer.Option(help="Share of the cells that are taken away for the score with holes.")
    ] = 0.5,
    target: Annotated[str | None, typer.Option(help="Column to predict: label, another column, or none.")] = None,
    source: Annotated[str, typer.Option(help="Vectors to fuse: encoded or aligned.")] = "encoded",
    seed: FitSeed = None,
    as_json: Json = False,
) -> None:
    """Fit several methods on the same rows, labels and holes, and rank them beside plain baselines.

    Alignments are judged by held-out retrieval, fusions and generative models by the held-out task. RUN is not changed.
    Stopped with Ctrl-C it prints what was scored until then.
    """
    from mmexplore import journey

    workspace = opened(run)
    workspace.seed = workspace.seed if seed is None else seed
    setting = journey.Setting(journey.named_methods(methods), seeds, labels_per_class, missing, target, source)
    heard: deque[Comparison] = deque(maxlen=1)
    try:
        comparison = journey.compare(workspace, setting, stderr_progress(), heard.append)
    except KeyboardInterrupt:
        if not heard or not heard[-1].n_scored:
            raise
        comparison = heard[-1]
    answer = comparison.as_dict()
    if as_json:
        print_json(answer)
    else:
        for kind in ("fusion", "alignment"):
            if kind in answer:
                _print_race(kind, answer[kind])
    if not comparison.complete:
        print(f"Stopped: {comparison.come_far}.", file=sys.stderr)
        raise typer.Exit(130)


def _print_race(kind: str, race: dict[str, Any]) -> None:
    if not race["results"]:
        _print_rest(race)
        return
    print(f"{kind}: {race['metric']} over {race['n']} {race['rows']} rows, chance {race['chance']:.3f}")
    print(f"interval: {race['interval']}; {race['ranked_seeds']} seed(s)")
    print(f"missing: {race['with_missing']}")
    if race["reference"]:
        print(f"gain: over {race['reference']}, item by item")
    print_table(
        [
            {
                "method": f"({line['name']})" if line["baseline"] else line["name"],
                "score": _number(line["score"]),
                "interval": _interval(line["score_interval"]),
                "sd": _number(line["score_sd"]),
                "gain": _number(line["gain"]),
                "gain interval": _interval(line["gain_interval"]),
                "missing": _number(line["score_with_missing"]),
                "entropy": _number(line["weight_entropy"]),
                "parameters": line["parameters"],
                "fit s": _number(line["fit_seconds"]),
                "item ms": None if line["seconds_per_item"] is None else f"{1000 * line['seconds_per_item']:.3f}",
            }
            for line in race["results"]
        ],
        ["method", "score", "interval", "sd", "gain", "gain interval", "missing", "entropy", "parameters", "fit s",
         "item ms"],
    )  # fmt: skip
    if race["metric"] in race["saturated"]:
        print(at_the_ceiling([race["metric"], *race["further"]], race["saturated"]))
    _print_rest(race)


def _print_rest(race: dict[str, Any]) -> None:
    for failed in race["failed"]:
        print(f"{failed['name']}: not compared. {failed['reason']}")
    for note in race["notes"]:
        print(note)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _interval(pair: list[float] | None) -> str | None:
    return None if pair is None else f"{pair[0]:.3f} to {pair[1]:.3f}"
