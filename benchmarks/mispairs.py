"""Wrong pairs found: 5 % of the pairs exchanged, ranked by both ranks and by similarity alone. Mean of 10 draws.

    python benchmarks/mispairs.py [--data ../shared/data] [--draws 10] [--json FILE]

CLIP's own space on 500 COCO pairs (where the data is at hand), and the emoji example with the offline encoders through
the bridge, each two modalities.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

from alignment import clip

from mmexplore import journey
from mmexplore.journey import showcase
from mmexplore.retrieval.mispairs import planted_mispairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1].parent / "shared" / "data")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    spaces = {}
    if (asked.data / "clip_coco500.npz").exists():
        spaces["CLIP COCO 500"] = clip(asked.data)
    showcase.prepare_example("emoji")
    emoji, _ = journey.shared_space(showcase.open_example("emoji"))
    assert emoji is not None
    spaces["emoji"] = emoji
    answer = {}
    for name, space in spaces.items():
        for a, b in combinations(space.modalities, 2):
            found = planted_mispairs(space, a, b, draws=asked.draws)
            answer[f"{name}, {a} and {b}"] = {k: round(v, 3) for k, v in asdict(found).items()}
    print(json.dumps(answer, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(answer, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
