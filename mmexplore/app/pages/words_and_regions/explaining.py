"""Words and regions as the page draws them: the map with a pill a word, the bars, the check beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore.app import snippets
from mmexplore.app.kit.download import chart, view_bar
from mmexplore.app.kit.widgets import numbers, one_line, plain, section
from mmexplore.app.pages.words_and_regions.pairing import Shown
from mmexplore.app.state.session import CHOICE
from mmexplore.attribution.explanation import Chosen, Explanation, check_regions, check_words, explain
from mmexplore.attribution.faithfulness import Faithfulness
from mmexplore.attribution.pair import METHODS
from mmexplore.attribution.regions import BASELINES
from mmexplore.figures.regions import faithfulness_curves, heat_map, word_bars

TITLES = {
    "grad-cam": "Grad-CAM",
    "relevance": "Attention relevance",
    "attention": "Raw attention",
    "occlusion": "Occlusion",
}
WHOLE = -1
NO_ATTENTION = "This picture encoder is not made of attention blocks, so there is no attention to look at."
MEANING = """
- **What it says.** Which parts of the picture *this encoder* uses when it compares the picture with this text. Amber
  raises the similarity, blue lowers it; where nothing is drawn, nothing changes.
- **What it does not say.** Not where the thing is, nor that the encoder understands the word: a map can lie beside the
  thing and still be true of the encoder. It is coarse: one number for each cell of the encoder's own grid.
- **How to tell.** Any map looks convincing. So the parts are hidden and shown in the map's order, and the similarity
  is watched, beside random orders and beside a map that only knows that photos have their subject in the middle.
- **A word alone** is drawn as if it were the whole text; the bars measure something else: what the whole text loses
  when the word is cut out. Small words may matter through the sentence they leave behind.
"""


def controls(shown: Shown) -> tuple[Explanation, str]:
    """Method and baseline, and what they give; a CLIP is opened in torch the first time."""
    with st.spinner("Opening the encoders"):
        methods = shown.pair.methods()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            methods,
            default=methods[0],
            format_func=lambda m: TITLES[m],
            required=True,
            key=f"{CHOICE}words.method.{'.'.join(methods)}",
            help=" ".join(METHODS[m] for m in methods),
        )
        baseline = st.segmented_control(
            "A hidden region shows",
            list(BASELINES),
            default="blurred picture",
            required=True,
            key=f"{CHOICE}words.baseline",
            help="; ".join(f"{name}: {about}" for name, about in BASELINES.items())
            + ". Neither is nothing: the check depends on it, so try both.",
        )
    if "relevance" not in methods:
        st.caption(NO_ATTENTION)
    found = _explained(shown, method, baseline, Chosen())
    if method == "attention":
        found = _explained(shown, method, baseline, _layers(found))
    return found, baseline


def _explained(shown: Shown, method: str, baseline: str, chosen: Chosen) -> Explanation:
    key = ("explained", shown.key, method, baseline if method == "occlusion" else "", chosen)
    with st.spinner("Looking into the encoders"):
        return shown.remember(key, lambda: explain(shown.pair, method, baseline, chosen))


def _layers(found: Explanation) -> Chosen:
    """Layer and head of both towers; by default the last layer and the mean over its heads."""
    answers: list[int | None] = []
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        for side, (layers, heads) in zip(("Picture", "Text"), found.layers, strict=True):
            if not layers:
                answers += [None, None]
                continue
            name = f"{CHOICE}words.{side}"
            layer = st.selectbox(f"{side} layer", range(1, layers + 1), layers - 1, key=f"{name}.layer", width=130)
            head = st.selectbox(
                f"{side} head",
                range(heads + 1),
                key=f"{name}.head",
                width=130,
                format_func=lambda h: str(h) if h else "mean",
            )
            answers += [layer - 1, head - 1 if head else None]
    return Chosen(*answers)


def beginning(shown: Shown, found: Explanation) -> None:
    """The similarity and what it means in this data."""
    reading = shown.reading(found.similarity)
    st.text(f"“{one_line(shown.pair.text, 300)}”")
    about = "There is no data beside it to say whether that is much." if reading is None else reading.sentence
    by = f"Compared by {shown.pair.image.card.title} and {shown.pair.reader.card.title}."
    st.caption(plain(f"Similarity {found.similarity:.3f}. {about} {by}", 500))


def regions(shown: Shown, found: Explanation, baseline: str) -> None:
    """The picture, the map of the text or of one word, and the check."""
    section(
        "Regions",
        "Amber regions raise the similarity, blue ones lower it. Pick a word to see the map of that word alone.",
    )
    values, limit = _picked(shown, found), _scale(found)
    left, right = st.columns([1, 1.35], gap="medium")
    with left, st.container(key="square"):
        st.image(shown.pair.square, caption="What the encoder sees", width="stretch")
    figure = heat_map(shown.pair.square, values, limit=limit)
    with right:
        chart(figure, "regions")
    view_bar(
        "regions",
        figure=figure,
        table=lambda: pd.DataFrame(values, columns=[f"column {c + 1}" for c in range(values.shape[1])]),
        python=_python(shown, found, baseline),
    )
    with st.expander("What the map means, and what it does not"):
        st.markdown(MEANING)


def _scale(found: Explanation) -> float | None:
    """The value of the fullest colour: of all maps of the pair where the person wants it so, else each map's own."""
    if found.word_maps is None or not len(found.word_maps):
        return None
    one = st.toggle(
        "One scale for all maps",
        key=f"{CHOICE}words.scale",
        help="Off: every map uses all of its colours, also that of a word that hardly matters. On: maps compare.",
    )
    return max(float(np.abs(found.caption_map).max()), float(np.abs(found.word_maps).max())) if one else None


def _picked(shown: Shown, found: Explanation) -> np.ndarray:
    """The map to draw: of the whole text or of one word."""
    if found.word_maps is None:
        st.caption("Raw attention does not know the text: this map is the same for every word.")
        return found.caption_map
    if not found.words:
        return found.caption_map
    picked = st.pills(
        "Map of",
        [WHOLE, *range(len(found.words))],
        default=WHOLE,
        required=True,
        format_func=lambda j: "the whole text" if j == WHOLE else plain(found.words[j].text, 30),
        key=f"{CHOICE}words.word.{hash((shown.pair.text, found.method))}",
    )
    if picked == WHOLE:
        return found.caption_map
    return found.word_maps[picked]


def regions_checked(shown: Shown, found: Explanation, baseline: str) -> None:
    """Deletion and insertion beside random orders and the centre."""
    section(
        "Is the map true?",
        "Regions are hidden, the most important first: a true map makes the similarity fall at once. Then they are "
        "shown on an empty picture, the most important first: it rises at once. The grey band is random orders; "
        "“centre first” knows nothing of this picture.",
    )
    with st.spinner("Hiding and showing regions"):
        checked: Faithfulness = shown.remember(
            ("regions checked", shown.key, found.method, found.caption_map.tobytes(), baseline),
            lambda: check_regions(found, baseline, shown.workspace.seed),
        )
    margin, centre = checked.margin("map"), checked.margin("centre")
    high = float(checked.random_margins.max())
    about = "Area under the curve of showing less that of hiding. 0: as good as a random order."
    numbers(
        [
            ("This map", f"{margin:+.3f}", about),
            ("Random orders", f"±{high:.3f}", f"The largest of {len(checked.random_margins)}. {about}"),
            ("Centre first", f"{centre:+.3f}", about),
        ]
    )
    st.info(verdict(margin, centre, high))
    figure = faithfulness_curves(checked, {"map": "this map", "centre": "centre first"}, "picture")
    chart(figure, "regions-checked")
    st.caption(plain(f"The map of the whole text. A hidden region shows {BASELINES[baseline]}.", 300))
    view_bar(
        "regions-checked", figure=figure, table=lambda: curve_table(checked), python=_python(shown, found, baseline)
    )


def verdict(margin: float, centre: float, random_high: float) -> str:
    """One sentence on whether to believe the map."""
    if margin <= 0:
        return "Do not believe this map: a random order does as well."
    if margin <= random_high:
        return "The map does better than the mean of random orders, but some random order does as well: weak evidence."
    if margin <= centre:
        return "The map beats random orders, but looking at the centre first does as well: it may only know that."
    return "The map beats every random order tried, and the centre: it says something true about this encoder."


def words(shown: Shown, found: Explanation, baseline: str) -> None:
    """The bars: leave-one-word-out, and what the text tower itself looks at."""
    section(
        "Words",
        "What the similarity loses when a word is cut out of the text (nothing is put in its place). Below zero: the "
        "text fits the picture better without it.",
    )
    figure = word_bars([w.text for w in found.words], found.word_scores, "similarity lost without it")
    chart(figure, "words")
    checked = shown.remember(
        ("words checked", shown.key, found.method), lambda: check_words(found, shown.workspace.seed)
    )
    if checked is not None:
        beaten = checked.beaten("words")
        st.caption(
            f"Cut out in this order, the words beat {beaten:.0%} of {len(checked.random_margins)} random orders "
            f"(margin {checked.margin('words'):+.3f})."
        )
    view_bar("words", figure=figure, table=lambda: word_table(found), python=_python(shown, found, baseline))
    if found.why_not:
        st.caption(plain(found.why_not, 300))
    if found.inside_words and found.inside_scores is not None:
        attention = found.method == "attention"
        meaning = "attention" if attention else "relevance"
        st.caption(
            "What the text tower looks at when it ends the sentence. Its attention runs from left to right, and much "
            "of it stays on the start and the end of the text, which are not drawn."
        )
        chart(word_bars([w.text for w in found.inside_words], found.inside_scores, meaning), "words-inside")


def word_table(found: Explanation) -> pd.DataFrame:
    """One line a word."""
    return pd.DataFrame(
        [(w.text, w.start, w.end, s) for w, s in zip(found.words, found.word_scores, strict=True)],
        columns=["word", "start", "end", "similarity lost without it"],
    )


def curve_table(checked: Faithfulness) -> pd.DataFrame:
    """One line a step: every curve."""
    table = pd.DataFrame({"share": checked.shares})
    for name in checked.deletion:
        table[f"{name} hidden"], table[f"{name} shown"] = checked.deletion[name], checked.insertion[name]
    for j, (hidden, shown) in enumerate(zip(checked.random_deletion, checked.random_insertion, strict=True), 1):
        table[f"random {j} hidden"], table[f"random {j} shown"] = hidden, shown
    return table


def _python(shown: Shown, found: Explanation, baseline: str) -> str:
    if shown.item is not None:
        return snippets.explained(shown.item, found.method, baseline, shown.image, shown.text, found.chosen)
    return snippets.explained_own(shown.pair.text, found.method, baseline, shown.image, shown.text, shown.offline)
