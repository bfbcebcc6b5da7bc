"""A small workspace with pictures, captions, holes, labels and captions that try to be markup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from mmexplore.data.dataset import Kind, PairedDataset, Rejected
from mmexplore.data.embeddings import Embeddings
from mmexplore.workspace.state import Workspace

HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "![p](http://outside.invalid/p.png)",
    "[click](javascript:document.title='owned')",
    r"$\frac{1}{2}$ :red[alarm] :material/home: **bold**",
    '=HYPERLINK("http://outside.invalid")',
]
CLASSES = ("red", "green", "blue", "<b>grey</b>")
COLOURS = ("#c0392b", "#27ae60", "#2980b9", "#7f8c8d")


def make_dataset(folder: Path, n: int = 40) -> PairedDataset:
    """n drawn pictures in four colours with captions; every tenth caption is missing, the first six are hostile."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures, captions = [], []
    for i in range(n):
        path = folder / f"{i}.png"
        image = Image.new("RGB", (64, 48), COLOURS[i % 4])
        ImageDraw.Draw(image).ellipse((i % 30, 5, i % 30 + 20, 30), fill="white")
        image.save(path)
        pictures.append(path)
        text = HOSTILE[i] if i < len(HOSTILE) else f"a {('red', 'green', 'blue', 'grey')[i % 4]} card with disc {i}"
        captions.append(None if i % 10 == 9 else text)
    ids = np.array([f"item-{i}" for i in range(n)], object)
    return PairedDataset(
        name="small <b>set</b>",
        ids=ids,
        kinds={"photo": Kind.IMAGE, "cap*tion*": Kind.TEXT},
        cells={"photo": tuple(pictures), "cap*tion*": tuple(captions)},
        groups=ids,
        labels=np.array([CLASSES[i % 4] for i in range(n)], object),
        columns=pd.DataFrame({"size": np.arange(n, dtype=float) / 7, "shop": ["a", "b"] * (n // 2)}),
        rejected=(Rejected(3, "item-x", "photo", "the file is missing: <b>x.png</b>"),),
        source="drawn by the test, no licence needed",
    )


def make_embeddings(dataset: PairedDataset, seed: int = 0) -> Embeddings:
    """Vectors in one space: a class direction, the item's own, and noise; so that a pair is mostly found."""
    random, n = np.random.default_rng(seed), len(dataset)
    classes, own = random.normal(size=(4, 16)), random.normal(size=(n, 16))
    vectors = {}
    for modality in dataset.modalities:
        v = classes[np.arange(n) % 4] + own + 0.3 * random.normal(size=(n, 16))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        vectors[modality] = np.where(dataset.present[modality][:, None], v, 0).astype(np.float32)
    return Embeddings(
        vectors=vectors,
        present=dict(dataset.present),
        ids=dataset.ids,
        groups=dataset.groups,
        spaces=dict.fromkeys(vectors, "toy"),
        labels=dataset.labels,
        content=dict(dataset.content),
        columns=dataset.columns,
    )


def make_workspace(folder: Path, upto: str = "fusion", method: str = "attention") -> Workspace:
    """A workspace with "pairs", "vectors" or a "fusion"."""
    from mmexplore import journey

    workspace = Workspace()
    dataset = make_dataset(folder)
    workspace.set_dataset(dataset)
    if upto != "pairs":
        workspace.set_embeddings(make_embeddings(dataset), {"photo": "toy", "cap*tion*": "toy"})
    if upto == "fusion":
        workspace.add_fusion(journey.fuse(workspace, method))
    return workspace
