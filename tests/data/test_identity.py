"""A uid belongs to one object for ever: what is kept under it is never another's."""

from __future__ import annotations

import copy
import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from mmexplore.app.pages.encode import encoding
from mmexplore.app.panels import asking
from mmexplore.app.state import session
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.examples import load_example
from mmexplore.data.identity import _known, uid_of
from mmexplore.workspace.state import FittedFusion


class Thing:
    pass


def test_an_object_keeps_its_uid_and_no_other_gets_it():
    seen = set()
    for _ in range(1000):  # in a plain loop Python gives the place of the last one to the next
        thing = Thing()
        assert uid_of(thing) == uid_of(thing) and uid_of(thing) not in seen
        seen.add(uid_of(thing))
    assert uid_of(None) == ""
    assert uid_of(np.zeros(3)) != uid_of(np.zeros(3))


def test_what_has_gone_is_forgotten_and_never_kept_alive():
    thing = Thing()
    uid_of(thing)
    place, watched = id(thing), weakref.ref(thing)
    assert place in _known
    del thing
    gc.collect()
    assert watched() is None and (place not in _known or _known[place][0]() is not None)


def test_what_takes_no_name_says_so():
    with pytest.raises(TypeError):
        uid_of([1, 2])


def test_whatever_is_derived_has_a_uid_of_its_own():
    made = Embeddings.of({"a": np.eye(4), "b": np.eye(4)})
    hidden = np.zeros((4, 2), bool)
    derived = [
        made.take([0, 1, 2, 3]),
        made.only(["a", "b"]),
        made.hide(hidden),
        made.with_vectors(made.vectors, made.spaces),
        made.with_splits(None),
        made.with_labels(None),
        replace(made),
    ]
    assert len({made.uid, *(d.uid for d in derived)}) == 1 + len(derived)
    pairs = load_example("planted", n=10)
    assert len({pairs.uid, pairs.take([0, 1]).uid, replace(pairs).uid}) == 3
    fit = FittedFusion(Thing(), None)
    assert uid_of(fit) == uid_of(fit) != uid_of(copy.copy(fit))


@pytest.mark.filterwarnings("ignore")
def test_two_hundred_files_of_one_name_never_answer_for_one_another():
    """What the pages ask of a data set is that of this one, however often a file of the same name was read before."""
    pairs = load_example("emoji", n=6)
    texts = [m for m, cells in pairs.cells.items() if isinstance(cells[0], str)]
    words = {
        "en": "a small picture of the smiling face with the eyes",
        "de": "ein kleines Bild von dem und der mit ist",
    }
    workspace, stale = session.workspace(), []
    for i in range(200):
        language = ("en", "de")[i % 2]
        said = tuple(f"{i} {words[language]}" for _ in range(len(pairs)))
        workspace.set_dataset(replace(pairs, cells=pairs.cells | dict.fromkeys(texts, said), language={}))
        if not asking.item_name(workspace, str(pairs.ids[0])).startswith(f"{pairs.ids[0]}: {i} "):
            stale.append(i)
        if encoding.language_of(workspace.dataset, texts[0]) != language:
            stale.append(i)
    assert not stale
