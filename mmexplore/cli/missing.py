"""The command of the missing modalities lab."""

from __future__ import annotations

from typing import Annotated

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import Json, Run
from mmexplore.cli.printing import print_json, print_table, stderr_progress
from mmexplore.errors import UserError


def missing(
    run: Run,
    methods: Annotated[
        str | None, typer.Option(metavar="A,B", help="Methods or ids of fits to compare; by default all fits.")
    ] = None,
    modality: Annotated[
        str, typer.Option(metavar="NAME|all", help='What goes missing: a modality, each in turn (all), or "any cell".')
    ] = "all",
    shares: Annotated[str, typer.Option(help="Shares of the items that lose it, 0 to 1.")] = "0,.25,.5,.75,1",
    at: Annotated[str, typer.Option(metavar="test|train|both", help="When it goes missing.")] = "test",
    by_class: Annotated[str | None, typer.Option(metavar="LABEL", help="Only items of this class lose it.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How often the holes are drawn anew.")] = 3,
    as_json: Json = False,
) -> None:
    """Take modalities away for a share of the items: score against share, area, and the worst subset."""
    from mmexplore.journey.missing import missing_lab, missing_summary

    wanted = [m.strip() for m in methods.split(",") if m.strip()] if methods is not None else None
    workspace = opened(run)
    lab = missing_lab(workspace, wanted, modality, _shares(shares), at, by_class, seeds, stderr_progress())
    answer = missing_summary(lab)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['metric']} on {answer['n']} {answer['rows']} rows, missing {_where(at, by_class)}")
    print(f"intervals: {answer['interval']}; chance {answer['chance']:.3f}")
    columns = [f"{s:.0%}" for s in answer["shares"]]
    rows = [
        {
            "missing": c["modality"],
            "method": c["method"],
            "area": f"{c['area']:.3f} ({c['area_interval'][0]:.3f} to {c['area_interval'][1]:.3f})",
            **{name: f"{score:.3f}" for name, score in zip(columns, c["score"], strict=True)},
        }
        for c in answer["curves"]
    ]
    print_table(rows, ["missing", "method", *columns, "area"])
    for method, found in answer["subsets"].items():
        worst = found[0]
        print(f"{method}: worst with {', '.join(worst['shown'])} alone ({worst['score']:.3f})")


def _where(at: str, by_class: str | None) -> str:
    when = {"test": "at test", "train": "at training", "both": "at training and at test"}[at]
    return when if by_class is None else f"{when} from items of class {by_class}"


def _shares(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UserError(f"{text!r} is not a list of numbers", "--shares", "give for example 0,.5,1") from error
