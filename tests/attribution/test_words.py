"""Words: what counts as one, what is left without it, and what leaving it out says of a scorer that is known."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.attribution.words import MAX_WORDS, leave_one_out, with_words, words_of, words_without_each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a tabby cat, asleep.", ["a", "tabby", "cat", "asleep"]),
        ("It's a mother-in-law - isn’t it?", ["It's", "a", "mother-in-law", "isn’t", "it"]),
        ("50% of 3 cats", ["50", "of", "3", "cats"]),
        ("一只猫 on it", ["一", "只", "猫", "on", "it"]),
        ("ネコがいる", ["ネコ", "がいる"]),
        ("แมวสีดำ", ["แมวสีดำ"]),
        ("Ein süßer Hund", ["Ein", "süßer", "Hund"]),
        ("кот на окне", ["кот", "на", "окне"]),
        ("🦊 !?", []),
        ("", []),
    ],
)
def test_what_is_a_word(text: str, words: list[str]):
    found = words_of(text)
    assert [w.text for w in found] == words
    assert all(text[w.start : w.end] == w.text for w in found)


def test_words_are_cut_out_and_nothing_is_put_in_their_place():
    text = "a tabby cat, asleep"
    words = words_of(text)
    assert with_words(text, words, np.array([1, 0, 1, 1], bool)) == "a cat, asleep"
    assert with_words(text, words, np.array([0, 0, 1, 0], bool)) == "cat,"
    assert with_words(text, words, np.zeros(4, bool)) == ""
    assert with_words(text, words, np.ones(4, bool)) == text
    assert with_words("一只猫", words_of("一只猫"), np.array([1, 0, 1], bool)) == "一猫"


def test_a_long_text_is_looked_at_up_to_a_limit():
    text = "word " * (MAX_WORDS + 20)
    words = words_of(text)
    assert len(words) == MAX_WORDS
    assert len(with_words(text, words, np.arange(MAX_WORDS) > 0).split()) == MAX_WORDS + 19


WEIGHTS = {"a": 0.1, "tabby": 0.5, "cat": 2.0, "camera": -1.0}


def bag(texts: list[str]) -> np.ndarray:
    return np.array([sum(WEIGHTS.get(w, 0) for w in t.split()) for t in texts])


def test_leaving_one_out_of_a_sum_gives_back_its_terms():
    words = words_of("a tabby cat camera")
    assert np.allclose(leave_one_out("a tabby cat camera", words, bag), list(WEIGHTS.values()))


def test_the_whole_text_is_scored_as_it_was_typed():
    text, asked = "a  cat", []

    def similarity(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return bag(texts)

    score = words_without_each(text, words_of(text), similarity)
    assert np.allclose(score(np.array([[1, 1], [0, 1], [0, 0]], bool)), [2.1, 2.0, 0])
    assert asked == [text, "cat", ""]
