"""How long a fit takes, and what our loop costs on top of a plain torch loop over the same modules.

    python benchmarks/fit.py [--methods attention,low-rank,self-attention,mvae] [--rounds 5]

2,000 items x 6 views, 10 classes (UCI-like widths). "fit": one complete fit (curves, early stop and the second fit on
all train rows included), wall-clock and CPU seconds, one thread; target 30. "step ratio": CPU time of a train step in
`training.fit_module` against the loop everyone writes: it draws the same batches, hides modalities, and steps AdamW as
torch gives it. Rounds of both are interleaved; the median counts; target 1.15. CPU time, so that what else runs on the
machine does not count; on a quiet one it is the wall-clock time of one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_THREADS", "1")

import numpy as np
import torch
from torch.nn import functional as F

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.generative import Generative
from mmexplore.models.methods import fusion_methods
from mmexplore.models.networks.net import drop_modalities
from mmexplore.models.networks.objectives import Batch, Losses
from mmexplore.models.training import build_module, fit_module
from mmexplore.runtime import rng

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
    """Our loop's CPU time over the plain loop's, one number a round; both take as many steps on as many rows."""
    model = fusion_methods()[name](epochs=1, objective="classification").fit(embeddings)
    xs, present = model.standard_.tensors(embeddings)
    target = torch.as_tensor(np.searchsorted(model.classes_.astype(str), embeddings.labels.astype(str)))
    generative = isinstance(model, Generative)
    build = (lambda: model.network(model.standard_.dims)) if generative else model._build
    rows, found = np.arange(len(embeddings)), []
    for _ in range(rounds):
        model.net_ = build_module(build, 0)
        generator = torch.Generator().manual_seed(0)
        losses = Losses("classification", model.standard_.names, 0.5, 0.0, generator)

        def step(rows: torch.Tensor, train: bool, losses=losses, generator=generator) -> dict[str, torch.Tensor]:
            batch = [x[rows] for x in xs]
            if generative:
                return model.losses(batch, present[rows], 1.0, generator)
            return losses(model.net_, Batch(batch, present[rows], target[rows]), train)

        started = time.process_time()
        fit_module(model.net_, step, rows, rows[:0], epochs=EPOCHS, batch_size=BATCH)
        ours = time.process_time() - started
        loss = plain_mvae if generative else plain_fusion
        found.append(ours / plain(build_module(build, 0), loss, xs, present, target))
    return found


def plain(net: torch.nn.Module, loss, xs: list[torch.Tensor], present: torch.Tensor, target: torch.Tensor) -> float:
    """CPU seconds of the loop everyone writes."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    generator = torch.Generator()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.process_time()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(target), generator=generator).split(BATCH):
            value = loss(net, [x[rows] for x in xs], present[rows], target[rows], generator)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
    seconds = time.process_time() - started
    torch.set_num_threads(threads)
    return seconds


def plain_fusion(net, xs, present, target, generator) -> torch.Tensor:
    shown = drop_modalities(present, 0.5, generator)
    return F.cross_entropy(net.head(net(xs, shown).fused), target)


def plain_mvae(net, xs, present, target, generator) -> torch.Tensor:
    """The paper's loss written down: all views, each alone and two random subsets, one after the other."""
    codes = [encoder(x).chunk(2, dim=-1) for encoder, x in zip(net.encoders, xs, strict=True)]
    subsets = [present, *(present & one for one in torch.eye(len(xs), dtype=torch.bool))]
    subsets += [drop_modalities(present, 1.0, generator) for _ in range(2)]
    total, widest = torch.zeros(()), max(net.dims)
    for shown in subsets:
        precision = torch.ones_like(codes[0][0])
        weighted = torch.zeros_like(precision)
        for m, (mu, log_var) in enumerate(codes):
            certain = (-log_var.clamp(-20, 20)).exp() * shown[:, m, None]
            precision, weighted = precision + certain, weighted + certain * mu
        mean, log_var = weighted / precision, -precision.log()
        z = mean + (0.5 * log_var).exp() * torch.randn(mean.shape, generator=generator)
        total = total + 0.5 * (log_var.exp() + mean**2 - 1 - log_var).sum(1).mean()
        for m, (x, decoder) in enumerate(zip(xs, net.decoders, strict=True)):
            if shown[:, m].any():
                error = ((x - decoder(z)) ** 2).sum(1)
                noise = net.log_noise[m].clamp(min=-6)
                nats = 0.5 * (error * (-noise).exp() + net.dims[m] * (noise + 1.837877)) * shown[:, m]
                total = total + nats.mean() * (widest / net.dims[m])
    return total / sum(net.dims)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default="attention,low-rank,self-attention,mvae")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    embeddings, answer = data(), {}
    for name in given.methods.split(","):
        started, worked = time.perf_counter(), time.process_time()
        fusion_methods()[name](objective="classification").fit(embeddings)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
        found = ratios(name, embeddings, given.rounds)
        answer[name] = {
            "fit seconds": round(seconds, 1),
            "fit CPU seconds": round(worked, 1),
            "step ratio": round(float(np.median(found)), 2),
            "least and most": [round(min(found), 2), round(max(found), 2)],
        }
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
