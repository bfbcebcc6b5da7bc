"""The missing modalities lab: the same holes for every method, at training, at test, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.fusion.base import Fusion
from mmexplore.robustness.curves import Curve, curve
from mmexplore.robustness.holes import hidden_cells, of_class
from mmexplore.robustness.judge import BEST_SINGLE, LATE_PRODUCT, Judge, judge_of
from mmexplore.robustness.subsets import Subset, subset_scores
from mmexplore.server.progress import Progress

WHERE = ("test", "train", "both")

#: (is it a reference?, name) -> how well each judged row was answered, float [n]
Answers = dict[tuple[bool, str], np.ndarray]
#: method, embeddings with holes in their train rows -> fitted on them
Fit = Callable[[str, Embeddings], Fusion]


@dataclass(frozen=True)
class Plan:
    """What is taken away.

    Attributes:
        modalities: names (or `holes.ANY`), a curve each.
        shares: of the items that have it, 0..1; sorted and made unique.
        at: "test" (the fitted methods meet holes), "train" (fitted with holes, tested whole) or "both".
        only: a class: nobody else loses anything; None = everybody may.
        seeds: how many draws of holes.  seed: of the first; a fit always uses it.
    """

    modalities: Sequence[str]
    shares: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
    at: str = "test"
    only: str | None = None
    seeds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.at not in WHERE:
            raise UserError(f"cannot drop at {self.at!r}", "missing", f"choose one of: {', '.join(WHERE)}")
        if not self.shares or not self.modalities or self.seeds < 1:
            raise UserError("there is nothing to do", "missing", "give a modality, a share and at least one draw")
        object.__setattr__(self, "shares", sorted({float(s) for s in self.shares}))

    def check(self, embeddings: Embeddings) -> None:
        """Raise UserError unless these embeddings have what the plan names; worth knowing before anything is fitted."""
        for modality in self.modalities:
            for share in (self.shares[0], self.shares[-1]):
                hidden_cells(embeddings, modality, share)
        if self.only is not None:
            of_class(embeddings, self.only)


@dataclass(frozen=True)
class Lab:
    """What came out.

    Attributes:
        plan; metric; chance; which (rows: "test", "held-out", "all"); n (judged rows).
        curves: methods and references, modality by modality.
        of_class: the same over the items of the plan's class alone; empty without a class.
        subsets: method -> every subset at test, the worst first.
        emptied: modality -> how many judged items the largest share left with nothing.
        groups: [n], of the judged rows.
    """

    plan: Plan
    metric: str
    chance: float
    which: str
    n: int
    curves: list[Curve]
    of_class: list[Curve]
    subsets: dict[str, list[Subset]]
    emptied: dict[str, int]
    groups: np.ndarray = field(repr=False)

    def curve(self, method: str, modality: str) -> Curve | None:
        """The curve of a method or reference over all judged items; None where there is none."""
        return next((c for c in self.curves if (c.method, c.modality) == (method, modality)), None)


def run_lab(
    embeddings: Embeddings, fitted: Mapping[str, Fusion], fit: Fit, plan: Plan, progress: Progress | None = None
) -> Lab:
    """Take away what the plan says and judge every method each time, on the same rows with the same holes.

    Args:
        embeddings: those of the fits, with their target as labels and a split.
        fitted: name -> the method fitted on them as they are.
        fit: fits a method anew (same parameters, same seed) on embeddings with holes in what is not judged.

    Raises:
        UserError: no such modality or class, or no row to judge.
    """
    return _Run(embeddings, fitted, fit, plan, progress or Progress()).lab()


class _Run:
    """One run; every distinct set of train holes is fitted once, every distinct set of test holes asked once."""

    def __init__(
        self, embeddings: Embeddings, fitted: Mapping[str, Fusion], fit: Fit, plan: Plan, progress: Progress
    ) -> None:
        self.embeddings, self.fitted, self.fit, self.plan, self.progress = embeddings, fitted, fit, plan, progress
        self.judge: Judge = judge_of(embeddings, plan.seed)
        only = of_class(embeddings, plan.only) if plan.only is not None else np.ones(len(embeddings), bool)
        self.at_test = only & self.judge.part if plan.at != "train" else np.zeros(len(embeddings), bool)
        self.at_train = only & ~self.judge.part if plan.at != "test" else np.zeros(len(embeddings), bool)
        self.in_class = only[self.judge.rows]
        self.known: dict[tuple[bytes, bytes], Answers] = {}
        self.steps, self.step = len(plan.modalities) * len(plan.shares) * plan.seeds + len(fitted), 0

    def lab(self) -> Lab:
        plan, judge = self.plan, self.judge
        curves, of_class, emptied = [], [], {}
        for modality in plan.modalities:
            rates = self._rates(modality)
            curves += self._curves(modality, rates, np.ones(len(self.in_class), bool))
            if plan.only is not None and self.in_class.any():
                of_class += self._curves(modality, rates, self.in_class)
            gone = hidden_cells(self.embeddings, modality, plan.shares[-1], self.at_test, plan.seed)[judge.rows]
            emptied[modality] = int((judge.whole.mask.any(1) & ~(judge.whole.mask & ~gone).any(1)).sum())
        subsets = {}
        for name, fusion in self.fitted.items():
            self._tell(f"{name}: every subset of the modalities")
            subsets[name] = subset_scores(judge, judge.ask(fusion, self.embeddings), plan.seed, self.progress)
        self.progress.update(self.steps, self.steps, "done")
        return Lab(
            plan,
            judge.metric,
            judge.chance,
            judge.which,
            len(judge.rows),
            curves,
            of_class,
            subsets,
            emptied,
            judge.whole.groups,
        )

    def _rates(self, modality: str) -> Answers:
        """The answers of every draw and share, [R, S, n] each."""
        draws: list[list[Answers]] = []
        for draw in range(self.plan.seeds):
            asked = []
            for share in self.plan.shares:
                self._tell(f"{modality} gone for {share:.0%}, draw {draw + 1}")
                asked.append(self._answers(modality, share, self.plan.seed + draw))
            draws.append(asked)
        nothing = (np.packbits(np.zeros_like(self.embeddings.mask)).tobytes(),) * 2
        self.known = {key: answers for key, answers in self.known.items() if key == nothing}  # bounds memory
        return {name: np.array([[at[name] for at in asked] for asked in draws]) for name in draws[0][0]}

    def _answers(self, modality: str, share: float, seed: int) -> Answers:
        hidden = [
            hidden_cells(self.embeddings, modality, share, among, seed) for among in (self.at_train, self.at_test)
        ]
        key = (np.packbits(hidden[0]).tobytes(), np.packbits(hidden[1]).tobytes())
        if key not in self.known:
            self.known[key] = self._ask(*hidden)
        return self.known[key]

    def _ask(self, train_holes: np.ndarray, test_holes: np.ndarray) -> Answers:
        train = self.embeddings.hide(train_holes) if train_holes.any() else self.embeddings
        test = self.judge.whole.hide(test_holes[self.judge.rows])
        answers: Answers = {}
        for name, ask in self._askers(train, train_holes).items():
            self.progress.check()
            answers[False, name] = ask(test)
        return answers | {(True, name): rates for name, rates in self.references(test).items()}

    def _askers(self, train: Embeddings, holes: np.ndarray) -> dict[str, Callable[[Embeddings], np.ndarray]]:
        """How each method answers once it was fitted with these holes; the last such fit is kept."""
        key = np.packbits(holes).tobytes()
        if getattr(self, "asked_with", None) != key:
            self.askers = {}
            for name, fusion in self.fitted.items():
                self.progress.check()
                again = self.fit(name, train) if holes.any() else fusion
                self.askers[name] = self.judge.ask(again, train)
            self.references, self.asked_with = self.judge.references(train), key
        return self.askers

    def _curves(self, modality: str, rates: Answers, rows: np.ndarray) -> list[Curve]:
        plan, groups = self.plan, self.judge.whole.groups[rows]
        shares = np.array(plan.shares)

        def make(name: str, values: np.ndarray, reference: bool, note: str = "") -> Curve:
            return curve(name, modality, shares, values[:, :, rows], groups, plan.seed, reference, note)

        made = [make(name, rates[False, name], False) for name in self.fitted]
        single = {m: rates[True, m] for m in self.embeddings.modalities if (True, m) in rates}
        if single:
            every = np.stack(list(single.values()))  # [M, R, S, n]
            best = every[..., rows].mean(axis=(1, 3)).argmax(axis=0)
            chosen = np.stack([every[j, :, s] for s, j in enumerate(best)], axis=1)
            made.append(make(BEST_SINGLE, chosen, True, ", ".join(dict.fromkeys(list(single)[j] for j in best))))
            made.append(make(LATE_PRODUCT, rates[True, LATE_PRODUCT], True))
        return made

    def _tell(self, message: str) -> None:
        self.progress.update(self.step, self.steps, message)
        self.step += 1
