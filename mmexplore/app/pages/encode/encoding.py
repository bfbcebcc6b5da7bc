"""Choosing an encoder for each modality, encoding as a job, and what came out."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit.widgets import plain
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.dataset import Kind, PairedDataset, Rejected
from mmexplore.data.identity import uid_of
from mmexplore.encoders import registry
from mmexplore.encoders.base import EncoderCard
from mmexplore.errors import UserError
from mmexplore.server.jobs import Progress
from mmexplore.server.serving import demo
from mmexplore.workspace.state import Workspace

LEAVE_OUT = ""
LANGUAGES = {
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "ru": "Russian",
    "tr": "Turkish",
    "ar": "Arabic",
    "th": "Thai",
    "en": "English",
}


@dataclass(frozen=True)
class EncodeReport:
    """What the last encoding took and left out."""

    seconds: float
    items: int
    rejected: tuple[Rejected, ...]


# -- what is suggested, and why ----------------------------------------------------
def suggestion(dataset: PairedDataset, modality: str) -> tuple[str, str]:
    """(encoder name, reason) for a modality; ("", reason) where no encoder can read it."""
    kind = dataset.kinds[modality]
    try:
        language = language_of(dataset, modality)
        name = registry.default_encoder(kind, language)
    except UserError as error:
        return LEAVE_OUT, str(error)
    if kind is Kind.VECTOR:
        return name, "These are vectors already: they are used as they are."
    if language and language != "en":
        return (
            name,
            f"The texts look {LANGUAGES.get(language, language)}, so one that reads many languages is suggested.",
        )
    return name, "Comes with the installation: no download, works offline."


def language_of(dataset: PairedDataset, modality: str) -> str | None:
    """As `journey.language_of`, once a data set: it reads every text."""
    return session.remember(("language", uid_of(dataset), modality), lambda: journey.language_of(dataset, modality))


def option_label(name: str, kind: Kind) -> str:
    """How an encoder reads in the menu: title, width, size, offline or download."""
    if name == LEAVE_OUT:
        return "Leave this modality out"
    card = registry.find_card(name, kind)
    dim = f"{card.dim}-d" if card.dim else "width known after loading"
    return f"{card.title} · {dim} · {size(card)} · {'offline' if card.offline else 'download'}"


def size(card: EncoderCard) -> str:
    """Size of the weights in words."""
    if card.size_mb <= 0:
        return "no weights" if card.offline else "size unknown"
    return f"{card.size_mb / 1000:.1f} GB" if card.size_mb >= 1000 else f"{card.size_mb:.0f} MB"


# -- choosing ----------------------------------------------------------------------
def choose(dataset: PairedDataset) -> dict[str, str]:
    """A row a modality; returns modality -> encoder name, without those left out."""
    downloads = not demo() and st.toggle(
        "Also list models to download",
        key=f"{CHOICE}open_clip",
        help="Hundreds of CLIP and SigLIP models for pictures and videos, CLAP for sounds. The chosen one is "
        "downloaded at first use and kept; its two halves share a space, so they compare without an alignment.",
    )
    chosen = {}
    for i, modality in enumerate(dataset.modalities):
        with st.container(border=True, key=f"encoder-{i}"):
            name = _choose_one(dataset, modality, downloads)
        if name != LEAVE_OUT:
            chosen[modality] = name
    return chosen


def _choose_one(dataset: PairedDataset, modality: str, downloads: bool) -> str:
    kind = dataset.kinds[modality]
    key = f"{CHOICE}encoder.{modality}"
    suggested, why = suggestion(dataset, modality)
    names = [*(c.name for c in registry.cards(kind) if c.offline or downloads), LEAVE_OUT]
    if st.session_state.get(key) not in names:
        st.session_state[key] = suggested if suggested in names else names[0]
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown(f"**{plain(modality, 60)}**")
        st.caption(f"{kind}, {int(dataset.present[modality].sum()):,} of {len(dataset):,} rows")
        if suggested == LEAVE_OUT or st.session_state[key] == suggested:
            st.text(why)
    with right:
        name = st.selectbox(
            "Encoder", names, key=key, format_func=lambda n: option_label(n, kind), label_visibility="collapsed"
        )
        if name == LEAVE_OUT:
            st.caption("This modality takes no part until it is encoded.")
        else:
            show_card(registry.find_card(name, kind))
    return name


def show_card(card: EncoderCard) -> None:
    """What the encoder is good at, its licence and source."""
    st.caption(plain(f"{card.look_for} Licence {card.licence}. Source: {card.source.rstrip('.')}.".strip(), 700))


# -- encoding ----------------------------------------------------------------------
def start(workspace: Workspace, encoders: dict[str, str]) -> None:
    """Submit the job; its vectors replace those of the workspace when done."""
    dataset, frozen = workspace.dataset, workspace.snapshot()
    assert dataset is not None
    began = time.monotonic()

    def work(progress: Progress):
        return journey.encode(frozen, encoders, journey.default_store(), progress)

    def take_up(encoded) -> str:
        now = session.workspace()
        if now.dataset is not dataset:
            return "The pairs were changed meanwhile, so their vectors were not kept."
        now.set_embeddings(encoded.embeddings, encoders)
        items = int(sum(p.sum() for p in encoded.embeddings.present.values()))
        st.session_state["result.encode"] = EncodeReport(time.monotonic() - began, items, tuple(encoded.rejected))
        told = journey.default_store().warnings  # a damaged or unwritable store: the work went on without it
        return " ".join(["Encoded. Next: Fuse, Latent space or Retrieval.", *told])

    jobs_view.submit(f"Encode {len(dataset):,} pairs", work, take_up, "encode")


def spaces_table(workspace: Workspace) -> pd.DataFrame:
    """One line a modality: encoder, width, space, rows."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    return pd.DataFrame(
        [
            {
                "modality": m,
                "encoder": workspace.encoders.get(m, "-"),
                "width": embeddings.dims[m],
                "space": embeddings.spaces[m],
                "rows": int(embeddings.present[m].sum()),
            }
            for m in embeddings.modalities
        ]
    )
