"""The best possible answer on planted data, by brute force: an oracle for what measures the truth."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from scipy.special import logsumexp

from mmexplore.data.examples import planted as making
from mmexplore.data.examples.planted import held_by
from mmexplore.runtime import rng


def recover_rotations(plan, dim, seed):
    """The rotations that `planted` drew first from this seed."""
    random = rng(seed)
    return {m: making._rotation(dim, random) for m in plan.modalities}


def posterior_of_labels(plan, dataset, subset, dim, seed):
    """log2 P(label | vectors of the subset) [N, labels], by brute force over every state of every bit and noise.

    Shares nothing with the code that is tested: full Gaussian densities in all dimensions, the noise pattern unknown.
    """
    rotations = recover_rotations(plan, dim, seed)
    names = sorted({bit for m in plan.modalities for bit in held_by(plan, m)})
    states = np.array(list(product([-1.0, 1.0], repeat=len(names))))  # [states, bits]
    loglik = np.zeros((len(dataset), len(states)))
    for m in subset:
        x = np.stack(dataset.cells[m]).astype(float) @ rotations[m]
        mean = np.zeros((len(states), dim))
        for place, (bit, amplitude) in enumerate(held_by(plan, m).items()):
            mean[:, place] = amplitude * states[:, names.index(bit)]
        square = (x**2).sum(1)[:, None] - 2 * x @ mean.T + (mean**2).sum(1)
        levels = []
        for factor, share in ((1.0, 1 - plan.unreliable[m]), (plan.noisier, plan.unreliable[m])):
            if share > 0:
                spread = plan.noise[m] * factor
                levels.append(math.log(share) - dim * math.log(spread) - square / (2 * spread**2))
        loglik += logsumexp(np.stack(levels), axis=0)

    def label(state):
        value = dict(zip(names, state, strict=True))
        if "synergistic" in plan.parts:
            value["synergistic"] = math.prod(value[f"half:{m}"] for m in plan.synergy_between)
        return "".join("1" if value[part] > 0 else "0" for part in plan.parts)

    labels = [label(state) for state in states]
    classes = sorted(set(labels))
    grouped = np.stack(
        [logsumexp(loglik[:, [i for i, one in enumerate(labels) if one == c]], axis=1) for c in classes], axis=1
    )
    return (grouped - logsumexp(grouped, axis=1, keepdims=True)) / math.log(2), classes
