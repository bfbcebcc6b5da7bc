"""The settings of the training loop, as every method that is trained by gradient declares them."""

from __future__ import annotations

from typing import Annotated

from mmexplore.models.param import Param

WIDEST = 4096  # numbers of a layer at most
_WIDE = "wider layers take gigabytes"

Epochs = Annotated[
    int,
    Param(
        "Epochs",
        "How often the fit goes through the train items, at most. More epochs fit closer and take longer; it stops "
        "earlier when the held-out loss no longer falls (see patience).",
        low=1,
        high=100_000,
    ),
]
BatchSize = Annotated[
    int,
    Param(
        "Batch size",
        "How many items each training step looks at, at most; with few items the batches are smaller. Larger batches "
        "give steadier steps, smaller ones more steps in an epoch.",
        low=1,
        high=65_536,
    ),
]
LearningRate = Annotated[
    float,
    Param(
        "Learning rate",
        "How far each training step moves the numbers that are learned. Raised, it learns faster and may become "
        "unstable; lowered, it is steadier and needs more epochs.",
        low=1e-9,
        high=1,
        why="at 0 nothing is learned, above 1 training diverges",
    ),
]
WeightDecay = Annotated[
    float,
    Param(
        "Weight decay",
        "How strongly the numbers that are learned are pulled towards zero. Raise it when the fit is much better on "
        "train items than on held-out items; 0 switches it off.",
        low=0,
        high=100,
    ),
]
Patience = Annotated[
    int,
    Param(
        "Patience",
        "After how many epochs without a lower held-out loss the fit stops. Raised, it waits longer for a late "
        "improvement.",
        low=1,
        high=100_000,
    ),
]
ModalityDropout = Annotated[
    float,
    Param(
        "Modality dropout",
        "Share of the train items that are shown with a random subset of their modalities. Raise it to be robust when "
        "modalities are missing; 0 trains on the items as they are.",
        low=0,
        high=1,
        why="it is a share",
    ),
]
HiddenWidth = Annotated[
    int,
    Param(
        "Hidden width",
        "Numbers in each hidden layer of the network. A wider layer can learn finer relations, and needs more items to "
        "learn them from.",
        low=1,
        high=WIDEST,
        why=_WIDE,
    ),
]
HiddenWidthOrLinear = Annotated[
    int,
    Param(
        "Hidden width",
        "Numbers in the hidden layer of each modality's network. A wider layer can learn finer relations, and needs "
        "more items to learn them from; 0 leaves it out, so that the network is linear.",
        low=0,
        high=WIDEST,
        why=_WIDE,
    ),
]
FusedWidth = Annotated[
    int,
    Param(
        "Fused width",
        "Numbers in the fused vector. More can hold more detail about an item, and need more items to learn from.",
        low=1,
        high=WIDEST,
        why=_WIDE,
    ),
]
