"""What a column seems to be for, by its name and by what stands in it."""

from __future__ import annotations

import pytest

from mmexplore.data import kinds
from mmexplore.data.reading.files import gather
from mmexplore.data.reading.recognition import guess_columns
from mmexplore.data.reading.roles import correct, kind_of_role, normal_split
from mmexplore.data.reading.roles import roles as known_roles
from mmexplore.data.reading.tables import Table

SENTENCES = [f"Here is sentence number {i} of them." for i in range(40)]
WORDS = ["red", "green", "blue", "grey"] * 10
NUMBERS = [f"{i / 7:.3f}" for i in range(40)]


def roles(columns: dict[str, list], files=None) -> dict[str, str]:
    n = len(next(iter(columns.values())))
    return {g.name: g.role for g in guess_columns(Table("t.csv", columns, range(2, n + 2)), files)}


def test_what_could_be_part_of_a_table_is_said_and_not_guessed():
    found = guess_columns(
        Table(
            "t.csv",
            {
                "note": SENTENCES,
                "pulse": NUMBERS,
                "age": [str(20 + i) for i in range(40)],
                "ward": WORDS,
                "class": WORDS,
                "diagnosis": WORDS,
                "fold": [str(i % 5) for i in range(40)],
                "site": ["A"] * 40,
                "code": [f"x{i}" for i in range(40)],
                "image": [f"https://example.org/{i}.jpg" for i in range(40)],
            },
            range(2, 42),
        )
    )
    assert {g.name for g in found if g.fits_table} == {"pulse", "age", "ward"}
    assert {g.role for g in found if g.fits_table} == {"column"}
    assert not any(g.fits_table for g in correct(found, {"age": "tabular"}) if g.name == "age")


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("id", [str(i) for i in range(40)], "id"),
        ("Item ID", [str(i) for i in range(40)], "id"),
        ("id", [str(i // 5) for i in range(40)], "group"),
        ("image_id", [str(i // 5) for i in range(40)], "group"),
        ("Class", WORDS, "label"),
        ("category", [str(i % 3) for i in range(40)], "label"),
        ("target", NUMBERS, "label"),
        ("label", SENTENCES, "text"),
        ("Split", ["train", "dev", "test", "train"] * 10, "split"),
        ("fold", [str(i % 5) for i in range(40)], "column"),
        ("part", ["Train", "Validation"] * 20, "split"),
        ("part", ["dev", "test"] * 20, "column"),
        ("Caption", ["A frog.", "A dog."] * 20, "text"),
        ("captionEnglish", WORDS, "text"),
        ("text_length", [str(i) for i in range(40)], "column"),
        ("anything", SENTENCES, "text"),
        ("anything", [f"青蛙{i}" for i in range(40)], "text"),
        ("anything", WORDS, "column"),
        ("anything", NUMBERS, "column"),
        ("anything", [None] * 40, "ignore"),
        ("anything", [f"x/{i}.PNG" for i in range(40)], "image"),
        ("anything", [f"x\\{i}.jpeg" for i in range(40)], "image"),
        ("text", [f"{i}.ogg" for i in range(40)], "audio"),
        ("anything", [f"{i}.mp4" for i in range(40)], "video"),
        ("anything", [f"{i}.npy" for i in range(40)], "time series"),
        ("image", [f"https://example.org/{i}.jpg" for i in range(40)], "column"),
        ("anything", ["[1, 2, 3]"] * 40, "vector"),
        ("anything", [f"[{', '.join('1' * (i + 1))}]" for i in range(40)], "time series"),
        ("anything", [[1.0, 2.0]] * 40, "vector"),
        ("anything", [True, False] * 20, "column"),
    ],
)
def test_one_column(name, values, role):
    (guess,) = guess_columns(Table("t.csv", {name: values}, range(2, 42)))
    assert guess.role == role and guess.why
    assert (guess.kind is None) == (role in ("id", "label", "split", "group", "column", "ignore"))
    assert bool(guess.example) == (role != "ignore")


def test_of_two_labels_the_better_named_is_the_label():
    assert roles({"category": WORDS, "label": WORDS[::-1], "y": WORDS}) == {
        "category": "column",
        "label": "label",
        "y": "column",
    }


def test_names_without_suffix_are_found_among_the_files(jpeg, folder, work):
    files = gather(folder({f"photos/{i}.jpg": jpeg(i) for i in range(3)}), work)
    assert roles({"photo": ["0", "1", "2"]}, files) == {"photo": "image"}
    assert roles({"photo": ["7", "8", "9"]}, files) == {"photo": "column"}
    assert roles({"n": ["0", "1", "2"]}, files) == {"n": "column"}
    assert files.used == set()  # looking is not using


def test_an_id_that_looks_like_a_file_is_an_id_unless_it_is_one(jpeg, folder, work):
    files = gather(folder({"0.jpg": jpeg(0)}), work)
    assert roles({"id": ["a.jpg", "b.jpg"]}, files) == {"id": "id"}
    assert roles({"id": ["0.jpg", "0.jpg"]}, files) == {"id": "image"}


def test_coordinates_and_measurements_go_together():
    latitude = [str(40 + i / 10) for i in range(40)]
    assert roles({"lat": latitude, "lon": NUMBERS}) == {"lat": "place", "lon": "place"}
    assert roles({"lat": latitude}) == {"lat": "column"}
    assert roles({"lat": [str(90 + i) for i in range(40)], "lon": NUMBERS})["lat"] == "column"
    assert set(roles({"a": NUMBERS, "b": NUMBERS, "c": NUMBERS}).values()) == {"tabular"}
    assert set(roles({"a": NUMBERS, "b": NUMBERS}).values()) == {"column"}


def test_files_are_found_whatever_the_case_and_the_accents_form(jpeg, folder, work):
    root = folder(
        {"Bilder/Cafe\u0301.JPG": jpeg(0), "a/same.jpg": jpeg(1), "b/same.jpg": jpeg(2), "a/one.png": jpeg(3)}
    )
    files = gather(root, work)
    for cell in (
        "Bilder/Caf\u00e9.JPG",
        "bilder/cafe\u0301.jpg",
        "./Bilder//Caf\u00e9.JPG",
        "caf\u00e9.jpg",
        "Bilder\\CAF\u00c9.JPG",
    ):
        assert files.find(cell)[0] == "Bilder/Cafe\u0301.JPG"
    assert files.find("same.jpg") == ("", "2 files are called so: give the path")
    assert files.find("same.jpg", folder="a")[0] == "a/same.jpg"
    assert files.find("one", suffixes=frozenset({".png"}))[0] == "a/one.png"
    assert files.find("one", suffixes=frozenset({".wav"})) == ("", "the file is missing")
    assert files.find("") == ("", "the cell names no file")


def test_splits_have_three_names():
    assert {normal_split(s) for s in ("train", " Training ", "TRAIN")} == {"train"}
    assert {normal_split(s) for s in ("val", "dev", "valid", "Validation")} == {"val"}
    assert {normal_split(s) for s in ("test", "eval", "hold-out", None, 3, "")} == {"test", None}


def test_every_kind_is_a_role_by_its_own_name():
    assert {role: kind for role in known_roles() if (kind := kind_of_role(role))} == {k.value: k for k in kinds.cards()}
