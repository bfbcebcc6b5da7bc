"""`mmexplore compare`, and every method by `align` and `fuse` on plain vectors, six modalities, cells missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmexplore.cli import app
from mmexplore.errors import UserError
from mmexplore.models import alignment
from mmexplore.models.methods import all_methods, fusion_methods
from tests.journey.small import quick, six_views


def mmexplore(*arguments: str | Path) -> str:
    """stdout of the command, run in this process; what it raises is raised."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Six arrays of vectors in an .npz, NaN where a cell is missing, read by `mmexplore embed`."""
    folder = tmp_path_factory.mktemp("compare")
    views = six_views(80)
    arrays = {m: np.where(views.present[m][:, None], v, np.nan) for m, v in views.vectors.items()}
    np.savez(folder / "views.npz", label=views.labels.astype(str), **arrays)
    answer = json.loads(mmexplore("embed", folder / "views.npz", "--out", folder / "run", "--json"))
    assert {m: a["present"] for m, a in answer["modalities"].items()} == {
        m: int(p.sum()) for m, p in views.present.items()
    }
    return folder / "run"


@pytest.fixture
def own_run(run, tmp_path) -> Path:
    shutil.copytree(run, tmp_path / "run")
    return tmp_path / "run"


def parameters(name: str) -> list[str]:
    return [x for k, v in quick(name)[name].items() for x in ("--param", f"{k}={v}")]


@pytest.mark.parametrize("name", fusion_methods())
def test_every_fusion_and_generative_method_fuses(own_run, name):
    answer = json.loads(mmexplore("fuse", own_run, "--method", name, *parameters(name), "--json"))
    assert answer["method"] == name
    assert answer["rows"] == "held-out" and 0 <= answer["score"] <= 1
    assert len(answer["baselines"]) == 8


@pytest.mark.parametrize("name", [n for n, m in alignment.methods().items() if not m.fitted_in_advance])
def test_every_alignment_aligns(own_run, name):
    answer = json.loads(mmexplore("align", own_run, "--method", name, *parameters(name), "--json"))
    assert len(answer["modalities"]) == 6
    assert answer["as_they_came"] is None, "six spaces that could not be compared"
    evaluated = json.loads(mmexplore("evaluate", own_run, "--json"))
    assert len(evaluated["retrieval"]) == 30


@pytest.mark.parametrize("name", [n for n, m in alignment.methods().items() if m.fitted_in_advance])
def test_what_was_fitted_in_advance_says_what_it_needs(own_run, name):
    with pytest.raises(UserError, match=r"encoder|as-is"):
        mmexplore("align", own_run, "--method", name)


def test_compare_ranks_and_lists_who_could_not_take_part(run):
    names = "late-product,late-sum,cca,bridge"
    answer = json.loads(mmexplore("compare", run, "--methods", names, "--seeds", "2", "--missing", "0.3", "--json"))
    assert answer["seeds"] == [0, 1] and answer["missing"] == 0.3
    fusion = answer["fusion"]
    results = {r["name"]: r for r in fusion["results"]}
    assert {"late-product", "late-sum", "late product", "early concat", "fac", "zer"} <= set(results)
    assert fusion["metric"] == "accuracy" and "bootstrap" in fusion["interval"]
    for r in results.values():
        assert r["score_interval"][0] <= r["score"] <= r["score_interval"][1]
        assert r["score_with_missing"] is not None
    mine = results["late-product"]
    assert mine["parameters"] > 0 and mine["fit_seconds"] > 0 and mine["seconds_per_item"] > 0
    assert 0 <= mine["weight_entropy"] <= 1
    assert [f["name"] for f in answer["alignment"]["failed"]] == ["bridge"]
    assert [r["name"] for r in answer["alignment"]["results"]] == ["cca"]
    assert answer["fits_done"] == answer["fits"] == 8 and mine["seeds"] == 2
    assert fusion["saturated"] == ["accuracy"], "both methods are right everywhere, and it is said"
    assert fusion["holes_metric"] == "accuracy" and fusion["further"] == []


def test_compare_reads_as_a_table_and_leaves_the_run_as_it_was(own_run):
    before = {p: p.read_bytes() for p in own_run.rglob("*") if p.is_file()}
    shown = mmexplore("compare", own_run, "--methods", "late-sum", "--seeds", "1", "--labels-per-class", "4")
    assert "(late product)" in shown and "late-sum" in shown and "gain: over late product" in shown
    assert {p: p.read_bytes() for p in own_run.rglob("*") if p.is_file()} == before


def test_ctrl_c_prints_what_was_scored_until_then(run, monkeypatch):
    def interrupted(self, *a, **k):
        raise KeyboardInterrupt

    monkeypatch.setattr("mmexplore.models.fusion.late_product.LateProductFusion.fit", interrupted)
    arguments = ["compare", str(run), "--methods", "late-sum,late-product,cca", "--seeds", "1", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 130 and "Stopped: 1 of 3 methods." in done.stderr
    answer = json.loads(done.stdout)
    assert (answer["fits_done"], answer["fits"]) == (1, 3)
    assert [r["name"] for r in answer["fusion"]["results"] if not r["baseline"]] == ["late-sum"]


def test_a_label_budget_is_taken_and_kept(own_run):
    json.loads(mmexplore("fuse", own_run, "--method", "late-sum", "--labels-per-class", "3", "--json"))
    about = json.loads((own_run / "run.json").read_text())
    assert about["fusions"][0]["labels_per_class"] == 3


def test_an_unknown_method_is_one_sentence(run):
    with pytest.raises(UserError, match="nonsense"):
        mmexplore("compare", run, "--methods", "concat,nonsense")


def test_the_list_of_methods_has_exactly_what_was_promised():
    listed = json.loads(mmexplore("methods", "--json"))["methods"]
    assert [m["name"] for m in listed] == list(all_methods())
    assert len(listed) >= 28
    for m in listed:
        assert set(m) == {
            "name", "family", "needs_labels", "gives_weights", "reconstructs", "handles_missing", "card",
            "parameters",
        }  # fmt: skip
        assert set(m["card"]) == {"title", "summary", "equation", "paper", "look_for", "missing"}
        assert all(m["card"].values())


def test_realigning_shared_vectors_is_told_in_the_shell(shared_data, tmp_path):
    clip = shared_data / "clip_coco500.npz"
    shared = ["--encoder", "image=as-is-shared", "--encoder", "text=as-is-shared"]
    mmexplore("embed", clip, "--out", tmp_path / "run", *shared, "--json")
    raw = json.loads(mmexplore("evaluate", tmp_path / "run", "--json"))["retrieval"]
    assert raw["image->text"]["r@1"] == pytest.approx(55.2, abs=0.05)
    assert raw["text->image"]["r@1"] == pytest.approx(50.6, abs=0.05)
    told = json.loads(mmexplore("align", tmp_path / "run", "--method", "cca", "--json"))["as_they_came"]
    assert told["hurts"] and told["declared"] and "hurt" in told["sentence"]
    assert told["before"]["image->text"]["r@1"] > told["after"]["image->text"]["r@1"]


def test_reconstruct_over_all_and_for_one_item(own_run):
    mmexplore("fuse", own_run, "--method", "mvae", *parameters("mvae"))
    report = json.loads(mmexplore("reconstruct", own_run, "--given", "fac,kar", "--json"))
    assert report["rows"] == "held-out" and report["given"] == ["fac", "kar"]
    assert set(report["modalities"]) == {"fac", "fou", "kar", "mor", "pix", "zer"}
    assert all(0 <= v["recall@10"] <= 1 and v["n"] > 0 for v in report["modalities"].values())
    assert report["baseline"] == "ridge-maps" and report["n_rows"] == report["n_usable"]
    hidden = report["modalities"]["fou"]
    assert not hidden["given"] and 0 <= hidden["baseline"]["recall@10"] <= 1 and hidden["n_gallery"] > hidden["n"]
    ridge = json.loads(mmexplore("reconstruct", own_run, "--given", "fac,kar", "--by", "ridge-maps", "--json"))
    assert ridge["baseline"] is None, "it is the baseline itself"
    mine = ridge["modalities"]["fou"]
    assert {k: mine[k] for k in hidden["baseline"]} == hidden["baseline"]
    assert "ridge_recall@1" in mmexplore("reconstruct", own_run, "--given", "fac,kar")
    some = json.loads(mmexplore("weights", own_run, "--json"))["per_item"]
    item = next(i for i, w in some.items() if w[0] > 0)
    one = json.loads(mmexplore("reconstruct", own_run, "--given", "fac", "--item", item, "-k", "3", "--json"))
    assert [len(m["nearest"]) for m in one["modalities"]] == [3] * 6
    assert all(len(m["cosines"]) == 3 and m["of"] > 0 for m in one["modalities"])
    assert "chance_rank" in mmexplore("reconstruct", own_run, "--given", "fac", "--item", item)
    with pytest.raises(UserError, match="smell"):
        mmexplore("reconstruct", own_run, "--given", "smell")


def test_two_fits_of_a_method_stand_beside_each_other_and_are_named_by_their_ids(own_run):
    first = json.loads(mmexplore("fuse", own_run, "--method", "attention", *parameters("attention"), "--json"))
    second = json.loads(mmexplore("fuse", own_run, "--method", "attention", "--param", "epochs=2", "--json"))
    assert (first["method"], first["fit"], second["method"], second["fit"]) == ("attention",) * 3 + ("attention-2",)
    assert "attention-2: accuracy" in mmexplore("fuse", own_run, "--method", "attention", "--param", "epochs=2")
    asked: list[tuple[str, ...]] = [(), ("--method", "attention")]
    told = {name: json.loads(mmexplore("weights", own_run, *name, "--json")) for name in asked}
    assert told[()]["fit"] == "attention-2" and told["--method", "attention"]["fit"] == "attention"
    assert told[()]["mean"] != told["--method", "attention"]["mean"]
    evaluated = json.loads(mmexplore("evaluate", own_run, "--method", "attention", "--json"))["fusion"]
    assert evaluated["fit"] == "attention" and evaluated["score"] == first["score"]
    lab = json.loads(mmexplore("missing", own_run, "--shares", "0,1", "--seeds", "1", "--json"))
    assert set(lab["subsets"]) == {"attention", "attention-2"}
    with pytest.raises(UserError, match="choose one of: attention, attention-2"):
        mmexplore("weights", own_run, "--method", "gone")


def test_two_settings_of_a_method_race_in_the_shell(run):
    names = "late-sum,concat:epochs=2,concat:epochs=2:width=8"
    answer = json.loads(mmexplore("compare", run, "--methods", names, "--seeds", "1", "--json"))
    mine = {r["name"]: r["params"] for r in answer["fusion"]["results"] if not r["baseline"]}
    assert mine == {
        "late-sum": {}, "concat:epochs=2": {"epochs": 2}, "concat:epochs=2:width=8": {"epochs": 2, "width": 8},
    }  # fmt: skip
    assert answer["params"] == {k: v for k, v in mine.items() if v}


def test_a_race_that_is_stopped_between_two_rounds_says_over_which_seeds_it_ranks(run, monkeypatch):
    from mmexplore.models.fusion.late_product import LateProductFusion

    fit = LateProductFusion.fit

    def interrupted(self, *a, **k):
        if self.random_state:
            raise KeyboardInterrupt
        return fit(self, *a, **k)

    monkeypatch.setattr(LateProductFusion, "fit", interrupted)
    done = CliRunner().invoke(app, ["compare", str(run), "--methods", "late-sum,late-product", "--seeds", "2"])
    assert done.exit_code == 130 and "Stopped: 2 of 2 methods, 3 of 4 fits." in done.stderr
    assert "1 seed(s)" in done.stdout and "Ranked over 1 of 2 seeds" in done.stdout


def test_what_cannot_be_opened_is_told_on_stderr_and_the_command_goes_on(own_run):
    mmexplore("fuse", own_run, "--method", "late-sum")
    about = json.loads((own_run / "fusions" / "0.json").read_text())
    (own_run / "fusions" / "0.json").write_text(json.dumps(about | {"name": "theirs"}))
    done = CliRunner().invoke(app, ["fuse", str(own_run), "--method", "late-product", "--json"])
    assert done.exit_code == 0 and "no method is called 'theirs'" in done.stderr
    assert json.loads(done.stdout)["fit"] == "late-product"
    kept = json.loads((own_run / "run.json").read_text())["fusions"]
    assert [f["name"] for f in kept] == ["late-product", "late-sum"]
    assert json.loads((own_run / "fusions" / "1.json").read_text())["name"] == "theirs"


@pytest.mark.parametrize(
    ("done", "total", "said"),
    [(1.1833333333333333, 48, "1/48"), (47.99, 48.0, "47/48"), (48, 48, "48/48"), (1.2, 3.4, "35 %")],
)
def test_progress_is_told_in_whole_numbers(done, total, said, capsys):
    from mmexplore.cli.printing import StderrLine
    from mmexplore.server.progress import Progress

    line = StderrLine()
    line.last = -10.0
    progress = Progress()
    progress.update(done, total, "fitting")
    line(progress)
    assert capsys.readouterr().err == f"{said} fitting\n"
