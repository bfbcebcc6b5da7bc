"""The one list of encoders: what there is, what suits a column, and the one loaded instance of each.

Names: those of `found.classes` (a class each, here or in an installed package), "open_clip:MODEL/PRETRAINED" and
"local:MODEL@PATH" (see `mmexplore.encoders.clip.open_clip`), "clap:REPOSITORY" (`clap`). These last encode pictures, or
sounds, *and* texts: say which. "video:ENCODER" and "video-attention:ENCODER" are made of any image encoder (`video`).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from mmexplore import discovery, runtime
from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.encoders import found
from mmexplore.encoders.audio import clap
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.clip import open_clip
from mmexplore.encoders.engine import Plan, exported
from mmexplore.encoders.sequence import video
from mmexplore.errors import UserError
from mmexplore.server.progress import Progress
from mmexplore.server.serving import not_in_demo

MULTILINGUAL = "use-multilingual"  # for texts that are known not to be English

_loaded: dict[tuple[str, Kind], Encoder] = {}
_locks: dict[tuple[str, Kind], threading.Lock] = defaultdict(threading.Lock)
_locks_lock = threading.Lock()


def cards(kind: Kind | str | None = None) -> list[EncoderCard]:
    """Every encoder's card, of one kind if told; those that work offline first. Imports no heavy library.

    A model with two sides (open_clip, CLAP) has two cards of the same name and space, one a kind.
    """
    ours = [*(cls.card for cls in found.classes().values()), *(encoder.card for encoder in found.own().values())]
    listed = [*ours, *_of_video(ours), *clap.cards(), *open_clip.open_clip_cards(), *_videos_of_open_clip()]
    return [c for c in listed if kind is None or c.kind == kind]


@cache
def _videos_of_open_clip() -> tuple[EncoderCard, ...]:
    return tuple(_of_video(open_clip.open_clip_cards()))


def _of_video(cards: Iterable[EncoderCard]) -> list[EncoderCard]:
    return [made for c in cards if c.kind == Kind.IMAGE for made in video.video_cards(c)]


def find_card(name: str, kind: Kind | str | None = None) -> EncoderCard:
    """The card of this name (of this kind where the name has two).

    Raises:
        UserError: no such encoder (suggests near names), a wrong kind, or a local path that leads nowhere; in a demo,
            also what has to be downloaded and what lies at a path.
    """
    if name.startswith((open_clip.LOCAL, open_clip.LOCAL_FOLDER)):
        not_in_demo(name)
        named = [open_clip.local_card(name, k) for k in open_clip.KINDS]
    elif video.is_name(name):
        made = video.video_cards(find_card(video.image_name(name), Kind.IMAGE))
        named = [c for c in made if c.name == name]
    else:
        named = [c for c in cards() if c.name == name]
    if not named:
        remedy = discovery.near(name, [c.name for c in cards()], "`mmexplore encoders` lists them")
        raise UserError("there is no such encoder", name, remedy)
    fitting = [c for c in named if kind is None or c.kind == kind]
    if not fitting:
        kinds = " and ".join(sorted({str(c.kind) for c in named}))
        raise UserError(f"it encodes {kinds}, not {kind}", name, f"choose {default_encoder(kind or '')}")
    if not fitting[0].offline:
        not_in_demo(name)
    return fitting[0]


def load(name: str, kind: Kind | str | None = None, progress: Progress | None = None) -> Encoder:
    """The encoder, loaded once a process and shared; only the first call for a name waits for its weights.

    Args:
        kind: needed where a name encodes several kinds (open_clip: image or text).
        progress: told how far a download has come.

    Raises:
        UserError: unknown name, ambiguous kind, weights absent or not the pinned ones, no network.
    """
    if kind is None and len(sides := _sides(name)) > 1:
        raise UserError(f"it encodes {' and '.join(sides)}", name, "say which one: load(name, kind)")
    card = find_card(name, kind)
    key = (name, card.kind)
    if key in found.own():  # not kept in `_loaded`: it may be replaced
        return found.own()[key]
    with _locks_lock:
        lock = _locks[key]
    with lock:
        if key not in _loaded:
            _loaded[key] = _open(card, progress)
        return _loaded[key]


def _open(card: EncoderCard, progress: Progress | None) -> Encoder:
    name = card.name
    if open_clip.is_name(name):
        return open_clip.open_side(name, card.kind, progress)
    if clap.is_name(name):
        return clap.open_side(card, progress)
    if video.is_name(name):
        return video.Video(card, load(video.image_name(name), Kind.IMAGE, progress))
    return found.classes()[name, card.kind]()


def _sides(name: str) -> list[str]:
    """The kinds that one name stands for."""
    if open_clip.is_name(name):
        return ["image", "text"]
    if clap.is_name(name):
        return ["audio", "text"]
    return [str(kind) for known, kind in (*found.classes(), *found.own()) if known == name]


def default_encoder(kind: Kind | str, language: str | None = None) -> str:
    """The offline encoder for a kind of media; a multilingual one for texts that are known not to be English.

    Raises:
        UserError: no encoder for this kind yet.
    """
    if kind == Kind.TEXT and language and language.lower().split("-")[0] != "en":
        return MULTILINGUAL
    card = kinds.card_of(kind)
    if (card is not None and (card.encoder, kind) in found.classes()) or card in kinds.BUILT_IN:
        return card.encoder
    if others := [c.name for c in cards(kind) if c.offline]:  # of a kind or encoder that a package adds
        return others[0]
    raise UserError("there is no encoder for this kind of media", str(kind), "bring vectors of it instead")


def plan_of(name: str, kind: Kind | str | None = None) -> Plan:
    """What the export of an encoder runs. Raises UserError for an encoder that is not exported."""
    if open_clip.is_name(name):
        return open_clip.plan(name, Kind(kind or Kind.IMAGE))
    plans = {encoder.card.name: encoder.plan for encoder in found.built_in().values()}
    if (plan := plans.get(name)) is None:
        raise UserError("is not exported", name, "choose efficientnet-lite0 or minilm")
    return plan


def prepare_offline(told: Callable[[str], object] = lambda name: None) -> None:
    """Export the offline encoders now (at set-up), so that no one waits for it later."""
    if runtime.device() != "cpu":
        return
    for encoder in found.built_in().values():
        if encoder.plan is not None:
            exported(encoder.plan)
            told(encoder.card.name)
