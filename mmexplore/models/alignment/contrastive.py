"""Contrastive heads: matching items attract, all others repel (InfoNCE), on frozen vectors."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from mmexplore.models.alignment.heads import Net, TrainedAlignment
from mmexplore.models.card import MethodCard
from mmexplore.runtime import RandomState

if TYPE_CHECKING:
    import torch

SMALLEST_TEMPERATURE = 0.01  # as CLIP: logits never grow beyond 100 cosines


def contrastive_loss(
    codes: list[torch.Tensor], present: torch.Tensor, groups: torch.Tensor, temperature: torch.Tensor | float
) -> torch.Tensor:
    """Mean of InfoNCE over the pairs of modalities; every item of the same group is a positive.

    A row takes part in a pair where it has both or one of the two; a pair without any positive does not count.

    Args:
        codes: M of float [B, K], any length.  present: bool [B, M].  groups: int64 [B].

    Returns:
        scalar; 0 (with zero gradients) where no row of the batch has two modalities.
    """
    import torch

    from mmexplore.models.networks.info_nce import info_nce

    losses = []
    for i, j in combinations(range(len(codes)), 2):
        left, right = present[:, i], present[:, j]
        positive = groups[left][:, None] == groups[right][None, :]
        if bool(positive.any()):
            losses.append(info_nce(codes[i][left], codes[j][right], positive, 1 / temperature))
    return torch.stack(losses).mean() if losses else torch.cat(codes).sum() * 0


class _Contrastive(TrainedAlignment):
    """What the linear and the MLP head share: a learnt temperature and InfoNCE."""

    def build(self, widths: list[int]) -> Net:
        import torch

        net = super().build(widths)
        net.log_temperature = torch.nn.Parameter(torch.tensor(0.07).log())
        return net

    def loss(
        self, net: Net, x: list[torch.Tensor], present: torch.Tensor, groups: torch.Tensor, train: bool
    ) -> dict[str, torch.Tensor]:
        codes = [head(v) for head, v in zip(net.heads, x, strict=True)]
        temperature = net.log_temperature.exp().clamp(min=SMALLEST_TEMPERATURE)
        return {"loss": contrastive_loss(codes, present, groups, temperature), "temperature": temperature}


_EQUATION = (
    r"\mathcal{L} = -\frac{1}{|P_n|}\sum_{p\in P_n}\log\frac{\exp(\cos(z^i_n, z^j_p)/\tau)}"
    r"{\sum_b \exp(\cos(z^i_n, z^j_b)/\tau)},\qquad z^i = "
)
_PAPER = (
    "van den Oord 2018, Representation learning with contrastive predictive coding; Radford 2021 (CLIP); "
    "Khosla 2020 for several positives"
)
_MISSING = "Trained with holes: each pair of modalities uses the rows that have them. An absent cell stays zero."


class ContrastiveLinear(_Contrastive):
    """One linear map a modality trained by InfoNCE on frozen vectors (LiT's and CLIP's objective)."""

    name = "contrastive-linear"
    hidden = 0
    card = MethodCard(
        title="Contrastive linear heads (InfoNCE)",
        summary="Trains one linear map a modality so that the matching item is the most similar one in the batch.",
        equation=_EQUATION + r"W_i x^i",
        paper=_PAPER,
        look_for="Held-out loss against train loss: with a few hundred pairs it overfits, and ridge CCA is both "
        "faster and better. Several captions of one photo are all counted as right.",
        missing=_MISSING,
    )

    def __init__(
        self,
        n_components: int = 128,
        dropout: float = 0.2,
        epochs: int = 60,
        batch_size: int = 256,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        patience: int = 10,
        *,
        random_state: RandomState = 0,
    ) -> None:
        self.n_components = n_components
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.patience = patience
        self.random_state = random_state


class ContrastiveMLP(_Contrastive):
    """A network with one hidden layer a modality, trained by InfoNCE on frozen vectors."""

    name = "contrastive-mlp"
    card = MethodCard(
        title="Contrastive MLP heads (InfoNCE)",
        summary="Trains a small network a modality so that the matching item is the most similar one in the batch.",
        equation=_EQUATION + r"W_i^{(2)}\,\mathrm{GELU}(W_i^{(1)} x^i)",
        paper=_PAPER,
        look_for="It can bend the spaces where a linear map cannot; compare with the linear heads on held-out pairs "
        "to see whether that is needed. It needs more pairs than CCA.",
        missing=_MISSING,
    )

    def __init__(
        self,
        n_components: int = 128,
        hidden: int = 512,
        dropout: float = 0.5,
        epochs: int = 60,
        batch_size: int = 256,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        patience: int = 10,
        *,
        random_state: RandomState = 0,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.patience = patience
        self.random_state = random_state
