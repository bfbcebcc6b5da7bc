"""A name for one very object, which no other object ever has: what results are kept under."""

from __future__ import annotations

import threading
import uuid
import weakref
from typing import Any

# id of a living object -> (the object, its uid). An id is given again after its object has gone: so it is asked which.
_known: dict[int, tuple[weakref.ref, str]] = {}
_lock = threading.RLock()  # a collection of garbage may call `_forget` in the thread that holds it


def new_uid() -> str:
    """32 hex digits at random (uuid4)."""
    return uuid.uuid4().hex


def uid_of(thing: Any) -> str:
    """The uid of an object: its attribute `uid`, else one given here when first asked for; "" for None.

    The same object has the same uid as long as it lives. Another object never has it, an equal one or one that lies
    where this one lay included, so a key made of it needs nobody to keep the object alive.

    Raises:
        TypeError: the object has no `uid` and cannot be referred to weakly (a list, a dict, a number).
    """
    if thing is None:
        return ""
    if isinstance(own := getattr(thing, "uid", None), str):
        return own
    place = id(thing)
    with _lock:
        known = _known.get(place)
        if known is not None and known[0]() is thing:
            return known[1]
        given = new_uid()
        _known[place] = weakref.ref(thing, lambda gone: _forget(place, gone)), given
        return given


def _forget(place: int, gone: weakref.ref) -> None:
    with _lock:
        if place in _known and _known[place][0] is gone:
            del _known[place]
