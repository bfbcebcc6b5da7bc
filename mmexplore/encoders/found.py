"""Encoder classes: those of this folder, those of installed packages, and one's own, given by class or instance.

A module of this folder (or of a package) is imported to list what it has, so it imports heavy libraries (torch,
transformers, openvino ...) inside its functions only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mmexplore import discovery
from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.errors import UserError

#: what may stand wherever an encoder is asked for
EncoderLike = str | type[Encoder] | Encoder
#: a model with two sides has one name and two kinds
Key = tuple[str, Kind]

#: modules of this folder that hold no encoder and import torch at the top (they run in processes of their own)
_HEAVY = ("open_clip_build",)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")  # a colon would make it a name of `open_clip`, `clap` or `video`

_own: dict[Key, Encoder] = {}


@cache
def built_in() -> dict[Key, type[Encoder]]:
    """Every encoder of this folder with a card of its own, kind by kind, the one suggested for a kind first."""
    order, suggested = list(kinds.cards()), {card.encoder for card in kinds.cards().values()}
    classes = [cls for cls in discovery.find_classes("mmexplore.encoders", Encoder, _HEAVY) if _card(cls) is not None]
    classes.sort(key=lambda c: (order.index(c.card.kind), c.card.name not in suggested, c.card.name))
    return {(cls.card.name, cls.card.kind): cls for cls in classes}


@cache
def installed() -> dict[Key, type[Encoder]]:
    """The encoders of installed packages; what is broken or called like another one is in `discovery.problems`."""
    found: dict[Key, type[Encoder]] = {}

    def admit(cls: Any) -> str:
        reason = discovery.reason_against(cls, Encoder) or _reason_against(_card(cls))
        if reason:
            return reason
        key = (cls.card.name, cls.card.kind)
        if key in found or cls.card.name in {name for name, _ in built_in()}:
            return f"the name {cls.card.name!r} is taken"
        found[key] = cls
        return ""

    discovery.load_plugged(discovery.ENCODERS, admit)
    return found


def classes() -> dict[Key, type[Encoder]]:
    """The encoders that are classes of their own, built in and installed."""
    return {**built_in(), **installed()}


def own() -> dict[Key, Encoder]:
    """One's own encoders, as `name_of` was given them in this process."""
    return dict(_own)


def name_of(encoder: EncoderLike) -> str:
    """The name of an encoder given by name, class or instance; one's own is known by its name from now on.

    It stays known for the rest of this process, because a search asks the encoder of a modality again; given anew
    (a notebook's cell that has run twice) it replaces the older one.

    Raises:
        UserError: it is no encoder, has no card, cannot be made without arguments, or is called like another one.
    """
    if isinstance(encoder, str):
        return encoder
    cls = encoder if isinstance(encoder, type) else type(encoder)
    reason = discovery.reason_against(cls, Encoder)
    if reason:
        raise UserError(reason, cls.__name__, "CONTRIBUTING.md says what an encoder needs")
    if cls in classes().values():
        return cls.card.name
    try:
        made = encoder if isinstance(encoder, Encoder) else cls()
    except TypeError as error:
        raise UserError(f"cannot be made without arguments ({error})", cls.__name__, "give an instance") from error
    card = _card(made)
    if card is not None and ":" in card.name:  # one that the registry made itself: a side of a CLIP, a video encoder
        return card.name
    reason = _reason_against(card)
    if not reason and card is not None and card.name in {name for name, _ in classes()}:
        reason = f"the name {card.name!r} is that of another encoder"
    if reason or card is None:
        raise UserError(reason, cls.__name__, "CONTRIBUTING.md says what an encoder needs")
    _own[card.name, card.kind] = made
    return card.name


def _card(encoder: Any) -> EncoderCard | None:
    card = getattr(encoder, "card", None)
    return card if isinstance(card, EncoderCard) else None


def _reason_against(card: EncoderCard | None) -> str:
    if card is None:
        return "has no `card` (a mmexplore.encoders.base.EncoderCard)"
    if not isinstance(card.name, str) or not _NAME.fullmatch(card.name):
        return 'the name in its card is not of lower-case letters, digits and hyphens (such as "mine")'
    return ""
