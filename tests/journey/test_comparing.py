"""The race: fair (same rows, labels, holes), repeatable, right (against scores by hand), and never stopped by one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from mmexplore import journey
from mmexplore.data.split import draw_split
from mmexplore.errors import Cancelled, UserError
from mmexplore.journey.comparing import Comparison, Entry, Line, Measured, Race, Setting, at_the_ceiling, compare
from mmexplore.journey.comparing.running import best_first
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.scores.budget import keep_labels
from mmexplore.scores.missing import draw_missing
from mmexplore.server.progress import Progress
from tests.journey.small import labelled, quick, shared_pairs, six_views, workspace_of
from tests.models.methods.made import data, numeric

PAIR = ("concat", "attention")


def race(workspace, *names: str, **options) -> Comparison:
    options = {"n_seeds": 1, "params": quick(*names)} | options
    return compare(workspace, Setting(names, **options))


def line(comparison: Comparison, name: str, of: int = 0) -> Line:
    return next(x for x in comparison.races[of].lines if x.name == name)


@pytest.fixture(scope="module")
def two() -> Comparison:
    return race(labelled(), *PAIR, n_seeds=2)


def untimed(comparison: Comparison) -> dict:
    answer = json.loads(json.dumps(comparison.as_dict()))
    for kind in ("fusion", "alignment"):
        for result in answer.get(kind, {}).get("results", []):
            result.pop("fit_seconds"), result.pop("seconds_per_item")
    return answer


def test_the_same_seed_gives_the_same_race(two):
    assert untimed(race(labelled(), *PAIR, n_seeds=2)) == untimed(two)


def test_a_method_is_judged_alike_whoever_else_runs(two):
    """Order and company change nothing: rows, labels and holes are drawn by seed, not in turn."""
    alone = line(race(labelled(), "concat", n_seeds=2), "concat")
    together = line(two, "concat")
    assert (alone.score, alone.holes, alone.gain) == (together.score, together.holes, together.gain)


def test_scores_are_what_a_hand_count_gives(two):
    workspace, fitted = labelled(), two.fitted["concat"]
    embeddings = workspace.ensure_split()
    rows = np.flatnonzero(embeddings.in_split("test") & (embeddings.labels.astype(str) != ""))
    right = {}
    for seed in two.seeds:
        fusion = journey.fuse(workspace, "concat", quick("concat")["concat"], seed=seed).fusion
        holes = draw_missing(embeddings, 0.5, seed)
        for name, asked in (("whole", embeddings), ("holes", embeddings.hide(holes))):
            said = fusion.classes_[fusion.answers(asked.take(rows)).argmax(1)]
            right.setdefault(name, []).append((said == embeddings.labels[rows]).mean())
    found = line(two, "concat")
    assert found.score.score == pytest.approx(np.mean(right["whole"]))
    assert found.score.sd == pytest.approx(np.std(right["whole"], ddof=1))
    assert found.holes.score == pytest.approx(np.mean(right["holes"]))
    assert two.races[0].n == len(rows) == fitted.score.n


def test_what_is_opened_is_what_a_plain_fit_gives(two):
    workspace = labelled()
    again = journey.fuse(workspace, "concat", quick("concat")["concat"])
    kept = two.fitted["concat"]
    assert kept.score == again.score
    assert (kept.target, kept.source, kept.seed) == (again.target, again.source, again.seed)
    given = workspace.embeddings
    assert (kept.fusion.transform(given) == again.fusion.transform(given)).all()


def test_gain_is_paired_with_the_late_product(two):
    late, concat = line(two, "late product"), line(two, "concat")
    assert late.baseline and late.gain is None
    assert concat.gain.score == pytest.approx(concat.score.score - late.score.score)
    # the same items on both sides: narrower than two independent intervals would be
    spread = [x.interval[1] - x.interval[0] for x in (concat.gain, concat.score, late.score)]
    assert spread[0] < spread[1] + spread[2]


def test_unimodal_and_plain_baselines_stand_beside(two):
    baselines = {x.name for x in two.races[0].lines if x.baseline}
    assert baselines == {"sound", "image", "text", "early concat", "late product"}
    scores = [x.score.score for x in two.races[0].lines]
    assert scores == sorted(scores, reverse=True)


def test_entropy_only_where_there_are_weights_and_parameters_counted(two):
    assert line(two, "concat").entropy is None
    assert 0 <= line(two, "attention").entropy <= 1
    d, m, w, f, c = (5, 4, 7), 3, 8, 64, 3
    assert line(two, "concat").n_parameters == sum(d) * w + m * w + m * (w + 1) * f + f + f * c + c


def test_low_rank_has_the_parameters_of_its_formula():
    found = line(race(labelled(), "low-rank", params={"low-rank": {"epochs": 1, "width": 8, "rank": 2}}), "low-rank")
    own = 3 * 2 * 9 * 64 + 2 + 64
    assert found.n_parameters == own + (5 + 4 + 7) * 8 + 3 * 8 + 64 * 3 + 3


def test_one_that_fails_is_listed_with_its_sentence_and_the_rest_go_on(monkeypatch):
    def breaks(self, *a, **k):
        raise RuntimeError("the roof came down\nand more")

    monkeypatch.setattr("mmexplore.models.fusion.gated.GatedFusion.fit", breaks)
    params = quick("concat") | {"tensor": {"factor": 60}}
    found = race(labelled(), "tensor", "gated", "concat", params=params)
    reasons = {f.name: f.reason for f in found.races[0].failed}
    assert set(reasons) == {"tensor", "gated"}
    assert "low-rank" in reasons["tensor"] and "226,981" in reasons["tensor"]
    assert "the roof came down" in reasons["gated"] and "\n" not in reasons["gated"]
    assert line(found, "concat").score.score > 0
    assert set(found.fitted) == {"concat"}


def test_without_labels_views_find_themselves_and_what_needs_labels_is_listed():
    workspace = workspace_of(shared_pairs())
    found = race(workspace, "concat", "mvae", "late-product")
    assert [f.name for f in found.races[0].failed] == ["late-product"]
    assert "needs labels" in found.races[0].failed[0].reason
    assert {x.name for x in found.races[0].lines} == {"concat", "mvae", "side by side"}
    recall = line(found, "concat").value("recall@1", found.races[0].metric)
    assert found.fitted["concat"].score.score == pytest.approx(recall.score)
    assert found.fitted["concat"].score.rows == "held-out"


def test_a_numeric_target_is_judged_by_r2():
    found = race(workspace_of(numeric(data(120))), "concat")
    assert found.races[0].metric == "r2"
    assert line(found, "late product").score.score > 0.3


def test_alignments_are_judged_by_held_out_retrieval_beside_the_vectors_as_they_came():
    embeddings = shared_pairs(200, noise=1.0)
    found = race(workspace_of(embeddings), "cca", "procrustes")
    race_ = found.races[0]
    assert (race_.kind, race_.rows, race_.n, race_.asked) == ("alignment", "held-out", 40, 80)
    assert race_.chance == pytest.approx(1 / 40)
    test = embeddings.with_splits(draw_split(embeddings, seed=0)).in_split("test")
    _, aligned = found.fitted["cca"]
    for name, shared in (("cca", aligned), ("as they are", embeddings)):
        a, b = (
            shared.vectors[m][test] / np.linalg.norm(shared.vectors[m][test], axis=1)[:, None]
            for m in shared.modalities
        )
        ranks = [1 + (s > np.diag(s)[:, None]).sum(1) for s in (a @ b.T, b @ a.T)]
        for metric, k in (("recall@1", 1), ("recall@10", 10)):
            mine = line(found, name).score if k == 1 else line(found, name).further[metric]
            assert mine.score == pytest.approx(np.mean([r <= k for r in ranks]))
    assert line(found, "cca").gain.score < 0, "these vectors share a space: aligning them anew loses"
    assert line(found, "cca").holes.score < line(found, "cca").score.score


def test_a_label_budget_hides_all_but_so_many():
    embeddings = data(200, holes=0)
    kept = keep_labels(embeddings, 3, seed=1)
    train, test = embeddings.in_split("train"), embeddings.in_split("test")
    for c in ("class 0", "class 1", "class 2"):
        assert (kept.labels[train] == c).sum() == 3
    assert (kept.labels[test] == embeddings.labels[test]).all()
    more = keep_labels(embeddings, 5, seed=1)
    assert ((kept.labels == "") | (more.labels == kept.labels)).all(), "a larger budget only adds"
    splits = embeddings.splits.copy()
    splits[np.flatnonzero(train)[::4]] = "val"
    val = keep_labels(embeddings.with_splits(splits), 3, seed=1)
    assert (val.labels[splits == "val"] == "").all(), "labels to stop early on would be labels seen"
    found = race(workspace_of(embeddings), "concat", labels_per_class=2)
    assert found.fitted["concat"].labels_per_class == 2
    again = journey.fuse(workspace_of(embeddings), "concat", quick("concat")["concat"], labels_per_class=2)
    assert again.score == found.fitted["concat"].score


@pytest.mark.parametrize(("bad", "says"), [(0, "too few"), (None, "no labels")])
def test_a_budget_that_cannot_be(bad, says):
    embeddings = data(60) if bad is not None else data(60).with_labels(None)
    with pytest.raises(UserError, match=says):
        keep_labels(embeddings, 1 if bad is None else bad)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (Setting(()), "no method"),
        (Setting(("concat",), n_seeds=0), "seeds"),
        (Setting(("concat",), missing=1.5), "not a share"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(setting, says):
    with pytest.raises(UserError, match=says):
        compare(labelled(), setting)


def test_names_kinds_and_all():
    every = journey.named_methods("all")
    assert set(journey.named_methods("generative")) >= {"autoencoder", "mvae", "mmvae", "mopoe"}
    assert journey.named_methods("cca, concat,cca") == ("cca", "concat")
    assert set(journey.named_methods("alignment,fusion,generative")) == set(every)
    with pytest.raises(UserError, match="nonsense"):
        journey.named_methods("concat,nonsense")


def test_it_is_one_job_that_counts_fits_and_can_be_cancelled():
    seen = []
    progress = Progress(lambda p: seen.append((p.done, p.total, p.message)))
    names = ("concat", "cca")
    compare(labelled(), Setting(names, n_seeds=2, params=quick(*names)), progress)
    assert {total for _, total, _ in seen} == {4}
    assert [d for d, _, _ in seen] == sorted(d for d, _, _ in seen)
    assert any("Concatenation" in message and "seed 1" in message for _, _, message in seen)

    stopping = Progress(lambda p: p.cancel() if p.done > 1 else None)
    with pytest.raises(Cancelled):
        compare(labelled(), Setting(names, n_seeds=2, params=quick(*names)), stopping)


# -- how it stands while it runs ----------------------------------------------------
def heard_of(workspace, *names: str, progress=None, **options) -> list[Comparison]:
    heard: list[Comparison] = []
    setting = Setting(names, **({"n_seeds": 2, "params": quick(*names)} | options))
    with suppress(Cancelled):
        assert compare(workspace, setting, progress, heard.append).complete
    return heard


def test_every_fit_is_told_at_once_beginning_with_the_baselines(two):
    heard = heard_of(labelled(), *PAIR)
    assert [h.n_done for h in heard] == [0, 1, 2, 3, 4] and {h.n_fits for h in heard} == {4}
    fits = [{x.name: x.n_seeds for x in h.races[0].lines if not x.baseline} for h in heard]
    assert fits == [
        {},
        {"concat": 1},
        {"concat": 1, "attention": 1},
        {"concat": 1, "attention": 1},  # one with two seeds is not ranked among those with one
        dict(zip(PAIR, (2, 2), strict=True)),
    ]
    assert {x.name for x in heard[0].races[0].lines} == {"sound", "image", "text", "early concat", "late product"}
    assert [h.complete for h in heard] == [False] * 4 + [True]
    assert untimed(heard[-1]) == untimed(two)


def test_what_was_told_of_one_seed_is_the_race_of_one_seed():
    """Also the gain: over the reference of the same seed, not of all seeds."""
    few = {"labels_per_class": 4}  # drawn by seed, so that the reference differs between seeds
    early, alone = heard_of(labelled(), "concat", **few)[1], race(labelled(), "concat", **few)
    assert line(early, "concat").gain == line(alone, "concat").gain
    assert line(early, "concat").score == line(alone, "concat").score
    assert early.fitted["concat"].score == alone.fitted["concat"].score


def test_what_was_told_never_changes_afterwards():
    """Another thread reads it while the race goes on."""
    copies = []
    compare(
        labelled(),
        Setting(PAIR, n_seeds=1, params=quick(*PAIR)),
        None,
        lambda c: copies.append((c, c.as_dict(), set(c.fitted))),
    )
    assert all(c.as_dict() == said and set(c.fitted) == kept for c, said, kept in copies)


def test_of_a_cancelled_race_what_was_scored_is_left():
    stopping = Progress(lambda p: p.cancel() if p.done > 2 else None)
    left = heard_of(labelled(), "concat", "late-sum", "gated", n_seeds=1, progress=stopping)[-1]
    assert (left.n_done, left.n_scored, left.complete) == (2, 2, False)
    assert left.come_far == "2 of 3 methods"
    assert set(left.fitted) == {"concat", "late-sum"}
    assert (left.as_dict()["fits_done"], left.as_dict()["fits"]) == (2, 3)


def test_one_kind_that_the_data_do_not_allow_does_not_take_away_the_other():
    """One modality alone: nothing to align, but a class can be told from it."""
    found = race(workspace_of(data(120).only(["image"])), "concat", "cca", "procrustes")
    fusions, alignments = found.races
    assert fusions.lines and not alignments.lines
    assert {f.name for f in alignments.failed} == {"cca", "procrustes"}
    assert found.complete and json.dumps(found.as_dict())
    with pytest.raises(UserError):
        race(workspace_of(data(120).only(["image"])), "cca")


# -- a measure that can rank --------------------------------------------------------
def test_where_nothing_learned_is_perfect_a_harder_question_ranks():
    easy = race(workspace_of(shared_pairs()), "concat").races[0]
    assert easy.metric == "disjoint mrr" and any("too easy to rank by" in note for note in easy.notes)
    assert easy.chance == pytest.approx(sum(1 / k for k in range(1, 21)) / 20)
    side = next(x for x in easy.lines if x.name == "side by side")
    assert side.value("recall@1", easy.metric).score == 1
    assert side.score.score == pytest.approx(easy.chance), "what shares no column cannot find anything: all tied"
    assert easy.measures[0] == "disjoint mrr" and easy.holes_metric == "recall@1" in easy.measures

    hard = race(workspace_of(shared_pairs(noise=30.0)), "concat").races[0]
    assert hard.metric == "recall@1" or hard.notes


def test_all_at_the_ceiling_is_known_and_said():
    def at(score: float, baseline: bool = False, further: float = 0.5) -> Line:
        m = Measured(score, [score, score])
        return Line("x", "X", "", baseline, 1, m, further={"recall@10": Measured(further, [0.0, 1.0])})

    def saturated(*lines: Line) -> list[str]:
        return Race("fusion", "recall@1", 0.1, "test", 9, 9, None, "", "recall@1", lines, ()).saturated

    assert saturated(at(1), at(0.99), at(0.2, baseline=True)) == ["recall@1"]
    assert saturated(at(1, further=1), at(1, further=1)) == ["recall@1", "recall@10"]
    assert saturated(at(1), at(0.98)) == saturated(at(1)) == saturated() == []
    assert "Another measure" in at_the_ceiling(["a", "b"], ["a"])
    assert "Harder data" in at_the_ceiling(["a"], ["a"])


def test_of_equal_ones_the_one_that_keeps_more_with_holes_is_first(two):
    level = Measured(0.9, [0.9, 0.9])
    lines = [
        replace(line(two, name), score=level, holes=replace(level, score=kept))
        for name, kept in zip(PAIR, (0.1, 0.9), strict=True)
    ]
    assert [x.name for x in best_first(lines)] == ["attention", "concat"]


def test_every_method_runs_on_six_views_with_missing_cells():
    found = race(workspace_of(six_views()), *journey.named_methods("all"))
    failed = {f.name: f.reason for r in found.races for f in r.failed}
    assert set(failed) == {"bridge", "conse"}, failed
    assert all("as-is" in reason or "encoder" in reason for reason in failed.values()), failed
    assert len(found.fitted) + 2 == len(journey.named_methods("all"))


def test_the_workspace_is_not_changed_but_for_its_split():
    workspace = workspace_of(data(90).with_splits(None))
    before = replace(workspace)
    race(workspace, "concat", "cca")
    assert workspace.fusions == {} and workspace.alignment is None
    assert workspace.split_source == "drawn" and before.split_source == "none"


def test_a_concat_that_is_told_to_forget_says_so(monkeypatch):
    """A fit that fails only with the second seed is not half listed."""
    fit = ConcatFusion.fit

    def only_once(self, *a, **k):
        if self.random_state:
            raise UserError("does not like this seed")
        return fit(self, *a, **k)

    monkeypatch.setattr(ConcatFusion, "fit", only_once)
    found = race(labelled(), *PAIR, n_seeds=2)
    assert [f.name for f in found.races[0].failed] == ["concat"]
    assert "concat" not in found.fitted and line(found, "attention")


# -- settings, classes and instances -------------------------------------------------
class Mine(ConcatFusion):
    """A fusion of somebody's own."""

    name = "mine"


def test_two_settings_of_one_method_and_methods_of_others_race_together():
    entries = (
        Entry("concat", {"epochs": 2}),
        Entry("concat", {"epochs": 2, "width": 8}),
        Mine(epochs=2),
        Mine(epochs=2, width=8),
        Entry(Mine, {"epochs": 1}, "my first"),
    )
    found = compare(labelled(), Setting(entries, n_seeds=1))
    assert not found.races[0].failed
    mine = {x.name: x for x in found.races[0].lines if not x.baseline}
    assert set(mine) == set(found.fitted) == {
        "concat:epochs=2", "concat:epochs=2:width=8", "Mine(epochs=2)", "Mine(width=8, epochs=2)", "my first",
    }  # fmt: skip
    assert mine["concat:epochs=2"].score == mine["Mine(epochs=2)"].score, "the same method under another name"
    assert mine["concat:epochs=2:width=8"].n_parameters < mine["concat:epochs=2"].n_parameters
    assert (mine["my first"].method, mine["my first"].params) == ("mine", {"epochs": 1})
    assert mine["concat:epochs=2:width=8"].title.endswith("width 8")
    fit = found.fitted["Mine(width=8, epochs=2)"]
    assert isinstance(fit.fusion, Mine) and fit.fusion.width == 8
    assert json.loads(json.dumps(found.as_dict()))["params"]["my first"] == {"epochs": 1}


def test_what_is_named_twice_takes_part_once_and_equal_labels_are_told_apart():
    again = ConcatFusion(epochs=2)
    given = ("concat", "concat", again, again, ConcatFusion(epochs=2), ConcatFusion)
    labels = [e.label for e in Setting(given).entries]
    assert labels == ["concat", "ConcatFusion(epochs=2)", "ConcatFusion(epochs=2) (2)", "ConcatFusion"]


def test_a_modality_that_is_called_as_a_method_takes_nobodys_place():
    embeddings = data(90)
    names = {"image": "concat", "sound": "sound", "text": "text"}
    called = replace(
        embeddings,
        vectors={names[m]: v for m, v in embeddings.vectors.items()},
        present={names[m]: v for m, v in embeddings.present.items()},
        spaces={names[m]: v for m, v in embeddings.spaces.items()},
        content={},
    )
    lines = [x for x in race(workspace_of(called), "concat").races[0].lines if x.name == "concat"]
    assert sorted(x.baseline for x in lines) == [False, True]


@pytest.mark.parametrize("method", ["nonsense", ConcatFusion.fit, 3])
def test_a_method_that_is_none_is_one_sentence(method):
    with pytest.raises(UserError, match="method"):
        compare(labelled(), Setting(("concat", method), n_seeds=1))


def test_what_a_person_types_is_what_the_table_names():
    names = journey.named_methods("cca,attention:width=16:modality_dropout=0.5,attention")
    labels = [e.label for e in Setting(names).entries]
    assert labels == ["cca", "attention:width=16:modality_dropout=0.5", "attention"]
    assert Setting(journey.named_methods(",".join(labels))).entries == Setting(names).entries
    for wrong in ("attention:width", "alignment:width=3", "attention:=3"):
        with pytest.raises(UserError):
            journey.named_methods(wrong)


def test_a_setting_that_the_method_does_not_take_is_listed_and_the_rest_go_on():
    found = compare(labelled(), Setting(("late-sum", Entry("concat", {"widht": 8})), n_seeds=1))
    assert [f.name for f in found.races[0].failed] == ["concat:widht=8"] and "widht" in found.races[0].failed[0].reason
    assert set(found.fitted) == {"late-sum"}


# -- a race that is stopped between two rounds ----------------------------------------
def test_a_stopped_race_ranks_over_the_seeds_that_all_have_had():
    """After three of four fits one method has had two seeds and the other one: two may have been luckier than one."""
    few = {"labels_per_class": 4}  # so that the seeds differ
    stopping = Progress(lambda p: p.cancel() if p.done > 3 else None)
    left = heard_of(labelled(), "concat", "late-sum", progress=stopping, **few)[-1]
    assert left.n_done == 3 and not left.complete
    one = race(labelled(), "concat", "late-sum", **few)
    for name in ("concat", "late-sum", "late product", "early concat"):
        assert line(left, name).n_seeds == 1
        assert (line(left, name).score, line(left, name).gain) == (line(one, name).score, line(one, name).gain)
    told = left.as_dict()
    assert told["fusion"]["ranked_seeds"] == 1 and told["seeds"] == [0, 1] and told["complete"] is False
    assert any("Ranked over 1 of 2 seeds" in note for note in told["fusion"]["notes"])
    whole = race(labelled(), "concat", "late-sum", n_seeds=2, **few).as_dict()
    assert whole["fusion"]["ranked_seeds"] == 2 and whole["complete"] is True
    assert not any("Ranked over" in note for note in whole["fusion"]["notes"])
