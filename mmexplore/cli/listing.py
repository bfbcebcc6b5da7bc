"""Commands that list what there is: examples, encoders, methods, the store."""

from __future__ import annotations

import sys
import textwrap
from typing import Annotated

import typer

from mmexplore.cli.options import Json
from mmexplore.cli.printing import print_json, print_table, stderr_progress
from mmexplore.errors import UserError
from mmexplore.models.estimator import Estimator
from mmexplore.models.param import params_of


def examples(
    as_json: Json = False,
    prepare: Annotated[
        bool, typer.Option(help="Compute the examples' results now, so that the app opens with them.")
    ] = False,
) -> None:
    """List the built-in examples (all offline)."""
    from mmexplore.data.examples import EXAMPLES

    if prepare:
        from mmexplore.journey.showcase import prepare_example

        for name in EXAMPLES:
            prepare_example(name, stderr_progress())
    listed = [
        {"name": name, "title": e.title, "summary": e.summary, "source": e.source, "licence": e.licence}
        for name, e in EXAMPLES.items()
    ]
    if as_json:
        print_json({"examples": listed})
    else:
        print_table(listed, ["name", "title", "summary", "licence"])


def encoders(as_json: Json = False) -> None:
    """List the encoders: what comes with the installation, and what open_clip can download."""
    from mmexplore.encoders import registry

    listed = [c.as_dict() for c in registry.cards()]
    if as_json:
        print_json({"encoders": listed})
    else:
        print_table(listed, ["name", "kind", "dim", "size_mb", "offline", "licence"])
    _say_problems()


def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show the card and the settings of this method.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the alignment and fusion methods, or show one: its card, and what can be set on it."""
    from mmexplore.models.methods import all_methods

    known = all_methods()
    if name is not None and name not in known:
        raise UserError(f"no method is called {name!r}", "methods", f"choose one of: {', '.join(known)}")
    listed = [m.describe() for n, m in known.items() if name in (None, n)]
    if as_json:
        print_json({"methods": listed})
    elif name is not None:
        _print_method(known[name])
    else:
        print_table(
            [m | {"title": m["card"]["title"]} for m in listed],
            ["name", "family", "title", "needs_labels", "gives_weights"],
        )
    _say_problems()


def _say_problems() -> None:
    """What installed packages offer and cannot be used, a line each."""
    from mmexplore.discovery import problems

    for problem in problems():
        print(f"mmexplore: {problem}", file=sys.stderr)


def _print_method(method: type[Estimator]) -> None:
    card = method.card
    print(f"{card.title}\n\n{_wrapped(card.summary)}\n")
    print(f"formula: {card.equation}")  # on one line, to be copied
    for part, text in {"paper": card.paper, "look for": card.look_for, "missing": card.missing}.items():
        print(_wrapped(f"{part}: {text}"))
    settings = params_of(method)
    print("\nSettings (--param NAME=VALUE):" if settings else "\nThere is nothing to set.")
    for name, declared in settings.items():
        default = f"none ({declared.none})" if declared.default is None else declared.default
        print(f"  {name} = {default}   {declared.label}: {declared.allowed}")
        print(_wrapped(declared.help, "      "))


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete every stored vector and thumbnail.")] = False,
    encoder: Annotated[str | None, typer.Option(help="Only those of one encoder.")] = None,
    as_json: Json = False,
) -> None:
    """Show (or clear) the store of vectors, where nothing is encoded twice."""
    from mmexplore.data.media.thumbnails import trim
    from mmexplore.journey import default_store
    from mmexplore.runtime import cache_dir

    store = default_store()
    if clear:
        store.clear(encoder)
    stats = store.stats()
    thumbnails = trim(cache_dir("thumbnails"), 0) if clear and encoder is None else trim(cache_dir("thumbnails"))
    answer = (stats if isinstance(stats, dict) else vars(stats)) | {"thumbnail_bytes": thumbnails}
    if as_json:
        print_json(answer)
    else:
        for key, value in answer.items():
            print(f"{key}: {value}")
