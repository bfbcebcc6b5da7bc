"""`mmexplore explain`: numbers as JSON, one page of HTML that fetches nothing, refusals in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage

from tests.app.pages.small import HOSTILE
from tests.cli.test_cli import mmexplore

CAPTIONS = {
    "chelsea.png": "a tabby cat looks into the camera",
    "coffee.png": f"a cup of coffee {HOSTILE[0]}",
    "rocket.jpg": "a rocket stands on the launch pad",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in CAPTIONS:
        (folder / name).write_bytes((Path(skimage.__file__).parent / "data" / name).read_bytes())
    rows = [(name.split(".")[0], name, caption) for name, caption in CAPTIONS.items()]
    pd.DataFrame(rows, columns=["id", "photo", "caption"]).to_csv(folder / "pairs.csv", index=False)
    mmexplore("embed", folder, "--out", folder / "run", "--json")
    return folder / "run"


def test_json_has_map_words_thermometer_and_areas(run: Path):
    answer = json.loads(mmexplore("explain", run, "--item", "chelsea", "--json"))
    assert (answer["item"], answer["method"], answer["grid"]) == ("chelsea", "grad-cam", [7, 7])
    assert np.array(answer["map"]).shape == (7, 7)
    assert [w["word"] for w in answer["words"]] == CAPTIONS["chelsea.png"].split()
    assert max(answer["words"], key=lambda w: w["score"])["word"] == "cat"
    assert np.array(answer["words"][2]["map"]).shape == (7, 7)
    assert answer["thermometer"]["score"] == answer["similarity"]
    assert "random pair" in answer["thermometer"]["sentence"]
    regions = answer["faithfulness"]["regions"]
    assert regions["baseline"] == "blurred picture"
    assert regions["map"]["margin"] == pytest.approx(regions["map"]["insertion"] - regions["map"]["deletion"])
    assert regions["random"]["deletion"] == pytest.approx(regions["random"]["insertion"])
    assert {"map", "centre", "random"} <= set(regions)
    assert answer["faithfulness"]["words"]["baseline"] == "the word removed"
    again = json.loads(mmexplore("explain", run, "--item", "chelsea", "--json"))
    assert again == answer, "the same seed gives the same numbers"


def test_the_page_is_whole_and_words_stay_words(run: Path, tmp_path: Path):
    said = mmexplore("explain", run, "--item", "coffee", "--baseline", "mean colour", "--out", tmp_path / "e.html")
    assert said == ""
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    for outside in ("<script src", "<link", "<img src=x"):
        assert outside not in page
    assert "&lt;img src=x onerror=" in page
    assert "mean colour" in page
    assert page.count("iVBORw0KGgo") >= 2, "the picture is inside"


def test_a_table_for_people(run: Path):
    said = mmexplore("explain", run, "--item", "rocket", "--between", "photo,caption", "--method", "occlusion")
    assert "rocket" in said
    assert "random orders" in said


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--item", "nowhere"], 1, "no item has the id"),
        (["--item", "chelsea", "--method", "relevance"], 1, "does not allow relevance"),
        (["--item", "chelsea", "--baseline", "black"], 1, "no baseline"),
        (["--item", "chelsea", "--between", "caption,photo"], 1, "caption"),
        ([], 2, "--item"),
    ],
)
def test_what_goes_wrong_is_one_sentence(run: Path, arguments: list[str], code: int, says: str):
    assert says in mmexplore("explain", run, *arguments, code=code)
