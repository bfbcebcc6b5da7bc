"""A read-only demo as a person meets it: the examples are all there, what it does not do is explained or absent."""

from __future__ import annotations

import pytest

from tests.app.pages.conftest import OpenPage


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_DEMO", "1")
    monkeypatch.setenv("MMEXPLORE_LOCAL_PATHS", "1")


def part(open_page: OpenPage, name: str):
    test = open_page("data", "fusion")
    test.session_state["choice.data.part"] = name
    return test.run()


def test_it_takes_no_uploads_and_says_so(demo, open_page: OpenPage):
    test = part(open_page, "Bring your own")
    assert not test.exception and not test.get("file_uploader") and not test.text_input
    assert "This is a demo" in test.info[0].value and "your own machine" in test.info[0].value


def test_a_workspace_can_be_taken_away_but_none_reopened(demo, open_page: OpenPage):
    test = part(open_page, "Save and reopen")
    assert not test.exception and not test.get("file_uploader")
    assert {s.value for s in test.subheader} == {"Save", "Report"}
    assert test.get("download_button")


def test_the_examples_are_offered(demo, open_page: OpenPage):
    assert len([b for b in part(open_page, "Examples").button if b.label.startswith("Open")]) >= 3


def test_encoders_that_have_to_be_downloaded_are_not_offered(demo, open_page: OpenPage):
    test = open_page("encode", "pairs")
    assert not test.exception and not test.toggle
    offered = [option for box in test.selectbox for option in box.options]
    assert offered and not any("download" in option for option in offered)


def test_no_picture_can_be_uploaded_as_a_query(demo, open_page: OpenPage):
    test = open_page("retrieval", "vectors")
    assert not test.exception and not test.get("file_uploader")
    ways = next(g for g in test.get("button_group") if g.label == "Ask with")
    assert [o for o in ways.options if "picture" in str(o).lower()] == []


def test_without_it_all_of_this_is_there(open_page: OpenPage):
    assert part(open_page, "Bring your own").get("file_uploader")
    assert part(open_page, "Save and reopen").get("file_uploader")
    assert open_page("encode", "pairs").toggle
    ways = next(g for g in open_page("retrieval", "vectors").get("button_group") if g.label == "Ask with")
    assert [o for o in ways.options if "picture" in str(o).lower()]
