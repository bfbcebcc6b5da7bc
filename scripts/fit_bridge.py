"""Fit the bridge once: python scripts/fit_bridge.py FEATURES [--out FILE] [--check].

FEATURES is a safetensors file with `image_features` [P, 1280] (EfficientNet-Lite0 before its classifier, photos of
Flickr8k's training split), `text_features` [T, 384] (MiniLM of their captions) and `image_of_text` [T]. Everything else
comes from installed packages: the classifier, the names and definitions of the ImageNet classes and of the 21,844
WordNet nouns of ImageNet-21k (timm), and the text encoders. Takes a few minutes on two cores. Rebuilds the shipped file
to 1e-3 in what it maps (not bit for bit: the text engine's rounding and BLAS differ between machines); `--check` says
by how much.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.data.embeddings import unit
from mmexplore.models.alignment.bridge import FILE
from mmexplore.models.alignment.bridge_views import (
    IMAGE_SPACE,
    MULTILINGUAL_SPACE,
    SHARPEN,
    SOFTEN,
    TEXT_SPACE,
    bridge_image,
    bridge_text,
    likeness,
    logits,
    prepare,
    softmax,
)
from mmexplore.runtime import rng

SEED = 0
COMPONENTS = 128
RIDGE_IMAGE, RIDGE_TEXT = 2.0, 1.0  # in units of a view's mean variance
POWER = 0.7  # components are scaled by correlation ** POWER
BENT = 0.5  # weight of the kernel features beside the vector itself, both at variance 1
CAPTIONS, NAMES = 8000, 2700  # captions against 3 x names that the gate is fitted on
RIDGE_MULTILINGUAL = 0.03
KEEP_NOUNS = 4  # every 4th of the 21,844 nouns teaches multilingual -> MiniLM

log = logging.getLogger("fit_bridge")


@dataclass(frozen=True)
class Lexicon:
    """What is known without photos: class names and nouns as vectors, and the classifier.

    names, sentences: text space -> [1000, d], unit.  nouns: [n, 384], names as such, for the gate.
    parallel: the same texts [K, 512] and [K, 384] in both text encoders.
    weight [1000, 1280], bias [1000]: EfficientNet-Lite0's classifier.
    """

    names: dict[str, np.ndarray]
    sentences: dict[str, np.ndarray]
    nouns: np.ndarray
    parallel: tuple[np.ndarray, np.ndarray]
    weight: np.ndarray
    bias: np.ndarray


def encode(space: str, texts: list[str]) -> np.ndarray:
    """Unit vectors [N, d] of texts by the encoder of that name."""
    from mmexplore.encoders import registry

    encoder = registry.load(space)
    step = encoder.batch_size
    return np.concatenate([encoder.encode(texts[i : i + step]) for i in range(0, len(texts), step)])


def read_lexicon() -> Lexicon:
    """Encode the names of the ImageNet classes and nouns; read the classifier."""
    from timm.data import ImageNetInfo

    from mmexplore.encoders.image.efficientnet_lite0 import torch_model

    classes, nouns = ImageNetInfo(), ImageNetInfo("imagenet21k")
    described = [classes.index_to_description(c, detailed=True) for c in range(classes.num_classes())]
    every = [nouns.index_to_description(c, detailed=True) for c in range(nouns.num_classes())]
    lemmas, definitions = zip(*(d.split(": ", 1) for d in described), strict=True)
    first = [names.split(",")[0].strip() for names in lemmas]
    sentences, full = [f"A {f}." for f in first], [f"{f}: {d}" for f, d in zip(first, definitions, strict=True)]
    forms = [full, sentences, list(lemmas), list(definitions)]
    names, one = {}, {}
    for space in (TEXT_SPACE, MULTILINGUAL_SPACE):
        log.info("class names by %s", space)
        encoded = [encode(space, f) for f in forms]
        names[space] = unit(np.sum(encoded, axis=0))
        one[space] = encoded
    taught = every[::KEEP_NOUNS]
    texts = [f"A {t.split(',')[0].split(':')[0].strip()}." for t in taught] + [t.split(": ", 1)[1] for t in taught]
    log.info("%d nouns and definitions by both text encoders", len(texts))
    both = [np.concatenate([encode(s, texts), *one[s]]) for s in (MULTILINGUAL_SPACE, TEXT_SPACE)]
    picked = sorted(rng(SEED).choice(len(every), NAMES, replace=False))
    all_names = [every[i].split(": ", 1)[0] for i in picked]
    short = [n.split(",")[0].strip() for n in all_names]
    gate_texts = [f"A {n}." for n in short] + short + all_names
    model = torch_model()
    return Lexicon(
        names,
        {s: v[1] for s, v in one.items()},
        encode(TEXT_SPACE, gate_texts),
        (both[0], both[1]),
        model.classifier.weight.detach().numpy(),
        model.classifier.bias.detach().numpy(),
    )


def ridge_cca(
    x: np.ndarray, y: np.ndarray, ridge_x: float, ridge_y: float, components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps [d_x, K], [d_y, K] and correlations [K] of ridge CCA on centred rows; y may hold several rows for one of x
    only if x repeats it. Sigma_ii + r tr(Sigma_ii)/d_i I (Vinod 1976); signs fixed by the largest entry of each map."""
    n = len(x)
    factors = []
    for v, r in ((x, ridge_x), (y, ridge_y)):
        sigma = v.T @ v / n
        sigma[np.diag_indices_from(sigma)] += r * np.trace(sigma) / len(sigma)
        factors.append(np.linalg.cholesky(sigma))
    lx, ly = factors
    u, s, vt = np.linalg.svd(np.linalg.solve(lx, np.linalg.solve(ly, y.T @ x / n).T), full_matrices=False)
    p, q = np.linalg.solve(lx.T, u[:, :components]), np.linalg.solve(ly.T, vt[:components].T)
    sign = np.sign(p[np.abs(p).argmax(axis=0), np.arange(components)])
    return p * sign, q * sign, s[:components]


def fit(images: np.ndarray, captions: np.ndarray, image_of_text: np.ndarray, lexicon: Lexicon, norm: float) -> dict:
    """All arrays of the bridge as float64 / float32 (before rounding).

    Args:
        images: unit [P, 1280].  captions: unit [T, 384].  image_of_text: int [T] into images.
        lexicon: see `Lexicon`.  norm: mean length of the picture vectors before they were made unit.
    """
    from sklearn.linear_model import LogisticRegression

    names = lexicon.names[TEXT_SPACE]
    bent = likeness(captions, names)
    spread = [np.sqrt(v.var(axis=0).sum()) for v in (captions, bent)]
    features = np.hstack([captions / spread[0], BENT * bent / spread[1]]).astype(np.float64)
    middle_x, middle_y = images.mean(axis=0, dtype=np.float64), features.mean(axis=0)
    p, q, s = ridge_cca((images - middle_x)[image_of_text], features - middle_y, RIDGE_IMAGE, RIDGE_TEXT, COMPONENTS)
    p, q = p * s**POWER, q * s**POWER
    rows = rng(SEED).choice(len(captions), min(CAPTIONS, len(captions)), replace=False)
    examples = np.concatenate([captions[rows], lexicon.nouns])
    is_name = np.repeat([0, 1], [len(rows), len(lexicon.nouns)])
    gate = LogisticRegression(C=1.0, max_iter=1000).fit(examples, is_name)
    use, target = lexicon.parallel
    use_mean, target_mean = use.mean(axis=0, dtype=np.float64), target.mean(axis=0, dtype=np.float64)
    gram = (use - use_mean).T @ (use - use_mean)
    gram[np.diag_indices_from(gram)] += RIDGE_MULTILINGUAL * np.trace(gram) / len(gram)
    arrays = {
        "image.norm": np.array([norm]),
        "classifier.weight": lexicon.weight,
        "classifier.bias": lexicon.bias,
        "text.mean": captions.mean(axis=0),
        "image.mean": middle_x,
        "scene.image.map": p,
        "scene.text.map": q[: captions.shape[1]] / spread[0],
        "scene.text.kernel": BENT * q[captions.shape[1] :] / spread[1],
        "scene.text.offset": middle_y @ q,
        "gate.weight": gate.coef_[0],
        "gate.bias": gate.intercept_,
        "multilingual.mean": use_mean,
        "multilingual.map": np.linalg.solve(gram, (use - use_mean).T @ (target - target_mean)),
        "multilingual.target": target_mean,
    }
    for space, vectors in lexicon.names.items():
        arrays[f"names.{space}"] = vectors
        arrays[f"object.text.mean.{space}"] = softmax(SHARPEN * (lexicon.sentences[space] @ vectors.T)).mean(axis=0)
    said = logits(images, {k: np.asarray(v, np.float32) for k, v in arrays.items()})
    arrays["object.image.mean"] = softmax(SOFTEN * said).mean(axis=0)
    arrays["conse.image.mean"] = softmax(said).mean(axis=0) @ names
    return arrays


def rounded(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """As they are shipped: float16; the three large tables as int8 with one float32 scale a row."""
    small = {}
    for name, value in arrays.items():
        if name == "classifier.weight" or name.startswith("names."):
            scale = np.abs(value).max(axis=1) / 127
            small[name] = np.rint(value / scale[:, None]).astype(np.int8)
            small[f"{name}.scale"] = scale.astype(np.float32)
        else:
            small[name] = np.ascontiguousarray(value, np.float32 if value.ndim < 2 else np.float16)
    return small


def read_features(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Unit pictures, unit captions, image_of_text, mean length of the picture vectors."""
    from safetensors.numpy import load_file

    data = load_file(path)
    images, captions = (data[k].astype(np.float32) for k in ("image_features", "text_features"))
    norm = float(np.linalg.norm(images, axis=1).mean())
    return unit(images), unit(captions), data["image_of_text"].astype(int), norm


def difference(new: dict[str, np.ndarray], old: dict[str, np.ndarray], images: np.ndarray, texts: dict) -> float:
    """Largest difference in what two sets of arrays make of the same unit vectors."""
    gaps = [np.abs(bridge_image(images, new) - bridge_image(images, old)).max()]
    gaps += [np.abs(bridge_text(v, s, new) - bridge_text(v, s, old)).max() for s, v in texts.items()]
    return float(max(gaps))


def main() -> None:
    from safetensors.numpy import load_file, save_file

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("features", type=Path)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is at --out")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    images, captions, image_of_text, norm = read_features(asked.features)
    lexicon = read_lexicon()
    small = rounded(fit(images, captions, image_of_text, lexicon, norm))
    if asked.check:
        texts = {TEXT_SPACE: captions[::7], MULTILINGUAL_SPACE: lexicon.sentences[MULTILINGUAL_SPACE]}
        gap = difference(prepare(small), prepare(load_file(asked.out)), images, texts)
        log.info("largest difference in a mapped vector (%s included): %.1e", IMAGE_SPACE, gap)
        raise SystemExit(gap > 1e-3)
    save_file(small, asked.out)
    asked.out.chmod(0o644)
    log.info("%s: %.2f MB", asked.out, asked.out.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
