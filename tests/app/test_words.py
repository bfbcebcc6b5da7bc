"""Text of strangers as Markdown that shows itself; durations and job states in words."""

from __future__ import annotations

import threading

import pytest
from markdown_it import MarkdownIt

from mmexplore.app.kit.widgets import one_line, plain
from mmexplore.app.shell.jobs_view import describe, duration
from mmexplore.server.jobs import JobPool, Progress

STRANGE = [
    "<img src=x onerror=alert(1)>",
    "![p](http://outside.invalid/p.png)",
    "[a](javascript:alert(1))",
    "**b** _i_ ~~s~~ `c` # h",
    "https://outside.invalid and www.outside.invalid",
    "a | b\n--|--\n1 | 2",
    "&lt;b&gt; &amp; \\*",
    "1. list\n- item\n> quote",
]


@pytest.mark.parametrize("text", STRANGE)
def test_plain_text_is_shown_letter_by_letter(text: str):
    """Parsed by a CommonMark + GFM parser, nothing but one paragraph of text is left, and it reads the same."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(plain(text, 500))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {c.type for c in children} <= {"text", "text_special"}
    assert "".join(c.content for c in children).replace("\u2060", "") == " ".join(text.split())


@pytest.mark.parametrize("text", [":red[x]", ":material/home:", ":smile:", "https://outside.invalid"])
def test_streamlits_own_directives_are_broken(text: str):
    assert text not in plain(text).replace("\\", "")


def test_latex_is_escaped():
    assert plain("$x$") == r"\$x\$"


def test_one_line_drops_what_cannot_be_seen_and_cuts():
    assert one_line("a\tb\nc\u202ed\x00e") == "a b cde"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
    assert one_line("short", 10) == "short"


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (59.4, "59 s"), (130, "2 min 10 s"), (3900, "1 h 5 min")])
def test_durations(seconds: float, said: str):
    assert duration(seconds) == said


def test_a_job_says_where_it_stands():
    now = [0.0]
    pool = JobPool(1, clock=lambda: now[0])
    said: list[str] = []

    def work(progress: Progress) -> None:
        now[0] = 2.0
        progress.update(100, 500, "photos")
        said.append(describe(job))

    begun, gate = threading.Event(), threading.Event()
    first = pool.submit("first", lambda p: (begun.set(), gate.wait(10)), "me")
    assert begun.wait(10)
    job = pool.submit("second", work, "me")
    third = pool.submit("third", lambda p: None, "me")
    assert describe(job) == "Next in the queue."
    assert describe(third) == "Number 2 in the queue."
    gate.set()
    assert first.wait(10)
    assert job.wait(10)
    assert said == ["100 of 500 · 50 a second · 8 s left · photos"]
