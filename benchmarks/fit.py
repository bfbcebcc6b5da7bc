"""How long a fusion takes to fit, and what our loop costs on top of a plain torch loop over the same modules.

    python benchmarks/fit.py [--methods attention,low-rank,self-attention] [--rounds 5]

2,000 items x 6 views, 10 classes (UCI-like widths). "fit": seconds of one complete fit (curves, early stop and the
second fit on all train rows included); target 30. "ratio": time of a train step in `training.fit_module` against a
plain loop that draws the same batches, drops modalities, and steps the same AdamW; median over rounds; target 1.15.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import torch
from torch.nn import functional as F

from mmexplore.embeddings import Embeddings
from mmexplore.fusion import methods
from mmexplore.fusion._net import drop_modalities
from mmexplore.fusion._objectives import Batch, Losses
from mmexplore.runtime import rng
from mmexplore.training import build_module, fit_module

WIDTHS = (216, 76, 64, 6, 240, 47)
EPOCHS, BATCH = 10, 64


def data(n: int = 2000, classes: int = 10) -> Embeddings:
    """Six noisy linear views of 32 hidden numbers."""
    random = rng(0)
    y = random.integers(0, classes, n)
    hidden = random.normal(size=(classes, 32))[y] + random.normal(size=(n, 32))
    vectors = {
        f"view {j}": (hidden @ random.normal(size=(32, d)) + 4 * random.normal(size=(n, d))).astype(np.float32)
        for j, d in enumerate(WIDTHS)
    }
    ids = np.arange(n).astype(str).astype(object)
    present = {m: np.ones(n, bool) for m in vectors}
    return Embeddings(vectors, present, ids, ids, {m: m for m in vectors}, labels=y.astype(str).astype(object))


def ratios(name: str, embeddings: Embeddings, rounds: int) -> list[float]:
    """Our loop's time over the plain loop's, one number a round; both take the same steps."""
    fusion = methods()[name](epochs=1).fit(embeddings, objective="classification")
    xs, present = fusion.standard_.tensors(embeddings)
    target = torch.as_tensor(np.searchsorted(fusion.classes_.astype(str), embeddings.labels.astype(str)))
    rows = np.arange(len(embeddings))
    found = []
    for _ in range(rounds):
        net = build_module(fusion._build, 0)
        losses = Losses("classification", fusion.standard_.names, 0.5, fusion.unimodal_weight, torch.Generator())

        def step(rows: torch.Tensor, train: bool, net=net, losses=losses) -> dict[str, torch.Tensor]:
            return losses(net, Batch([x[rows] for x in xs], present[rows], target[rows]), train)

        started = time.perf_counter()
        fit_module(net, step, rows, rows[:0], epochs=EPOCHS, batch_size=BATCH)
        ours = time.perf_counter() - started
        found.append(ours / plain(build_module(fusion._build, 0), xs, present, target))
    return found


def plain(net: torch.nn.Module, xs: list[torch.Tensor], present: torch.Tensor, target: torch.Tensor) -> float:
    """Seconds of the loop everyone writes."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    generator = torch.Generator()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.perf_counter()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(target), generator=generator).split(BATCH):
            shown = drop_modalities(present[rows], 0.5, generator)
            logits = net.head(net([x[rows] for x in xs], shown).fused)
            loss = F.cross_entropy(logits, target[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    seconds = time.perf_counter() - started
    torch.set_num_threads(threads)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default="attention,low-rank,self-attention")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    embeddings, answer = data(), {}
    for name in given.methods.split(","):
        started, worked = time.perf_counter(), time.process_time()
        methods()[name]().fit(embeddings, objective="classification")
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
        found = ratios(name, embeddings, given.rounds)
        answer[name] = {"fit seconds": round(seconds, 1), "step ratio": round(float(np.median(found)), 2),
                        "step ratio least and most": [round(min(found), 2), round(max(found), 2)]}  # fmt: skip
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
