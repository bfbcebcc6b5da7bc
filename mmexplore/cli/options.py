"""Arguments that several commands share, and how NAME=VALUE is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A workspace directory made by `mmexplore embed` or the app.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice: the same seed gives the same result.")]
Params = Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the method.")]
Fit = Annotated[
    str | None,
    typer.Option(
        "--method", metavar="FIT", help="A fit by its id, or a method (its latest fit); by default the one in use."
    ),
]
FitSeed = Annotated[int | None, typer.Option("--seed", help="Seed; by default the workspace's.")]


def assignments(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        column, sign, value = text.partition("=")
        if not sign or not column or not value:
            raise typer.BadParameter(f"{option} takes COLUMN=NAME, not {text!r}")
        pairs[column] = value
    return pairs


def parameters(given: list[str] | None) -> dict[str, Any]:
    """--param name=value, the value read as JSON where it can be (numbers, true, null), else as text."""
    params: dict[str, Any] = {}
    for name, text in assignments(given, "--param").items():
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params
