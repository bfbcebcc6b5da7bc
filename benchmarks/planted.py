"""Do measured contributions and learned weights recover what was planted? 50 seeds of three kinds of data.

    python benchmarks/planted.py [--seeds 50] [--items 1000] [--methods attention,gated,low-rank] [--json FILE]

Each seed is its own data (`planted.KINDS`), its own 80 / 20 split and its own fit with default parameters. A ranking is
recovered where every two modalities whose true shares of the information differ by more than .02 come in the true
order. Shapley values: in bits, over the held-out items, "missing" baseline. Learned: mean weights over the same items.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from mmexplore import journey
from mmexplore.attribution.truth import BesideTruth, beside_truth, ranking_right
from mmexplore.data.examples.planted import KINDS, planted
from mmexplore.models.methods import fusion_methods
from mmexplore.workspace.state import Workspace


def workspace_of(kind: str, items: int, seed: int) -> Workspace:
    """Planted data with its split, nothing fitted."""
    workspace = Workspace(seed=seed)
    workspace.set_dataset(planted(items, seed=seed, **KINDS[kind])[0])
    encoders = journey.default_encoders(workspace)
    encoded = journey.encode(workspace, encoders, journey.default_store())
    workspace.set_embeddings(encoded.embeddings, encoders)
    workspace.ensure_split()
    return workspace


def one(kind: str, method: str, items: int, seed: int) -> BesideTruth:
    embeddings = workspace_of(kind, items, seed).embeddings
    assert embeddings is not None
    fitted = fusion_methods()[method](random_state=seed).fit(embeddings)
    return beside_truth(fitted, embeddings, seed)


def summary(found: list[BesideTruth]) -> dict[str, object]:
    """Share of the seeds whose ranking was recovered, mean shares, their mean error."""
    answer: dict[str, object] = {
        "seeds": len(found),
        "truth": np.mean([f.truth for f in found], axis=0).round(3).tolist(),
        "bits_told": round(float(np.mean([f.told for f in found])), 3),
    }
    for name in found[0].estimates():
        estimates = np.array([f.estimates()[name] for f in found])
        truth = np.array([f.truth for f in found])
        answer[name] = {
            "ranking_recovered": float(np.mean([ranking_right(e, t) for e, t in zip(estimates, truth, strict=True)])),
            "mean_shares": estimates.astype(float).mean(axis=0).round(3).tolist(),
            "mean_error": round(float(np.abs(estimates - truth).mean()), 3),
        }
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--methods", default="attention,gated,low-rank")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    answer: dict[str, dict[str, object]] = {}
    for method in asked.methods.split(","):
        for kind in KINDS:
            start = time.perf_counter()
            found = [one(kind, method, asked.items, seed) for seed in range(asked.seeds)]
            answer.setdefault(kind, {})[method] = summary(found)
            took = time.perf_counter() - start
            print(kind, method, json.dumps(answer[kind][method]), f"{took:.0f} s", file=sys.stderr, flush=True)
            if asked.json:
                asked.json.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
