"""Encode throughput: the app's path against a bare torch fp32 loop over the same files.

    python benchmarks/encode.py [--items 32] [--rounds 5] [--only efficientnet-lite0,minilm,vit-b-32,vit-b-32-text]

Same files (photos of about 200 KB, decoding included), same batch, same threads, taken in turns; the ratio is the
median over the rounds. ViT-B-32 has random weights, made here and loaded from a file: speed and the cosine between
precisions do not need trained ones. Prints one JSON document on stdout.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from PIL import Image

from mmexplore import runtime
from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.encoders import registry
from mmexplore.encoders.pipeline import encode_dataset

BATCH = 16
TARGETS = {"efficientnet-lite0": 3.0, "vit-b-32": 2.0, "minilm": 0.95, "vit-b-32-text": 0.95}


@dataclass(frozen=True)
class Race:
    """bare(items) -> [N, d], not normalised; name, kind: the encoder that runs against it."""

    name: str
    kind: Kind
    bare: Callable[[list], np.ndarray]


def photos(folder: Path, count: int) -> list[Path]:
    """JPEGs of about 200 KB: scikit-image's photos at 1024 px with a little noise, each different."""
    import skimage.data

    sources = [getattr(skimage.data, n)()[..., :3] for n in ("astronaut", "coffee", "chelsea", "rocket")]
    random = runtime.rng(0)
    files = []
    for i in range(count):
        image = Image.fromarray(sources[i % len(sources)])
        scale = 1024 / max(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
        noisy = np.asarray(image) + random.normal(0, 4, (image.height, image.width, 1))
        files.append(folder / f"{i:03d}.jpg")
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(files[-1], quality=88)
    return files


def captions(count: int) -> list[str]:
    things = ("dog", "red bus", "group of children", "woman in a blue coat", "small boat", "cat")
    places = ("on the grass", "near a busy street in the rain", "at the beach", "in front of an old stone house")
    return [f"A {things[i % 6]} {places[i % 4]}, photograph number {i}." for i in range(count)]


def efficientnet() -> Race:
    import timm
    import torch

    from mmexplore.encoders.image.efficientnet_lite0 import NAME, torch_model

    model = torch_model()
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))

    def forward(x: torch.Tensor) -> torch.Tensor:
        return model.forward_head(model.forward_features(x), pre_logits=True)

    return Race(NAME, Kind.IMAGE, lambda files: _picture_loop(files, transform, forward))


def vit(folder: Path) -> tuple[Race, Race]:
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model, _, transform = open_clip.create_model_and_transforms("ViT-B-32")
    model.eval()
    weights = folder / "vit-b-32.safetensors"
    save_file(model.state_dict(), weights)
    name = f"local:ViT-B-32@{weights}"
    tokenizer = open_clip.get_tokenizer("ViT-B-32")

    def texts(items: list[str]) -> np.ndarray:
        with torch.no_grad():
            return np.concatenate(
                [model.encode_text(tokenizer(items[i : i + BATCH])).numpy() for i in range(0, len(items), BATCH)]
            )

    pictures = Race(name, Kind.IMAGE, lambda files: _picture_loop(files, transform, model.encode_image))
    return pictures, Race(name, Kind.TEXT, texts)


def minilm() -> Race:
    import torch
    from transformers import AutoTokenizer, BertModel

    from mmexplore.encoders.text.minilm import NAME, model_file

    folder = model_file("config.json").parent
    model = BertModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def texts(items: list[str]) -> np.ndarray:
        rows = []
        with torch.no_grad():
            for i in range(0, len(items), BATCH):
                batch = tokenizer(
                    items[i : i + BATCH], padding=True, truncation=True, max_length=256, return_tensors="pt"
                )
                hidden = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1).float()
                rows.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
        return np.concatenate(rows)

    return Race(NAME, Kind.TEXT, texts)


def _picture_loop(files: list[Path], transform: Callable, forward: Callable) -> np.ndarray:
    """What anyone would write: open, transform, stack, run."""
    import torch

    rows = []
    with torch.no_grad():
        for i in range(0, len(files), BATCH):
            batch = torch.stack([transform(Image.open(f).convert("RGB")) for f in files[i : i + BATCH]])
            rows.append(forward(batch).numpy())
    return np.concatenate(rows)


def app(race: Race, items: list) -> np.ndarray:
    """The app's own path: content keys, decoding, encoding, rows."""
    rows = np.array([str(i) for i in range(len(items))], object)
    dataset = PairedDataset("benchmark", rows, {"item": race.kind}, {"item": tuple(items)}, rows)
    return encode_dataset(dataset, {"item": race.name}).embeddings.vectors["item"]


def run(race: Race, items: list, rounds: int) -> dict:
    registry.load(race.name, race.kind).batch_size = BATCH
    ours, bare = app(race, items), race.bare(items)  # both warm
    cosine = (ours * bare).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(bare, axis=1)
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        start = time.perf_counter()
        race.bare(items)
        middle = time.perf_counter()
        app(race, items)
        times.append((middle - start, time.perf_counter() - middle))
    return {
        "ratio": round(statistics.median(b / a for b, a in times), 2),
        "ratios": [round(b / a, 2) for b, a in times],
        "app_items_per_s": round(len(items) / statistics.median(a for _, a in times), 1),
        "torch_fp32_items_per_s": round(len(items) / statistics.median(b for b, _ in times), 1),
        "least_cosine": round(float(cosine.min()), 6),
        "version": registry.load(race.name, race.kind).version,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="efficientnet-lite0,minilm,vit-b-32,vit-b-32-text")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(runtime.threads())
    chosen = options.only.split(",")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        files, texts = photos(Path(folder), options.items), captions(options.items * 4)
        races: dict[str, Callable[[], Race]] = {"efficientnet-lite0": efficientnet, "minilm": minilm}
        if any(name.startswith("vit") for name in chosen):
            os.environ["MMEXPLORE_CACHE"] = str(Path(folder, "cache"))  # its engines go with the folder
            pictures, sentences = vit(Path(folder))
            races |= {"vit-b-32": lambda: pictures, "vit-b-32-text": lambda: sentences}
        for name in chosen:
            race = races[name]()
            results[name] = run(race, files if race.kind == Kind.IMAGE else texts, options.rounds)
            results[name]["target"] = TARGETS[name]
            print(name, results[name], file=sys.stderr)
        kilobytes = round(sum(f.stat().st_size for f in files) / len(files) / 1e3)
    about = {"threads": runtime.threads(), "batch": BATCH, "photos": options.items, "kilobytes_a_photo": kilobytes}
    print(json.dumps({"encode": results, "about": about}, indent=1))
    met = all(r["ratio"] >= r["target"] and r["least_cosine"] >= 0.999 for r in results.values())
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
