"""The whole main job in the shell: one JSON document on stdout, progress on stderr, exit codes 0 / 1 / 2."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from mmexplore.data.examples import load_example
from mmexplore.runtime import cache_dir


def mmexplore(*arguments: str | Path, code: int = 0) -> str:
    """stdout of `python -m mmexplore ...`; the exit code is checked and stderr shown where it differs."""
    done = subprocess.run(
        [sys.executable, "-m", "mmexplore", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    """A folder with a table and 60 pictures: two languages, labels, a hole, and one file that is not there."""
    folder = tmp_path_factory.mktemp("pairs")
    emoji = load_example("emoji")
    rows = np.random.default_rng(0).permutation(len(emoji))[:60]
    table = []
    for i in rows:
        picture = emoji.cells["picture"][i]
        shutil.copy(picture, folder / picture.name)
        table.append(
            (emoji.ids[i], picture.name, emoji.cells["english"][i], emoji.cells["chinese"][i], emoji.labels[i])
        )
    table.append(("gone", "nowhere.png", "a file that is not there", "", table[0][4]))
    pd.DataFrame(table, columns=["id", "picture", "english", "chinese", "label"]).to_csv(
        folder / "pairs.csv", index=False
    )
    return folder


@pytest.fixture(scope="module")
def run(pairs, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    answer = json.loads(mmexplore("embed", pairs, "--out", out, "--json"))
    assert answer["items"] == 60
    assert [(r["id"], "not" in r["reason"] or "missing" in r["reason"]) for r in answer["rejected"]] == [("gone", True)]
    assert answer["modalities"]["picture"]["encoder"] == "efficientnet-lite0"
    assert answer["modalities"]["english"]["encoder"] == "minilm"
    assert answer["modalities"]["chinese"]["encoder"] == "use-multilingual"
    return out


@pytest.mark.parametrize("what", ["examples", "encoders", "methods"])
def test_lists_are_json(what):
    listed = json.loads(mmexplore(what, "--json"))[what]
    assert listed
    assert all("name" in entry for entry in listed)


def test_methods_carry_their_cards():
    listed = {m["name"]: m for m in json.loads(mmexplore("methods", "--json"))["methods"]}
    assert {"cca", "concat", "attention", "bridge"} <= set(listed)
    assert set(listed["attention"]) == {
        "name", "family", "needs_labels", "gives_weights", "reconstructs", "handles_missing", "card", "parameters",
    }  # fmt: skip
    assert listed["attention"]["gives_weights"] is True


def test_evaluate_before_any_fit_uses_all_rows(run, tmp_path):
    answer = json.loads(mmexplore("evaluate", run, "--json"))
    assert answer["rows"] == "all"
    found = answer["retrieval"]["english->picture"]
    assert {"r@1", "r@5", "r@10", "mrr", "median_rank", "chance_r@10", "n_queries"} <= set(found)
    assert found["chance_r@10"] == pytest.approx(100 * 10 / 60, abs=0.5)
    by_luck = 100 * binom.ppf(0.99, 60, 10 / 60) / 60
    assert found["r@10"] > by_luck, "the bridge finds emoji by their English names better than luck would"
    assert 0 <= answer["map_label"] <= 100


def test_fuse_weights_and_evaluate(run, tmp_path):
    work = tmp_path / "run"
    shutil.copytree(run, work)
    summary = json.loads(mmexplore("fuse", work, "--method", "attention", "--param", "epochs=3", "--json"))
    assert summary["method"] == "attention"
    assert summary["rows"] in ("test", "held-out")
    assert summary["interval"][0] <= summary["score"] <= summary["interval"][1]
    assert summary["baselines"]
    weights = json.loads(mmexplore("weights", work, "--json"))
    assert weights["modalities"] == ["picture", "english", "chinese"]
    assert len(weights["per_item"]) == 60
    assert np.allclose([sum(w) for w in weights["per_item"].values()], 1, atol=1e-5)
    assert weights["source"] == "learned"
    answer = json.loads(mmexplore("evaluate", work, "--json"))
    assert answer["fusion"]["method"] == "attention"
    assert answer["rows"] == "all", "the bridge was not fitted on these rows"


def test_align_then_evaluate_uses_held_out_rows(run, tmp_path):
    work = tmp_path / "run"
    shutil.copytree(run, work)
    answer = json.loads(mmexplore("align", work, "--method", "cca", "--json"))
    assert set(answer["modalities"]) == {"picture", "english", "chinese"}
    evaluated = json.loads(mmexplore("evaluate", work, "--json"))
    assert evaluated["rows"] == "held-out"
    assert evaluated["n_rows"] == 12
    assert "chinese->picture" in evaluated["retrieval"]


def test_pairs_of_a_zip_keep_their_media_through_every_step(pairs, tmp_path):
    """They were unpacked to a folder that is gone: RUN has the only copy, and each step replaces RUN."""
    packed, work = shutil.make_archive(str(tmp_path / "pairs"), "zip", pairs), tmp_path / "run"
    mmexplore("embed", packed, "--out", work)
    before = sorted(path.name for path in (work / "media").iterdir())
    assert before
    mmexplore("align", work, "--method", "cca")
    mmexplore("fuse", work, "--method", "attention", "--param", "epochs=2")
    assert sorted(path.name for path in (work / "media").iterdir()) == before
    item = next(iter(json.loads(mmexplore("weights", work, "--json"))["per_item"]))
    assert json.loads(mmexplore("explain", work, "--item", item, "--json"))["item"] == item


def test_search_by_text_image_and_item(run, pairs):
    found = json.loads(mmexplore("search", run, "--text", "a cat", "--in", "picture", "-k", "3", "--json"))["results"]
    assert [h["rank"] for h in found] == [1, 2, 3]
    assert found[0]["score"] >= found[1]["score"] >= found[2]["score"]
    some = found[0]["item"]
    like = json.loads(mmexplore("search", run, "--image", some, "--in", "picture", "-k", "1", "--json"))["results"]
    assert like[0]["id"] == found[0]["id"]
    assert like[0]["score"] == pytest.approx(1, abs=1e-3)
    item = json.loads(mmexplore("search", run, "--item", found[0]["id"], "--in", "english", "--json"))["results"]
    assert any(h["match"] for h in item) or len(item) == 10


def test_report_is_one_page_that_fetches_nothing(run, tmp_path):
    mmexplore("report", run, "--out", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script src" not in page
    assert "<link" not in page
    assert "english-&gt;picture" in page


def test_example_planted(tmp_path):
    mmexplore("embed", "--example", "planted", "--out", tmp_path / "run")
    mmexplore("fuse", tmp_path / "run", "--method", "concat")
    refused = mmexplore("weights", tmp_path / "run", code=1)
    assert "has no weights of its own" in refused
    measured = json.loads(mmexplore("weights", tmp_path / "run", "--measured", "--json"))
    assert measured["agreement"] is None
    assert measured["shapley"]["largest_residual"] < 1e-4
    assert len(measured["null"]["low"]) == len(measured["modalities"]) == 3
    assert measured["perceptual"]["score"] > 0
    assert sum(measured["truth"]["true_shares"]) == pytest.approx(1)
    assert sum(measured["truth"]["Shapley, measured"]) == pytest.approx(1)
    told = json.loads(
        mmexplore("weights", tmp_path / "run", "--pid", "sound,touch", "--pid-words", "cluster", "--json")
    )
    parts = {p["part"].split()[0]: p for p in told["information"]["parts"]}
    assert parts["synergy"]["bits"] > parts["synergy"]["null_95"], "sound and touch hold the halves of an xor"
    assert "two modalities as A,B" in mmexplore("weights", tmp_path / "run", "--pid", "sound", code=2)
    assert "no modality called 'smell'" in mmexplore("weights", tmp_path / "run", "--pid", "sound,smell", code=1)


def test_measured_beside_learned(run, tmp_path):
    work = tmp_path / "run"
    shutil.copytree(run, work)
    mmexplore("fuse", work, "--method", "attention", "--param", "epochs=3")
    found = json.loads(mmexplore("weights", work, "--measured", "--baseline", "mean", "--json"))
    assert found["source"] == "learned" and found["shapley"]["baseline"] == "mean"
    assert set(found) >= {"shapley", "perceptual", "null", "agreement"}
    assert found["truth"] is None
    assert "removing" in found["agreement"]["sentence"]
    assert len(found["shapley"]["per_item"]) == 60


def test_mispairs_are_listed(run):
    found = json.loads(mmexplore("mispairs", run, "--between", "picture,english", "--json"))
    assert found["between"] == ["picture", "english"]
    assert len(found["rows"]) == 60
    suspicion = [row["suspicion"] for row in found["rows"]]
    assert suspicion == sorted(suspicion, reverse=True)
    assert {"id", "better_dst_id", "better_src_id"} <= set(found["rows"][0])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["weights", "nowhere"], 1, "not a workspace"),
        (["embed", "nowhere.csv", "--out", "x"], 1, "does not exist"),
        (["embed", "--out", "x"], 2, "PAIRS"),
        (["embed", ".", "--out", "x", "--encoder", "nonsense"], 2, "COLUMN=NAME"),
        (["nonsense"], 2, "nonsense"),
        (["embed", "--example", "nonsense", "--out", "x"], 1, "nonsense"),
    ],
)
def test_what_goes_wrong_is_one_sentence(arguments, code, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert says in mmexplore(*arguments, code=code)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("align", "--param", "ridge=abc"), "cca: ridge is 'abc'; give a number of at least 0 ("),
        (("align", "--param", "ridge=-1"), "cca: ridge is -1; give a number of at least 0 ("),
        (("align", "--param", "nope=1"), "cca: there is no setting 'nope'; choose one of: n_components, ridge, scale."),
        (("align", "--method", "bridge", "--param", "ridge=1"), "bridge: there is no setting 'ridge'; it has nothing"),
        (("fuse", "--param", "epochs=-3"), "attention: epochs is -3; give a whole number from 1 to 100,000."),
        (("fuse", "--param", "epochs=2.5"), "attention: epochs is 2.5; give a whole number from 1 to 100,000."),
        (("fuse", "--param", "width=0"), "attention: width is 0; give a whole number from 1 to 4,096 ("),
        (("fuse", "--source", "nope"), "source: there are no vectors called 'nope'; choose encoded or aligned."),
        (("fuse", "--method", "nope", "--param", "x=1"), "no fusion method is called 'nope'"),
        (
            ("compare", "--methods", "attention,concat:lr=x"),
            "concat: lr is 'x'; give a number from 1e-09 to 1",
        ),
        (("compare", "--methods", "concat:lr"), "methods: 'lr' is not NAME=VALUE; write for example"),
    ],
)
def test_a_setting_that_is_not_allowed_is_one_sentence(run, capsys, monkeypatch, arguments, sentence):
    """In this process: `main` turns a UserError into one line and exit code 1, anything else would come through."""
    from mmexplore import cli

    step, *rest = arguments
    monkeypatch.setattr(sys, "argv", ["mmexplore", step, str(run), *rest])
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr()
    assert left.value.code == 1 and not said.out
    assert sentence in said.err and said.err.startswith("mmexplore: ") and said.err.count("\n") == 1


def test_a_bad_setting_leaves_the_shell_without_a_traceback(run):
    assert "ridge is 'abc'" in mmexplore("align", run, "--param", "ridge=abc", code=1)


def test_one_method_is_shown_with_its_card_and_settings(capsys, monkeypatch):
    from mmexplore import cli
    from mmexplore.models.methods import all_methods
    from mmexplore.models.param import params_of

    for name, method in all_methods().items():
        monkeypatch.setattr(sys, "argv", ["mmexplore", "methods", name])
        with pytest.raises(SystemExit) as left:
            cli.main()
        shown = capsys.readouterr().out
        assert not left.value.code
        assert method.card.title in shown and method.card.equation in shown
        for setting, declared in params_of(method).items():
            assert f"  {setting} = " in shown and declared.label in shown and declared.allowed in shown
            assert " ".join(declared.help.split()) in " ".join(shown.split())
    answer = json.loads(mmexplore("methods", "mcca", "--json"))["methods"]
    assert [p["name"] for p in answer[0]["parameters"]] == ["n_components", "ridge", "scale"] and len(answer) == 1
    assert "no method is called 'nope'" in mmexplore("methods", "nope", code=1)


INTERRUPTED = """
import importlib, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in a shell's background inherit "ignore"
module, _, name = sys.argv.pop(1).partition(":")
how, owner = int(sys.argv.pop(1)), importlib.import_module(module)
*inner, last = name.split(".")
for part in inner:
    owner = getattr(owner, part)
original, calls = getattr(owner, last), []
def stops(*arguments, **named):
    calls.append(1)
    answer = original(*arguments, **named)
    if len(calls) == 1:
        print("at work:", os.listdir(os.environ["TMPDIR"]), flush=True)
        os.kill(os.getpid(), how)
        time.sleep(60)
    return answer
setattr(owner, last, stops)
from mmexplore.cli import main
main()
"""


@pytest.mark.parametrize(
    ("where", "how"),
    [
        ("mmexplore.data.reading.archive:Budget.write", signal.SIGINT),
        ("mmexplore.data.reading.rows:_read_modality", signal.SIGINT),
        ("mmexplore.server.store:Store.put", signal.SIGINT),
        ("mmexplore.server.store:Store.put", signal.SIGTERM),
        ("mmexplore.workspace.files:_copy", signal.SIGINT),
    ],
)
def test_interrupted_it_leaves_nothing_half_written(where, how, tmp_path):
    """Ctrl-C while it unpacks, checks, encodes and saves: no run, no temporary folder, no traceback."""
    emoji = load_example("emoji")
    with zipfile.ZipFile(tmp_path / "pairs.zip", "w") as archive:
        for i, picture in enumerate(emoji.cells["picture"][:80]):
            archive.write(picture, picture.name)
            archive.writestr(f"{picture.stem}.txt", f"a caption, number {i}")
    temporary, cache = tmp_path / "tmp", tmp_path / "cache"
    temporary.mkdir()
    cache.mkdir()
    (cache / "engines").symlink_to(cache_dir("engines"))  # a store of its own, with nothing in it
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, where, str(int(how)), "embed", tmp_path / "pairs.zip", "--out",
         tmp_path / "run"],
        env=os.environ | {"TMPDIR": str(temporary), "MMEXPLORE_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert "at work: ['mmexplore-" in done.stdout
    assert done.returncode == 130 and "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "pairs.zip", "tmp"]
    assert list(temporary.iterdir()) == []


def test_cache_shows_and_clears(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))
    before = json.loads(mmexplore("cache", "--json"))
    assert before["items"] == 0
    mmexplore("cache", "--clear")
