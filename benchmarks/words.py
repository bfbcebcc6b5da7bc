"""Are the maps and the word scores true, and what do they cost? The offline encoders, through the bridge.

    python benchmarks/words.py [--emoji 40] [--pairs 100] [--only photos,emoji,words,pointing,speed]

Deletion and insertion: scikit-image's twelve photos with a caption each (those of the browser tests) and seeded items
of the emoji example. The margin is the insertion area less the deletion area, in units of the similarity; a random
order's is 0 on average. Beside it a map that only knows the centre. Pointing: two emoji side by side, captioned with
both names; a word's map should lean to its own side. Speed: against the bare forward passes that the same work needs.
Prints Markdown, intervals from a bootstrap over items.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from mmexplore import journey
from mmexplore.attribution.explanation import check_regions, check_words, explain
from mmexplore.attribution.faithfulness import faithfulness
from mmexplore.attribution.pair import Pair
from mmexplore.attribution.regions import BASELINES, centre_weight
from mmexplore.data.examples import load_example
from mmexplore.data.media.images import open_image
from mmexplore.runtime import rng

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def pair(picture, text: str) -> Pair:
    return journey.pair_of(journey.offline_workspace(text), picture, text, "picture", "text")


def photos() -> list[tuple[Path, str]]:
    import skimage

    from tests.browser.test_browser import PHOTOS

    folder = Path(skimage.__file__).parent / "data"
    return [(folder / name, caption) for name, caption in PHOTOS.items()]


def emoji(n: int) -> list[tuple[Path, str]]:
    data = load_example("emoji")
    rows = [i for i in range(len(data)) if data.cells["english"][i]]
    chosen = rng(0).choice(rows, n, replace=False)
    return [(data.cells["picture"][i], data.cells["english"][i]) for i in chosen]


def interval(values: list[float]) -> str:
    """Mean and 95 % bootstrap interval over items."""
    v = np.array(values, float)
    draws = v[rng(0).integers(0, len(v), (2000, len(v)))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{v.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def curves(name: str, items: list[tuple[Path, str]], occlude: bool) -> None:
    for baseline in BASELINES:
        margins: dict[str, list[float]] = defaultdict(list)
        below, above, wins, luck = defaultdict(list), defaultdict(list), defaultdict(list), []
        for picture, text in items:
            found = explain(pair(picture, text), "grad-cam")
            orders = {"Grad-CAM": found.caption_map.ravel(), "centre first": centre_weight(found.grid)}
            if occlude:
                orders["occlusion"] = explain(found.pair, "occlusion", baseline).caption_map.ravel()
            checked = faithfulness(orders, found.pair.of_regions(found.grid, baseline), baseline)
            random = checked.as_dict()["random"]
            luck.append(float(checked.random_margins.std(ddof=1)))
            for order in orders:
                deletion, insertion = checked.areas(order)
                margins[order].append(insertion - deletion)
                below[order].append(deletion - random["deletion"])
                above[order].append(insertion - random["insertion"])
                wins[order].append(insertion > deletion)
        for order in margins:
            print(
                f"| {name}, {baseline} | {order} | {np.mean(below[order]):+.4f} | {np.mean(above[order]):+.4f} | "
                f"{interval(margins[order])} | {np.mean(wins[order]):.0%} | {np.mean(luck):.4f} |",
                flush=True,
            )


def word_orders(items: list[tuple[Path, str]]) -> None:
    margins, beaten = [], []
    for picture, text in items:
        checked = check_words(explain(pair(picture, text), "grad-cam"))
        if checked is not None:
            margins.append(checked.margin("words"))
            beaten.append(checked.beaten("words"))
    print(
        f"\nWords, {len(margins)} captions: margin {interval(margins)}; beats {np.mean(beaten):.0%} of random orders."
    )


def pointing(n: int) -> None:
    """Two emoji side by side on white, "A and B": on which side is the greater part of a name's map above 0?"""
    items, draw, right = emoji(400), rng(1), []
    for _ in range(n):
        (left, a), (other, b) = (items[i] for i in draw.choice(len(items), 2, replace=False))
        canvas = np.full((224, 224, 3), 255, np.uint8)
        for side, picture in enumerate((left, other)):
            small = open_image(picture).convert("RGB").resize((112, 112), Image.Resampling.BICUBIC)
            canvas[56:168, 112 * side : 112 * (side + 1)] = np.asarray(small)
        both = pair(canvas, f"{a} and {b}")
        for name, own in ((a, -1), (b, 1)):
            alone = Pair(canvas, name, both.image, both.reader, both.image_to_shared, both.text_to_shared)
            raised = np.maximum(explain(alone, "grad-cam").caption_map, 0).sum(axis=0)
            right.append(np.sign(raised[4:].sum() - raised[:3].sum()) == own)
    hits = np.array(right, float).reshape(n, 2).mean(axis=1)
    print(
        f"\nPointing, {n} pictures of two emoji: {interval(hits.tolist())} of the names on their own side (chance 0.5)."
    )


def speed(rounds: int = 9) -> None:
    """Processor time, so that a busy machine does not count; the bare passes are the same inputs in one batch each."""
    (picture, text), ratios, seconds = photos()[0], defaultdict(list), defaultdict(list)
    for once in range(rounds + 1):
        fresh, clock = pair(picture, text), [time.process_time()]
        found = explain(fresh, "grad-cam")
        clock.append(time.process_time())
        first = [t.removeprefix("text ") for t in fresh._known if t.startswith("text ")]
        checked = check_regions(found)
        check_words(found)
        clock.append(time.process_time())
        texts = [t.removeprefix("text ") for t in fresh._known if t.startswith("text ")]
        squares = np.repeat(fresh.square[None], checked.evaluations, axis=0)
        bare = [time.process_time()]
        for asked, more in ((first, squares[:2]), (texts[len(first) :], squares)):
            fresh.reader.encode(asked)
            fresh.image.encode_squares(more)
            bare.append(time.process_time())
        if once:  # the first round compiles
            for j, what in enumerate(("map and words", "with the checks"), 1):
                ratios[what].append((clock[j] - clock[0]) / (bare[j] - bare[0]))
                seconds[what].append(clock[j] - clock[0])
    print(
        f"\nMap and words: {len(first)} texts, 2 pictures; the checks: {len(texts)} texts, 2 + {len(squares)} pictures."
    )
    for what in ratios:
        ratio, took = statistics.median(ratios[what]), statistics.median(seconds[what])
        print(f"{what}: {ratio:.2f} x the bare forward passes (median of {rounds}), {took:.2f} s of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emoji", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--only", default="photos,emoji,words,pointing,speed")
    options = parser.parse_args()
    parts = options.only.split(",")
    if {"photos", "emoji"} & set(parts):
        print("| items, hidden shows | order | deletion - random | insertion - random | margin | wins | sd of luck |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
    if "photos" in parts:
        curves("12 photos", photos(), True)
    if "emoji" in parts:
        curves(f"{options.emoji} emoji", emoji(options.emoji), False)
    if "words" in parts:
        word_orders(photos())
    if "pointing" in parts:
        pointing(options.pairs)
    if "speed" in parts:
        speed()


if __name__ == "__main__":
    main()
