"""Alignments by held-out retrieval: every method that is fitted on the pairs, on photos and captions, digits and CLIP.

    python benchmarks/alignment.py [--seeds 3] [--photos 2000] [--methods cca,asif] [--data-folder DIR] [--json FILE]

R@10 (per cent) of both directions on held-out groups (20 %, CLIP 50 %), mean over seeds (split and fit), beside chance
and, where the encoders already share a space, the vectors as they are. "probe" is the balanced accuracy of a fresh
classifier that tells the modalities apart in the aligned space (chance 1 / M). Bridges come fitted, and are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.split import draw_split
from mmexplore.errors import UserError
from mmexplore.models.alignment import methods
from mmexplore.models.alignment.probe import probe_accuracy
from mmexplore.retrieval.metrics import retrieval_report

SIX = ("fac", "fou", "kar", "mor", "pix", "zer")


def embeddings(vectors: dict[str, np.ndarray], groups: np.ndarray | None = None, space: str = "") -> Embeddings:
    """All present; `space` names a space the modalities share already."""
    n = len(next(iter(vectors.values())))
    ids = np.arange(n).astype(str).astype(object)
    return Embeddings(
        {m: v.astype(np.float32) for m, v in vectors.items()},
        {m: np.ones(n, bool) for m in vectors},
        ids,
        ids if groups is None else groups,
        {m: space or m for m in vectors},
    )


def flickr8k(folder: Path, photos: int, seed: int) -> Embeddings:
    """Photos with five captions each, drawn from the training features."""
    from safetensors.numpy import load_file

    file = load_file(folder / "flickr8k_train_features.safetensors")
    of = file["image_of_text"]
    rows = np.flatnonzero(np.isin(of, runtime.rng(seed).permutation(of.max() + 1)[:photos]))
    vectors = {"image": file["image_features"][of[rows]], "text": file["text_features"][rows]}
    return embeddings(vectors, groups=of[rows].astype(str).astype(object))


def uci(folder: Path, views: tuple[str, ...], missing: float = 0.0, seed: int = 0) -> Embeddings:
    """Views of handwritten digits; `missing` of the cells absent."""
    with np.load(folder / "uci_mfeat.npz", allow_pickle=False) as file:
        data = embeddings({v: file[v] for v in views})
    return data.hide(runtime.rng(seed).random(data.mask.shape) < missing) if missing else data


def clip(folder: Path) -> Embeddings:
    """500 COCO photos and captions in CLIP ViT-B/16."""
    with np.load(folder / "clip_coco500.npz", allow_pickle=False) as file:
        return embeddings({m: file[m] for m in ("image", "text")}, space="clip")


def tasks(folder: Path, photos: int) -> dict[str, Callable[[int], Embeddings]]:
    """Title -> the data of a seed, split."""

    def split(data: Embeddings, share: float, seed: int) -> Embeddings:
        return data.with_splits(draw_split(data, held_out=share, seed=seed))

    return {
        f"Flickr8k, {photos} photos": lambda s: split(flickr8k(folder, photos, s), 0.2, s),
        "UCI kar - pix": lambda s: split(uci(folder, ("kar", "pix")), 0.2, s),
        "UCI fou - zer": lambda s: split(uci(folder, ("fou", "zer")), 0.2, s),
        "UCI six views": lambda s: split(uci(folder, SIX), 0.2, s),
        "UCI six, half missing": lambda s: split(uci(folder, SIX, 0.5, s), 0.2, s),
        "CLIP COCO": lambda s: split(clip(folder), 0.5, s),
    }


def score(data: Embeddings, rows: np.ndarray) -> dict[str, float]:
    """R@10 and R@1 in per cent: forth (a -> b for a before b), back, mean over the pairs of modalities; chance."""
    reports = [
        [retrieval_report(data, *pair, rows=rows) for pair in ((a, b), (b, a))]
        for a, b in combinations(data.modalities, 2)
    ]
    return {
        "forth@10": float(np.mean([f.r10 for f, _ in reports])),
        "back@10": float(np.mean([b.r10 for _, b in reports])),
        "forth@1": float(np.mean([f.r1 for f, _ in reports])),
        "back@1": float(np.mean([b.r1 for _, b in reports])),
        "chance@10": float(np.mean([r.chance_r10 for pair in reports for r in pair])),
    }


def measure(data: Embeddings, name: str, seed: int) -> dict[str, float | None] | None:
    """Scores, probe and seconds to fit of one method; None where it refuses this data."""
    started = time.perf_counter()
    try:
        alignment = methods()[name](random_state=seed).fit(data)
    except UserError as refused:
        print(f"{name}: {refused}", file=sys.stderr)
        return None
    seconds = time.perf_counter() - started
    out, rows = alignment.transform(data), data.in_split("test")
    return {**score(out, rows), "probe": probe_accuracy(out, rows, seed), "seconds": seconds}


def race(names: list[str], seeds: int, folder: Path, photos: int) -> list[dict]:
    """One record a task, seed and method; "as they are" where the modalities share a space."""
    records = []
    for title, make in tasks(folder, photos).items():
        for seed in range(seeds):
            data = make(seed)
            rows = data.in_split("test")
            found = {name: measure(data, name, seed) for name in names}
            if len(set(data.spaces.values())) == 1:
                found["as they are"] = {**score(data, rows), "probe": probe_accuracy(data, rows, seed), "seconds": 0.0}
            records += [{"task": title, "seed": seed, "method": m, **f} for m, f in found.items() if f is not None]
        print(f"{title}: done", file=sys.stderr, flush=True)
    return records


def table(records: list[dict]) -> str:
    """Markdown: a row a method, a column a task: R@10 forth / back, probe, seconds; the best mean in bold."""
    titles = list(dict.fromkeys(r["task"] for r in records))
    names = sorted({r["method"] for r in records}, key=lambda m: (m == "as they are", m))

    def mean(task: str, method: str, key: str) -> float | None:
        values = [r[key] for r in records if r["task"] == task and r["method"] == method and r[key] is not None]
        return float(np.mean(values)) if values else None

    lines = ["| R@10 a->b / b->a (probe; s to fit) | " + " | ".join(titles) + " |", "| --- |" + " --- |" * len(titles)]
    chance = [f"{np.mean([r['chance@10'] for r in records if r['task'] == t]):.1f}" for t in titles]
    total = {(t, m): (mean(t, m, "forth@10") or 0) + (mean(t, m, "back@10") or 0) for t in titles for m in names}
    for m in names:
        cells = []
        for t in titles:
            if mean(t, m, "forth@10") is None:
                cells.append("-")
                continue
            text = f"{mean(t, m, 'forth@10'):.1f} / {mean(t, m, 'back@10'):.1f}"
            text = f"**{text}**" if total[t, m] == max(total[t, other] for other in names) else text
            probe = mean(t, m, "probe")
            cells.append(f"{text} ({'-' if probe is None else f'{probe:.2f}'}; {mean(t, m, 'seconds'):.1f})")
        lines.append(f"| {m} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "| chance | " + " | ".join(chance) + " |"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--methods", default=",".join(m for m in methods() if m not in ("bridge", "conse")))
    parser.add_argument(
        "--data-folder", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared" / "data"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    records = race(given.methods.split(","), given.seeds, given.data_folder, given.photos)
    print(table(records))
    if given.json:
        given.json.write_text(json.dumps(records, indent=1))


if __name__ == "__main__":
    main()
