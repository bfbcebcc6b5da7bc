"""The one list of encoders: what there is, what suits a column, and the one loaded instance of each.

Names: those of `BUILT_IN`, "open_clip:MODEL/PRETRAINED" and "local:MODEL@PATH" (see `mmexplore.encoders.open_clip`),
"clap:REPOSITORY" (`clap`). These last encode pictures, or sounds, *and* texts: say which. "video:ENCODER" and
"video-attention:ENCODER" are made of any image encoder (`video`).
"""

from __future__ import annotations

import difflib
import importlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from mmexplore import runtime
from mmexplore.encoders import clap, open_clip, video
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.engine import Plan, exported
from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind
from mmexplore.progress import Progress
from mmexplore.serving import not_in_demo

#: name -> (module, class); the modules are light, models are loaded by the class
BUILT_IN: dict[str, tuple[str, str]] = {
    "efficientnet-lite0": ("mmexplore.encoders.efficientnet_lite0", "EfficientNetLite0"),
    "minilm": ("mmexplore.encoders.minilm", "MiniLM"),
    "use-multilingual": ("mmexplore.encoders.use_multilingual", "UseMultilingual"),
    "speech-embedding": ("mmexplore.encoders.speech_embedding", "SpeechEmbedding"),
    "log-mel": ("mmexplore.encoders.log_mel", "LogMel"),
    "minirocket": ("mmexplore.encoders.minirocket", "MiniRocket"),
    "catch22": ("mmexplore.encoders.catch22", "Catch22"),
    "table": ("mmexplore.encoders.table", "Table"),
    "place": ("mmexplore.encoders.place", "Place"),
    "as-is": ("mmexplore.encoders.vector", "AsIs"),
    "as-is-shared": ("mmexplore.encoders.shared_vector", "SharedVectors"),
}
_DEFAULT = {
    Kind.IMAGE: "efficientnet-lite0",
    Kind.TEXT: "minilm",
    Kind.AUDIO: "speech-embedding",
    Kind.VIDEO: "video:efficientnet-lite0",
    Kind.SERIES: "minirocket",
    Kind.TABLE: "table",
    Kind.PLACE: "place",
    Kind.VECTOR: "as-is",
}

_loaded: dict[tuple[str, Kind], Encoder] = {}
_locks: dict[tuple[str, Kind], threading.Lock] = defaultdict(threading.Lock)
_locks_lock = threading.Lock()


def cards(kind: Kind | str | None = None) -> list[EncoderCard]:
    """Every encoder's card, of one kind if told; those that work offline first. Imports no heavy library.

    A model with two sides (open_clip, CLAP) has two cards of the same name and space, one a kind.
    """
    own = [importlib.import_module(module).CARD for module, _ in BUILT_IN.values()]
    listed = [*own, *_of_video(own), *clap.cards(), *open_clip.open_clip_cards(), *_videos_of_open_clip()]
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
        found = [open_clip.local_card(name, k) for k in open_clip.KINDS]
    elif video.is_name(name):
        made = video.video_cards(find_card(video.image_name(name), Kind.IMAGE))
        found = [c for c in made if c.name == name]
    else:
        found = [c for c in cards() if c.name == name]
    if not found:
        raise UserError("there is no such encoder", name, _near(name))
    fitting = [c for c in found if kind is None or c.kind == kind]
    if not fitting:
        kinds = " and ".join(sorted({str(c.kind) for c in found}))
        raise UserError(f"it encodes {kinds}, not {kind}", name, f"choose {default_encoder(kind or '')}")
    if not fitting[0].offline:
        not_in_demo(name)
    return fitting[0]


def _near(name: str) -> str:
    names = list(dict.fromkeys(c.name for c in cards()))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    near += [n for n in names if name and name.lower() in n.lower() and n not in near]
    return f"did you mean {' or '.join(near[:3])}?" if near else "`mmexplore encoders` lists them"


def load(name: str, kind: Kind | str | None = None, progress: Progress | None = None) -> Encoder:
    """The encoder, loaded once a process and shared; only the first call for a name waits for its weights.

    Args:
        kind: needed where a name encodes several kinds (open_clip: image or text).
        progress: told how far a download has come.

    Raises:
        UserError: unknown name, ambiguous kind, weights absent or not the pinned ones, no network.
    """
    if kind is None and (open_clip.is_name(name) or clap.is_name(name)):
        other = "image" if open_clip.is_name(name) else "audio"
        raise UserError(f"it encodes {other} and text", name, "say which one: load(name, kind)")
    card = find_card(name, kind)
    key = (name, card.kind)
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
    module, cls = BUILT_IN[name]
    return getattr(importlib.import_module(module), cls)()


def default_encoder(kind: Kind | str, language: str | None = None) -> str:
    """The offline encoder for a kind of media; a multilingual one for texts that are known not to be English.

    Raises:
        UserError: no encoder for this kind yet.
    """
    if kind == Kind.TEXT and language and language.lower().split("-")[0] != "en":
        return "use-multilingual"
    for known, name in _DEFAULT.items():
        if known == kind:
            return name
    raise UserError("there is no encoder for this kind of media", str(kind), "bring vectors of it instead")


def plan_of(name: str, kind: Kind | str | None = None) -> Plan:
    """What the export of an encoder runs. Raises UserError for an encoder that is not exported."""
    if open_clip.is_name(name):
        return open_clip.plan(name, Kind(kind or Kind.IMAGE))
    module = importlib.import_module(BUILT_IN[name][0]) if name in BUILT_IN else None
    if module is None or not hasattr(module, "PLAN"):
        raise UserError("is not exported", name, "choose efficientnet-lite0 or minilm")
    return module.PLAN


def prepare_offline(told: Callable[[str], object] = lambda name: None) -> None:
    """Export the offline encoders now (at set-up), so that no one waits for it later."""
    if runtime.device() != "cpu":
        return
    for name, (module, _) in BUILT_IN.items():
        if hasattr(importlib.import_module(module), "PLAN"):
            exported(plan_of(name))
            told(name)
