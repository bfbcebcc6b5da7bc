"""As `python`: lines for weights, what is measured beside them, and words and regions."""

from __future__ import annotations

from mmexplore.app.snippets.common import OPEN
from mmexplore.workspace.state import Workspace


def weights(workspace: Workspace) -> str:
    """Weights of every item and their distribution."""
    return _shown(
        workspace,
        """from mmexplore.figures.weights import distribution

fitted, embeddings = journey.fitted_input(workspace)
weights = fitted.fusion.modality_weights(embeddings)   # [N, M], rows sum to 1
figure = distribution(weights, embeddings.modalities, present=embeddings.mask)
figure.show()
""",
    )


def items(workspace: Workspace, baseline: str) -> str:
    """Learned weights and measured contributions of every item."""
    return _shown(
        workspace,
        f"""fitted, embeddings = journey.fitted_input(workspace)
weights = fitted.fusion.modality_weights(embeddings)   # [N, M]; None where the method has none
found, null = journey.shapley_of(workspace, {baseline!r})
contributions, shares = found.values, found.shares     # [N, M]
""",
    )


def classes(workspace: Workspace) -> str:
    """Mean learned weights of each class."""
    return _shown(
        workspace,
        """from mmexplore.figures.weights import class_bars

found = journey.weights(workspace)
class_bars(found["per_class"], found["modalities"]).show()
""",
    )


def measured_classes(workspace: Workspace, baseline: str) -> str:
    """Mean measured contributions of each class."""
    return _shown(
        workspace,
        f"""from mmexplore.figures.contributions import class_contributions

fitted, embeddings = journey.fitted_input(workspace)
found, null = journey.shapley_of(workspace, {baseline!r})
per_class = journey.per_class(found, embeddings.labels)
class_contributions(per_class, found.modalities, found.meaning).show()
""",
    )


def against_measured(workspace: Workspace, baseline: str) -> str:
    """Learned weights of every item beside its share of what is measured."""
    return _against(
        workspace,
        f"journey.shapley_of(workspace, {baseline!r})[0].shares",
        'contribution_name="share of the Shapley values", ',
    )


def against_norms(workspace: Workspace) -> str:
    """Learned weights of every item beside its share of the lengths that are added up."""
    return _against(workspace, "fitted.fusion.contribution_norms(embeddings)", "")


def _against(workspace: Workspace, shares: str, name: str) -> str:
    return _shown(
        workspace,
        f"""from mmexplore.figures.weights import weight_against_contribution

fitted, embeddings = journey.fitted_input(workspace)
weights = fitted.fusion.modality_weights(embeddings)   # [N, M], rows sum to 1
shares = {shares}
weight_against_contribution(weights, shares, embeddings.modalities,
                            {name}present=embeddings.mask).show()
""",
    )


def _shown(workspace: Workspace, lines: str) -> str:
    """These lines, of the fusion that is shown."""
    return f"{OPEN}workspace.current = {workspace.current!r}\n\n{lines}"


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


def measured(workspace: Workspace, baseline: str) -> str:
    """Shapley values of every item, their null, and agreement with learned weights."""
    return _shown(
        workspace,
        f"""from mmexplore.figures.contributions import mean_contributions

print(journey.measured_weights(workspace, {baseline!r}))
mean_contributions(*journey.shapley_of(workspace, {baseline!r})).show()
""",
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


def columns(workspace: Workspace, modality: str, change: str) -> str:
    """What each column of a table contributes."""
    call = f"journey.columns_of(workspace, {modality!r}, {change!r})"
    return _shown(workspace, f"print({call})\n")


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
