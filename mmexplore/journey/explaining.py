"""Which words and which regions make a picture and a text alike, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mmexplore.attribution.explanation import Chosen, Explanation, check_regions, check_words, explain
from mmexplore.attribution.faithfulness import Faithfulness
from mmexplore.attribution.pair import Pair
from mmexplore.attribution.regions import BASELINES
from mmexplore.data.dataset import Cell, Kind
from mmexplore.data.embeddings import Embeddings
from mmexplore.data.reading.text import looks_like_language
from mmexplore.encoders import registry
from mmexplore.encoders.image.pictures import PictureEncoder
from mmexplore.errors import UserError
from mmexplore.journey.asking import dataset_of, known
from mmexplore.journey.evaluating import evaluation_rows
from mmexplore.journey.spaces import carried, comparable
from mmexplore.retrieval.thermometer import Reading, thermometer
from mmexplore.workspace.state import Workspace


@dataclass(frozen=True)
class Seen:
    """A pair with everything that is said of it.

    reading: where its similarity lies among random and true pairs of the data; None where the data has too few.
    regions, words: the checks (`words` None for fewer than three words).
    """

    found: Explanation
    reading: Reading | None
    regions: Faithfulness
    words: Faithfulness | None
    where: str


def explainable(workspace: Workspace, shared: Embeddings | None) -> tuple[list[str], list[str]]:
    """The picture and the text modalities that are compared in the shared space and whose media are here."""
    if shared is None or workspace.dataset is None:
        return [], []
    kinds = workspace.dataset.kinds
    by_kind = ([m for m in shared.modalities if kinds.get(m) is kind] for kind in (Kind.IMAGE, Kind.TEXT))
    images, texts = by_kind
    return images, texts


def offline_workspace(text: str) -> Workspace:
    """An empty workspace in which a picture meets a text through the offline encoders (by the text's language)."""
    names = {"picture": "efficientnet-lite0"}
    names["text"] = registry.default_encoder(Kind.TEXT, looks_like_language([text]))
    cards = {m: registry.find_card(name) for m, name in names.items()}
    none = np.zeros(0, object)
    workspace = Workspace()
    workspace.set_embeddings(
        Embeddings(
            vectors={m: np.zeros((0, c.dim or 0), np.float32) for m, c in cards.items()},
            present={m: np.zeros(0, bool) for m in cards},
            ids=none,
            groups=none,
            spaces={m: c.space for m, c in cards.items()},
        ),
        names,
    )
    return workspace


def pair_of(
    workspace: Workspace, picture: Cell, text: str, image_modality: str, text_modality: str,
    shared: Embeddings | None = None,
) -> Pair:  # fmt: skip
    """Any picture and text, compared as these two modalities of the workspace are.

    Raises:
        UserError: the modalities are not comparable, the picture cannot be decoded, the text is empty, or the vectors
            came without an encoder.
    """
    shared = comparable(workspace, shared)
    for modality in (image_modality, text_modality):
        known(modality, shared.modalities, "pair")
        if modality not in workspace.encoders:
            raise UserError("its vectors came without an encoder", modality, "encode it on the Encode page")
    if not text.strip():
        raise UserError("there is no text", "pair", "type a caption")
    image = registry.load(workspace.encoders[image_modality], Kind.IMAGE)
    reader = registry.load(workspace.encoders[text_modality], Kind.TEXT)
    if not isinstance(image, PictureEncoder):
        raise UserError("does not encode pictures", image_modality, "choose a picture encoder on the Encode page")
    now = workspace.snapshot()  # as it is: a pair is looked at for longer than the workspace stays the same
    return Pair(
        square=image.squares([picture])[0],
        text=text.strip(),
        image=image,
        reader=reader,
        image_to_shared=partial(carried, now, shared, image_modality),
        text_to_shared=partial(carried, now, shared, text_modality),
    )


def pair_of_item(
    workspace: Workspace, item: str, image_modality: str | None = None, text_modality: str | None = None,
    shared: Embeddings | None = None,
) -> tuple[Pair, str, str]:  # fmt: skip
    """The pair of an item of the data, and the two modalities it is seen through (by default the first of each kind).

    Raises:
        UserError: no such item, it lacks one of the two, or as `pair_of`.
    """
    shared, dataset = comparable(workspace, shared), dataset_of(workspace)
    images, texts = explainable(workspace, shared)
    if not images or not texts:
        raise UserError(
            "words and regions need a picture and a text that can be compared", dataset.name, "encode one of each"
        )
    image, text = image_modality or images[0], text_modality or texts[0]
    known(image, images, "picture")
    known(text, texts, "text")
    rows = np.flatnonzero(dataset.ids.astype(str) == str(item))
    if not len(rows):
        raise UserError(f"no item has the id {item!r}", "item", "copy an id from the table of pairs")
    cells = {m: dataset.cells[m][rows[0]] for m in (image, text)}
    missing = [m for m, cell in cells.items() if cell is None]
    if missing:
        raise UserError(f"has no {missing[0]}", f"item {item}", "choose another item")
    return pair_of(workspace, cells[image], str(cells[text]), image, text, shared), image, text


def reading_of(workspace: Workspace, shared: Embeddings, text: str, image: str, similarity: float) -> Reading | None:
    """Where a similarity lies among this data's random and true pairs; None with fewer than two pairs."""
    try:
        rows, _ = evaluation_rows(workspace)
        return thermometer(shared, text, image, rows, seed=workspace.seed).read(similarity)
    except UserError:  # too few pairs to compare with: there is nothing to read, and the views say so
        return None


def explain_item(
    workspace: Workspace, item: str, method: str | None = None, baseline: str = "blurred picture",
    image_modality: str | None = None, text_modality: str | None = None, chosen: Chosen | None = None,
) -> Seen:  # fmt: skip
    """Everything that is said of one item: maps, words, thermometer, checks.

    Args:
        method: of `attribution.pair.METHODS`; by default the best that the encoder allows.
        baseline: what a hidden region shows, of `attribution.regions.BASELINES`.
    """
    if baseline not in BASELINES:
        raise UserError(f"no baseline is called {baseline!r}", "baseline", f"choose one of: {', '.join(BASELINES)}")
    shared = comparable(workspace)
    pair, image, text = pair_of_item(workspace, item, image_modality, text_modality, shared)
    found = explain(pair, method or pair.methods()[0], baseline, chosen)
    reading = reading_of(workspace, shared, text, image, found.similarity)
    regions, words = check_regions(found, baseline, workspace.seed), check_words(found, workspace.seed)
    return Seen(found, reading, regions, words, f"{image} and {text}")


def explained(seen: Seen) -> dict[str, Any]:
    """As `mmexplore explain --json` prints it: grids of numbers, scores, areas beside random."""
    found = seen.found
    words = [
        {"word": w.text, "start": w.start, "end": w.end, "score": float(s)}
        | ({} if found.word_maps is None else {"map": found.word_maps[j]})
        for j, (w, s) in enumerate(zip(found.words, found.word_scores, strict=True))
    ]
    inside = None
    if found.inside_words is not None and found.inside_scores is not None:
        pairs = zip(found.inside_words, found.inside_scores, strict=True)
        inside = [{"word": w.text, "relevance": float(s)} for w, s in pairs]
    return {
        "between": seen.where,
        "text": found.pair.text,
        "encoders": [found.pair.image.card.name, found.pair.reader.card.name],
        "method": found.method,
        "similarity": found.similarity,
        "thermometer": None if seen.reading is None else vars(seen.reading),
        "grid": list(found.grid),
        "map": found.caption_map,
        "words": words,
        "word_baseline": "the word removed",
        "inside_words": inside,
        "faithfulness": {
            "regions": seen.regions.as_dict(),
            "words": None if seen.words is None else seen.words.as_dict(),
        },
    }
