"""AV-digits: a noisy picture of a digit and its spoken name, 30 labels a class; every fusion against late and early.

    python benchmarks/avdigits.py [--seeds 5] [--quick] [--sigmas 0.5,0.8] [--methods concat,attention] [--json FILE]

With --json every score is added to FILE, and what FILE holds is not fitted again (as in uci.py).

Pictures: scikit-learn's 8 x 8 digits in 0..1 with Gaussian noise of sd sigma, half of them for train. Sound: the Free
Spoken Digit Dataset, 20 mel bands x 16 frames, its own split. A picture and a recording of the same digit make a pair.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
import wave
import zipfile
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.experts.experts import fit_classifier
from mmexplore.models.methods import fusion_methods
from mmexplore.models.standardise import fit_standard
from mmexplore.runtime import rng

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MMEXPLORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
PER_CLASS = 30
BAR = "LR late sum (the bar)"
REFERENCE = {0.5: 0.899, 0.8: 0.853}  # late sum, measured elsewhere


def log_mel(samples: np.ndarray, rate: int, bands: int = 20, frames: int = 16) -> np.ndarray:
    """Log energy in mel bands over `frames` equal stretches of the recording, [bands * frames]."""
    from scipy.signal import stft

    _, _, z = stft(samples, rate, nperseg=256, noverlap=128)
    power = np.abs(z) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1) / (rate / 2) * (len(power) - 1)
    bins = np.arange(len(power))
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    energy = np.log(np.clip(np.minimum(rise, fall), 0, None) @ power + 1e-6)
    at = np.linspace(0, energy.shape[1] - 1, frames)
    return np.stack([np.interp(at, np.arange(energy.shape[1]), band) for band in energy]).ravel()


@cache
def spoken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(features [3000, 320], label [3000], is train [3000])."""
    import pandas as pd

    with zipfile.ZipFile(DATA / "fsdd.zip") as archive:
        pairs = pd.read_csv(io.BytesIO(archive.read("pairs.csv")))
        features = []
        for name in pairs["audio"]:
            with wave.open(io.BytesIO(archive.read(name))) as sound:
                samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / 32768
                features.append(log_mel(samples, sound.getframerate()))
    return np.array(features, np.float32), pairs["label"].to_numpy(int), (pairs["split"] == "train").to_numpy()


def draw(sigma: float, seed: int) -> Embeddings:
    """`PER_CLASS` train pairs a class; test: every test recording with a picture that train has not seen, 3 times."""
    from sklearn.datasets import load_digits

    random = rng(seed)
    pictures, digit = load_digits(return_X_y=True)
    half = random.permutation(len(digit)) % 2 == 0
    sound, said, train = spoken()
    left, right, split = [], [], []
    for c in range(10):
        left.append(random.permutation(np.flatnonzero(half & (digit == c)))[:PER_CLASS])
        right.append(random.permutation(np.flatnonzero(train & (said == c)))[:PER_CLASS])
        split.append(["train"] * PER_CLASS)
        heard = np.tile(np.flatnonzero(~train & (said == c)), 3)
        left.append(random.choice(np.flatnonzero(~half & (digit == c)), len(heard)))
        right.append(heard)
        split.append(["test"] * len(heard))
    i, j = np.concatenate(left), np.concatenate(right)
    image = pictures[i] / 16 + sigma * random.normal(size=(len(i), 64))
    ids = np.arange(len(i)).astype(str).astype(object)
    return Embeddings(
        {"image": image.astype(np.float32), "sound": sound[j]},
        {m: np.ones(len(i), bool) for m in ("image", "sound")},
        ids,
        ids,
        {"image": "image", "sound": "sound"},
        labels=digit[i].astype(str).astype(object),
        splits=np.concatenate(split).astype(object),
    )


def bars(data: Embeddings) -> dict[str, float]:
    """Logistic regressions, C = 0.1: name -> accuracy."""
    fitted, asked = np.flatnonzero(data.in_split("train")), np.flatnonzero(data.in_split("test"))
    standard = fit_standard(data, fitted)
    (xs, _), (tests, _) = standard.apply(data, fitted), standard.apply(data, asked)
    classes, y = np.unique(data.labels[fitted].astype(str), return_inverse=True)
    truth = np.searchsorted(classes, data.labels[asked].astype(str))
    log_p = [fit_classifier(x, y, len(classes), 0.1).log_proba(t) for x, t in zip(xs, tests, strict=True)]
    early = fit_classifier(np.hstack(xs), y, len(classes), 0.1).scores(np.hstack(tests))
    answers = {"LR image": log_p[0], "LR sound": log_p[1], "LR early": early, "LR late product": sum(log_p)}
    answers[BAR] = sum(np.exp(p) for p in log_p)
    return {name: float((said.argmax(1) == truth).mean()) for name, said in answers.items()}


def measure(names: list[str], seeds: int, sigmas: tuple[float, ...], file: Path | None) -> list[dict]:
    """One record a noise level, seed and method; those of `file` are taken from it, new ones added to it."""
    records = [] if file is None or not file.exists() else [json.loads(line) for line in file.open()]
    done = {(r["sigma"], r["seed"], r["method"]) for r in records}
    for seed in range(seeds):
        for sigma in sigmas:
            known = len(records)
            data = draw(sigma, seed)
            if (sigma, seed, BAR) not in done:
                records += [{"sigma": sigma, "seed": seed, "method": k, "score": v} for k, v in bars(data).items()]
            test = data.take(data.in_split("test"))
            for name in names:
                if (sigma, seed, name) in done:
                    continue
                started = time.perf_counter()
                fusion = fusion_methods()[name](objective="classification", random_state=seed).fit(data)
                seconds = time.perf_counter() - started
                right = fusion.classes_[fusion.answers(test).argmax(1)] == test.labels
                record = {"sigma": sigma, "seed": seed, "method": name, "score": float(right.mean())}
                records.append(record | {"seconds": seconds})
            if file is not None:
                with file.open("a") as out:
                    out.writelines(json.dumps(record) + "\n" for record in records[known:])
            print(f"seed {seed}, sigma {sigma}: done", file=sys.stderr, flush=True)
    return records


def table(records: list[dict]) -> str:
    """Markdown: a row a method, a column a noise level; bold where it beats the bar on the same seeds."""
    sigmas = sorted({r["sigma"] for r in records})
    lines = [
        "| method | seeds | " + " | ".join(f"sigma {s}" for s in sigmas) + " |",
        "| --- | --- |" + " --- |" * len(sigmas),
    ]
    names = dict.fromkeys(r["method"] for r in records)
    scores = {(m, s): {r["seed"]: r["score"] for r in records if (r["method"], r["sigma"]) == (m, s)}
              for m in names for s in sigmas}  # fmt: skip
    for name in names:
        cells = []
        for s in sigmas:
            own, bar = scores[name, s], scores[BAR, s]
            text = f"{np.mean(list(own.values())):.3f} ± {np.std(list(own.values())):.3f}"
            cells.append(f"**{text}**" if np.mean(list(own.values())) > np.mean([bar[k] for k in own]) else text)
        lines.append(f"| {name} | {min(len(scores[name, s]) for s in sigmas)} | " + " | ".join(cells) + " |")
    reference = [f"{REFERENCE.get(s, float('nan')):.3f}" for s in sigmas]
    lines.append("| late sum, reference | 5 | " + " | ".join(reference) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="2 seeds, sigma 0.5")
    parser.add_argument("--sigmas", default="0.5,0.8")
    parser.add_argument("--methods", default=",".join(fusion_methods()))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sigmas = (0.5,) if given.quick else tuple(float(s) for s in given.sigmas.split(","))
    seeds = 2 if given.quick else given.seeds
    print(table(measure([m for m in given.methods.split(",") if m], seeds, sigmas, given.json)))


if __name__ == "__main__":
    main()
