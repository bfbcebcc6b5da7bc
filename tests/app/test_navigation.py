"""One list of pages: whatever else names a page agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import mmexplore.app.pages
from mmexplore.app.navigation import BY_NAME, PAGES, Page
from mmexplore.app.pages.compare import race
from mmexplore.app.shell import needs
from mmexplore.workspace.state import Workspace
from tests.conftest import REPOSITORY

FOLDER = Path(mmexplore.app.pages.__file__).parent
LONGEST = 150  # lines of a page

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_list_the_folders_and_the_files_of_a_checkout_are_the_same_pages():
    folders = {file.parent.name for file in FOLDER.glob("*/page.py")}
    files = {file.stem for file in (REPOSITORY / "pages").glob("*.py")}
    assert folders == files == set(BY_NAME) and len(BY_NAME) == len(PAGES)


@each_page
def test_a_page_is_one_function_in_a_short_file(page: Page):
    assert callable(page.function())
    assert len((FOLDER / page.name / "page.py").read_text().splitlines()) < LONGEST
    assert f'draw("{page.name}")' in (REPOSITORY / "pages" / f"{page.name}.py").read_text()


@each_page
def test_its_words_are_there_and_its_name_can_be_an_address(page: Page):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", page.name)
    assert page.title and page.help.endswith("?") and page.lead.endswith((".", "?"))
    assert ":material" not in f"{page.title}{page.help}{page.lead}"  # its font would come from outside


def test_titles_differ_and_sections_stand_together():
    assert len({page.title for page in PAGES}) == len(PAGES)
    sections = [page.section for page in PAGES]
    assert sections == sorted(sections, key=sections.index)


def test_the_readme_has_the_same_pages_with_the_same_questions():
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    assert rows == [(page.title, page.help) for page in PAGES]


def test_what_leads_to_a_page_names_one():
    assert {page for page, _ in needs._STEPS.values()} <= set(BY_NAME)
    assert {page for pages in race.PAGES.values() for page in pages} <= set(BY_NAME)
    assert {page.needs for page in PAGES} - {None} <= set(needs._STEPS)


@each_page
def test_every_page_is_reached_through_the_app(page: Page):
    """As whoever came by its own address: app.py runs first, then the page stands in its frame under its own title."""
    test = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    test.session_state["started"], test.session_state["workspace"] = True, Workspace()
    test.session_state["wanted"] = page.name
    test.run()
    assert not test.exception and test.title[0].value == page.title
    assert test.session_state["page"] == page.name
