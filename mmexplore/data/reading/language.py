"""Which language is a column of texts in? By script and by the commonest little words; no model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]"),
    ("zh", r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    ("ko", r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    ("ru", r"[\u0400-\u04ff]"),
    ("ar", r"[\u0600-\u06ff\u0750-\u077f]"),
    ("he", r"[\u0590-\u05ff]"),
    ("el", r"[\u0370-\u03ff]"),
    ("th", r"[\u0e00-\u0e7f]"),
    ("hi", r"[\u0900-\u097f]"),
    ("bn", r"[\u0980-\u09ff]"),
    ("ta", r"[\u0b80-\u0bff]"),
    ("ka", r"[\u10a0-\u10ff]"),
    ("hy", r"[\u0530-\u058f]"),
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: word lists are written as running text."""
    return frozenset(text.split())


# The commonest words of each language; a word that several share counts for each of them.
_WORDS: dict[str, frozenset[str]] = {
    "en": words(
        "the a an of and in on is are with to for at by from his her its it this that two three "
        "one man woman girl boy dog people wearing four five six seven eight nine"
    ),
    "fr": words(
        "le la les l un une des d du de et est en dans sur avec pour au aux qui que deux ce cette "
        "il elle son sa ses par homme femme"
    ),
    "de": words(
        "der die das ein eine einen einem einer und ist mit auf im in von zu den dem des für an "
        "aus bei zwei nicht sich sie er mann frau"
    ),
    "es": words("el la los las un una unos unas de del y es en con por para que al su sus se dos lo está hombre mujer"),
    "it": words(
        "il lo la i gli le un uno una di del della dei e è in con per che al alla su nel nella due si sono uomo donna"
    ),
    "pt": words(
        "o a os as um uma de do da dos das e é em no na com por para que ao se dois duas seu sua homem mulher está"
    ),
    "nl": words("de het een en van in op met is zijn voor te aan die dat bij uit er twee naar man vrouw"),
    "pl": words("i w na z do jest się nie to że o po dwa dwie przez dla od ze jak pies"),
    "tr": words("bir ve bu da de ile için olan çok iki gibi var adam kadın köpek"),
}
_LETTERS: dict[str, str] = {
    "fr": "çèêëàâîïôûùœ",
    "de": "äöüß",
    "es": "ñ¿¡áíóú",
    "it": "èàòùì",
    "pt": "ãõçêâ",
    "pl": "ąęłńśźżó",
    "tr": "ğışçöü",
}


def looks_like_language(texts: Iterable[str | None] | Sequence[str]) -> str | None:
    """ISO 639-1 code of the language most of the texts are in, or None where it cannot be told.

    Scripts decide first (kana -> ja, Han without kana -> zh, Hangul -> ko, Cyrillic -> ru or uk ...); among Latin
    scripts the commonest words of nine languages do. Reads at most 400 texts of 300 characters.
    """
    sample: list[str] = []
    for text in texts:
        if text:
            sample.append(text[:300])
            if len(sample) == 400:
                break
    joined = "\n".join(sample)
    counts = {code: len(re.findall(pattern, joined)) for code, pattern in _SCRIPTS}
    latin = len(_LATIN.findall(joined))
    if latin + sum(counts.values()) < 3:
        return None
    # a Han or kana character says about as much as two letters
    best = max(counts, key=lambda code: counts[code])
    if 2 * (counts["ja"] + counts["zh"]) >= latin and best in ("ja", "zh"):
        return "ja" if counts["ja"] >= 0.1 * (counts["ja"] + counts["zh"]) else "zh"
    if counts[best] >= latin:
        return _within_script(best, joined)
    return _latin_language(sample)


def _within_script(code: str, text: str) -> str:
    if code == "ru" and len(re.findall(r"[іїєґІЇЄҐ]", text)) > len(re.findall(r"[ыэъёЫЭЪЁ]", text)):
        return "uk"
    if code == "ar" and len(re.findall(r"[پچژگ]", text)) > 0.02 * len(text):
        return "fa"
    return code


def _latin_language(sample: list[str]) -> str | None:
    """The language whose little words stand in the largest share of the texts, if it is clearly ahead."""
    scores: Counter[str] = Counter()
    for text in sample:
        words = {w.lower() for w in _WORD.findall(text)}
        letters = set(text.lower())
        for code, known in _WORDS.items():
            hits = len(words & known) + 0.5 * bool(letters & set(_LETTERS.get(code, "")))
            scores[code] += min(hits, 4)  # type: ignore[assignment]
    (best, score), (_, second) = scores.most_common(2)
    if score < 0.15 * len(sample) or score < 1 or score < 1.15 * second:
        return None
    return best
