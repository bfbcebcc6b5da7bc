"""Commands of the main job: embed, align, fuse."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import FitSeed, Json, Params, Run, Seed, assignments, parameters
from mmexplore.cli.printing import print_json, print_table, stderr_progress
from mmexplore.data.dataset import PairedDataset, Rejected
from mmexplore.errors import UserError
from mmexplore.workspace.state import Workspace

if TYPE_CHECKING:
    from mmexplore.journey.realigning import Realigned


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
    from mmexplore import journey
    from mmexplore.data.examples import load_example
    from mmexplore.workspace import files as workspace_files

    if preset != "offline":
        raise UserError(
            f"no preset is called {preset!r}", "--preset", "choose: offline; or name encoders with --encoder"
        )
    if (example is None) == (not pairs):
        raise typer.BadParameter("give either PAIRS or --example NAME")
    roles, named = assignments(role, "--role"), assignments(encoder, "--encoder")
    with tempfile.TemporaryDirectory(prefix="mmexplore-") as temporary:
        dataset = load_example(example) if example is not None else _read(pairs or [], Path(temporary), roles)
        workspace = Workspace(seed=seed)
        workspace.set_dataset(dataset)
        chosen = journey.default_encoders(workspace)
        for column, name in named.items():
            if column not in chosen:
                raise UserError(f"no modality is called {column!r}", "--encoder", f"choose one of: {', '.join(chosen)}")
            chosen[column] = name
        encoded = journey.encode(workspace, chosen, journey.default_store(), stderr_progress())
        workspace.set_embeddings(encoded.embeddings, chosen)
        # What was unpacked to a temporary folder must move into RUN to outlive this command.
        inside = any(
            isinstance(c, Path) and c.is_relative_to(temporary) for cells in dataset.cells.values() for c in cells
        )
        workspace_files.save(workspace, out, copy_media=copy_media or inside)
    rejected = [*dataset.rejected, *encoded.rejected]
    rejected += [
        Rejected(0, "", m, f"no encoder reads {dataset.kinds[m]} yet") for m in dataset.modalities if m not in chosen
    ]
    for r in rejected if not as_json else []:
        print(f"left out: row {r.row} {r.id} {r.column}: {r.reason}", file=sys.stderr)
    answer: dict[str, Any] = {
        "run": str(out),
        "items": len(encoded.embeddings),
        "modalities": {
            m: {"encoder": chosen[m], "dim": d, "present": int(encoded.embeddings.present[m].sum())}
            for m, d in encoded.embeddings.dims.items()
        },
        "rejected": [vars(r) for r in rejected],
    }
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['items']} items, {len(rejected)} left out -> {out}")
        print_table(
            [{"modality": m, **v} for m, v in answer["modalities"].items()], ["modality", "encoder", "dim", "present"]
        )


def _read(given: list[Path], workdir: Path, roles: dict[str, str]) -> PairedDataset:
    from mmexplore.data.reading.read import read_pairs

    missing = [str(p) for p in given if not p.exists()]
    if missing:
        raise UserError("does not exist", missing[0], "check the path")
    path = given[0] if len(given) == 1 else given
    return read_pairs(path, workdir=workdir, roles=roles or None, progress=stderr_progress())


def align(
    run: Run,
    method: Annotated[str, typer.Option(help="See `mmexplore methods`.")] = "cca",
    param: Params = None,
    seed: FitSeed = None,
    as_json: Json = False,
) -> None:
    """Fit one shared space for all modalities."""
    from mmexplore import journey
    from mmexplore.models.methods import alignment_methods
    from mmexplore.workspace import files as workspace_files

    params = parameters(param, alignment_methods(), method)
    workspace = opened(run)
    workspace.seed = workspace.seed if seed is None else seed
    workspace.set_alignment(*journey.align(workspace, method, params, stderr_progress()))
    workspace_files.save(workspace, run)
    assert workspace.alignment is not None
    answer: dict[str, Any] = {
        "method": method,
        "modalities": workspace.aligned.modalities if workspace.aligned else [],
        "not_aligned": journey.not_aligned(workspace),
        "correlations": workspace.alignment.correlations_,
        "train_correlations": workspace.alignment.train_correlations_,
    }
    compared = journey.realigned(workspace)
    answer["as_they_came"] = None if compared is None else compared.as_dict()
    if as_json:
        print_json(answer)
    else:
        print(f"{workspace.alignment.card.title}: {', '.join(answer['modalities'])} now share one space")
        if answer["not_aligned"]:
            print(answer["not_aligned"])
        if workspace.alignment.correlations_ is not None:
            print("held-out correlations: " + " ".join(f"{c:.2f}" for c in workspace.alignment.correlations_[:10]))
        if compared is not None:
            _print_realigned(compared)


def _print_realigned(compared: Realigned) -> None:
    print(f"retrieval, per cent, over {compared.rows} rows, as the vectors came and aligned")
    columns = {"R@1": "r1", "R@5": "r5", "R@10": "r10"}
    print_table(
        [
            {
                "direction": f"{r.src}->{r.dst}",
                "vectors": name,
                **{c: f"{getattr(r, a):.1f}" for c, a in columns.items()},
            }
            for name, side in (("as they came", compared.before), ("aligned", compared.after))
            for r in side
        ],
        ["direction", "vectors", *columns],
    )
    print(compared.sentence)


def fuse(
    run: Run,
    method: Annotated[str, typer.Option(help="See `mmexplore methods`.")] = "attention",
    target: Annotated[str | None, typer.Option(help="Column to predict: label, another column, or none.")] = None,
    objective: Annotated[
        str | None, typer.Option(help="classification, regression, contrastive or reconstruction.")
    ] = None,
    source: Annotated[str, typer.Option(help="Vectors to fuse: encoded or aligned.")] = "encoded",
    labels_per_class: Annotated[
        int | None, typer.Option(min=1, help="Learn from this many labels of each class.")
    ] = None,
    seed: FitSeed = None,
    param: Params = None,
    as_json: Json = False,
) -> None:
    """Fit a fusion, and score it beside its baselines. A fit with other settings stands beside the earlier ones."""
    from mmexplore import journey
    from mmexplore.models.methods import fusion_methods
    from mmexplore.workspace import files as workspace_files

    params = parameters(param, fusion_methods(), method)
    workspace = opened(run)
    fitted = journey.fuse(
        workspace,
        method,
        params,
        objective,
        target,
        source,
        seed,
        labels_per_class,
        stderr_progress(),
    )
    workspace.add_fusion(fitted)
    workspace_files.save(workspace, run)
    assert workspace.fitted is not None
    summary = journey.fusion_summary(workspace.fitted)
    if as_json:
        print_json(summary)
    else:
        print_fusion(summary)


def print_fusion(summary: dict[str, Any]) -> None:
    print(f"{summary['fit']}: {summary['metric']} on {summary['rows']} rows (n = {summary['n']})")
    rows = [{"model": summary["fit"], **_shown(summary)}]
    rows += [{"model": name, **_shown(b)} for name, b in summary["baselines"].items()]
    print_table(rows, ["model", "score", "interval"])


def _shown(scored: dict[str, Any]) -> dict[str, str]:
    low, high = scored["interval"]
    return {"score": f"{scored['score']:.3f}", "interval": f"{low:.3f} to {high:.3f}"}
