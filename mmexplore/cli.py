"""The same main job without a browser. `--json` prints one JSON document on stdout; progress goes to stderr."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from mmexplore import __version__
from mmexplore.errors import UserError
from mmexplore.jobs import Progress
from mmexplore.workspace import Workspace

app = typer.Typer(
    name="mmexplore",
    help="The playground of multimodal learning on your own pairs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A workspace directory made by `mmexplore embed` or the app.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice: the same seed gives the same result.")]


def main() -> None:
    """Run the command; a `UserError` is one sentence on stderr and exit code 1 (2 is a usage error)."""
    try:
        app()
    except UserError as error:
        print(f"mmexplore: {error}", file=sys.stderr)
        raise SystemExit(1) from None


# -- printing ------------------------------------------------------------------
def _print_json(document: Any) -> None:
    print(json.dumps(_jsonable(document), ensure_ascii=False, indent=1, allow_nan=False))


def _jsonable(value: Any) -> Any:
    """Numbers as Python's own; NaN and infinity, which JSON has no words for, as null."""
    if isinstance(value, dict):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(v) for v in value]
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _table(rows: Iterable[dict[str, Any]], columns: list[str]) -> None:
    """Rows as aligned columns of text."""
    cells = [columns, *[["" if row.get(c) is None else str(row[c]) for c in columns] for row in rows]]
    widths = [max(len(row[j]) for row in cells) for j in range(len(columns))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


class _Stderr:
    """Shows progress on stderr: one line redrawn on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self.last < (0.1 if terminal else 5) and progress.done < progress.total:
            return
        self.last = now
        line = f"{progress.done}/{progress.total} {progress.message}"
        print(f"\r\033[K{line[:100]}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)


def _progress() -> Progress:
    return Progress(on_change=_Stderr())


# -- what there is -------------------------------------------------------------
@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def examples(
    as_json: Json = False,
    prepare: Annotated[
        bool, typer.Option(help="Compute the examples' results now, so that the app opens with them.")
    ] = False,
) -> None:
    """List the built-in examples (all offline)."""
    from mmexplore.pairs.examples import EXAMPLES

    if prepare:
        from mmexplore.showcase import prepare_example

        for name in EXAMPLES:
            prepare_example(name, _progress())
    listed = [
        {"name": name, "title": e.title, "summary": e.summary, "source": e.source, "licence": e.licence}
        for name, e in EXAMPLES.items()
    ]
    if as_json:
        _print_json({"examples": listed})
    else:
        _table(listed, ["name", "title", "summary", "licence"])


@app.command()
def encoders(as_json: Json = False) -> None:
    """List the encoders: what comes with the installation, and what open_clip can download."""
    from mmexplore.encoders import registry

    listed = [c.as_dict() for c in registry.cards()]
    if as_json:
        _print_json({"encoders": listed})
    else:
        _table(listed, ["name", "kind", "dim", "size_mb", "offline", "licence"])


@app.command()
def methods(as_json: Json = False) -> None:
    """List the alignment and fusion methods with their cards."""
    from mmexplore.journey import all_methods

    listed = [m.describe() for m in all_methods().values()]
    if as_json:
        _print_json({"methods": listed})
    else:
        _table(
            [m | {"title": m["card"]["title"]} for m in listed],
            ["name", "family", "title", "needs_labels", "gives_weights"],
        )


# -- the main job --------------------------------------------------------------
@app.command()
def embed(
    out: Annotated[Path, typer.Option(help="The workspace directory to write.")],
    pairs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PAIRS", help="A table, folder, ZIP, or vectors file; or several files."),
    ] = None,
    example: Annotated[str | None, typer.Option(help="A built-in example instead of PAIRS.")] = None,
    preset: Annotated[
        str, typer.Option(help="Which encoders by default: `offline` come with the installation.")
    ] = "offline",
    encoder: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=NAME", help="Another encoder for one modality.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=ROLE", help="Correct what a column is (image, text, label, ...)."),
    ] = None,
    copy_media: Annotated[bool, typer.Option(help="Put the media files inside RUN, so that it can be moved.")] = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Read pairs, encode every modality, and write a workspace."""
    from mmexplore import journey, workspace_files
    from mmexplore.pairs.examples import load_example
    from mmexplore.pairs.read import read_pairs

    if preset != "offline":
        raise UserError(
            f"no preset is called {preset!r}", "--preset", "choose: offline; or name encoders with --encoder"
        )
    if (example is None) == (not pairs):
        raise typer.BadParameter("give either PAIRS or --example NAME")
    with tempfile.TemporaryDirectory(prefix="mmexplore-") as temporary:
        if example is not None:
            dataset = load_example(example)
        else:
            given = pairs or []
            missing = [str(p) for p in given if not p.exists()]
            if missing:
                raise UserError("does not exist", missing[0], "check the path")
            dataset = read_pairs(
                given[0] if len(given) == 1 else given,
                workdir=Path(temporary),
                roles=_assignments(role, "--role") or None,
                progress=_progress(),
            )
        workspace = Workspace(seed=seed)
        workspace.set_dataset(dataset)
        chosen = journey.default_encoders(workspace)
        for column, name in _assignments(encoder, "--encoder").items():
            if column not in chosen:
                raise UserError(f"no modality is called {column!r}", "--encoder", f"choose one of: {', '.join(chosen)}")
            chosen[column] = name
        encoded = journey.encode(workspace, chosen, journey.default_store(), _progress())
        workspace.set_embeddings(encoded.embeddings, chosen)
        # What was unpacked to a temporary folder must move into RUN to outlive this command.
        inside = any(
            isinstance(c, Path) and c.is_relative_to(temporary) for cells in dataset.cells.values() for c in cells
        )
        workspace_files.save(workspace, out, copy_media=copy_media or inside)
    rejected = [*dataset.rejected, *encoded.rejected]
    for r in rejected if not as_json else []:
        print(f"left out: row {r.row} {r.id} {r.column}: {r.reason}", file=sys.stderr)
    answer = {
        "run": str(out),
        "items": len(encoded.embeddings),
        "modalities": {
            m: {"encoder": chosen[m], "dim": d, "present": int(encoded.embeddings.present[m].sum())}
            for m, d in encoded.embeddings.dims.items()
        },
        "rejected": [vars(r) for r in rejected],
    }
    if as_json:
        _print_json(answer)
    else:
        print(f"{answer['items']} items, {len(rejected)} left out -> {out}")
        _table(
            [{"modality": m, **v} for m, v in answer["modalities"].items()], ["modality", "encoder", "dim", "present"]
        )


def _assignments(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        column, sign, value = text.partition("=")
        if not sign or not column or not value:
            raise typer.BadParameter(f"{option} takes COLUMN=NAME, not {text!r}")
        pairs[column] = value
    return pairs


def _params(given: list[str] | None) -> dict[str, Any]:
    """--param name=value, the value read as JSON where it can be (numbers, true, null), else as text."""
    params: dict[str, Any] = {}
    for name, text in _assignments(given, "--param").items():
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params


Params = Annotated[list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the method.")]


@app.command()
def align(
    run: Run,
    method: Annotated[str, typer.Option(help="See `mmexplore methods`.")] = "cca",
    param: Params = None,
    seed: Annotated[int | None, typer.Option(help="Seed; by default the workspace's.")] = None,
    as_json: Json = False,
) -> None:
    """Fit one shared space for all modalities."""
    from mmexplore import journey, workspace_files

    workspace = workspace_files.open_directory(run)
    workspace.seed = workspace.seed if seed is None else seed
    workspace.set_alignment(*journey.align(workspace, method, _params(param), _progress()))
    workspace_files.save(workspace, run)
    assert workspace.alignment is not None
    answer = {
        "method": method,
        "modalities": workspace.aligned.modalities if workspace.aligned else [],
        "correlations": workspace.alignment.correlations_,
        "train_correlations": workspace.alignment.train_correlations_,
    }
    if as_json:
        _print_json(answer)
    else:
        print(f"{workspace.alignment.card.title}: {', '.join(answer['modalities'])} now share one space")
        if workspace.alignment.correlations_ is not None:
            print("held-out correlations: " + " ".join(f"{c:.2f}" for c in workspace.alignment.correlations_[:10]))


@app.command()
def fuse(
    run: Run,
    method: Annotated[str, typer.Option(help="See `mmexplore methods`.")] = "attention",
    target: Annotated[str | None, typer.Option(help="Column to predict: label, another column, or none.")] = None,
    objective: Annotated[
        str | None, typer.Option(help="classification, regression, contrastive or reconstruction.")
    ] = None,
    source: Annotated[str, typer.Option(help="Vectors to fuse: encoded or aligned.")] = "encoded",
    seed: Annotated[int | None, typer.Option(help="Seed; by default the workspace's.")] = None,
    param: Params = None,
    as_json: Json = False,
) -> None:
    """Fit a fusion, and score it beside its baselines."""
    from mmexplore import journey, workspace_files

    workspace = workspace_files.open_directory(run)
    fitted = journey.fuse(workspace, method, _params(param), objective, target, source, seed, _progress())
    workspace.add_fusion(fitted)
    workspace_files.save(workspace, run)
    summary = journey.fusion_summary(fitted)
    if as_json:
        _print_json(summary)
    else:
        _print_fusion(summary)


def _print_fusion(summary: dict[str, Any]) -> None:
    print(f"{summary['method']}: {summary['metric']} on {summary['rows']} rows (n = {summary['n']})")
    rows = [{"model": summary["method"], **_shown(summary)}]
    rows += [{"model": name, **_shown(b)} for name, b in summary["baselines"].items()]
    _table(rows, ["model", "score", "interval"])


def _shown(scored: dict[str, Any]) -> dict[str, str]:
    low, high = scored["interval"]
    return {"score": f"{scored['score']:.3f}", "interval": f"{low:.3f} to {high:.3f}"}


# -- what comes out ------------------------------------------------------------
@app.command()
def weights(run: Run, as_json: Json = False) -> None:
    """Learned modality weights of the current fusion: per item, per class, mean."""
    from mmexplore import journey, workspace_files

    answer = journey.weights(workspace_files.open_directory(run))
    if as_json:
        _print_json(answer)
        return
    print(f"{answer['method']}, {answer['source']} weights")
    rows = [
        {"of": "all items", **dict(zip(answer["modalities"], map("{:.3f}".format, answer["mean"] or []), strict=False))}
    ]
    rows += [
        {"of": c, **dict(zip(answer["modalities"], map("{:.3f}".format, w), strict=True))}
        for c, w in answer["per_class"].items()
    ]
    _table(rows, ["of", *answer["modalities"]])


@app.command()
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
        source = from_modality or next((m for m in workspace.embeddings.modalities if m != into), into)
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
        _print_json({"in": into, "results": hits})
    else:
        _table([h | {"score": f"{h['score']:.3f}"} for h in hits], ["rank", "id", "score", "item"])


@app.command()
def evaluate(run: Run, as_json: Json = False) -> None:
    """Retrieval in every direction, with chance, and the fusion's held-out score beside its baselines."""
    from mmexplore import journey, workspace_files

    answer = journey.evaluate(workspace_files.open_directory(run))
    if as_json:
        _print_json(answer)
        return
    print(f"retrieval, per cent, over {answer['rows']} rows, {answer['space']}")
    _table(
        [
            {"direction": d, **{k: f"{v:.1f}" if isinstance(v, float) else v for k, v in r.items()}}
            for d, r in answer["retrieval"].items()
        ],
        ["direction", "r@1", "r@5", "r@10", "mrr", "median_rank", "chance_r@10", "n_queries"],
    )
    if "fusion" in answer:
        _print_fusion(answer["fusion"])


@app.command()
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


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete every stored vector.")] = False,
    encoder: Annotated[str | None, typer.Option(help="Only those of one encoder.")] = None,
    as_json: Json = False,
) -> None:
    """Show (or clear) the store of vectors, where nothing is encoded twice."""
    from mmexplore.journey import default_store

    store = default_store()
    if clear:
        store.clear(encoder)
    stats = store.stats()
    answer = stats if isinstance(stats, dict) else vars(stats)
    if as_json:
        _print_json(answer)
    else:
        for key, value in answer.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
