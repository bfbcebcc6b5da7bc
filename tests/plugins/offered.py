"""Parts as a package might offer them: whole ones, and ones with a fault each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.kinds import KindCard
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.models.alignment.procrustes import Procrustes
from mmexplore.models.fusion.attention import AttentionFusion
from mmexplore.models.fusion.base import Fusion
from mmexplore.models.generative.autoencoder import Autoencoder


class Mine(AttentionFusion):
    name = "mine"


class AlsoMine(AttentionFusion):
    name = "mine"


class MyAutoencoder(Autoencoder):
    name = "my-autoencoder"


class MyRotation(Procrustes):
    name = "my-rotation"


class Unlistable(AttentionFusion):
    """A default that no list can show."""

    name = "unlistable"

    def __init__(self, function=print, *, objective: str | None = None, random_state: int = 0) -> None:
        super().__init__(objective=objective, random_state=random_state)
        self.function = function


class Impostor(AttentionFusion):
    """It has forgotten to take a name of its own."""


class Nameless(AttentionFusion):
    name = "A Name, With Blanks"


class Cardless(AttentionFusion):
    name = "cardless"
    card = None  # type: ignore[assignment]


class Unfinished(Fusion):
    name = "unfinished"


def half() -> None:
    """No class at all."""


def card(name: str, kind: str = "text", title: str = "Length of the text") -> EncoderCard:
    return EncoderCard(name, Kind(kind), 2, name, title, 0.0, "-", "no model", True, look_for="How long a text is.")


class Lengths(Encoder):
    """Texts in, 2-d unit vectors out: their direction says how long a text is."""

    card = card("lengths")
    version = "1"

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        angle = np.array([len(str(cell)) / 100 for cell in batch])
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


class NotMiniLM(Lengths):
    card = card("minilm")


class BadName(Lengths):
    card = card("open_clip:mine")


class NoCard(Lengths):
    card = None  # type: ignore[assignment]


class Nose(Lengths):
    card = card("nose", "scent")


SCENT = KindCard("scent", "a scent", "nose", (".scent",))
