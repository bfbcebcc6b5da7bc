"""Commands that read a workspace: weights, search, evaluate, report."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import Fit, Json, Run
from mmexplore.cli.printing import print_json, print_table
from mmexplore.cli.steps import print_fusion
from mmexplore.data.reading.values import words_of
from mmexplore.errors import UserError

if TYPE_CHECKING:
    from mmexplore.workspace.state import Workspace


def weights(
    run: Run,
    method: Fit = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="Add Shapley values, a null and their agreement.")
    ] = False,
    baseline: Annotated[
        str, typer.Option(help="What stands in for a hidden modality: missing, mean, permuted.")
    ] = "missing",
    pid: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Add redundancy, uniqueness and synergy of two modalities about the label."),
    ] = None,
    pid_words: Annotated[
        str, typer.Option(help="What stands for a modality there: classifier (held-out answers) or cluster.")
    ] = "classifier",
    as_json: Json = False,
) -> None:
    """Modality weights of a fusion (learned; with --measured also measured): per item, per class, mean."""
    from mmexplore import journey

    workspace = opened(run, method)
    try:
        answer = journey.weights(workspace)
    except UserError:
        if not measured and pid is None:
            raise
        fitted = journey.fitted_input(workspace)[0]
        answer = {"method": fitted.method, "fit": fitted.id, "source": "measured only", "mean": None}
        answer |= {"modalities": journey.fitted_input(workspace)[1].modalities, "per_class": {}, "per_item": {}}
    if measured:
        answer |= journey.measured_weights(workspace, baseline)
    if pid is not None:
        answer["information"] = _information(workspace, pid, pid_words)
    if as_json:
        print_json(answer)
        return
    rows = []
    if answer["mean"] is not None:
        print(f"{answer['fit']}, {answer['source']} weights")
        rows = [_row("all items", answer["modalities"], answer["mean"])]
        rows += [_row(c, answer["modalities"], w) for c, w in answer["per_class"].items()]
    if measured:
        rows.append(_row("Shapley value", answer["modalities"], answer["shapley"]["mean"]))
        rows.append(_row("null, low", answer["modalities"], answer["null"]["low"]))
        rows.append(_row("null, high", answer["modalities"], answer["null"]["high"]))
    print_table(rows, ["of", *answer["modalities"]])
    if measured and answer["agreement"]:
        print(answer["agreement"]["sentence"])
    for table, found in answer.get("columns", {}).items():
        print(f"columns of {table}: {found['meaning']} lost with the column {found['change']} (n = {found['n']})")
        bounds = zip(found["columns"], found["mean"], found["low"], found["high"], strict=True)
        lines = [{"column": c, "lost": f"{m:+.3f}", "interval": f"{a:+.3f} to {b:+.3f}"} for c, m, a, b in bounds]
        print_table(lines, ["column", "lost", "interval"])
    if pid is not None:
        print(f"information about the label, in bits. {answer['information']['rows_note']}")
        parts = [{k: v if k == "part" else f"{v:.3f}" for k, v in p.items()} for p in answer["information"]["parts"]]
        print_table(parts, ["part", "bits", "low", "high", "null_95"])


def _information(workspace: Workspace, pid: str, words: str) -> dict[str, Any]:
    from mmexplore import journey

    names = [name.strip() for name in pid.split(",")]
    if len(names) != 2:
        raise typer.BadParameter(f"--pid takes two modalities as A,B, not {pid!r}")
    found, note = journey.information_of(workspace, names[0], names[1], words)
    return {
        "between": names,
        "words": words,
        "entropy_bits": found.entropy,
        "n": found.n,
        "rows_note": note,
        "parts": journey.information_table(found),
    }


def _row(name: str, modalities: list[str], values: Iterable[float]) -> dict[str, str]:
    return {"of": name, **{m: f"{v:.3f}" for m, v in zip(modalities, values, strict=True)}}


def search(
    run: Run,
    into: Annotated[str, typer.Option("--in", help="The modality to search.")],
    text: Annotated[str | None, typer.Option(help="A typed query.")] = None,
    image: Annotated[Path | None, typer.Option(help="An image file as the query.")] = None,
    file: Annotated[Path | None, typer.Option(help="A picture, sound, video or series file as the query.")] = None,
    item: Annotated[str | None, typer.Option(help="The id of an item as the query.")] = None,
    from_modality: Annotated[str | None, typer.Option("--from", help="Whose encoder reads the query.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many answers.")] = 10,
    as_json: Json = False,
) -> None:
    """Find the items of one modality nearest to a text, a media file or another item."""
    from mmexplore import journey

    if sum(q is not None for q in (text, image, file, item)) != 1:
        raise typer.BadParameter("give one of --text, --image, --file and --item")
    image = file if image is None else image
    workspace = opened(run)
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
        cell = workspace.dataset.cells[into][hit["row"]] if workspace.dataset else None
        hit["item"] = None if cell is None else str(cell) if isinstance(cell, str | Path) else words_of(cell)
    if as_json:
        print_json({"in": into, "results": hits})
    else:
        print_table([h | {"score": f"{h['score']:.3f}"} for h in hits], ["rank", "id", "score", "item"])


def evaluate(run: Run, method: Fit = None, as_json: Json = False) -> None:
    """Retrieval in every direction, with chance, and the fusion's held-out score beside its baselines."""
    from mmexplore import journey

    answer = journey.evaluate(opened(run, method))
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


def mispairs(
    run: Run,
    between: Annotated[
        str | None, typer.Option(metavar="A,B", help="Two comparable modalities; the first two by default.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many rows to print (JSON has all).")] = 20,
    as_json: Json = False,
) -> None:
    """Rows whose own partner ranks badly both ways, the most suspicious first."""
    from mmexplore import journey

    found, src, dst = journey.mispairs_of(opened(run), between.split(",") if between else None)
    if as_json:
        print_json({"between": [src, dst], "rows": found.to_dict("records")})
    else:
        print_table(
            found.head(top).round(3).to_dict("records"),
            ["id", "suspicion", "similarity", "rank_forward", "rank_backward"],
        )


def report(run: Run, out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html")) -> None:
    """Write one self-contained HTML page about the workspace."""
    from mmexplore.export.report import report as make

    page = make(opened(run))
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot be written ({error.strerror})", str(out), "choose another place") from error
    print(f"wrote {out}", file=sys.stderr)
