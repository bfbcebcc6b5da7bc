"""Commands that read a workspace: weights, search, evaluate, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mmexplore.cli.options import Json, Run
from mmexplore.cli.printing import print_json, print_table
from mmexplore.cli.steps import print_fusion
from mmexplore.errors import UserError


def weights(run: Run, as_json: Json = False) -> None:
    """Learned modality weights of the current fusion: per item, per class, mean."""
    from mmexplore import journey, workspace_files

    answer = journey.weights(workspace_files.open_directory(run))
    if as_json:
        print_json(answer)
        return
    print(f"{answer['method']}, {answer['source']} weights")
    rows = [
        {"of": "all items", **dict(zip(answer["modalities"], map("{:.3f}".format, answer["mean"] or []), strict=False))}
    ]
    rows += [
        {"of": c, **dict(zip(answer["modalities"], map("{:.3f}".format, w), strict=True))}
        for c, w in answer["per_class"].items()
    ]
    print_table(rows, ["of", *answer["modalities"]])


def search(
    run: Run,
    into: Annotated[str, typer.Option("--in", help="The modality to search.")],
    text: Annotated[str | None, typer.Option(help="A typed query.")] = None,
    image: Annotated[Path | None, typer.Option(help="An image file as the query.")] = None,
    item: Annotated[str | None, typer.Option(help="The id of an item as the query.")] = None,
    from_modality: Annotated[str | None, typer.Option("--from", help="Whose encoder reads the query.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many answers.")] = 10,
    as_json: Json = False,
) -> None:
    """Find the items of one modality nearest to a text, an image or another item."""
    from mmexplore import journey, workspace_files

    if sum(q is not None for q in (text, image, item)) != 1:
        raise typer.BadParameter("give one of --text, --image and --item")
    workspace = workspace_files.open_directory(run)
    if item is not None:
        source = from_modality or next((m for m in journey.embeddings_of(workspace).modalities if m != into), into)
        hits = journey.search_like(workspace, item, source, into, k)
    else:
        if image is not None and not image.exists():
            raise UserError("does not exist", str(image), "check the path")
        hits = journey.search_items(
            workspace, text if text is not None else image, into, from_modality=from_modality, k=k
        )
    for hit in hits:
        hit["item"] = workspace.dataset.cells[into][hit["row"]] if workspace.dataset else None
        hit["item"] = str(hit["item"]) if isinstance(hit["item"], (str, Path)) else None
    if as_json:
        print_json({"in": into, "results": hits})
    else:
        print_table([h | {"score": f"{h['score']:.3f}"} for h in hits], ["rank", "id", "score", "item"])


def evaluate(run: Run, as_json: Json = False) -> None:
    """Retrieval in every direction, with chance, and the fusion's held-out score beside its baselines."""
    from mmexplore import journey, workspace_files

    answer = journey.evaluate(workspace_files.open_directory(run))
    if as_json:
        print_json(answer)
        return
    print(f"retrieval, per cent, over {answer['rows']} rows, {answer['space']}")
    print_table(
        [
            {"direction": d, **{k: f"{v:.1f}" if isinstance(v, float) else v for k, v in r.items()}}
            for d, r in answer["retrieval"].items()
        ],
        ["direction", "r@1", "r@5", "r@10", "mrr", "median_rank", "chance_r@10", "n_queries"],
    )
    if "fusion" in answer:
        print_fusion(answer["fusion"])


def report(run: Run, out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html")) -> None:
    """Write one self-contained HTML page about the workspace."""
    from mmexplore import workspace_files
    from mmexplore.report import report as make

    page = make(workspace_files.open_directory(run))
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot be written ({error.strerror})", str(out), "choose another place") from error
    print(f"wrote {out}", file=sys.stderr)
