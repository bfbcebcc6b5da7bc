"""Videos: an image encoder on a few frames, and their pooling.

Names: ``video:ENCODER`` (mean) and ``video-attention:ENCODER``, where ENCODER is any image encoder. The vector lies in
the image encoder's own space, so a CLIP's videos can be compared with its texts.

Attention here is not learned. With the frames' unit vectors f_i and their mean m,

    a = softmax(f_i . m / |m| / T),  T = 0.1;   v = sum a_i f_i

so that frames which look like the rest of the video count for more, and a stray one (a title, a cut) for less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.embeddings import unit
from mmexplore.data.media.videos import FRAMES, Frame, read_frames
from mmexplore.encoders.base import Encoder, EncoderCard, OneByOne, Tokens

MEAN, ATTENTION = "video:", "video-attention:"
TEMPERATURE = 0.1
#: part of every video encoder's version; raise it when the same file would give other frames
VIDEO_VERSION = "v1"


def is_name(name: str) -> bool:
    """Is this the name of a video encoder (known or not)?"""
    return name.startswith((MEAN, ATTENTION))


def image_name(name: str) -> str:
    """The image encoder inside the name of a video encoder."""
    return name.partition(":")[2]


def video_cards(image: EncoderCard) -> list[EncoderCard]:
    """The two cards that an image encoder's card makes."""
    about = f"{FRAMES} frames, spread evenly over the video, each seen as a photo: no motion, no sound."
    how = {
        MEAN: ("mean of frames", "Their mean."),
        ATTENTION: ("attention over frames", "Frames that look like the rest count for more (nothing is learned)."),
    }
    return [
        replace(
            image,
            name=prefix + image.name,
            kind=Kind.VIDEO,
            title=f"{image.title}, {title}",
            look_for=f"{about} {what} {image.look_for}",
        )
        for prefix, (title, what) in how.items()
    ]


class Video(OneByOne):
    """Videos in, unit vectors out, in the space of the image encoder that sees the frames."""

    batch_size = 4

    def __init__(self, card: EncoderCard, image: Encoder) -> None:
        self._image, self._attention = image, card.name.startswith(ATTENTION)
        self.card = replace(card, dim=image.card.dim)
        self.version = f"{VIDEO_VERSION}-{'attention' if self._attention else 'mean'}-{FRAMES}-{image.version}"

    def encode_one(self, cell: Cell) -> np.ndarray:
        return self._pool(self._frames(cell)[0])

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens]:
        """A unit vector a frame, and from when to when it stands for the video, in ms."""
        tokens = []
        for cell in batch:
            vectors, frames = self._frames(cell)
            starts = [round(1000 * f.seconds) for f in frames]
            tokens.append(Tokens(vectors, tuple(zip(starts, [*starts[1:], starts[-1]], strict=True))))
        return tokens

    def _frames(self, cell: Cell) -> tuple[np.ndarray, list[Frame]]:
        frames = read_frames(cell)
        return self._image.encode([f.pixels for f in frames]), frames

    def _pool(self, frames: np.ndarray) -> np.ndarray:
        return unit(frames.mean(axis=0) if not self._attention else attention(frames) @ frames)


def attention(frames: np.ndarray) -> np.ndarray:
    """Unit vectors [F, d] -> weights [F] that sum to 1 (see the head of this file)."""
    score = frames @ unit(frames.mean(axis=0)) / TEMPERATURE
    weights = np.exp(score - score.max())
    return weights / weights.sum()
