"""Choosing the one pair that is looked at closely: an item of the data, or one's own picture and text."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from mmexplore import journey
from mmexplore.attribution.pair import Pair
from mmexplore.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.retrieval.thermometer import Reading
from mmexplore.ui import bring, session, views
from mmexplore.ui.searching import item_select
from mmexplore.ui.session import CHOICE
from mmexplore.ui.widgets import plain
from mmexplore.workspace import Workspace

PICTURES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"]
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

    def reading(self, similarity: float) -> Reading | None:
        """Where a similarity lies in the data; None where there is no data to compare with."""
        if self.offline:
            return None
        key = ("reading", session.fingerprint(self.shared), self.text, self.image, similarity)
        return session.remember(
            key, lambda: journey.reading_of(self.workspace, self.shared, self.text, self.image, similarity)
        )


def choose() -> Shown | None:
    """Draws the choice; None while there is nothing to look at. Raises UserError where the choice cannot be shown."""
    workspace = session.workspace()
    shared = views.shared_space(workspace)[0] if workspace.embeddings is not None else None
    images, texts = journey.explainable(workspace, shared)
    there = bool(images and texts)
    way = st.segmented_control(
        "Look at",
        list(WAYS) if there else ["own"],
        default="item" if there else "own",
        format_func=lambda w: WAYS[w],
        required=True,
        key=f"{CHOICE}words.way.{there}",
    )
    if not there and workspace.dataset is not None:
        st.caption("To pick an item of the data, encode a picture and a text that can be compared.")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        item = ""
        if way == "item":
            item = item_select(workspace, _ids(workspace), f"{CHOICE}words.item", _first_sentence(workspace))
        image = _one_of("Picture" if item else "Picture compared as", images, "image") if there else "picture"
        text = _one_of("Text" if item else "Text compared as", texts, "text") if there else "text"
    if way == "item":
        assert shared is not None
        key = ("pair", session.fingerprint(shared), id(workspace.dataset), item, image, text)
        pair = session.remember(
            key, lambda: (workspace.dataset, journey.pair_of_item(workspace, item, image, text, shared)[0])
        )[1]
        return Shown(pair, key, item, image, text, workspace, shared)
    return _own(workspace, shared if there else None, image, text)


def _ids(workspace: Workspace) -> np.ndarray:
    assert workspace.dataset is not None
    return workspace.dataset.ids.astype(str)


def _first_sentence(workspace: Workspace) -> int:
    """The first item whose text has a few words: a single one shows little."""
    said = views.text_of_rows(workspace) or []
    return next((i for i, text in enumerate(said) if len(text.split()) > 3), 0)


def _one_of(label: str, names: list[str], which: str) -> str:
    """A box only where there is a choice."""
    if len(names) == 1:
        return names[0]
    return st.selectbox(label, names, key=f"{CHOICE}words.{which}", width=180, format_func=plain)


def _own(workspace: Workspace, shared: Embeddings | None, image: str, text: str) -> Shown | None:
    file = st.file_uploader("Picture", type=PICTURES, key="words-picture")
    said = st.text_input(
        "Text", key=f"{CHOICE}words.said", placeholder="What do you see? Say it in a sentence, and press Enter",
        max_chars=500,
    )  # fmt: skip
    if file is None or not said.strip():
        return None
    offline = shared is None
    if offline:
        workspace = journey.offline_workspace(said)
        shared, _ = journey.shared_space(workspace)
    assert shared is not None
    content = hashlib.blake2b(file.getvalue(), digest_size=16).hexdigest()
    where = workspace.encoders["text"] if offline else session.fingerprint(shared)
    key = ("pair", where, content, said.strip(), image, text)
    return Shown(
        session.remember(key, lambda: _read(workspace, file, said, image, text, shared)),
        key, None, image, text, workspace, shared, offline,
    )  # fmt: skip


def _read(workspace: Workspace, file: Any, said: str, image: str, text: str, shared: Embeddings) -> Pair:
    path = bring.keep_uploads([file], session.folder("queries", uuid.uuid4().hex[:8]))[0]
    try:
        return journey.pair_of(workspace, path, said, image, text, shared)
    except UserError as error:
        raise UserError(error.what, file.name, error.remedy) from error
    finally:
        path.unlink(missing_ok=True)
