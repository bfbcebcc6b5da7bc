"""open_clip: every pretrained CLIP-like pair, and checkpoints of your own. Pictures and texts in one space.

Names:
    ``open_clip:MODEL/PRETRAINED``    a pair of `open_clip.list_pretrained()`, downloaded at first use.
    ``local:MODEL@PATH``              a checkpoint (.safetensors, or .pt read with weights_only) of an open_clip model;
                                      MODEL may also be the path of a model configuration (.json).
    ``local:FOLDER``                  a folder with open_clip_config.json and the weights (open_clip's ``local-dir:``,
                                      which is accepted as a prefix too).

A name has two encoders, one for pictures and one for texts, both in the space of that name: `load(name, kind)`.
Radford et al. 2021, "Learning transferable visual models from natural language supervision" (arXiv:2103.00020).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from mmexplore.data.dataset import Cell, Kind
from mmexplore.encoders.base import Encoder, EncoderCard, Tokens
from mmexplore.encoders.clip.clip_tokens import token_reader
from mmexplore.encoders.clip.open_clip_hub import fetch_weights, weight_digest
from mmexplore.encoders.engine import Engine, Exportable, Plan, make_engine
from mmexplore.encoders.image.pictures import PictureEncoder
from mmexplore.encoders.image.pixels import Preprocessing
from mmexplore.encoders.text.texts import texts_of
from mmexplore.errors import UserError
from mmexplore.optional import require
from mmexplore.server.progress import Progress

PREFIX, LOCAL, LOCAL_FOLDER = "open_clip:", "local:", "local-dir:"
KINDS = (Kind.IMAGE, Kind.TEXT)
FOLDER_CONFIG = "open_clip_config.json"

#: as stated by those who published the weights; the model's own page decides
LICENCES = (
    ("metaclip", "CC-BY-NC-4.0 (no commercial use)"),
    ("visheratin/", "CC-BY-NC-4.0 (no commercial use)"),
    ("MobileCLIP", "Apple's model licence (research)"),
    ("apple/", "Apple's model licence (research)"),
    ("SigLIP", "Apache-2.0"),
    ("PE-Core", "Apache-2.0"),
    ("UCSC-VLAA/", "Apache-2.0"),
    ("laion/", "MIT"),
    (".openai", "MIT"),
)


@dataclass(frozen=True)
class Source:
    """What a name means: a tag of the hub (`tag`, `repository`), a checkpoint file, or a folder."""

    model: str
    tag: str = ""
    repository: str = ""
    config: Path | None = None
    file: Path | None = None
    folder: Path | None = None


def is_name(name: str) -> bool:
    """Is this an open_clip name (known or not)?"""
    return name.startswith((PREFIX, LOCAL, LOCAL_FOLDER))


@cache
def listing() -> dict:
    """The shipped list of models: see `mmexplore.encoders.clip.open_clip_sizes`."""
    return json.loads(Path(__file__).with_name("open_clip_sizes.json").read_text(encoding="utf-8"))


@cache
def open_clip_cards() -> tuple[EncoderCard, ...]:
    """Two cards (pictures, texts) for every pretrained pair, in open_clip's order of families."""
    cards = []
    for pair, repository in listing()["pairs"].items():
        model, tag = pair.split("/", 1)
        about = listing()["models"][model]
        megabytes = round((about["image"] + about["text"]) * 4 / 1e6, 1)
        licence = next((text for part, text in LICENCES if part in repository), "see the model's page")
        side = {
            Kind.IMAGE: f"picture tower {about['image'] / 1e6:.0f} M parameters, {about['size']} px",
            Kind.TEXT: f"text tower {about['text'] / 1e6:.0f} M parameters",
        }
        for kind in KINDS:
            cards.append(
                EncoderCard(
                    name=PREFIX + pair,
                    kind=kind,
                    dim=about["dim"],
                    space=PREFIX + pair,
                    title=f"{model} · {tag}",
                    size_mb=megabytes,
                    licence=licence,
                    source=f"huggingface.co/{repository.rstrip('/')}",
                    offline=False,
                    languages=("en",) if kind == Kind.TEXT and not about["text_model"] else (),
                    look_for=f"Pictures and texts in one space; {side[kind]}. Downloaded at first use (the size is of "
                    "both towers).",
                )
            )
    return tuple(cards)


def local_card(name: str, kind: Kind) -> EncoderCard:
    """The card of a checkpoint of one's own. Raises UserError when the name or the file is wrong."""
    source = parse(name)
    files = [source.file] if source.file else list(_folder_weights(source.folder)) if source.folder else []
    return EncoderCard(
        name=name,
        kind=kind,
        dim=None,
        space=name,
        title=f"{source.model} (your own)",
        size_mb=round(sum(f.stat().st_size for f in files) / 1e6, 1),
        licence="your own",
        source=str(source.file or source.folder),
        offline=True,
        look_for="A checkpoint of your own; pictures and texts in one space. Nothing can tell whether MODEL is the one "
        "it was trained as beyond its shapes: OpenAI's weights need the -quickgelu variant.",
    )


def parse(name: str) -> Source:
    """What the name means. Raises UserError for a malformed name, an unknown model, a missing file."""
    if name.startswith(PREFIX):
        model, _, tag = name.removeprefix(PREFIX).partition("/")
        repository = listing()["pairs"].get(f"{model}/{tag}")
        if repository is None:
            raise UserError("open_clip has no such pretrained pair", name, "`mmexplore encoders` lists them")
        return Source(model, tag=tag, repository=repository)
    rest = name.removeprefix(LOCAL_FOLDER) if name.startswith(LOCAL_FOLDER) else name.removeprefix(LOCAL)
    model, at, path = rest.partition("@")
    if at and not name.startswith(LOCAL_FOLDER):
        file = Path(path).expanduser()
        if not file.is_file():
            raise UserError("there is no such checkpoint file", path, "give the path of a .safetensors or .pt file")
        if not model.endswith(".json"):
            return Source(model, file=file)
        config = Path(model).expanduser()
        if not config.is_file():
            raise UserError("there is no such model configuration", model, "give an open_clip name or a .json file")
        return Source(config.stem, config=config, file=file)
    folder = Path(rest).expanduser()
    if folder.is_file():
        raise UserError(
            "a checkpoint file needs its model", name, f"write local:MODEL@{rest}, e.g. local:ViT-B-32@{rest}"
        )
    if not (folder / FOLDER_CONFIG).is_file():
        raise UserError(f"holds no {FOLDER_CONFIG}", rest, "give local:MODEL@FILE, or a folder with both")
    return Source(folder.name, config=folder / FOLDER_CONFIG, folder=folder)


def _folder_weights(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".bin", ".pt", ".pth") and p.is_file())


def plan(name: str, kind: Kind, progress: Progress | None = None) -> Plan:
    """What is run for one side of a model; downloads the weights if they are not here.

    Raises:
        UserError: wrong name or file; no network and no weights in the cache (within 5 s).
    """
    source = parse(name)
    if source.repository:
        weights = [fetch_weights(name, source.repository, progress)]
    else:
        weights = [source.file] if source.file else _folder_weights(source.folder or Path())
        if not weights:
            raise UserError("holds no weights", str(source.folder), "put the .safetensors beside the configuration")
    described = [source.config] if source.config else []

    def build() -> Exportable:
        from mmexplore.encoders.clip.open_clip_build import build_side

        return build_side(source, kind)

    return Plan(
        name=name,
        kind=str(kind),
        weights=weight_digest([*weights, *described]),
        packages=("open_clip_torch", "timm", "torch"),
        build=build,
        bf16=True,
        fallback=True,
        online=bool(source.repository),
    )


def open_side(name: str, kind: Kind, progress: Progress | None = None) -> Encoder:
    """One side of a model, ready to encode. Raises UserError as `plan` and the export do."""
    for package in ("open_clip", "huggingface_hub"):
        require(package, "encoders", name)
    chosen = plan(name, kind, progress)
    side = ClipPictures if kind == Kind.IMAGE else ClipTexts
    return side(card_of(name, kind), chosen, make_engine(chosen))


def card_of(name: str, kind: Kind) -> EncoderCard:
    """The card of one side. Raises UserError for an unknown name."""
    if name.startswith(PREFIX):
        parse(name)
        return next(c for c in open_clip_cards() if c.name == name and c.kind == kind)
    return local_card(name, kind)


class ClipPictures(PictureEncoder):
    """The picture side."""

    def __init__(self, card: EncoderCard, plan: Plan, engine: Engine) -> None:
        super().__init__(engine, Preprocessing(**engine.meta["preprocessing"]))
        self.card = replace(card, dim=engine.meta["dim"])
        self.version = f"{plan.key}-{self._preprocessing.version}-{engine.precision}"

    def encode_tokens(self, batch: Sequence[Cell]) -> list[Tokens] | None:
        """Patch vectors carried into the shared space by the model's own projection (as in MaskCLIP, Zhou et al. 2022).

        None for towers that are no plain vision transformer.
        """
        grid = self._engine.meta["grid"]
        if grid is None:
            return None
        rows, columns = grid
        places = tuple((r, c) for r in range(rows) for c in range(columns))
        patches = self._all(batch, "tokens", (rows * columns, self.card.dim or 0))
        return [Tokens(p, places, (rows, columns)) for p in patches]


class ClipTexts(Encoder):
    """The text side."""

    batch_size = 128
    chunk = 16

    def __init__(self, card: EncoderCard, plan: Plan, engine: Engine) -> None:
        self._engine = engine
        self._read: Callable[[Sequence[str]], np.ndarray] = token_reader(engine.meta["tokenizer"])
        self.card = replace(card, dim=engine.meta["dim"])
        self.version = f"{plan.key}-{engine.precision}"

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        ids = self._read(texts_of(batch))
        vectors = np.zeros((len(batch), self.card.dim or 0), np.float32)
        lengths = ids.argmax(1) + 1  # CLIP's end of a text is its greatest id (0 is no padding but "!")
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), self.chunk):
            rows = order[start : start + self.chunk]
            width = ids.shape[1]
            if self._engine.meta["trims"]:  # a causal tower never looks at what follows the end of the text
                width = min(width, -(-int(lengths[rows].max()) // 8) * 8)
            vectors[rows] = self._engine.run({"ids": ids[rows, :width]}, "vectors")
        return vectors
