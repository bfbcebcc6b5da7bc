"""Arguments that several commands share, and how NAME=VALUE is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore.models.param import read_param

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A workspace directory made by `mmexplore embed` or the app.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice: the same seed gives the same result.")]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A setting; `mmexplore methods NAME` lists them."),
]
Fit = Annotated[
    str | None,
    typer.Option("--method", metavar="FIT", help="A fit by its id, as `fuse` printed it; by default the one in use."),
]
FitSeed = Annotated[int | None, typer.Option("--seed", help="Seed; by default the workspace's.")]


def assignments(given: list[str] | None, option: str, form: str = "COLUMN=NAME") -> dict[str, str]:
    pairs = {}
    for text in given or []:
        column, sign, value = text.partition("=")
        if not sign or not column or not value:
            raise typer.BadParameter(f"{option} takes {form}, not {text!r}")
        pairs[column] = value
    return pairs


def parameters(given: list[str] | None, methods: Mapping[str, type], method: str) -> dict[str, Any]:
    """--param NAME=VALUE as the settings of a method.

    Raises:
        UserError: the method has no such setting, or the value is not allowed. (That there is no such method is said
            by the step itself.)
    """
    typed = assignments(given, "--param", "NAME=VALUE")
    return {name: read_param(methods[method], name, text) for name, text in typed.items() if method in methods}
