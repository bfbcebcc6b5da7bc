"""Recurrent (cyclic) fusion: the fused vector goes back to each modality, and they fuse again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.models.card import MethodCard
from mmexplore.models.fusion.torch_fusion import TorchFusion
from mmexplore.models.param import Param
from mmexplore.models.training_settings import FusedWidth

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmexplore.models.networks.net import Combined


@dataclass(eq=False, repr=False)
class RecurrentFusion(TorchFusion):
    """f^0 = F(c);  c_m^(t+1) = c_m^t + g_m * R_m([c_m^t; f^t]);  f^(t+1) = F(c^(t+1)); the same F, R, g in each step.

    F is the layer of concatenation, so that no step at all is `concat`. Absent parts stay zero through every step.
    """

    n_steps: Annotated[
        int,
        Param(
            "Rounds",
            "How often the fused vector goes back to the modalities, which are then fused again. More rounds let them "
            "adjust more often; 0 is plain concatenation.",
            low=0,
            high=32,
            why="the vectors settle within a few rounds, and each takes as long as the first",
        ),
    ] = 2
    gate: Annotated[
        float,
        Param(
            "Feedback at the start",
            "How far the fused vector changes each modality in a round when training starts: 0 changes nothing, 1 adds "
            "the feedback in full. From there it is learned.",
            low=0,
            high=1,
            why="it is a share",
        ),
    ] = 0.5
    fused: FusedWidth = 64

    gives_steps: ClassVar[bool] = True
    name = "recurrent"
    family = "recurrent"
    card = MethodCard(
        title="Recurrent (cyclic) fusion",
        summary="Fuses, tells every modality what came out, lets each one adjust, and fuses again: a few rounds of "
        "talking until they agree.",
        equation=r"f^{0} = F(c),\quad c_m^{t+1} = c_m^{t} + g_m \odot R_m([c_m^{t};\, f^{t}]),\quad "
        r"f^{t+1} = F(c^{t+1}),\quad t < T",
        paper="-; kin: Liang 2018, Multimodal Language Analysis with Recurrent Multistage Fusion; Pham 2019, Found in "
        "Translation (MCTN)",
        look_for="Latent space, Step by step: the fused vectors should settle. If the first step already gives the "
        "answer, the cycle adds nothing on this data.",
        missing="An absent part is zero in every step and a presence bit says so; trained with modalities dropped at "
        "random. Nothing present: the zero vector at every step.",
    )

    def layers(self, n_modalities: int) -> nn.ModuleDict:
        import torch
        from torch import nn

        from mmexplore.models.networks.net import mixer

        layers = nn.ModuleDict({"mixer": mixer(n_modalities, self.width, self.fused)})
        if self.n_steps:
            both = self.width + self.fused
            layers["feedback"] = nn.ModuleList(
                nn.Sequential(nn.Linear(both, self.width), nn.Tanh()) for _ in range(n_modalities)
            )
            layers["gates"] = nn.ParameterList(torch.full((self.width,), self.gate) for _ in range(n_modalities))
        return layers

    def combine(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> Combined:
        from mmexplore.models.networks.net import Combined

        return Combined(self._rounds(layers, parts, present)[-1])

    def _rounds(self, layers: Any, parts: torch.Tensor, present: torch.Tensor) -> list[torch.Tensor]:
        """f^0 ... f^T, each [B, fused]."""
        import torch

        from mmexplore.models.networks.net import mix

        rounds = [mix(layers["mixer"], parts, present)]
        for _ in range(self.n_steps):
            shifts = [
                g * r(torch.cat([parts[:, m], rounds[-1]], dim=1))
                for m, (g, r) in enumerate(zip(layers["gates"], layers["feedback"], strict=True))
            ]
            parts = parts + torch.stack(shifts, dim=1) * present[..., None]
            rounds.append(mix(layers["mixer"], parts, present))
        return rounds

    def steps(self, embeddings: Embeddings) -> np.ndarray:
        """The fused vectors of every step: float32 [T + 1, N, fused]; the last one is `transform`."""
        import torch

        def ask(net: Any, xs: Any, present: Any) -> Any:
            rounds = self._rounds(net.layers, net.parts(xs, present), present)
            return torch.stack(rounds, dim=1) * present.any(1)[:, None, None]

        return self._run(embeddings, ask).transpose(1, 0, 2)
