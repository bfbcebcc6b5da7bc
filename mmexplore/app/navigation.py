"""The list of pages: what each is called, where it stands, and what it needs. Everything else reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Literal, NoReturn

import streamlit as st

EXPLORE, EXPERIMENT = "Explore", "Experiment"


@dataclass(frozen=True)
class Page:
    """One page, and the only place where its words stand.

    Attributes:
        name: its folder in `mmexplore/app/pages/`, and its address: `/weights`.
        title: in the sidebar and above the page.
        section: of the sidebar.
        help: the question that it answers; shown beside its name in the sidebar.
        lead: one or two sentences below its title. Title, help and lead are ours: Markdown is allowed.
        needs: what must be there before it is drawn: "pairs", "vectors" or "fusion"; None: nothing.
        selection_bar: is what is selected shown below the lead? A page that selects inside a fragment shows it there.
    """

    name: str
    title: str
    section: str
    help: str
    lead: str
    needs: Literal["pairs", "vectors", "fusion"] | None = None
    selection_bar: bool = True

    def function(self) -> Callable[[], None]:
        """What draws everything below the lead; its module is imported when the page is first shown."""
        return import_module(f"mmexplore.app.pages.{self.name}.page").page


PAGES = (
    Page(
        "data",
        "Data",
        EXPLORE,
        "What are the pairs, what is missing where, and what could not be read, and why?",
        "Items seen through two or more modalities: a photo and its caption, a name in two languages, two sensors.",
    ),
    Page(
        "encode",
        "Encode",
        EXPLORE,
        "Which model turns each modality into vectors?",
        "An encoder turns a picture, a text, a sound ... into a vector: a list of numbers that lie close together for "
        "things that are alike.",
        needs="pairs",
    ),
    Page(
        "fuse",
        "Fuse",
        EXPLORE,
        "How do many vectors become one, and is that better than the best single modality?",
        "Make one vector of several: how much each modality weighs in it is what the next pages show.",
        needs="vectors",
    ),
    Page(
        "weights",
        "Weights",
        EXPLORE,
        "How much does each modality weigh, as learned, and contribute, as measured: for this item, this class, all "
        "of them?",
        "How much each modality weighs in the fused vector, as the method has learned it, and how much it contributes, "
        "as it is measured.",
        needs="fusion",
    ),
    Page(
        "words_and_regions",
        "Words and regions",
        EXPLORE,
        "Which words and which parts of the picture make the two alike?",
        "One picture and one text, looked at closely: which regions and which words make the encoders find them "
        "alike, and how to tell whether such a map can be believed.",
    ),
    Page(
        "latent_space",
        "Latent space",
        EXPLORE,
        "Who is whose neighbour in each modality and in the fused space; how far apart are the clouds?",
        "Every point is an item; near points are alike to the encoder. Draw around points to select them: they stand "
        "out in every map.",
        needs="vectors",
        selection_bar=False,
    ),
    Page(
        "retrieval",
        "Retrieval",
        EXPLORE,
        "What does one modality find in another, how often (beside chance), and where does it fail?",
        "Ask with a text, a picture or an item, and see what lies nearest in another modality. Below: how good that "
        "search is.",
        needs="vectors",
    ),
    Page(
        "mispairs",
        "Mispairs",
        EXPLORE,
        "Which rows do not seem to belong together, and which are there twice?",
        "Rows whose own partner ranks badly both ways, the most suspicious first: wrong captions, swapped files, odd "
        "items. The ranking only suspects; you decide.",
        needs="vectors",
    ),
    Page(
        "compare",
        "Compare",
        EXPERIMENT,
        "Which method does best on these pairs, with few labels, with holes?",
        "Several methods on the same items, the same labels and the same holes, beside each modality alone and plain "
        "fusions: who gains anything, and at what price?",
        needs="vectors",
    ),
    Page(
        "missing_modalities",
        "Missing modalities",
        EXPERIMENT,
        "What does it cost when a modality is absent, and what can stand in for it?",
        "An item without its sound, a patient without the X-ray: what does a fusion still know? Take modalities away "
        "and measure it.",
        needs="vectors",
    ),
    Page(
        "reconstruct",
        "Reconstruct",
        EXPERIMENT,
        "What does a generative model make of some modalities of an item, and of none?",
        "Show the model some modalities of an item and let it rebuild the rest. A rebuilt vector is no picture and no "
        "text: it is shown as the real items that come nearest to it.",
        needs="fusion",
    ),
)
BY_NAME = {page.name: page for page in PAGES}
FIRST = PAGES[0]  # what the bare address of the app shows


def streamlit_pages(draw: Callable[[str], None]) -> dict[str, list[st.Page]]:
    """Section -> its pages, for `st.navigation`; `draw(name)` draws one of them."""
    sections: dict[str, list[st.Page]] = {}
    for page in PAGES:
        sections.setdefault(page.section, []).append(_streamlit_page(page, partial(draw, page.name)))
    return sections


def named(current: st.Page) -> Page:
    """The page that Streamlit says is shown. The first one has no address of its own there."""
    return BY_NAME.get(current.url_path, FIRST)


def go(name: str) -> NoReturn:
    """Show another page instead of this one."""
    page = BY_NAME[name]
    st.switch_page(_streamlit_page(page, page.function))


def _streamlit_page(page: Page, function: Callable[[], object]) -> st.Page:
    return st.Page(function, title=page.title, url_path=page.name, help=page.help, default=page is FIRST)  # type: ignore[arg-type]
