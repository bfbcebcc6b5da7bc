"""The few lines that make a view's result again, from a saved workspace. Every value is written as Python's repr."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexplore.workspace import Workspace

OPEN = """from mmexplore import journey
from mmexplore.workspace_files import open_directory
from pathlib import Path

workspace = open_directory(Path("run"))
"""


def patterns() -> str:
    """Which modalities are present together."""
    return (
        OPEN
        + """
import numpy as np
from mmexplore.figures.patterns import missing_pattern

present = (workspace.dataset or workspace.embeddings).present
missing_pattern(np.stack(list(present.values()), axis=1), list(present)).show()
"""
    )


def weights(workspace: Workspace) -> str:
    """Weights of every item and their distribution."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.figures.weights import distribution

fitted, embeddings = journey.fitted_input(workspace)
weights = fitted.fusion.modality_weights(embeddings)   # [N, M], rows sum to 1
figure = distribution(weights, embeddings.modalities, present=embeddings.mask)
figure.show()
"""
    )


def separate_maps(workspace: Workspace, options: Mapping[str, Any], colour: str) -> str:
    """One map a modality, and the fused one."""
    fused = ""
    if workspace.fitted is not None:
        fused = f"""workspace.current = {workspace.current!r}
fitted, given = journey.fitted_input(workspace)
spaces["fused"] = (fitted.fusion.transform(given), None)
"""
    return (
        OPEN
        + f"""
from mmexplore.figures.maps import linked_maps
from mmexplore.latent.projection import project_space
from mmexplore.latent.sample import stratified_sample

embeddings = workspace.embeddings
spaces = {{m: (v, embeddings.present[m]) for m, v in embeddings.vectors.items()}}
{fused}labels = len(embeddings) if embeddings.labels is None else embeddings.labels
rows = stratified_sample(labels, 50_000, seed={options["seed"]!r})
maps = {{name: project_space(vectors, present, rows, name, {_arguments(options)})
        for name, (vectors, present) in spaces.items()}}
for figure in linked_maps(maps, colour={_column(colour)}, colour_name={colour!r}).values():
    figure.show()
"""
    )


def joint_map(options: Mapping[str, Any], modalities: list[str]) -> str:
    """All comparable modalities on one map."""
    return (
        OPEN
        + f"""
from mmexplore.figures.maps import joint_map
from mmexplore.latent.projection import project_joint
from mmexplore.latent.sample import stratified_sample

shared, where = journey.shared_space(workspace)
labels = len(shared) if shared.labels is None else shared.labels
rows = stratified_sample(labels, 50_000, seed={options["seed"]!r})
maps = project_joint(shared, {modalities!r}, rows, {_arguments(options)})
joint_map(maps).show()
"""
    )


def _arguments(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in options.items())


def _column(colour: str) -> str:
    if colour == "label":
        return "embeddings.labels"
    if colour == "split":
        return "embeddings.splits"
    if colour.startswith("weight of "):
        modality = colour.removeprefix("weight of ")
        return f"fitted.fusion.modality_weights(given)[:, given.modalities.index({modality!r})]"
    return f"embeddings.columns[{colour!r}]" if colour else "None"


def retrieval(src: str, dst: str) -> str:
    """The report of one direction."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.metrics import retrieval_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
report = retrieval_report(shared, {src!r}, {dst!r}, rows=rows, seed=workspace.seed)
print(report.as_dict())
recall_bars([report]).show()
"""
    )


def search_text(query: str, into: str, k: int) -> str:
    """A typed query."""
    return OPEN + f"\nfor hit in journey.search_items(workspace, {query!r}, {into!r}, k={k!r}):\n    print(hit)\n"


def search_item(item: str, src: str, into: str, k: int) -> str:
    """An item as the query."""
    return (
        OPEN + f"\nfor hit in journey.search_like(workspace, {item!r}, {src!r}, {into!r}, k={k!r}):\n    print(hit)\n"
    )


def gap(a: str, b: str) -> str:
    """The modality gap between two comparable modalities."""
    return (
        OPEN
        + f"""
from mmexplore.latent.geometry import modality_gap

shared, where = journey.shared_space(workspace)
both = shared.present[{a!r}] & shared.present[{b!r}]
print(modality_gap(shared.vectors[{a!r}][both], shared.vectors[{b!r}][both]).distance)
"""
    )


def overlap(workspace: Workspace, k: int) -> str:
    """Where the fused neighbours come from."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.figures.spaces import overlap_bars
from mmexplore.latent.geometry import neighbour_overlap

fitted, embeddings = journey.fitted_input(workspace)
overlap_bars(neighbour_overlap(fitted.fusion.transform(embeddings), embeddings, {k!r})).show()
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
fitted = journey.fuse(workspace, {fitted.fusion.name!r}, {fitted.fusion.get_params()!r},
                      objective={fitted.fusion.objective_!r}, target={(fitted.target or "none")!r},
                      source={fitted.source!r}, labels_per_class={fitted.labels_per_class!r}, seed={fitted.seed!r})
print(fitted.score)
"""
    )


def measured(workspace: Workspace, baseline: str) -> str:
    """Shapley values of every item, their null, and agreement with learned weights."""
    return (
        OPEN + f"workspace.current = {workspace.current!r}\nprint(journey.measured_weights(workspace, {baseline!r}))\n"
    )


def rescored(src: str, dst: str, method: str, bank: str, k: int, beta: float) -> str:
    """Recall with and without rescoring, and the hubs."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import recall_bars
from mmexplore.retrieval.rescore import rescored_report

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
found = rescored_report(shared, {src!r}, {dst!r}, {method!r}, None if rows.all() else rows, bank={bank!r},
                        k={k!r}, beta={beta!r}, seed=workspace.seed, most=2000)
print(found.note, found.raw_hubs.skewness, found.hubs.skewness)
recall_bars({{"raw": found.raw, {method!r}: found.rescored}}).show()
"""
    )


def truth(methods: list[str]) -> str:
    """Methods fitted to planted data, beside the truth."""
    return (
        OPEN
        + f"""
found, refused = journey.truth_of_methods(workspace, {methods!r})
for f in found:
    print(f.method, f.truth, f.measured, f.learned)
"""
    )


def information(a: str, b: str, words: str, target: str) -> str:
    """Redundancy, uniqueness and synergy of two modalities."""
    return (
        OPEN
        + f"""
from mmexplore.figures.information import information_bars

found, note = journey.information_of(workspace, {a!r}, {b!r}, words={words!r}, target={target!r})
print(note)
print(journey.information_table(found))
information_bars(found).show()
"""
    )


def mispairs(src: str, dst: str) -> str:
    """Rows whose halves do not seem to belong together."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import mispairs

shared, where = journey.shared_space(workspace)
print(mispairs(shared, {src!r}, {dst!r}).head(20))
"""
    )


def duplicates(modality: str, least: float) -> str:
    """Items of one modality that are nearly the same."""
    return (
        OPEN
        + f"""
from mmexplore.retrieval.mispairs import near_duplicates

shared, where = journey.shared_space(workspace)
print(near_duplicates(shared, {modality!r}, {least!r}))
"""
    )


def thermometer(src: str, dst: str) -> str:
    """What a similarity means in this data."""
    return (
        OPEN
        + f"""
from mmexplore.figures.retrieval import thermometer_figure
from mmexplore.retrieval.thermometer import thermometer

shared, where = journey.shared_space(workspace)
rows, which = journey.evaluation_rows(workspace)
thermometer_figure(thermometer(shared, {src!r}, {dst!r}, rows)).show()
"""
    )


def columns(workspace: Workspace, modality: str, change: str) -> str:
    """What each column of a table contributes."""
    call = f"journey.columns_of(workspace, {modality!r}, {change!r})"
    return OPEN + f"workspace.current = {workspace.current!r}\nprint({call})\n"


def missing(wish: Mapping[str, Any]) -> str:
    """The missing modalities lab."""
    return (
        OPEN
        + f"""
from mmexplore.figures.robustness import score_curves
from mmexplore.journey.missing import missing_lab

lab = missing_lab(workspace, {_arguments(wish)})
for curve in lab.curves:
    print(curve.modality, curve.method, curve.score, curve.area, curve.area_interval)
score_curves(lab.curves, lab.chance, lab.metric).show()
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


def by_hand(workspace: Workspace, row: int, off: list[str]) -> str:
    """One item with modalities switched off."""
    return (
        OPEN
        + f"""workspace.current = {workspace.current!r}

from mmexplore.journey.by_hand import by_hand

found = by_hand(workspace, {row!r}, {off!r})
print(found.cosine, found.kept)
print(found.full)
print(found.reduced)
"""
    )


def filling(workspace: Workspace, name: str, ridge: str, row: int | None, given: list[str]) -> str:
    """An absent modality filled in; all held-out rows where `row` is None."""
    fills = f"workspace.fusions[{name!r}]"
    if name == ridge:
        fills = "RidgeFill().fit(workspace.ensure_split())"
    rows = "~workspace.ensure_split().in_split('train')" if row is None else repr([row])
    return (
        OPEN
        + f"""
from mmexplore.robustness.ridge_fill import RidgeFill

found = journey.nearest_real(workspace, {fills}, {rows}, {given!r})
for modality, nearest in found.items():
    print(modality, nearest.recall(1), nearest.median_rank, nearest.chance_rank, nearest.n_items)
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
