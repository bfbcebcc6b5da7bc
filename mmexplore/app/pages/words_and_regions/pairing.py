"""Choosing the one pair that is looked at closely: an item of the data, or one's own picture and text."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import views
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.widgets import one_line, plain
from mmexplore.app.panels import bring
from mmexplore.app.panels.asking import item_select, query_suffixes
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.pair import Pair
from mmexplore.data.dataset import Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.identity import uid_of
from mmexplore.data.reading.text import looks_like_language
from mmexplore.errors import UserError
from mmexplore.retrieval.thermometer import Reading
from mmexplore.server.serving import demo
from mmexplore.workspace.state import Workspace

T = TypeVar("T")

WAYS = {"item": "An item of the data", "own": "My own picture and text"}


@dataclass(frozen=True)
class Shown:
    """The pair on the page.

    key: names it among remembered results.  item: its id, or None for one's own.  offline: True where it is compared by
    the offline encoders because no data is encoded.
    """

    pair: Pair
    key: tuple
    item: str | None
    image: str
    text: str
    workspace: Workspace
    shared: Embeddings
    offline: bool = False

    def remember(self, key: tuple, compute: Callable[[], T]) -> T:
        """As `session.remember`; what is made of one's own picture and words stays in this session."""
        return session.remember(key, compute) if self.item is not None else _mine(key, compute)

    def reading(self, similarity: float) -> Reading | None:
        """Where a similarity lies in the data; None where there is no data to compare with."""
        if self.offline:
            return None
        key = ("reading", session.fingerprint(self.shared), self.text, self.image, similarity)
        return self.remember(
            key, lambda: journey.reading_of(self.workspace, self.shared, self.text, self.image, similarity)
        )


def _mine(key: tuple, compute: Callable[[], T]) -> T:
    found = session.recall(key)
    if found is None:
        found = compute()
        session.keep(key, found)
    return found


def choose() -> Shown | None:
    """Draws the choice; None while there is nothing to look at. Raises UserError where the choice cannot be shown."""
    workspace = session.workspace()
    shared = views.shared_space(workspace)[0] if workspace.embeddings is not None else None
    images, texts = journey.explainable(workspace, shared)
    there = bool(images and texts)
    ways = [way for way, possible in (("item", there), ("own", not demo())) if possible]
    if not ways:
        raise UserError("there is no picture and text that can be compared", "this demo", "open the emoji example")
    way = st.segmented_control(
        "Look at",
        ways,
        default=ways[0],
        format_func=lambda w: WAYS[w],
        required=True,
        key=f"{CHOICE}words.way.{len(ways)}",
    )
    if not there and workspace.dataset is not None:
        st.caption("To pick an item of the data, encode a picture and a text that can be compared.")
    if way == "item":
        assert shared is not None
        return _of_data(workspace, shared, images, texts)
    return _own(workspace, shared if there else None, images, texts)


def _of_data(workspace: Workspace, shared: Embeddings, images: list[str], texts: list[str]) -> Shown:
    dataset = workspace.dataset
    assert dataset is not None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        image, text = _one_of("Picture", images), _one_of("Text", texts)
        rows = np.flatnonzero(dataset.present[image] & dataset.present[text])
        if len(rows):
            first = _first_sentence(workspace, text, rows)
            item = item_select(workspace, dataset.ids[rows].astype(str), f"{CHOICE}words.item", first)
    if lacking := absent({m: dataset.present[m] for m in (image, text)}):
        st.caption(plain(f"{lacking} Only items that have both can be looked at.", 400))
    if not len(rows):
        st.text("So there is nothing to look at. Choose other modalities, or bring a picture and a text of your own.")
        st.stop()
    key = ("pair", session.fingerprint(shared), uid_of(workspace.dataset), item, image, text)
    pair = session.remember(key, lambda: journey.pair_of_item(workspace, item, image, text, shared)[0])
    return Shown(pair, key, item, image, text, workspace, shared)


def _first_sentence(workspace: Workspace, modality: str, rows: np.ndarray) -> int:
    """Which of these rows is the first whose text has a few words: a single one shows little."""
    said = views.texts_of(workspace, modality) or []
    return next((i for i, row in enumerate(rows) if said and len(said[row].split()) > 3), 0)


def _one_of(label: str, names: list[str], first: str = "") -> str:
    """A box only where there is a choice."""
    if len(names) == 1:
        return names[0]
    index = names.index(first) if first in names else 0
    key = f"{CHOICE}words.{label}.{index}"
    return st.selectbox(label, names, index, key=key, width=180, format_func=lambda m: one_line(m, 40))


def _own(workspace: Workspace, shared: Embeddings | None, images: list[str], texts: list[str]) -> Shown | None:
    file = st.file_uploader("Picture", type=query_suffixes(Kind.IMAGE), key="words-picture")
    said = st.text_input(
        "Text", key=f"{CHOICE}words.said", placeholder="What do you see? Say it in a sentence, and press Enter",
        max_chars=500,
    ).strip()  # fmt: skip
    if file is None or not said:
        return None
    offline = shared is None
    if offline:
        workspace, image, text = journey.offline_workspace(said), "picture", "text"
        shared, _ = journey.shared_space(workspace)
    else:
        assert workspace.dataset is not None
        spoken, languages = looks_like_language([said]), workspace.dataset.language
        own = next((m for m in texts if spoken and languages.get(m) == spoken), texts[0])
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            image, text = _one_of("Picture compared as", images), _one_of("Text compared as", texts, own)
    assert shared is not None
    content = hashlib.blake2b(file.getvalue(), digest_size=16).hexdigest()
    where = workspace.encoders["text"] if offline else session.fingerprint(shared)
    key = ("pair", where, content, said, image, text)
    pair = _mine(key, lambda: _read(workspace, file, said, image, text, shared))
    return Shown(pair, key, None, image, text, workspace, shared, offline)


def _read(workspace: Workspace, file: Any, said: str, image: str, text: str, shared: Embeddings) -> Pair:
    path = bring.keep_uploads([file], session.folder("queries", uuid.uuid4().hex[:8]))[0]
    try:
        return journey.pair_of(workspace, path, said, image, text, shared)
    except UserError as error:
        raise UserError(error.what, file.name, error.remedy) from error
    finally:
        path.unlink(missing_ok=True)
