"""Offline encoders of sounds and series under a linear probe, on the official splits.

    python benchmarks/kinds.py [--json FILE]

Sounds: the Free Spoken Digit Dataset (2,700 train, 300 test clips). Series: BasicMotions (40 train, 40 test) as aeon
ships it. The probe is scikit-learn's logistic regression (C = 100) on the encoders' vectors as they are. The null is
the same probe on permuted train labels.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders import registry
from mmexplore.encoders.base import FittedEncoder
from mmexplore.runtime import rng

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MMEXPLORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


def digits(folder: Path) -> tuple[list[Cell], np.ndarray, np.ndarray]:
    """(clips, label [3000], is train [3000])."""
    import pandas as pd

    with zipfile.ZipFile(DATA / "fsdd.zip") as archive:
        archive.extractall(folder)
    pairs = pd.read_csv(folder / "pairs.csv")
    return [folder / a for a in pairs["audio"]], pairs["label"].to_numpy(str), (pairs["split"] == "train").to_numpy()


def motions() -> tuple[list[Cell], np.ndarray, np.ndarray]:
    """(series [6, 100] each, label [80], is train [80])."""
    from aeon.datasets import load_basic_motions

    x, y = load_basic_motions(split="train")
    x_test, y_test = load_basic_motions(split="test")
    return [*x, *x_test], np.concatenate([y, y_test]), np.arange(len(x) + len(x_test)) < len(x)


def probed(name: str, kind: Kind, cells: list[Cell], label: np.ndarray, train: np.ndarray) -> dict:
    """Accuracy on the test rows, its null, milliseconds an item."""
    from sklearn.linear_model import LogisticRegression

    encoder, began = registry.load(name, kind), time.perf_counter()
    if isinstance(encoder, FittedEncoder):
        encoder = encoder.fit([c for c, t in zip(cells, train, strict=True) if t])
    vectors = encoder.encode(cells)
    took = time.perf_counter() - began

    def score(y: np.ndarray) -> float:
        probe = LogisticRegression(C=100, max_iter=1000).fit(vectors[train], y)
        return float((probe.predict(vectors[~train]) == label[~train]).mean())

    return {
        "encoder": name,
        "width": vectors.shape[1],
        "train": int(train.sum()),
        "test": int((~train).sum()),
        "accuracy": score(label[train]),
        "null": score(rng(0).permutation(label[train])),
        "ms_an_item": 1000 * took / len(cells),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spoken = digits(Path(folder))
        found = [probed(name, Kind.AUDIO, *spoken) for name in ("log-mel", "speech-embedding")]
    found += [probed(name, Kind.SERIES, *motions()) for name in ("minirocket", "catch22")]
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text)


if __name__ == "__main__":
    main()
