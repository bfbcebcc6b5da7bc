"""What happens to the vectors on their way through a method, with the sizes of the data at hand.

A new method is drawn by its family until it has an entry of its own in `SHAPES`; one of an unknown family, as
concatenation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mmexplore.models.estimator import Estimator


@dataclass(frozen=True)
class Flow:
    """One method on one data set, in the order in which the vectors pass.

    Attributes:
        shape: how it is drawn ("sum", "gates", "tensor", "tokens", "experts", "codes" ...).
        dims: modality -> width of its vectors.
        step: what is done to each modality on its own.  part: numbers it becomes (None: as many as before).
        meet: the sign where they meet ("Σ").  how: that in words.
        fused: numbers of the fused vector (of each vector in the shared space, for an alignment); None = not known
            before the fit.
        ends: what is made of it: (words, numbers or None).
        rebuilds: every modality is decoded from it.  own_heads: each part has a head of its own.
        count: the method's own number: steps T, rank R, depth, bottleneck tokens.
    """

    shape: str
    dims: Mapping[str, int]
    step: str
    part: int | None
    meet: str
    how: str
    fused: int | None
    ends: tuple[tuple[str, int | None], ...] = ()
    rebuilds: bool = False
    own_heads: bool = False
    count: int = 0


def flow_of(
    method: type[Estimator],
    params: Mapping[str, Any],
    dims: Mapping[str, int],
    objective: str | None = None,
    n_classes: int = 0,
) -> Flow:
    """The flow of a method with these parameters on vectors of these widths.

    Args:
        objective: a fusion's; None for an alignment.  n_classes: of a classification.
    """
    p = {**method().own_params(), **params}
    shape = SHAPES.get(method.name) or FAMILIES.get(method.family, FAMILIES["feature-level"])
    outputs = n_classes if objective == "classification" else 1
    flow = shape(p, dims, outputs)
    if objective is None:
        return flow
    flow = replace(flow, own_heads=flow.own_heads and objective != "reconstruction")
    if flow.shape == "experts":
        return flow
    if objective == "reconstruction":
        return replace(flow, rebuilds=True)
    words = {"classification": "classes", "regression": "value"}
    end: tuple[str, int | None] = (words[objective], outputs) if objective in words else ("finds its full view", None)
    return replace(flow, ends=(end,))


Shape = Callable[[Mapping[str, Any], Mapping[str, int], int], Flow]


def _linear(shape: str, meet: str, how: str, fused: str = "width", count: str = "", own_heads: bool = False) -> Shape:
    """Every modality projected to `width` numbers, then `shape`; `fused` names the parameter that gives its width."""

    def make(p: Mapping[str, Any], dims: Mapping[str, int], outputs: int) -> Flow:
        width = p.get("width")
        n = int(p.get(count, 0)) if count else 0
        return Flow(
            shape, dims, "linear", width, meet, how.format(**p), p.get(fused, width), own_heads=own_heads, count=n
        )

    return make


def _tensor(p: Mapping[str, Any], dims: Mapping[str, int], outputs: int) -> Flow:
    from mmexplore.models.fusion.tensor import TensorFusion

    k = max(1, TensorFusion(**p).factor_width(len(dims)))
    how = f"every product of one number each: {k + 1}^{len(dims)} = {(k + 1) ** len(dims):,}, then one layer"
    return Flow("tensor", dims, "linear, tanh", k, "⊗", how, p["fused"], count=(k + 1) ** len(dims))


def _experts(meet: str, how: str) -> Shape:
    def make(p: Mapping[str, Any], dims: Mapping[str, int], outputs: int) -> Flow:
        step = "classifier" if outputs > 1 else "regression"
        said = "probabilities" if outputs > 1 else "value"
        return Flow("experts", dims, step, outputs, meet, how, outputs, ((said, None),))

    return make


def _codes(shape: str, meet: str, how: str) -> Shape:
    def make(p: Mapping[str, Any], dims: Mapping[str, int], outputs: int) -> Flow:
        hidden, latent = p.get("hidden"), p.get("latent")
        step = f"encoder ({hidden})" if hidden else "encoder" if hidden is None else "linear encoder"
        n = 2 ** len(dims) - 1
        return Flow(shape, dims, step, latent, meet, how.format(n=n), latent, rebuilds=True, count=n)

    return make


def _shared(step: str, how: str, shape: str = "shared", widest: bool = False) -> Shape:
    def make(p: Mapping[str, Any], dims: Mapping[str, int], outputs: int) -> Flow:
        k = p["n_components"] if p.get("n_components") else min(128, *dims.values()) if "n_components" in p else None
        return Flow(shape, dims, step, k, "", how, max(dims.values()) if widest else k)

    return make


SHAPES: dict[str, Shape] = {
    "concat": _linear("side by side", "W", "side by side, then one layer", "fused"),
    "hybrid": _linear("side by side", "W", "side by side, one layer, and a head for each modality", own_heads=True),
    "attention": _linear("sum", "Σ", "a scorer sees all and gives one weight α a modality"),
    "gated": _linear("gates", "Σ", "a gate z for each of the {width} numbers, summing to 1 over the modalities"),
    "tensor": _tensor,
    "low-rank": _linear("low rank", "⊙", "multiplied number by number, {rank} times, and added up", "fused", "rank"),
    "recurrent": _linear("loop", "F", "fused, told to each modality, fused again: {n_steps} times", "fused", "n_steps"),
    "self-attention": _linear("tokens", "", "every token looks at every other, {depth} layer(s), {heads} heads",
                              count="depth"),
    "bottleneck": _linear("bottleneck", "", "only {bottlenecks} shared tokens pass between modalities, {depth} layers",
                          count="bottlenecks"),
    "late-sum": _experts("Σ w", "a weighted vote, the same weights for all items"),
    "late-product": _experts("Π", "evidence added up: probabilities multiplied"),
    "late-network": _experts("net", "a small network reads all answers"),
    "autoencoder": _codes("codes", "mean", "one code: the mean of what the encoders say"),
    "mvae": _codes("gaussians", "Π", "Gaussians multiplied, with the prior: sharper than each"),
    "mmvae": _codes("gaussians", "mix", "Gaussians mixed: each of them alone must do"),
    "mopoe": _codes("gaussians", "mix Π", "a mixture of the products of all {n} subsets"),
    "adversarial": _shared("network", "a discriminator must not tell which modality a code came from", "adversary"),
    "asif": _shared("similarity to anchors", "nothing is trained: described by what it is similar to"),
    "contrastive-linear": _shared("linear", "pairs pulled together, others pushed apart"),
    "contrastive-mlp": _shared("network", "pairs pulled together, others pushed apart"),
    "deep-cca": _shared("network, then CCA", "directions in which the modalities agree"),
    "procrustes": _shared("rotation", "turned onto one another, nothing stretched"),
    "ridge-map": _shared("linear", "each mapped onto one of them, which stays"),
    "bridge": _shared("fitted in advance", "a bridge between the built-in encoders"),
    "conse": _shared("names of things", "described by the words that fit"),
}  # fmt: skip
#: of a method without an entry above, whose parameters may be called anything
FAMILIES: dict[str, Shape] = {
    "alignment": _shared("linear", "directions in which the modalities agree"),
    "feature-level": _linear("side by side", "", "side by side, then one layer"),
    "modality-level": _experts("Σ", "the answers are combined"),
    "hybrid": _linear("side by side", "", "side by side, and a head for each modality", own_heads=True),
    "attention": _linear("sum", "Σ", "a weight for each modality, by what the item has"),
    "gated": _linear("gates", "Σ", "a gate for each number, summing to 1 over the modalities"),
    "tensor": _linear("tensor", "⊗", "numbers of the modalities multiplied with one another"),
    "recurrent": _linear("loop", "F", "fused, told to each modality, fused again"),
    "autoencoder": _codes("codes", "mean", "one code for the item"),
    "variational autoencoder": _codes("gaussians", "Π", "one Gaussian for the item"),
}
