"""Words and regions of one item as one self-contained HTML page."""

from __future__ import annotations

from mmexplore.attribution.faithfulness import Faithfulness
from mmexplore.attribution.pair import METHODS
from mmexplore.export.html import figure, note, picture, row, section, table, whole_page
from mmexplore.figures.regions import faithfulness_curves, heat_map, word_bars
from mmexplore.journey import Seen

#: words that get a map of their own on the page
MAX_MAPS = 12


def explanation_page(seen: Seen, item: str) -> str:
    """The page as a string of HTML; the picture, the text and all names in it are escaped or drawn as pixels."""
    found = seen.found
    encoders = f"{found.pair.image.card.title} and {found.pair.reader.card.title}"
    about = [
        picture(found.pair.square),
        note(f"Between {seen.where} ({encoders}). The text: {found.pair.text}"),
        note(f"Similarity {found.similarity:.3f}. {seen.reading.sentence if seen.reading else ''}"),
    ]
    regions = [
        note(METHODS[found.method]),
        note("Amber raises the similarity, blue lowers it. The square is what the encoder sees of the picture."),
        figure(heat_map(found.pair.square, found.caption_map)),
        figure(faithfulness_curves(seen.regions, {"map": "this map", "centre": "centre first"}, "picture")),
        note(f"Hidden regions show: {seen.regions.baseline}."),
        _areas(seen.regions, {"map": "this map", "centre": "centre first"}),
    ]
    scores = [(w.text, float(s)) for w, s in zip(found.words, found.word_scores, strict=True)]
    words = [
        note("What the similarity loses when a word is cut out of the text; nothing is put in its place."),
        figure(word_bars([w for w, _ in scores], found.word_scores, "similarity lost without it")),
        table(["word", "similarity lost without it"], scores, digits=4),
    ]
    if seen.words is not None:
        words.append(_areas(seen.words, {"words": "by these scores"}))
    if found.word_maps is not None and found.words:
        shown = found.words[:MAX_MAPS]
        words.append(note(f"Where the picture looks like each word alone ({len(shown)} of {len(found.words)} words)."))
        maps = zip(shown, found.word_maps, strict=False)
        words.append(row(*(note(w.text) + figure(heat_map(found.pair.square, v, 240, scale=False)) for w, v in maps)))
    return whole_page(
        f"Words and regions of {item}",
        [section("The pair", *about), section("Regions", *regions), section("Words", *words)],
    )


def _areas(checked: Faithfulness, names: dict[str, str]) -> str:
    """Areas of the curves beside random orders."""
    about = checked.as_dict()
    rows = [(name, *(about[key][c] for c in ("deletion", "insertion", "margin")), f"{about[key]['beats_random']:.0%}")
            for key, name in names.items()]  # fmt: skip
    low, high = about["random"]["margin_low"], about["random"]["margin_high"]
    rows.append(
        ("random orders", about["random"]["deletion"], about["random"]["insertion"], f"{low:+.3f} to {high:+.3f}", "")
    )
    columns = ["order", "hidden: area (small is good)", "shown: area (large is good)", "margin", "beats random"]
    return table(columns, rows, digits=3)
