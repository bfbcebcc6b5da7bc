"""Lines that make a result again which is no view yet, from a saved workspace; every value is written as its repr."""

from __future__ import annotations

from mmexplore.journey.comparing import Setting
from mmexplore.workspace.state import Workspace

OPEN = """from mmexplore import journey
from mmexplore.workspace.files import open_directory
from pathlib import Path

workspace = open_directory(Path("run"))
"""


def comparison(setting: Setting) -> str:
    """Several methods on the same rows."""
    return (
        OPEN
        + f"""
from mmexplore.journey import Entry, Setting

comparison = journey.compare(workspace, {setting!r})
for race in comparison.races:
    for line in race.lines:
        print(race.kind, line.name, line.score, line.gain, line.holes)
"""
    )


def scores(workspace: Workspace) -> str:
    """The fit that is shown, made again from the vectors."""
    fitted = workspace.fitted
    if fitted is None:
        return ""
    return (
        OPEN
        + f"""
fitted = journey.fuse(workspace, {fitted.fusion.name!r}, {fitted.fusion.own_params()!r},
                      objective={fitted.fusion.objective_!r}, target={(fitted.target or "none")!r},
                      source={fitted.source!r}, labels_per_class={fitted.labels_per_class!r}, seed={fitted.seed!r})
print(fitted.score)
"""
    )


def explained(item: str, method: str, baseline: str, image: str, text: str, chosen: object) -> str:
    """Words and regions of an item. `chosen`: layer and head of raw attention (`attribution.explanation.Chosen`)."""
    return (
        OPEN
        + f"""
from mmexplore.attribution.explanation import Chosen
from mmexplore.figures.regions import faithfulness_curves, heat_map, word_bars

seen = journey.explain_item(workspace, {item!r}, {method!r}, {baseline!r}, {image!r}, {text!r}, {chosen!r})
found = seen.found
heat_map(found.pair.square, found.caption_map).show()
word_bars([w.text for w in found.words], found.word_scores, "similarity lost without it").show()
faithfulness_curves(seen.regions, {{"map": "this map", "centre": "centre first"}}, "picture").show()
"""
    )


def explained_own(text: str, method: str, baseline: str, image: str, said: str, offline: bool) -> str:
    """Words and regions of one's own picture and text; `image` and `said` name the modalities it is compared as."""
    opened = "from mmexplore import journey\nfrom pathlib import Path\n\n" if offline else OPEN
    opened += f"\nworkspace = journey.offline_workspace({text!r})\n" if offline else ""
    return (
        opened
        + f"""
from mmexplore.attribution.explanation import check_regions, explain
from mmexplore.figures.regions import heat_map

pair = journey.pair_of(workspace, Path("picture.jpg"), {text!r}, {image!r}, {said!r})
found = explain(pair, {method!r}, {baseline!r})
print([(w.text, s) for w, s in zip(found.words, found.word_scores)])
print(check_regions(found, {baseline!r}).as_dict())
heat_map(pair.square, found.caption_map).show()
"""
    )
