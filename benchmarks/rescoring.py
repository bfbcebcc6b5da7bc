"""What rescoring gains, and how much of it comes from having seen the tested queries: CLIP on 500 COCO pairs.

    python benchmarks/rescoring.py [--data ../shared/data] [--splits 20] [--json FILE]

250 pairs are tested, the other 250 queries are the honest bank; change of R@1 against raw, mean and sd over the splits
(which overlap).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from alignment import clip

from mmexplore.retrieval.rescore import rescored_report

WAYS = [
    ("centred", 0.0),
    ("csls", 0.0),
    ("inverted_softmax", 20.0),
    ("inverted_softmax", 50.0),
    ("inverted_softmax", 100.0),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1].parent / "shared" / "data")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    data = clip(asked.data)
    halves = [np.random.default_rng(seed).permutation(500)[:250] for seed in range(asked.splits)]
    answer: dict[str, dict[str, str]] = {}
    for method, beta in WAYS:
        name = f"{method} {beta:g}" if beta else method
        answer[name] = {}
        for bank in ("same", "other"):
            for src, dst in (("image", "text"), ("text", "image")):
                found = [rescored_report(data, src, dst, method, h, bank, beta=beta or 20.0) for h in halves]
                gain = np.array([f.rescored.r1 - f.raw.r1 for f in found])
                answer[name][f"{bank} bank, {src} to {dst}"] = f"{gain.mean():+.1f} ± {gain.std():.1f}"
                answer.setdefault("raw R@1", {})[f"{src} to {dst}"] = f"{np.mean([f.raw.r1 for f in found]):.1f}"
    print(json.dumps(answer, indent=1, ensure_ascii=False))
    if asked.json:
        asked.json.write_text(json.dumps(answer, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
