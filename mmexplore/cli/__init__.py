"""The same main job without a browser. `--json` prints one JSON document on stdout; progress goes to stderr."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from mmexplore import __version__
from mmexplore.cli import comparing, explaining, listing, missing, rebuilding, results, serving, steps
from mmexplore.errors import UserError

app = typer.Typer(
    name="mmexplore",
    help="The playground of multimodal learning on your own pairs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    serving.app,
    listing.examples,
    listing.encoders,
    listing.methods,
    steps.embed,
    steps.align,
    steps.fuse,
    comparing.compare,
    rebuilding.reconstruct,
    results.weights,
    results.search,
    results.evaluate,
    results.mispairs,
    explaining.explain,
    missing.missing,
    results.report,
    listing.cache,
):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command; a `UserError` is one sentence on stderr and exit code 1 (2 is a usage error).

    Ctrl-C, and a polite request to end, leave nothing half-written and end with 130, as shells expect.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except UserError as error:
        print(f"mmexplore: {error}", file=sys.stderr)
        raise SystemExit(1) from None
