"""Choosing a fusion, fitting it as a job, and reading how well it did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import journey
from mmexplore.app.kit import method_card, parameters
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.widgets import PERCENT, in_percent, one_line, plain
from mmexplore.app.panels import live
from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.app.state.session import CHOICE
from mmexplore.data.identity import uid_of
from mmexplore.models.estimator import Estimator, OnEpoch
from mmexplore.models.methods import fusion_methods
from mmexplore.scores.metric_names import name_of
from mmexplore.server.jobs import Progress
from mmexplore.workspace.fits import short_of, title_of, titles
from mmexplore.workspace.state import FittedFusion, Workspace

LABEL_TARGET, NO_TARGET = "label", "none"
OBJECTIVES = {
    "classification": "Tell the classes apart",
    "regression": "Predict the number",
    "contrastive": "Recognise an item with a modality hidden",
    "reconstruction": "Rebuild every modality",
}


# -- fusion ------------------------------------------------------------------------
def targets(workspace: Workspace) -> list[str]:
    """What a fusion may learn to predict: the labels, other columns, or nothing."""
    embeddings = workspace.embeddings
    assert embeddings is not None
    own = [LABEL_TARGET] if embeddings.labels is not None else []
    return [*own, *(str(c) for c in embeddings.columns), NO_TARGET]


def fusion_panel(workspace: Workspace, methods: Mapping[str, type[Estimator]]) -> None:
    """Choose and fit a fusion or a generative model."""
    method = method_card.pick(methods, "fusion")
    method_card.show(methods[method].card)
    diagram = st.container()
    target, objective, source, seed = _goal(workspace)
    with st.expander("Settings of this method"):
        params = parameters.ask(methods[method], "fusion")
    with diagram:
        given = journey.fusion_input(workspace, target, source)
        method_card.diagram(methods[method], params, given, objective)
    if st.button("Fit", type="primary", key="fit", disabled=jobs_view.busy("fuse")):
        if not workspace.fusions and workspace.alignment is None:
            workspace.seed = seed
        _fit(workspace, method, params, objective, target, source, seed, methods[method].card.title)
    live.curves("fuse")


def _goal(workspace: Workspace) -> tuple[str, str, str, int]:
    words = {LABEL_TARGET: "The labels", NO_TARGET: "Nothing: learn from the pairs alone"}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        target = st.selectbox(
            "Learn to predict",
            targets(workspace),
            key=f"{CHOICE}target",
            width=270,
            format_func=lambda t: words.get(t, t),
        )
        kind = journey.fusion_input(workspace, target).target_kind
        fitting = [o for o in OBJECTIVES if o == kind or o in ("contrastive", "reconstruction")]
        objective = st.selectbox(
            "Objective",
            fitting,
            key=f"{CHOICE}objective.{kind}",
            width=300,
            format_func=lambda o: OBJECTIVES[o],
            help="What the fused vector is trained for. The scores below are measured on rows that were held out.",
        )
        source = "encoded"
        if workspace.aligned is not None:
            source = st.selectbox(
                "Vectors",
                ["encoded", "aligned"],
                key=f"{CHOICE}source",
                width=200,
                format_func=lambda v: f"As {v}",
            )
        about = "Same seed, same result. The first fit also draws the held-out rows with it."
        seed = int(st.number_input("Seed", 0, 999_999_999, workspace.seed, key=f"{CHOICE}seed", width=110, help=about))
    return target, objective, source, seed


def _fit(
    workspace: Workspace,
    method: str,
    params: dict[str, Any],
    objective: str | None,
    target: str,
    source: str,
    seed: int,
    title: str,
) -> None:
    def fit(frozen: Workspace, progress: Progress, hear: OnEpoch) -> FittedFusion:
        return journey.fuse(frozen, method, params, objective, target, source, seed, progress=progress, hear=hear)

    start(workspace, title, fit, ("fuse", method, repr(params), objective, target, source, seed), source)


def start(
    workspace: Workspace,
    title: str,
    fit: Callable[[Workspace, Progress, OnEpoch], FittedFusion],
    key: tuple,
    source: str = "encoded",
    show: bool = True,
) -> None:
    """Submit `fit(frozen workspace, progress, hear)` as a job; its fit is kept beside the others when done.

    Args:
        key: what it depends on beside the vectors (see `session.once`).
        show: the views show it then. False for what a page fits for a purpose of its own.
    """
    workspace.ensure_split()
    embeddings, aligned, frozen = workspace.embeddings, workspace.aligned, workspace.snapshot()
    hear = live.watch("fuse", title)
    once = session.once(key, gives=lambda fitted: (fitted, fitted.fusion))

    def work(progress: Progress) -> FittedFusion:
        return once(lambda: fit(frozen, progress, hear))

    def take_up(fitted: FittedFusion) -> str:
        now = session.workspace()
        if now.embeddings is not embeddings or (source == "aligned" and now.aligned is not aligned):
            return "The vectors were changed meanwhile, so the fit was not kept."
        id_ = now.add_fusion(fitted, show)
        kept = now.titles[id_]  # asked for after it was added: the titles of the others change, too
        return f"Fitted: {kept}. Next: Weights or Latent space." if show else f"Fitted: {kept}."

    jobs_view.submit(f"Fit: {title}", work, take_up, "fuse")


# -- results -----------------------------------------------------------------------
BASELINES = {
    "early concat": "vectors side by side (early fusion)",
    "late product": "answers multiplied (late fusion)",
}
ROWS = {"test": "test rows", "held-out": "held-out rows", "all": "rows, the fitted ones among them"}


def score_table(fitted: FittedFusion) -> pd.DataFrame:
    """The fused score beside its baselines and chance: what, score, low, high (the 95 % interval)."""
    score = fitted.score
    lines = [_line(f"fused: {title_of(fitted.fusion)}", score.score, score.interval)]
    for name, line in score.baselines.items():
        lines.append(_line(BASELINES.get(name, f"{name} alone"), line["score"], line["interval"]))
    lines.append(_line("chance", score.chance, [score.chance, score.chance]))
    return pd.DataFrame(lines)


def _line(what: str, score: float, interval: Sequence[float]) -> dict[str, Any]:
    return {"what": what, "score": score, "low": interval[0], "high": interval[1]}


def show_scores(workspace: Workspace, fitted: FittedFusion, table: pd.DataFrame) -> None:
    """The table with bars, and one sentence on whether the fusion gained anything."""
    score = fitted.score
    seen, number, most = for_the_eye(table, score.metric, "score", "low", "high")
    metric, rows = name_of(score.metric).title, ROWS.get(score.rows, score.rows)
    st.caption(plain(f"{metric} over {score.n:,} {rows}, with a 95 % bootstrap interval."))
    judged = session.remember(("scored", uid_of(fitted)), lambda: journey.scored(workspace).present)
    if lacking := absent(judged, these=True):
        st.caption(plain(f"{lacking} A modality alone can only guess there, and its score counts that.", 600))
    config: dict[str, Any] = {
        "what": st.column_config.TextColumn("", width="medium"),
        "score": st.column_config.ProgressColumn("Score", min_value=0.0, max_value=most, format=number),
        "low": st.column_config.NumberColumn("from", format=number),
        "high": st.column_config.NumberColumn("to", format=number),
    }
    st.dataframe(seen, hide_index=True, key="scores", column_config=config)
    st.text(verdict(fitted))
    details = fitted.score.details
    if harder := details.get("disjoint recall@10"):
        st.caption(
            "To recognise an item with one modality hidden is easy where the others are rich: vectors that learned "
            "nothing often do. Harder: one modality alone looks for the view made of all the others. It is among the "
            f"first ten in {harder:.1%} of the cases (by luck {details['chance recall@10']:.1%}). Compare sets other "
            "methods beside it."
        )


def for_the_eye(table: pd.DataFrame, metric: str, *scores: str) -> tuple[pd.DataFrame, str, float]:
    """(a copy, the format of these columns, the most they can be): R² as it is, any other metric in per cent."""
    return (in_percent(table, *scores), PERCENT, 100.0) if name_of(metric).in_percent else (table, "%.2f", 1.0)


def verdict(fitted: FittedFusion) -> str:
    """Whether the fusion beats the best modality alone, in one sentence."""
    score = fitted.score
    alone = {n: b for n, b in score.baselines.items() if n not in BASELINES}
    if not alone:
        return "There is no modality to compare it with."
    best = max(alone, key=lambda n: alone[n]["score"])
    if score.interval[0] > alone[best]["score"]:
        return f"It beats the best modality alone ({best})."
    if score.interval[1] < alone[best]["score"]:
        return f"It does worse than {best} alone: this fusion has lost something."
    return f"It cannot be told apart from {best} alone: on these rows the fusion gains nothing that can be shown."


THREE_DIGITS = {name: st.column_config.NumberColumn(format="%.3f") for name in ("score", "low", "high")}


def fitted_table(workspace: Workspace) -> pd.DataFrame:
    """Every fit: what it is, what it learned, score with interval, rows, seed, its id for Python and the shell."""
    called_so = workspace.titles
    return pd.DataFrame(
        [
            {
                "shown": id_ == workspace.current,
                "method": called_so[id_],
                "objective": f.fusion.objective_,
                "target": f.target or "-",
                "vectors": f.source,
                "measure": f.score.metric,
                "score": f.score.score,
                "low": f.score.interval[0],
                "high": f.score.interval[1],
                "rows": f.score.rows,
                "seed": f.seed,
                "id": id_,
            }
            for id_, f in workspace.fusions.items()
        ]
    )


def choices(workspace: Workspace, short: bool = False) -> dict[str, str]:
    """What can be asked of a page that measures several: fit id -> title, then the methods that are not fitted yet."""
    called = short_of if short else title_of
    new = {name: called(cls) for name, cls in fusion_methods().items() if workspace.fit_of(name) is None}
    return titles(workspace.fusions, short) | new


def forget_gone(key: str, options: Collection[str]) -> None:
    """Before a widget is drawn: what was chosen in it and is no longer there (a fit that was removed) is not chosen."""
    chosen = st.session_state.get(key)
    if isinstance(chosen, list):
        st.session_state[key] = [c for c in chosen if c in options]
    elif chosen is not None and chosen not in options:
        del st.session_state[key]


def called(workspace: Workspace, asked: Iterable[str], short: bool = False) -> dict[str, str]:
    """As `choices`, of what was asked before: a fit that is gone by now is called by its id."""
    known = choices(workspace, short)
    return {name: known.get(name, name) for name in asked}


def show_other(workspace: Workspace, removable: bool = False) -> None:
    """Which of the fits the views show, and (`removable`) a button that forgets it; nothing where there is one only."""
    if len(workspace.fusions) < 2:
        return
    called_so = workspace.titles
    st.session_state["shown-fusion"] = workspace.current
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="shown-fit"):
        st.selectbox(
            "Shown in the views",
            list(workspace.fusions),
            key="shown-fusion",
            width=420,
            format_func=lambda i: one_line(called_so[i]),
            on_change=_show,
            args=(workspace,),
        )
        if removable:
            st.button(
                "Remove",
                key="remove-fit",
                on_click=workspace.remove_fusion,
                args=(workspace.current,),
                help="Forget this fit; the others stay.",
            )


def _show(workspace: Workspace) -> None:
    workspace.current = st.session_state["shown-fusion"]
