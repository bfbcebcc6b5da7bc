"""The arithmetic of the bridge: what a picture and a text are seen as, given the fitted arrays.

Two views stand side by side. The *scene* view (128 numbers) is ridge CCA on captioned photos; its text side sees the
MiniLM vector and its likeness to each class name (a kernel, so that it bends). The *object* view (1,000 numbers, one
an ImageNet class) is ConSE turned round: not the picture goes into the space of names, the text goes into the space of
classes. A gate says how much a text is the name of a thing rather than the caption of a scene.

Pictures come as unit vectors of EfficientNet-Lite0, texts as unit vectors of MiniLM or of the multilingual Universal
Sentence Encoder. Everything is float32 numpy; `prepare` must have completed the arrays.
"""

from __future__ import annotations

import numpy as np

from mmexplore.data.embeddings import unit

#: spaces of encoders that are mapped
IMAGE_SPACE, TEXT_SPACE, MULTILINGUAL_SPACE = "efficientnet-lite0", "minilm", "use-multilingual"
COVERED = (IMAGE_SPACE, TEXT_SPACE, MULTILINGUAL_SPACE)

# Chosen on held-out Flickr8k photos, on ImageNet classes left out, and on drawn emoji; never on the stamps.
SOFTEN = 0.5  # logits are multiplied by it: what else the picture might be counts too
KERNEL = 8.0  # k(a, b) = exp(KERNEL (a.b - 1)) between unit text vectors
RIDGE = 0.3  # of the kernel ridge regression from texts to classes, in units of the kernel's variance
SHARPEN = 10.0  # p(class | text) = softmax(SHARPEN t.n_class)
POSTERIOR = 0.4  # share of that posterior beside the regression
GATE = (0.03, 0.95)  # share of the object view for a caption, for a name
GATE_SHIFT = 1.0  # evidence (log odds) from which a text counts as a name


def prepare(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """float32 arrays as they are used: int8 ones scaled back (name + ".scale"), regressions solved. Takes 0.1 s."""
    ready = {k: np.asarray(v, np.float32) for k, v in arrays.items() if not k.endswith(".scale")}
    for name, scale in arrays.items():
        if name.endswith(".scale"):
            ready[name.removesuffix(".scale")] *= np.asarray(scale, np.float32)[:, None]
    for space in (TEXT_SPACE, MULTILINGUAL_SPACE):
        # (H K H + r I)^-1: kernel ridge regression whose targets are the classes themselves
        k = likeness(ready[f"names.{space}"], ready[f"names.{space}"]).astype(np.float64)
        mean = k.mean(axis=0)
        centred = k - mean - mean[:, None] + mean.mean()
        ready[f"object.centre.{space}"] = mean.astype(np.float32)
        ridge = RIDGE * np.trace(centred) / len(k)
        ready[f"object.solve.{space}"] = np.linalg.inv(centred + ridge * np.eye(len(k))).astype(np.float32)
    return ready


def likeness(texts: np.ndarray, names: np.ndarray) -> np.ndarray:
    """k(text, class name) in (0, 1]: [N, d], [C, d] -> [N, C]."""
    return np.exp(KERNEL * (texts @ names.T - 1))


def softmax(x: np.ndarray) -> np.ndarray:
    """Rows to probabilities, [N, C]."""
    odds = np.exp(x - x.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def logits(images: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """What EfficientNet-Lite0's classifier says, [N, 1280] -> [N, 1000].

    The encoder hands out unit vectors, the classifier wants their length: the mean length over Flickr8k's photos
    ("image.norm") stands for it (its standard deviation is 12 per cent of it, and R@10 does not change with it).
    """
    return arrays["image.norm"] * (images @ arrays["classifier.weight"].T) + arrays["classifier.bias"]


def conse_image(images: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """ConSE: sum over classes of p(class | picture) x name vector, less its mean over photos. [N, 1280] -> [N, 384]."""
    return softmax(logits(images, arrays)) @ arrays[f"names.{TEXT_SPACE}"] - arrays["conse.image.mean"]


def conse_text(texts: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The other side of ConSE: the MiniLM vector less the mean over captions. [N, 384] -> [N, 384]."""
    return texts - arrays["text.mean"]


def scene_image(images: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Canonical components of a picture, [N, 1280] -> [N, 128]."""
    return (images - arrays["image.mean"]) @ arrays["scene.image.map"]


def scene_text(texts: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Canonical components of a text, MiniLM [N, 384] -> [N, 128]."""
    bent = likeness(texts, arrays[f"names.{TEXT_SPACE}"]) @ arrays["scene.text.kernel"]
    return texts @ arrays["scene.text.map"] + bent - arrays["scene.text.offset"]


def object_image(images: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Softened class probabilities less their mean over photos, [N, 1280] -> [N, 1000]."""
    return softmax(SOFTEN * logits(images, arrays)) - arrays["object.image.mean"]


def object_text(texts: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Which classes a text speaks of: kernel ridge regression and posterior mixed. [N, d] of `space` -> [N, 1000]."""
    names = arrays[f"names.{space}"]
    regressed = (likeness(texts, names) - arrays[f"object.centre.{space}"]) @ arrays[f"object.solve.{space}"]
    posterior = softmax(SHARPEN * (texts @ names.T)) - arrays[f"object.text.mean.{space}"]
    return (1 - POSTERIOR) * unit(regressed) + POSTERIOR * unit(posterior)


def to_minilm(texts: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """A text vector of any covered space as (an estimate of) its MiniLM vector: unit rows [N, 384]."""
    if space == TEXT_SPACE:
        return texts
    guess = (texts - arrays["multilingual.mean"]) @ arrays["multilingual.map"] + arrays["multilingual.target"]
    return unit(guess)


def gate(texts: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Share of the object view, [N] within GATE: logistic regression of captions against names, on MiniLM [N, 384]."""
    evidence = texts @ arrays["gate.weight"] + arrays["gate.bias"]
    low, high = GATE
    return low + (high - low) / (1 + np.exp(GATE_SHIFT - evidence))


def bridge_image(images: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Both views of a picture with the same weight, [N, 1280] -> [N, 1128], rows of length 1."""
    half = np.full(len(images), 0.5, np.float32)
    return side_by_side(scene_image(images, arrays), object_image(images, arrays), half)


def bridge_text(texts: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Both views of a text, weighed by the gate, [N, d] of `space` -> [N, 1128], rows of length 1."""
    english = to_minilm(texts, space, arrays)
    return side_by_side(scene_text(english, arrays), object_text(texts, space, arrays), gate(english, arrays))


def side_by_side(scene: np.ndarray, thing: np.ndarray, share: np.ndarray) -> np.ndarray:
    """[sqrt(1 - g) scene/|scene| ; sqrt(g) thing/|thing|] for shares g [N]: its length is 1."""
    g = share[:, None]
    return np.hstack([np.sqrt(1 - g) * unit(scene), np.sqrt(g) * unit(thing)])
