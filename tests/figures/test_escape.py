"""Nothing a person typed acts as markup, LaTeX, template or text direction."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.figures.escape import clean, hover, label

ANY = st.text(alphabet=st.characters(codec=None), max_size=400)


@given(ANY)
def test_only_our_own_line_breaks_and_numeric_entities_remain(text):
    found = hover(text)
    bare = re.sub(r"&#\d+;", "", found.replace("<br>", ""))
    assert not set(bare) & set("<>&$%\"'")
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in bare)
    assert not set(bare) & {
        chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF)
    }
    found.encode("utf-8")
    assert len(re.sub(r"&#\d+;", "x", found.replace("<br>", ""))) <= 300
    assert "\n" not in label(text) and "<" not in label(text)


@given(st.text(alphabet="ab <>&$鸟", max_size=200), st.integers(5, 70))
def test_lines_keep_their_width_and_lose_no_word(text, width):
    lines = hover(text, width).split("<br>")
    for line in lines:
        plain = re.sub(r"&#\d+;", "x", line)
        assert sum(2 if c == "鸟" else 1 for c in plain) <= width
    assert "".join(lines).replace(" ", "") == hover(text, 10**6).replace(" ", "")


def test_examples():
    assert hover("<b>bold</b> & $x^2$ %{y}") == "&#60;b&#62;bold&#60;/b&#62; &#38; &#36;x^2&#36; &#37;{y}"
    assert hover(None) == "" and hover(3.5) == "3.5" and label("a\nb\tc  d") == "a b c d"
    assert hover("word " * 100).endswith("…") and hover("x" * 130) == "<br>".join(["x" * 60, "x" * 60, "x" * 10])
    assert clean("\u202egnp.exe\u202c \x00\x1b[31m\ud800") == "gnp.exe [31m\ufffd"
    assert clean("👩\u200d🔬") == "👩\u200d🔬"  # joiners belong to the picture
    assert label("A class name that goes on and on and on", 12) == "A class nam…"


@pytest.mark.parametrize("word", ["javascript:alert(1)", '<a href="x">', "{{x}}", "=1+1"])
def test_a_title_keeps_its_letters(word):
    decoded = re.sub(r"&#(\d+);", lambda m: chr(int(m[1])), hover(word))
    assert decoded == word
