"""How a race stands: charts, tables, who could not take part, and the doors to the views of a fitted method."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mmexplore.app import navigation, snippets
from mmexplore.app.kit.absent import absent
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import plain, section
from mmexplore.app.pages.compare import comparing
from mmexplore.app.panels import fusing, live
from mmexplore.app.state.session import CHOICE
from mmexplore.figures.comparing import race_figure
from mmexplore.journey.comparing import Comparison, Race, at_the_ceiling
from mmexplore.scores.metric_names import name_of
from mmexplore.workspace.state import FittedFusion, Workspace

TITLES = {"fusion": "Fusions and generative models", "alignment": "Alignments"}
ABSENT = {
    "fusion": "A modality alone can only guess there, and its score counts that.",
    "alignment": "A direction is asked with the rows that have both of its modalities.",
}
#: kind of a race -> pages that show one of its methods
PAGES = {"fusion": ("weights", "latent_space"), "alignment": ("latent_space", "retrieval")}


# -- the whole comparison ------------------------------------------------------------
def follow(workspace: Workspace) -> bool:
    """How the running race stands, drawn anew as its methods are scored; False where none runs."""

    def draw(heard: comparing.Heard) -> None:
        comparison = heard.so_far
        if comparison is None:
            st.caption("The baselines come first; then each method appears here as soon as it is scored.")
            return
        st.text(f"So far {comparison.come_far}.")
        if not comparing.belongs(workspace, comparison):
            st.caption("The vectors have changed since this race began.")
        for race in comparison.races:
            if race.lines or race.failed:
                section(TITLES[race.kind])
                _what(race, race.metric, comparison)
                _draw(race, race.metric, comparison, f"live-{race.kind}")
                _failed(race)

    return live.follow("compare", draw)


def show(workspace: Workspace, comparison: Comparison, current: bool) -> None:
    """A race that is over, or what is left of a stopped one."""
    if not comparison.complete:
        st.info(f"Stopped: {comparison.come_far}. What was measured until then stands below.")
    for race in comparison.races:
        section(TITLES[race.kind], _lead(race))
        show_race(workspace, comparison, race, current)
    s = comparison.setting
    said = [f"Seeds {', '.join(map(str, comparison.seeds))}", f"split: {comparison.split}"]
    if any(race.metric in ("accuracy", "r2") for race in comparison.races):
        said.insert(1, "all labels" if s.labels_per_class is None else f"{s.labels_per_class} labels of each class")
    st.caption(plain("; ".join(said) + ".", 300))


def _lead(race: Race) -> str:
    if race.kind == "alignment":
        return "One space for all modalities: how often is the true partner found, over all directions?"
    lead = "One fused vector an item."
    bar = next((line.title for line in race.lines if line.name == race.reference), None)
    if bar is not None:
        lead += f" The dashed line is the bar that every method must beat: {bar[0].lower()}{bar[1:]}."
    return lead


# -- one race ----------------------------------------------------------------------
def show_race(workspace: Workspace, comparison: Comparison, race: Race, current: bool) -> None:
    """Chart, table, who could not take part, and the doors to Weights and Latent space."""
    stopped_before = not comparison.complete and all(line.baseline for line in race.lines)
    if stopped_before or not race.lines:
        if stopped_before and not race.failed:
            st.caption("None of these was scored before the race was stopped.")
        _failed(race)
        return
    shown = race.metric
    if len(race.measures) > 1:
        shown = st.segmented_control(
            "Measure",
            race.measures,
            default=race.metric,
            required=True,
            format_func=lambda m: name_of(m).title,
            key=f"{CHOICE}compare.measure.{race.kind}.{race.metric}",
            label_visibility="collapsed",
        )
    _what(race, shown, comparison)
    name = f"compare-{race.kind}"
    figure, event = _draw(race, shown, comparison, name, on_select="rerun", selection_mode="single-row")
    results = race.as_dict()["results"]
    python = snippets.comparison(comparison.setting)
    view_bar(name, figure=figure, table=lambda: pd.DataFrame(results), python=python)
    if current:
        if workspace.embeddings is not None and (lacking := absent(workspace.embeddings.present)):
            st.caption(plain(f"{lacking} {ABSENT[race.kind]}", 600))
        _open(workspace, comparison, race, event)
    else:
        st.caption("The vectors have changed since this was compared: compare again to open a method in the views.")
    _failed(race)


def _what(race: Race, shown: str, comparison: Comparison) -> None:
    """What the chart shows: measure, rows, interval, and what else must be known to read it."""
    held_out = f"{race.n:,} {fusing.ROWS.get(race.rows, race.rows)}"
    several = ", of the mean over the seeds" if len(comparison.seeds) > 1 else ""
    about = f" {name_of(shown).about}." if name_of(shown).about else ""
    words = f"{name_of(shown).title} on {held_out}; the line is the 95 % interval over the items{several}.{about}"
    for line in (words, *race.notes):
        st.caption(plain(line, 400))


def _draw(race: Race, shown: str, comparison: Comparison, name: str, **table: Any) -> tuple[Any, Any]:
    """Chart, a word where it cannot rank, and table; (figure, what was chosen in the table)."""
    first, missing = shown == race.metric, comparison.setting.missing
    figure = race_figure(
        race.as_dict()["results"],
        name_of(shown).title,
        race.chance if first else None,
        race.reference,
        "score" if first else shown,
        missing if shown == race.holes_metric else None,
    )
    chart(figure, name)
    if shown in race.saturated:
        st.info(plain(at_the_ceiling(race.measures, race.saturated), 400))
    lines = race_table(race, len(comparison.seeds))
    event = st.dataframe(
        lines, hide_index=True, key=f"{name}-table", column_config=columns(race), placeholder="", **table
    )
    return figure, event


def _failed(race: Race) -> None:
    if race.failed:
        section("Could not take part")
        for failed in race.failed:
            st.text(f"{failed.title}: {failed.reason}")


def race_table(race: Race, n_seeds: int) -> pd.DataFrame:
    """One line a competitor, best first; how many seeds it stands on where some have not had all of them."""
    uneven = any(line.n_seeds < n_seeds for line in race.lines)
    rows: list[dict[str, Any]] = []
    for line in race.lines:
        row: dict[str, Any] = {
            "method": ("baseline: " if line.baseline else "") + line.title,
            "seeds": line.n_seeds if uneven else None,
            "score": line.score.score,
            "from": line.score.interval[0],
            "to": line.score.interval[1],
            "sd": line.score.sd,
            "gain": None if line.gain is None else line.gain.score,
            "gain from": None if line.gain is None else line.gain.interval[0],
            "gain to": None if line.gain is None else line.gain.interval[1],
            "with holes": None if line.holes is None else line.holes.score,
        }
        row |= {name: value.score for name, value in line.further.items()}
        row |= {
            "evenness": line.entropy,
            "parameters": line.n_parameters,
            "fit": line.fit_seconds,
            "item": None if line.item_seconds is None else 1000 * line.item_seconds,
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.drop(columns=[c for c in table if c != "score" and table[c].isna().all()])


def columns(race: Race) -> dict[str, Any]:
    """How the table's columns are written and explained."""
    kind = st.column_config
    score, signed = "%.3f", "%+.3f"
    over = f"Score minus that of the baseline ({race.reference}), item by item, with its 95 % interval."
    return {
        "method": kind.TextColumn("", width=250, pinned=True),
        "seeds": kind.NumberColumn(help="How many fits the line stands on; the same number for all."),
        "score": kind.NumberColumn(name_of(race.metric).short, format=score, help=name_of(race.metric).about or None),
        "from": kind.NumberColumn(format=score, help="95 % interval: bootstrap over the held-out items."),
        "to": kind.NumberColumn(format=score),
        "sd": kind.NumberColumn("± seeds", format=score, help="Standard deviation between the seeds."),
        "gain": kind.NumberColumn(format=signed, help=over),
        "gain from": kind.NumberColumn(format=signed, help=over),
        "gain to": kind.NumberColumn(format=signed, help=over),
        "with holes": kind.NumberColumn(format=score, help=race.with_missing.capitalize() + "."),
        "evenness": kind.NumberColumn(
            format="%.2f",
            help="Mean entropy of the modality weights, where the method has any. 1: all the same; 0: one takes all.",
        ),
        "parameters": kind.NumberColumn(format="localized", help="How many numbers the fit has learned."),
        "fit": kind.NumberColumn("fit, s", format="%.2f", help="Seconds of one fit, mean over the seeds."),
        "item": kind.NumberColumn("item, ms", format="%.3f", help="Milliseconds for one held-out item."),
        **{
            m: kind.NumberColumn(name_of(m).short, format=score, help=name_of(m).about or None)
            for m in race.measures[1:]
        },
    }


def _open(workspace: Workspace, comparison: Comparison, race: Race, event: Any) -> None:
    """Take a fitted method into the workspace and go where it can be looked at."""
    names = [line.name for line in race.lines if not line.baseline and line.name in comparison.fitted]
    if not names:
        return
    titles = {line.name: line.title for line in race.lines if not line.baseline}
    chosen = [race.lines[i].name for i in event.selection.rows if i < len(race.lines)]
    key = f"{CHOICE}compare.open.{race.kind}"
    picked = f"compare.picked.{race.kind}"
    if chosen != st.session_state.get(picked) and chosen and chosen[0] in names:
        st.session_state[key] = chosen[0]
    st.session_state[picked] = chosen
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key=f"open-{race.kind}"):
        name = st.selectbox(
            "Look into",
            names,
            key=key,
            width=360,
            format_func=lambda n: titles.get(n, n),
            help="Or click on a line of the table. It is taken over as fitted with the first seed.",
        )
        for page in PAGES[race.kind]:
            title = navigation.BY_NAME[page].title
            if st.button(f"Open in {title}", key=f"open-{race.kind}-{title}"):
                take_over(workspace, comparison, name)
                navigation.go(page)


def take_over(workspace: Workspace, comparison: Comparison, name: str) -> None:
    """The entry as fitted with the first seed stands beside the other fits and is the one that the views show."""
    fitted = comparison.fitted[name]
    if isinstance(fitted, FittedFusion):
        workspace.add_fusion(fitted)
    elif workspace.alignment is not fitted[0]:
        workspace.set_alignment(*fitted)
