"""`mmexplore reconstruct`: what a fitted model rebuilds from some modalities, as the nearest real items."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import Json, Run
from mmexplore.cli.printing import print_json, print_table


def reconstruct(
    run: Run,
    given: Annotated[str, typer.Option(metavar="A,B", help="The modalities that the model is shown.")],
    item: Annotated[str | None, typer.Option(help="The id of one item; by default all held-out ones.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many nearest items.")] = 6,
    by: Annotated[
        str | None,
        typer.Option(metavar="FIT", help="A fit (its id or method) or ridge-maps; by default the one in use."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Rebuild every modality from some (autoencoder, VAE), and find the nearest real items; ridge maps and chance
    beside it."""
    from mmexplore import journey

    workspace = opened(run)
    shown = [m.strip() for m in given.split(",") if m.strip()]
    rebuilds = None if by is None else journey.rebuilder(workspace, by)
    if item is None:
        answer = journey.rebuild_report(workspace, shown, rebuilds)
        names = ("recall@1", "recall@10", "median_rank")
        rows = [
            {"modality": m, **v} | {f"ridge_{n}": v["baseline"][n] for n in names if v["baseline"]}
            for m, v in answer["modalities"].items()
        ]
        columns = ["modality", "given", *(c for n in names for c in (n, f"ridge_{n}", f"chance_{n}")), "n"]
    else:
        ids = journey.embeddings_of(workspace).ids
        found = journey.rebuild_item(workspace, item, shown, k, rebuilds)
        rows = [
            {"modality": f.modality, "given": f.modality in shown, "nearest": [str(ids[r]) for r in f.rows[0]],
             "cosines": f.scores[0], "rank": float(f.rank[0]) if f.known[0] else None,
             "chance_rank": f.chance_rank if f.known[0] else None, "of": f.n_items}
            for f in found
        ]  # fmt: skip
        answer = {"item": item, "given": shown, "modalities": rows}
        columns = ["modality", "given", "rank", "chance_rank", "of", "nearest"]
    if as_json:
        print_json(answer)
    else:
        print_table([{c: _shown(r.get(c)) for c in columns} for r in rows], columns)


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:.3f}" if isinstance(value, float) else value
