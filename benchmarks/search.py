"""Our exact search against bare faiss over the same vectors, in one run: at most 1.1 times its time.

    python benchmarks/search.py [--items 100000] [--queries 1000] [--dim 512] [--k 10] [--repeats 7] [--out FILE]

Prints one JSON document. Ours takes raw queries (and so normalises them); faiss gets normalised ones and an index that
is already filled. The two take turns, so that a busy machine slows both; the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmexplore import runtime
from mmexplore.data.embeddings import unit
from mmexplore.retrieval.search import search

TARGET = 1.1


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(n_items: int, n_queries: int, dim: int, k: int, repeats: int) -> dict[str, float | int | bool]:
    """Median times of both, their ratio, and whether they found the same items."""
    import faiss

    random = runtime.rng(0)
    items = unit(random.normal(size=(n_items, dim)))
    queries = random.normal(size=(n_queries, dim)).astype(np.float32)
    normal = unit(queries)
    faiss.omp_set_num_threads(runtime.threads())
    index = faiss.IndexFlatIP(dim)
    index.add(items)
    same = bool((search(items, queries, k)[1] == index.search(normal, k)[1]).all())
    ours, bare = [], []
    for _ in range(repeats):
        bare.append(seconds(lambda: index.search(normal, k)))
        ours.append(seconds(lambda: search(items, queries, k)))
    mine, theirs = statistics.median(ours), statistics.median(bare)
    return {
        "items": n_items,
        "queries": n_queries,
        "dim": dim,
        "k": k,
        "threads": runtime.threads(),
        "seconds": round(mine, 5),
        "faiss_seconds": round(theirs, 5),
        "ratio": round(mine / theirs, 4),
        "same": same,
    }


def main() -> int:
    """Measure a batch and a single query; exit code 1 where the batch is above the target or the answers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("items", 100_000), ("queries", 1000), ("dim", 512), ("k", 10), ("repeats", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    size = (options.items, options.queries, options.dim, options.k)
    batch = measure(*size, options.repeats)
    single = measure(size[0], 1, *size[2:], 5 * options.repeats)
    result = {"benchmark": "search", "target_ratio": TARGET, "batch": batch, "single": single}
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0 if batch["ratio"] <= TARGET and single["ratio"] <= TARGET and batch["same"] and single["same"] else 1


if __name__ == "__main__":
    sys.exit(main())
