"""What the missing modalities lab found, in sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmexplore.app.kit.widgets import one_line
from mmexplore.app.panels.fusing import ROWS
from mmexplore.journey.missing import ALL, INTERVAL, area_gain, missing_target
from mmexplore.robustness.curves import Curve
from mmexplore.robustness.holes import ANY
from mmexplore.robustness.lab import Lab
from mmexplore.robustness.subsets import Subset
from mmexplore.workspace.state import Workspace

AREA = "The mean height of the curve: what is scored on average when every share is as likely as any other."


def shown(value: float, lab: Lab, sign: str = "") -> str:
    """A score in words: 86.1 %, or 0.86 where it is no share."""
    return f"{value:{sign}.2f}" if lab.metric == "r2" else f"{100 * value:{sign}.1f} %"


def _number(value: float, lab: Lab, sign: str = "") -> str:
    """As `shown`, without the sign of per cent."""
    return shown(value, lab, sign).removesuffix(" %")


def _ends(interval: Sequence[float], lab: Lab, sign: str = "") -> str:
    return f"{_number(interval[0], lab, sign)} to {_number(interval[1], lab, sign)}"


def cost(workspace: Workspace, wish: Mapping[str, Any]) -> str:
    """How many fits a wish takes, before it is started."""
    target, _ = missing_target(workspace)
    modalities = len(workspace.embeddings.modalities) if workspace.embeddings and wish["modality"] == ALL else 1
    new = [m for m in wish["methods"] if workspace.fit_of(m) is None]
    fits = len(new)
    if wish["at"] != "test":
        partly = len([s for s in wish["shares"] if 0 < s < 1])
        points = partly * wish["seeds"] + (1.0 in wish["shares"])
        fits += len(wish["methods"]) * modalities * points
    goal = "" if target in (None, "label") else f" Target: {target}."
    return f"{'No fit is' if not fits else f'{fits:,} fit{chr(115) if fits > 1 else str()} are'} needed for this.{goal}"


def reading(lab: Lab) -> str:
    """How to read the curves: rows, intervals, references (ours: no word of a person in it)."""
    plan = lab.plan
    where = {"test": "at test", "train": "at training", "both": "at training and at test"}[plan.at]
    said = f"Taken away {where}; measured over {lab.n:,} {ROWS.get(lab.which, lab.which)}. Band: "
    said += INTERVAL.format(plan.seeds, "" if plan.seeds == 1 else "s") + ". "
    if plan.seeds > 1:
        said += "Dots: single draws. "
    if any(c.reference for c in lab.curves):
        said += (
            "Dashed: the best single modality (the one that does best on these very rows: a hard bar); dotted: the "
            "late product of plain classifiers."
        )
    else:
        said += "There are no labels: an item with holes must find itself whole among the others by its fused vector."
    return said


def verdicts(lab: Lab, titles: Mapping[str, str]) -> list[str]:
    """A sentence a method: where it loses most, and whether it holds out better than the late product."""
    said = []
    for name, title in titles.items():
        curves = [c for c in lab.curves if c.method == name]
        worst = max(curves, key=lambda c: c.score[0] - c.score[-1])
        first, last = worst.score[0], worst.score[-1]
        what = "cells" if worst.modality == ANY else one_line(worst.modality, 40)
        sentence = f"{title}: most is lost without {what}, {shown(first, lab)} to {shown(last, lab)} when "
        sentence += "all items lack it" if worst.shares[-1] == 1 else f"{worst.shares[-1]:.0%} of the items lack it"
        gain = area_gain(lab, worst)
        if gain is not None:
            low, high = gain[1]
            better = "above" if low > 0 else "below" if high < 0 else "not to be told from"
            ends = f"{shown(low, lab, '+')} to {shown(high, lab, '+')}"
            sentence += f". Its area there is {better} the late product's ({shown(gain[0], lab, '+')}, {ends})"
        said.append(sentence + ".")
    emptied = {m: n for m, n in lab.emptied.items() if n}
    if emptied:
        parts = ", ".join(f"{n:,} without {'cells' if m == ANY else one_line(m, 40)}" for m, n in emptied.items())
        share = f"{lab.plan.shares[-1]:.0%}"
        said.append(f"At {share} missing some judged items are left with nothing: {parts}.")
    return said


def area_table(lab: Lab, curves: Sequence[Curve], titles: Mapping[str, str]) -> pd.DataFrame:
    """One line a method and modality: area with interval, score at the two ends, gain over the late product."""
    lines = []
    for c in curves:
        line: dict[str, Any] = {
            "missing": c.modality,
            "method": titles.get(c.method, c.method) + (f" ({c.note})" if c.note else ""),
            "area": c.area,
            "interval": _ends(c.area_interval, lab),
            f"at {c.shares[0]:.0%}": c.score[0],
            f"at {c.shares[-1]:.0%}": c.score[-1],
        }
        gain = area_gain(lab, c)
        if gain is not None:
            line["minus late product"] = f"{_number(gain[0], lab, '+')} ({_ends(gain[1], lab, '+')})"
        lines.append(line)
    table = pd.DataFrame(lines)
    return table.fillna({"minus late product": ""}) if "minus late product" in table else table


def worst(title: str, found: Sequence[Subset], lab: Lab) -> str:
    """The worst subset in words."""
    s = found[0]
    names = " and ".join(one_line(m, 40) for m in s.shown)
    said = f"{title} does worst with {names}: {shown(s.score, lab)} "
    said += f"({shown(s.interval[0], lab)} to {shown(s.interval[1], lab)})"
    if s.n_with < lab.n:
        said += f"; {s.n_with:,} of {lab.n:,} judged items have it, over those it is {shown(s.score_with, lab)}"
    return said + f". Chance: {shown(lab.chance, lab)}."


def size_table(found: Sequence[Subset]) -> pd.DataFrame:
    """One line a number of modalities left: the worst and the best choice of that many."""
    lines = []
    for size in sorted({len(s.shown) for s in found}):
        here = [s for s in found if len(s.shown) == size]
        low, high = here[0], here[-1]
        lines.append(
            {
                "modalities left": size,
                "subsets": len(here),
                "lowest score": low.score,
                "with": ", ".join(low.shown),
                "mean score": sum(s.score for s in here) / len(here),
                "highest score": high.score,
                "best with": ", ".join(high.shown),
            }
        )
    return pd.DataFrame(lines)
