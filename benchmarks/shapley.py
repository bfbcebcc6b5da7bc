"""Exact Shapley values of a fitted attention fusion against the bare forward passes that they need.

    python benchmarks/shapley.py [--items 2000] [--repeats 5] [--json FILE]

Three modalities of 1280, 384 and 512 numbers (the built-in encoders' widths), 7 classes. 2^3 = 8 sets are asked; a bare
pass is `predict` on the same rows with the same modalities hidden. Ours and the bare passes take turns; medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

from mmexplore.attribution.null import null_band
from mmexplore.attribution.shapley import shapley
from mmexplore.attribution.value import game
from mmexplore.data.embeddings import Embeddings
from mmexplore.models.methods import fusion_methods

WIDTHS = {"picture": 1280, "english": 384, "chinese": 512}


def data(n: int) -> Embeddings:
    random = np.random.default_rng(0)
    y = random.integers(0, 7, n)
    ids = np.arange(n).astype(str).astype(object)
    return Embeddings(
        vectors={
            m: (random.normal(size=(7, d))[y] + 3 * random.normal(size=(n, d))).astype(np.float32)
            for m, d in WIDTHS.items()
        },
        present={m: np.ones(n, bool) for m in WIDTHS},
        ids=ids,
        groups=ids,
        spaces={m: m for m in WIDTHS},
        labels=np.array([f"class {c}" for c in y], object),
    )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    embeddings = data(asked.items)
    fusion = fusion_methods()["attention"](epochs=2).fit(embeddings)
    hidden = [np.broadcast_to(~np.array(s, bool), embeddings.mask.shape) for s in product((0, 1), repeat=3)]
    shown = [embeddings.hide(h) for h in hidden]

    def bare() -> None:
        for e in shown:
            fusion.answers(e)

    bare()
    ours, passes = [], []
    for _ in range(asked.repeats):
        passes.append(seconds(bare))
        ours.append(seconds(lambda: shapley(game(fusion, embeddings))))
    answer = {
        "items": asked.items,
        "shapley_s": round(statistics.median(ours), 3),
        "eight_passes_s": round(statistics.median(passes), 3),
        "ratio": round(statistics.median(o / p for o, p in zip(ours, passes, strict=True)), 2),
        "null_band_20_draws_s": round(seconds(lambda: null_band(fusion, embeddings)), 3),
    }
    print(json.dumps(answer, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(answer, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
