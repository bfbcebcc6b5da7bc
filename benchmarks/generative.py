"""Generative methods on UCI Multiple Features: what they rebuild from each subset of views, and what their codes know.

    python benchmarks/generative.py [--seeds 3] [--methods mvae,mopoe] [--json FILE]

20 labels a class (200 rows); "+ unlabelled" adds the other 800 rows of the pool without labels, which only generative
methods can use. Reconstruction: R^2 of a view about its train mean, on standardised numbers of the 1,000 test rows,
from each of the 62 proper subsets of views (only views outside the subset count). The ridge regression is fitted for
each pair of subset and view; a generative method is fitted once. Accuracy: all views present, and each view of a test
item absent with p = 1/2.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
from uci import BAR, VIEWS, bars, draw

from mmexplore.data.embeddings import Embeddings, concatenate
from mmexplore.models.generative import methods
from mmexplore.models.ridge import ridge as solve_ridge
from mmexplore.models.standardise import Standard, fit_standard

NAMES = VIEWS["all"]
SUBSETS = [s for size in range(1, len(NAMES)) for s in itertools.combinations(NAMES, size)]
N_LABELS, POOL = 20, 100


def settings(seed: int) -> tuple[dict[str, Embeddings], Embeddings, np.ndarray]:
    """({"labelled only", "+ unlabelled": train rows}, the test rows, which test cells go missing)."""
    data, missing = draw(NAMES, N_LABELS, seed)
    train, test = data.take(data.in_split("train")), data.take(data.in_split("test"))
    wide, _ = draw(NAMES, POOL, seed)  # the same test rows: draw() splits by the seed alone
    others = wide.take(wide.in_split("train") & ~np.isin(wide.ids, train.ids))
    hidden = others.with_labels(np.full(len(others), "", object))
    return {"labelled only": train, "+ unlabelled": concatenate([train, hidden])}, test, missing


def explained(rebuilt: dict[str, np.ndarray], test: Embeddings, standard: Standard, given: tuple) -> dict[str, float]:
    """View not given -> R^2."""
    answer = {}
    for name, mean, spread in zip(standard.names, standard.mean, standard.spread, strict=True):
        if name not in given:
            error = (rebuilt[name] - test.vectors[name]) / spread
            answer[name] = float(1 - (error**2).sum() / (((test.vectors[name] - mean) / spread) ** 2).sum())
    return answer


def ridge(train: Embeddings, test: Embeddings, standard: Standard, given: tuple) -> dict[str, np.ndarray]:
    """Each view not given from those given, by a ridge regression of its own."""
    xs, _ = standard.apply(train)
    tests, _ = standard.apply(test)
    rows = [standard.names.index(m) for m in given]
    x, asked = np.hstack([xs[j] for j in rows]), np.hstack([tests[j] for j in rows])
    return {
        name: asked @ solve_ridge(x, xs[j], float(x.shape[1])) * standard.spread[j] + standard.mean[j]
        for j, name in enumerate(standard.names)
        if name not in given
    }


def measure(names: list[str], seeds: int) -> list[dict]:
    """A record a seed, setting and method: {"r2": {subset: {view: R^2}}, "full", "missing50", "seconds"}."""
    records = []
    for seed in range(seeds):
        trains, test, missing = settings(seed)
        data, _ = draw(NAMES, N_LABELS, seed)
        bar = bars(data, missing)[BAR]
        for setting, train in trains.items():
            standard = fit_standard(train, np.arange(len(train)))
            r2 = {"+".join(s): explained(ridge(train, test, standard, s), test, standard, s) for s in SUBSETS}
            records.append(_record(seed, setting, "ridge / LR late product", r2, *bar, 0.0))
            for name in names:
                started = time.perf_counter()
                model = methods()[name](objective="classification", random_state=seed).fit(train)
                seconds = time.perf_counter() - started
                r2 = {"+".join(s): explained(model.reconstruct(test, s), test, standard, s) for s in SUBSETS}
                full, half = (
                    float((model.classes_[model.answers(e).argmax(1)] == test.labels).mean())
                    for e in (test, test.hide(missing))
                )
                records.append(_record(seed, setting, name, r2, full, half, seconds))
            print(f"seed {seed}, {setting}: done", file=sys.stderr, flush=True)
    return records


def _record(seed: int, setting: str, method: str, r2: dict, full: float, half: float, seconds: float) -> dict:
    return {"seed": seed, "setting": setting, "method": method, "r2": r2, "full": full, "missing50": half,
            "seconds": seconds}  # fmt: skip


def tables(records: list[dict]) -> str:
    """Markdown: accuracy and mean R^2 by size of the subset; then R^2 of each view from each single one."""
    sizes = range(1, len(NAMES))
    head = ["rows", "method", "accuracy", "half missing", *(f"R² from {k}" for k in sizes), "s"]
    lines = [f"| {' | '.join(head)} |", "| --- |" + " --- |" * (len(head) - 1)]
    for (setting, method), some in _grouped(records).items():
        cells = [f"{np.mean([r[c] for r in some]):.3f} ± {np.std([r[c] for r in some]):.3f}"
                 for c in ("full", "missing50")]  # fmt: skip
        for size in sizes:
            values = [v for r in some for s, by in r["r2"].items() if s.count("+") + 1 == size for v in by.values()]
            cells.append(f"{np.mean(values):.3f}")
        cells.append(f"{np.mean([r['seconds'] for r in some]):.0f}")
        lines.append(f"| {setting} | {method} | " + " | ".join(cells) + " |")
    for (setting, method), some in _grouped(records).items():
        if setting != "+ unlabelled":
            continue
        lines += [f"\n**{method}, {setting}: R² of a view (column) from one view (row)**\n",
                  "| from | " + " | ".join(NAMES) + " |", "| --- |" + " --- |" * len(NAMES)]  # fmt: skip
        for given in NAMES:
            cells = [f"{np.mean([r['r2'][given][m] for r in some]):.2f}" if m != given else "-" for m in NAMES]
            lines.append(f"| {given} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _grouped(records: list[dict]) -> dict[tuple[str, str], list[dict]]:
    groups: dict[tuple[str, str], list[dict]] = {}
    for record in records:
        groups.setdefault((record["setting"], record["method"]), []).append(record)
    return dict(sorted(groups.items(), key=lambda item: item[0][0], reverse=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", default=",".join(methods()))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    records = measure(given.methods.split(","), given.seeds)
    print(tables(records))
    if given.json:
        given.json.write_text(json.dumps(records, indent=1))


if __name__ == "__main__":
    main()
