"""What a trained fusion is trained for: a head and a loss an objective. Imported with torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexplore.models.networks.info_nce import info_nce
from mmexplore.models.networks.net import FusionNet, drop_modalities

WARMEST = math.log(100.0)  # CLIP's bound on 1 / temperature


@dataclass
class Batch:
    """Rows of one step: xs a modality each, present [B, M], target [B] (class, number or group), all rows' own view."""

    xs: list[Tensor]
    present: Tensor
    target: Tensor


class Temperature(nn.Module):
    """The head of the contrastive objective: one learned number; starts at CLIP's 1 / 0.07."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self) -> Tensor:
        return self.log_scale.clamp(max=WARMEST).exp()


class Decoders(nn.Module):
    """The head of reconstruction: fused -> every modality, one linear map each."""

    def __init__(self, fused_width: int, dims: Sequence[int]) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(fused_width, d) for d in dims)

    def forward(self, fused: Tensor) -> list[Tensor]:
        return [decode(fused) for decode in self.maps]


def make_head(objective: str, n_classes: int, dims: Sequence[int]) -> Callable[[int], nn.Module]:
    """Head for a vector of width D, by objective."""
    if objective == "classification":
        return lambda width: nn.Linear(width, n_classes)
    if objective == "regression":
        return lambda width: nn.Linear(width, 1)
    if objective == "reconstruction":
        return lambda width: Decoders(width, dims)
    return lambda width: Temperature()


def predictive_loss(objective: str, head: nn.Module, vector: Tensor, batch: Batch) -> Tensor:
    """Loss of each row, [B], of a head on `vector` [B, D]; reconstruction counts every modality the row really has."""
    if objective == "classification":
        return F.cross_entropy(head(vector), batch.target, reduction="none")
    if objective == "regression":
        return (head(vector)[:, 0] - batch.target) ** 2
    errors = torch.stack([((x - y) ** 2).mean(1) for x, y in zip(batch.xs, head(vector), strict=True)], dim=1)
    return (errors * batch.present).sum(1) / batch.present.sum(1).clamp(min=1)


@dataclass
class Losses:
    """The losses of one fit: called once a step.

    Args:
        objective: one of `fusion.base.OBJECTIVES`.
        names: modalities in alphabetical order, for the curves.
        dropout: share of the training rows shown with a random subset of their modalities.
        unimodal_weight: how much the unimodal heads count, if there are any.
        generator: of the random subsets. Held-out rows see the same ones each time, beside all that is present: the
            fit stops where it serves both. Their curves are those of all that is present.
    """

    objective: str
    names: list[str]
    dropout: float
    unimodal_weight: float
    generator: torch.Generator

    def __call__(self, net: FusionNet, batch: Batch, train: bool) -> dict[str, Tensor]:
        if self.objective == "contrastive":
            return self._contrastive(net, batch, train)
        shown = drop_modalities(batch.present, self.dropout, self.generator) if train else batch.present
        parts = net.parts(batch.xs, shown)
        fused = net.fuse(parts, shown).fused
        full = predictive_loss(self.objective, net.head, fused, batch).mean()
        answer = {"loss": full}
        if self.objective == "classification":
            answer["accuracy"] = _accuracy(net.head(fused), batch.target)
        if net.unimodal_heads is not None:
            answer |= self._unimodal(net, parts, shown, batch)
            answer["loss"] = answer["loss"] + self.unimodal_weight * sum(answer[f"loss/{m}"] for m in self.names)
        elif not train:
            answer |= self._alone(net, parts, batch)
        if not train and self.dropout > 0:
            some = drop_modalities(batch.present, 1.0, torch.Generator().manual_seed(0))
            partial = net.fuse(parts * some[..., None], some).fused
            masked = predictive_loss(self.objective, net.head, partial, batch).mean()
            answer["loss"] = answer["loss"] + (masked - full) / 2
        return answer

    def _unimodal(self, net: FusionNet, parts: Tensor, shown: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Each modality's own head on the rows that show it."""
        assert net.unimodal_heads is not None
        answer: dict[str, Tensor] = {}
        for j, (name, head) in enumerate(zip(self.names, net.unimodal_heads, strict=True)):
            loss = predictive_loss(self.objective, head, parts[:, j], batch)
            answer[f"loss/{name}"] = (loss * shown[:, j]).sum() / shown[:, j].sum().clamp(min=1)
            if self.objective == "classification":
                right = (head(parts[:, j]).argmax(1) == batch.target) & shown[:, j]
                answer[f"accuracy/{name}"] = right.sum() / shown[:, j].sum().clamp(min=1)
        return answer

    def _alone(self, net: FusionNet, parts: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Held-out curves of the fused head when only one modality is shown: a lazy modality is seen to lag."""
        views = len(self.names)
        only = torch.eye(views, dtype=torch.bool, device=parts.device)[:, None, :] & batch.present  # [M, B, M]
        fused = net.fuse((parts * only[..., None]).flatten(0, 1), only.flatten(0, 1)).fused.unflatten(0, (views, -1))
        answer: dict[str, Tensor] = {}
        for j, name in enumerate(self.names):
            there = batch.present[:, j]
            count = there.sum().clamp(min=1)
            answer[f"loss/{name}"] = (predictive_loss(self.objective, net.head, fused[j], batch) * there).sum() / count
            if self.objective == "classification":
                right = (net.head(fused[j]).argmax(1) == batch.target) & there
                answer[f"accuracy/{name}"] = right.sum() / count
        return answer

    def _contrastive(self, net: FusionNet, batch: Batch, train: bool) -> dict[str, Tensor]:
        """A view with modalities dropped must find its own full view among the batch's."""
        generator = self.generator if train else torch.Generator().manual_seed(0)
        dropped = drop_one(batch.present, generator)
        if train and self.dropout > 0:  # from one modality gone to one modality left
            dropped = drop_modalities(dropped, self.dropout, generator)
        parts = net.parts(batch.xs, batch.present)
        full = net.fuse(parts, batch.present).fused
        partial = net.fuse(parts * dropped[..., None], dropped).fused
        same = batch.target[:, None] == batch.target[None, :]
        cosines = F.normalize(partial, dim=1) @ F.normalize(full, dim=1).T
        hit = same.gather(1, cosines.argmax(1, keepdim=True)).float().mean()
        answer = {"loss": info_nce(partial, full, same, net.head()), "accuracy": hit}
        if net.unimodal_heads is not None:  # every modality on its own finds the full view, too
            for j, (name, head) in enumerate(zip(self.names, net.unimodal_heads, strict=True)):
                rows = batch.present[:, j]
                alone = info_nce(parts[rows, j], full[rows], same[rows][:, rows], head())
                answer[f"loss/{name}"] = alone
                answer["loss"] = answer["loss"] + self.unimodal_weight * alone
        return answer


def drop_one(present: Tensor, generator: torch.Generator) -> Tensor:
    """`present` [B, M] without one of its modalities, drawn evenly; a row with a single one keeps it."""
    draw = torch.rand(present.shape, generator=generator).to(present.device).masked_fill(~present, -1.0)
    without = present.scatter(1, draw.argmax(1, keepdim=True), False)
    return torch.where(without.any(1, keepdim=True), without, present)


def _accuracy(logits: Tensor, target: Tensor) -> Tensor:
    return (logits.argmax(1) == target).float().mean()
