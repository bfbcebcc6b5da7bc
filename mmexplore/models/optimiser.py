"""AdamW as torch computes it, without what torch's own class brings along.

Making a `torch.optim` optimiser imports torch's compiler, which nothing here uses: 150 MB of memory and a second, in a
server that should fit into 1 GB. Its functional form does not; the steps are the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019); with weight_decay 0 it is Adam (Kingma & Ba 2015).

    Args:
        parameters: tensors to train, in place; all on one device.
        lr: learning rate.
        betas: decay of the means of gradients and of their squares, each in [0, 1).
        weight_decay: share of lr by which each weight shrinks a step.
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        import torch

        self.parameters = list(parameters)
        self.lr, self.betas, self.weight_decay = lr, betas, weight_decay
        self._fused = self.parameters[0].device.type in ("cpu", "cuda")
        self._means = [torch.zeros_like(p) for p in self.parameters]
        self._squares = [torch.zeros_like(p) for p in self.parameters]
        self._steps = [torch.zeros((), device=p.device if self._fused else "cpu") for p in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients; a parameter that gets none is left alone by `step`."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        import torch
        from torch.optim.adamw import adamw

        parts = zip(self.parameters, self._means, self._squares, self._steps, strict=True)
        moved = [(p, p.grad, *state) for p, *state in parts if p.grad is not None]
        if not moved:
            return
        parameters, gradients, means, squares, steps = (list(column) for column in zip(*moved, strict=True))
        with torch.no_grad():
            adamw(
                parameters,
                gradients,
                means,
                squares,
                [],
                steps,
                fused=self._fused,
                amsgrad=False,
                beta1=self.betas[0],
                beta2=self.betas[1],
                lr=self.lr,
                weight_decay=self.weight_decay,
                eps=1e-8,
                maximize=False,
            )
