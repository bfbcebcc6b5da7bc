"""open_clip: the shipped list, checkpoints of one's own, and never random weights."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmexplore.data.dataset import Kind
from mmexplore.encoders import registry
from mmexplore.encoders.audio.samples import TEXTS
from mmexplore.encoders.clip import open_clip
from mmexplore.encoders.clip.clip_tokens import clip_tokenizer, token_reader
from mmexplore.errors import UserError
from tests.encoders.conftest import TinyClip, cosines

WORDS = ["a dog", "!?!?!? wow!?yes", "two cats and a house in a field", "It's 50% off!", "一只猫", ""]


@pytest.fixture
def in_tiny_cache(tiny_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tiny_cache))
    monkeypatch.setattr(registry, "_loaded", {})
    yield


def test_the_list_is_that_of_open_clip() -> None:
    import open_clip as library

    shipped = open_clip.listing()
    if library.__version__ != shipped["open_clip"]:
        pytest.skip(f"the list was made with open_clip {shipped['open_clip']}, installed is {library.__version__}")
    assert set(shipped["pairs"]) == {f"{m}/{t}" for m, t in library.list_pretrained()}


def test_sizes_are_those_published() -> None:
    """Parameter counts of open_clip's own docs/model_profile.csv, in millions."""
    published = {"ViT-B-32": (87.85, 63.43), "RN50": (38.32, 63.69), "ViT-L-14": (303.97, 123.65)}
    for model, (image, text) in published.items():
        about = open_clip.listing()["models"][model]
        assert about["image"] / 1e6 == pytest.approx(image, abs=0.01)
        assert about["text"] / 1e6 == pytest.approx(text, abs=0.01)
    (card,) = [c for c in open_clip.open_clip_cards() if c.name == "open_clip:ViT-B-32/openai" and c.kind == Kind.IMAGE]
    assert card.size_mb == pytest.approx(605.1, abs=1) and card.dim == 512 and not card.offline


def test_both_sides_are_those_of_torch(tiny_clip: TinyClip, photos: list[np.ndarray], in_tiny_cache: None) -> None:
    import open_clip as library
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2

    image, text = registry.load(tiny_clip.name, Kind.IMAGE), registry.load(tiny_clip.name, Kind.TEXT)
    assert image.card.space == text.card.space == tiny_clip.name and image.card.dim == text.card.dim == 32
    transform = image_transform_v2(PreprocessCfg(**tiny_clip.model.visual.preprocess_cfg), is_train=False)
    with torch.no_grad():
        pictures = tiny_clip.model.encode_image(torch.stack([transform(Image.fromarray(p)) for p in photos])).numpy()
        ids = library.get_tokenizer(tiny_clip.config.stem)([*WORDS, *TEXTS])
        texts = tiny_clip.model.encode_text(ids).numpy()
    assert cosines(image.encode(photos), pictures).min() >= 0.999
    assert cosines(text.encode([*WORDS, *TEXTS]), texts).min() >= 0.999
    assert cosines(pictures, -pictures).max() < 0  # the measure itself can fail


def test_patches_lie_on_their_grid(tiny_clip: TinyClip, photos: list[np.ndarray], in_tiny_cache: None) -> None:
    (tokens,) = registry.load(tiny_clip.name, Kind.IMAGE).encode_tokens(photos[:1])
    assert (
        tokens.grid == (2, 2) and tokens.vectors.shape == (4, 32) and tokens.places == ((0, 0), (0, 1), (1, 0), (1, 1))
    )


def test_a_folder_with_its_configuration(tiny_clip: TinyClip, tmp_path: Path) -> None:
    from mmexplore.encoders.clip.open_clip_build import build_side

    folder = tmp_path / "mine"
    folder.mkdir()
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"}
    config = {"model_cfg": json.loads(tiny_clip.config.read_text()), "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="no weights"):
        registry.load(f"local:{folder}", Kind.IMAGE)
    with pytest.raises(UserError, match="do not load"):
        build_side(open_clip.parse(f"local:{folder}"), Kind.IMAGE)
    (folder / "open_clip_model.safetensors").write_bytes(tiny_clip.file.read_bytes())
    built = build_side(open_clip.parse(f"local-dir:{folder}"), Kind.IMAGE)
    assert built.meta["preprocessing"]["mode"] == "squash" and built.meta["dim"] == 32


def test_random_weights_are_refused(tiny_clip: TinyClip, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    from mmexplore.encoders.clip.open_clip_build import load_model

    weights = load_file(tiny_clip.file)
    weights.pop("visual.proj")
    save_file(weights, tmp_path / "part.safetensors")
    with pytest.raises(UserError, match="do not load"):
        load_model(open_clip.parse(f"local:{tiny_clip.config}@{tmp_path / 'part.safetensors'}"))


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path(__file__).with_name("pwned"),))


def test_a_pickle_is_not_run(tiny_clip: TinyClip, tmp_path: Path) -> None:
    from mmexplore.encoders.clip.open_clip_build import load_model

    file = tmp_path / "weights.pt"
    file.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="do not load"):
        load_model(open_clip.parse(f"local:{tiny_clip.config}@{file}"))
    assert not Path(__file__).with_name("pwned").exists()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("open_clip:ViT-B-32/nonsense", "no such pretrained pair"),
        ("open_clip:ViT-B-32", "no such pretrained pair"),
        ("local:ViT-B-32@nowhere.safetensors", "no such checkpoint"),
        (f"local:nowhere.json@{__file__}", "no such model configuration"),
        (f"local:{__file__}", "needs its model"),
        ("local:nowhere", "holds no open_clip_config.json"),
        ("local-dir:nowhere", "holds no open_clip_config.json"),
    ],
)
def test_a_wrong_name_is_one_sentence(name: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        open_clip.parse(name)


def test_the_light_tokenizer_is_open_clips(shared_data: Path) -> None:
    import csv
    import io
    import zipfile

    from open_clip.tokenizer import SimpleTokenizer, default_bpe

    with zipfile.ZipFile(shared_data / "stamps.zip") as archive:
        tables = [n for n in archive.namelist() if n.endswith(".csv")]
        rows = csv.reader(io.StringIO(archive.read(tables[0]).decode("utf-8")))
        texts = [cell for row in rows for cell in row][:2000]
    texts += [*TEXTS, *WORDS, "don't I'LL we'Ve", "a_b-c…d", "tabs\tand\nlines", "ǅ ﬁ ß İ", "&lt;b&gt; 🦊🦊", "x" * 300]
    settings = {
        "style": "clip",
        "json": clip_tokenizer(Path(default_bpe())).to_str(),
        "clean": "lower",
        "context": 77,
        "start": 49406,
        "end": 49407,
    }
    np.testing.assert_array_equal(token_reader(settings)(texts), SimpleTokenizer()(texts).numpy())


def test_the_server_needs_no_torch(tiny_clip: TinyClip, tiny_cache: Path, in_tiny_cache: None) -> None:
    for kind in (Kind.IMAGE, Kind.TEXT):
        registry.load(tiny_clip.name, kind)
    code = (
        "import sys; import numpy as np; from mmexplore.encoders import registry as r; "
        "assert r.load(sys.argv[1], 'image').encode([np.zeros((9, 9, 3), np.uint8)]).shape == (1, 32); "
        "assert r.load(sys.argv[1], 'text').encode(['a dog']).shape == (1, 32); "
        "sys.exit(', '.join({'torch', 'transformers', 'timm', 'open_clip'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code, tiny_clip.name], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
