"""Encodings are told apart or refused; languages are told by script and by their commonest words."""

from __future__ import annotations

import codecs
import contextlib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.data.reading.text import decode_text, looks_like_language
from mmexplore.errors import UserError

FRENCH = "Un cœur brisé, une forêt, des élèves où l'été s'achève. Ça va ?"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_in_any_form(encoding):
    assert decode_text(FRENCH.encode(encoding)) == FRENCH


def test_utf16_with_a_mark_can_hold_any_script():
    for text in ("青蛙跳进池塘", "лягушка", "\U0001f438 frog"):
        assert decode_text(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text
        assert decode_text(text.encode("utf-8")) == text


def test_latin1_and_windows_western():
    assert decode_text("Forêt où l'été s'achève".encode("latin-1")) == "Forêt où l'été s'achève"
    windows = "Le cœur – dit “naïf” – coûte 3 € en été … et rien d’autre"
    assert decode_text(windows.encode("cp1252")) == windows
    assert decode_text("Größe, Käse, Öl".encode("latin-1")) == "Größe, Käse, Öl"


@pytest.mark.parametrize(
    "data",
    [
        "青蛙跳进池塘里".encode("gb18030"),
        "カエルが池に飛び込む".encode("shift_jis"),
        "лягушка прыгает".encode("cp1251"),
        bytes(range(256)),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 20,
        b"text\0with\0nul",
        b"plain text and one \0 in it" * 3,
    ],
)
def test_what_is_not_known_is_refused_and_not_guessed(data):
    with pytest.raises(UserError, match=r"caption\.txt: .*UTF-8"):
        decode_text(data, "caption.txt")


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_one_sentence(data):
    with contextlib.suppress(UserError):
        assert "\0" not in decode_text(data)


@given(st.text(alphabet=st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs", "Cc"]), max_size=200))
def test_utf8_is_read_exactly(text):
    assert decode_text(text.encode("utf-8")) == text


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("en", ["A frog.", "An Adelaide Rosella.", "A dog runs on the beach."]),
        ("fr", ["Une grenouille.", "Un merle.", "Une perruche Adélaïde."]),
        ("de", ["Ein Frosch.", "Der Hund läuft am Strand und bellt.", "Eine Amsel."]),
        ("es", ["Una rana.", "El perro corre por la playa.", "Un hombre y una mujer."]),
        ("it", ["Una rana.", "Il cane corre sulla spiaggia con gli amici.", "Un uomo e una donna."]),
        ("pt", ["Uma rã.", "O cão corre na praia.", "Um homem e uma mulher."]),
        ("nl", ["Een kikker.", "De hond rent op het strand.", "Een man en een vrouw."]),
        ("pl", ["Żaba.", "Pies biegnie po plaży.", "Mężczyzna i kobieta się śmieją na ulicy."]),
        ("tr", ["Bir kurbağa.", "Bir köpek ve bir adam.", "Kadın için çok güzel bir gün."]),
        ("zh", ["青蛙。", "一只狗在海滩上奔跑。"]),
        ("ja", ["カエル", "いぬが はしる", "白孔雀のメス"]),
        ("ko", ["개구리", "개가 달린다"]),
        ("ru", ["Лягушка.", "Собака бежит по пляжу."]),
        ("uk", ["Жаба їсть.", "Собака біжить і гавкає."]),
        ("ar", ["ضفدع", "الكلب يركض"]),
        ("el", ["Βάτραχος"]),
        ("th", ["กบ", "สุนัขวิ่ง"]),
        ("hi", ["मेंढक"]),
        ("he", ["צפרדע"]),
        (None, []),
        (None, ["", None]),
        (None, ["123", "4.5"]),
        (None, ["xqzt", "brmf"]),
    ],
)
def test_languages(code, texts):
    assert looks_like_language(texts) == code


def test_a_foreign_name_in_an_english_column_changes_nothing():
    texts = ["A frog.", "The sushi 寿司 is on a plate.", "A man with a dog.", "Crème brûlée is a dessert."] * 5
    assert looks_like_language(texts) == "en"


def test_the_stamps_columns_are_told_apart(shared_data, tmp_path):
    import zipfile

    with zipfile.ZipFile(shared_data / "stamps.zip") as archive, archive.open("pairs.csv") as file:
        frame = pd.read_csv(file, keep_default_na=False)
    told = {c: looks_like_language(frame[c]) for c in ("text", "text_zh", "text_fr", "text_ja")}
    assert told == {"text": "en", "text_zh": "zh", "text_fr": "fr", "text_ja": "ja"}
