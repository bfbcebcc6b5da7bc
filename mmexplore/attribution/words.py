"""The words of a text, the text without some of them, and what each word adds to a similarity."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: words of one text that are looked at; what follows is left as it is
MAX_WORDS = 100

_HAN, _HIRAGANA, _KATAKANA, _THAI = (
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "\u3041-\u309f",
    "\u30a0-\u30ff",
    "\u0e00-\u0e7f",
)
_LETTER = rf"(?:(?![{_HAN}{_HIRAGANA}{_KATAKANA}{_THAI}])\w)"
# Scripts that put no spaces between words: a Chinese character, a run of one Japanese syllabary, a run of Thai.
_WORD = re.compile(rf"[{_HAN}]|[{_HIRAGANA}]+|[{_KATAKANA}]+|[{_THAI}]+|{_LETTER}+(?:['’\-]{_LETTER}+)*")


@dataclass(frozen=True)
class Word:
    """A word of a text and where it stands: text[start:end]."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The first MAX_WORDS words of a text: runs of letters and digits (it's, mother-in-law are one word).

    Where a script has no spaces, a Chinese character or a run of one Japanese or Thai script stands for a word.
    """
    found = []
    for match in _WORD.finditer(text):
        found.append(Word(match[0], match.start(), match.end()))
        if len(found) == MAX_WORDS:
            break
    return found


def with_words(text: str, words: Sequence[Word], keep: np.ndarray) -> str:
    """The text with only the words for which `keep` (bool [W]) is true; the others are cut out, spaces folded.

    Nothing is put in a removed word's place (a stand-in such as "!" or "[MASK]" would say something too: Parcalabescu &
    Frank 2023, MM-SHAP). With no word left the text is empty.
    """
    if not keep.any():
        return ""
    parts, at = [], 0
    for word, kept in zip(words, keep, strict=True):
        if not kept:
            parts.append(text[at : word.start])
            at = word.end
    parts.append(text[at:])
    return " ".join("".join(parts).split())


def leave_one_out(text: str, words: Sequence[Word], similarity: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """float [W]: similarity of the text less similarity of the text without each word. Above 0 the word helps.

    Args:
        similarity: texts [B] -> similarity of each to whatever the text is compared with, [B].
    """
    without = [with_words(text, words, np.arange(len(words)) != i) for i in range(len(words))]
    found = similarity([text, *without])
    return found[0] - found[1:]


def words_without_each(
    text: str, words: Sequence[Word], similarity: Callable[[list[str]], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    """keep bool [B, W] -> similarity [B] of the text with only these words: what `faithfulness` asks of words."""

    def score(keep: np.ndarray) -> np.ndarray:
        return similarity([text if row.all() else with_words(text, words, row) for row in keep])

    return score
