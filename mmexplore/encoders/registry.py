"""The one list of encoders: what there is, what suits a column, and the one loaded instance of each.

Names: "efficientnet-lite0", "minilm", "use-multilingual", "as-is" and "as-is-shared" (vectors),
"open_clip:MODEL/PRETRAINED" and "local:MODEL@PATH" (see `mmexplore.encoders.open_clip`). The last two encode pictures
*and* texts: say which.
"""

from __future__ import annotations

import difflib
import importlib
import threading
from collections import defaultdict
from collections.abc import Callable

from mmexplore import runtime
from mmexplore.encoders import open_clip
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.engine import Plan, exported
from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind
from mmexplore.progress import Progress

#: name -> (module, class); the modules are light, models are loaded by the class
BUILT_IN: dict[str, tuple[str, str]] = {
    "efficientnet-lite0": ("mmexplore.encoders.efficientnet_lite0", "EfficientNetLite0"),
    "minilm": ("mmexplore.encoders.minilm", "MiniLM"),
    "use-multilingual": ("mmexplore.encoders.use_multilingual", "UseMultilingual"),
    "as-is": ("mmexplore.encoders.vector", "AsIs"),
    "as-is-shared": ("mmexplore.encoders.shared_vector", "SharedVectors"),
}
_DEFAULT = {Kind.IMAGE: "efficientnet-lite0", Kind.TEXT: "minilm", Kind.VECTOR: "as-is"}

_loaded: dict[tuple[str, Kind], Encoder] = {}
_locks: dict[tuple[str, Kind], threading.Lock] = defaultdict(threading.Lock)
_locks_lock = threading.Lock()


def cards(kind: Kind | str | None = None) -> list[EncoderCard]:
    """Every encoder's card, of one kind if told; those that work offline first. Imports no heavy library.

    An open_clip model has two cards of the same name and space, one a kind.
    """
    own = [importlib.import_module(module).CARD for module, _ in BUILT_IN.values()]
    return [c for c in (*own, *open_clip.open_clip_cards()) if kind is None or c.kind == kind]


def find_card(name: str, kind: Kind | str | None = None) -> EncoderCard:
    """The card of this name (of this kind where the name has two).

    Raises:
        UserError: no such encoder (suggests near names), a wrong kind, or a local path that leads nowhere.
    """
    if name.startswith((open_clip.LOCAL, open_clip.LOCAL_FOLDER)):
        found = [open_clip.local_card(name, k) for k in open_clip.KINDS]
    else:
        found = [c for c in cards() if c.name == name]
    if not found:
        raise UserError("there is no such encoder", name, _near(name))
    fitting = [c for c in found if kind is None or c.kind == kind]
    if not fitting:
        kinds = " and ".join(sorted({str(c.kind) for c in found}))
        raise UserError(f"it encodes {kinds}, not {kind}", name, f"choose {default_encoder(kind or '')}")
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
    if kind is None and open_clip.is_name(name):
        raise UserError("it encodes image and text", name, "say which one: load(name, kind)")
    card = find_card(name, kind)
    key = (name, card.kind)
    with _locks_lock:
        lock = _locks[key]
    with lock:
        if key not in _loaded:
            _loaded[key] = _open(name, card.kind, progress)
        return _loaded[key]


def _open(name: str, kind: Kind, progress: Progress | None) -> Encoder:
    if open_clip.is_name(name):
        return open_clip.open_side(name, kind, progress)
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
