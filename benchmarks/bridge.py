"""What the bridge finds: held-out Flickr8k training photos, beside plain ridge CCA, and the object pictures.

    python benchmarks/bridge.py DATA [--draws 4]

DATA: the folder with flickr8k_train_features.safetensors and stamps.zip. For each draw 1,000 training photos and their
5,000 captions are held out and everything is fitted on the other 5,000 photos; the shipped file is fitted on all of
them. The stamps are never fitted on. The settings were chosen on draws 0 to 2, so draws from 100 on are shown. Prints
R@1/5/10 text -> image and image -> text, per cent, and chance R@10 (of a random order), as Markdown.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from math import comb
from pathlib import Path

import numpy as np

from mmexplore.data.reading.read import read_pairs
from mmexplore.encoders.pipeline import encode_dataset
from mmexplore.models.alignment import bridge_views as views
from mmexplore.models.alignment.bridge import BridgeAlignment
from mmexplore.models.alignment.conse import ConSEAlignment
from mmexplore.runtime import rng

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "fit_bridge.py"
#: draws below this one were looked at when the settings were chosen
FIRST_DRAW = 100


def recalls(images: np.ndarray, texts: np.ndarray, image_of: np.ndarray) -> list[float]:
    """R@1, 5, 10 text -> image, then image -> text (the best of a photo's captions counts), per cent."""
    unit_images, unit_texts = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (images, texts))
    scores = unit_texts @ unit_images.T
    forward = (scores > scores[np.arange(len(texts)), image_of][:, None]).sum(axis=1)
    own = image_of[:, None] == np.arange(len(images))
    backward = (scores > np.where(own, scores, -np.inf).max(axis=0)).sum(axis=0)
    return [100 * float((ranks < k).mean()) for ranks in (forward, backward) for k in (1, 5, 10)]


def chance(n_images: int, texts_each: int) -> str:
    """R@10 of a random order, text -> image / image -> text: C(n - k, 10) / C(n, 10) of all orders miss k answers."""
    n_texts = n_images * texts_each
    missed = comb(n_texts - texts_each, 10) / comb(n_texts, 10)
    return f"{100 * 10 / n_images:.1f}/{100 * (1 - missed):.1f}"


def row(name: str, found: list[float], by_luck: str) -> str:
    forward, backward = ("/".join(f"{v:.1f}" for v in part) for part in (found[:3], found[3:]))
    return f"| {name} | {forward} | {backward} | {by_luck} |"


def held_out(features: Path, draws: int) -> None:
    """Bridge and plain ridge CCA fitted on the same photos, each asked for the same others."""
    spec = importlib.util.spec_from_file_location("fit_bridge", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules["fit_bridge"] = script
    spec.loader.exec_module(script)
    images, captions, image_of, norm = script.read_features(features)
    lexicon = script.read_lexicon()
    found: dict[str, list[list[float]]] = {"ridge CCA": [], "bridge": []}
    for draw in range(FIRST_DRAW, FIRST_DRAW + draws):
        order = rng(draw).permutation(len(images))
        test, train = order[:1000], order[1000:]
        place = np.empty(len(images), int)
        place[train], place[test] = np.arange(len(train)), np.arange(len(test))
        inside, outside = (np.flatnonzero(np.isin(image_of, part)) for part in (train, test))
        rows, asked = place[image_of[inside]], place[image_of[outside]]
        arrays = views.prepare(script.rounded(script.fit(images[train], captions[inside], rows, lexicon, norm)))
        texts = views.bridge_text(captions[outside], views.TEXT_SPACE, arrays)
        found["bridge"].append(recalls(views.bridge_image(images[test], arrays), texts, asked))
        mx, my = images[train].mean(axis=0, dtype=np.float64), captions[inside].mean(axis=0, dtype=np.float64)
        p, q, s = script.ridge_cca((images[train] - mx)[rows], captions[inside] - my, 1.0, 1.0, 128)
        found["ridge CCA"].append(recalls((images[test] - mx) @ (p * s), (captions[outside] - my) @ (q * s), asked))
    for name, all_draws in found.items():
        label = f"held-out training photos, {draws} draws, {name}"
        print(row(label, np.mean(all_draws, axis=0).tolist(), chance(1000, 5)), flush=True)
    gain = np.subtract(found["bridge"], found["ridge CCA"])[:, [2, 5]]
    print(f"\nBridge less ridge CCA, R@10 of each draw: {gain.round(1).tolist()}")


def stamps(archive: Path) -> None:
    """519 object pictures and their names: one text a picture."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = read_pairs(archive, workdir=Path(folder))
        encoders = {"image": "efficientnet-lite0", "text": "minilm"}
        encoders |= dict.fromkeys(["text_zh", "text_fr", "text_ja"], "use-multilingual")
        embeddings = encode_dataset(dataset, encoders).embeddings
    for method in (ConSEAlignment(), BridgeAlignment()):
        shared = method.fit(embeddings).transform(embeddings)
        for language in [m for m in shared.modalities if m != "image"]:
            both = shared.present["image"] & shared.present[language]
            found = recalls(shared.vectors["image"][both], shared.vectors[language][both], np.arange(both.sum()))
            label = f"{both.sum()} object pictures, {language}, {method.name}"
            print(row(label, found, chance(int(both.sum()), 1)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=4)
    options = parser.parse_args()
    print("| data, method | text -> image R@1/5/10 | image -> text R@1/5/10 | chance R@10 |\n| --- | --- | --- | --- |")
    stamps(options.data / "stamps.zip")
    held_out(options.data / "flickr8k_train_features.safetensors", options.draws)


if __name__ == "__main__":
    main()
