"""Every page at every stage of the journey: it runs, says what it needs, and shows strangers' words as words."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore.app import navigation
from tests.app.pages.conftest import PAGES, OpenPage, each_part
from tests.app.pages.small import HOSTILE

STAGES = ["empty", "pairs", "vectors", "fusion"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_at_every_stage_or_says_what_it_needs(open_page: OpenPage, page: str, stage: str):
    test = open_page(page, stage)
    assert not test.exception
    about = navigation.BY_NAME[page]
    assert (test.title[0].value, test.caption[0].value) == (about.title, about.lead)
    needs = about.needs
    short = needs is not None and STAGES.index(stage) <= STAGES.index(needs) - 1
    keys = [b.key for b in test.button]
    assert ("need-go" in keys) == short
    if short:
        assert "need-example" in keys


VALUES = [
    "markdown",
    "caption",
    "error",
    "warning",
    "info",
    "success",
    "title",
    "header",
    "subheader",
    "toast",
    "metric",
]
LABELS = [
    "button",
    "toggle",
    "checkbox",
    "selectbox",
    "multiselect",
    "text_input",
    "number_input",
    "slider",
    "expander",
    "metric",
]


def markup(test: AppTest) -> list[str]:
    """Every string of the page that the browser reads as Markdown: texts, labels, help, options of button groups."""
    strings = [str(e.value) for name in VALUES for e in test.get(name)]
    for element in (e for name in LABELS for e in test.get(name)):
        strings += [str(element.label), str(getattr(element.proto, "help", ""))]
    for element in test.get("button_group"):
        strings += [str(option.content) for option in getattr(element.proto, "options", [])]
    return strings


@pytest.mark.parametrize("page", PAGES)
def test_words_of_strangers_are_never_markup(open_page: OpenPage, page: str):
    test = open_page(page, "fusion")
    strange = [*HOSTILE, "cap*tion*", "<b>set</b>", "<b>grey</b>", "<b>x.png</b>"]
    for part in each_part(test):
        strings = markup(test)
        assert strings
        found = [(part, s, word) for s in strings for word in strange if word in s]
        assert not found


def test_the_strangers_words_are_shown_all_the_same(open_page: OpenPage):
    shown = [t.value for t in open_page("data", "pairs").text]
    for word in HOSTILE[:5]:
        assert " ".join(word.split()) in shown


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_drawn_as_raw_html(open_page: OpenPage, page: str):
    test = open_page(page, "fusion")
    for _ in each_part(test):
        assert not [e for e in test.markdown if e.allow_html]
        for element in test.get("html"):
            assert "<style>" in element.proto.body[:20]
            assert "<" not in element.proto.body.replace("<style>", "").replace("</style>", "")
