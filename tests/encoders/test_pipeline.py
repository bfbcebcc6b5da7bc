"""A data set is encoded once by content, survives interruption, and loses no row in silence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmexplore.data.dataset import Cell, Kind, PairedDataset
from mmexplore.encoders import registry
from mmexplore.encoders.base import Encoder, EncoderCard
from mmexplore.encoders.pipeline import encode_dataset
from mmexplore.encoders.vector import AsIs
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress


class Lengths(Encoder):
    """A text becomes (its length, 1); "bad..." cannot be encoded. Counts what it is asked for."""

    card = EncoderCard("lengths", Kind.TEXT, 2, "lengths", "", 0, "", "", True)
    version = "v1"
    batch_size = 3

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, batch: Sequence[Cell]) -> np.ndarray:
        for text in batch:
            if str(text).startswith("bad"):
                raise UserError("is bad", str(text))
        self.asked += [str(t) for t in batch]
        return np.array([[len(str(t)), 1] for t in batch], np.float32)


class DictStore:
    """Counts batches put; may fail at one, as a killed process would."""

    def __init__(self, die_at: int | None = None) -> None:
        self.kept: dict[tuple[str, str, str], np.ndarray] = {}
        self.puts, self.die_at = 0, die_at

    def get(self, keys: list[str], encoder: str, version: str) -> dict[str, np.ndarray]:
        return {k: self.kept[encoder, version, k] for k in keys if (encoder, version, k) in self.kept}

    def put(self, encoder: str, version: str, vectors: dict[str, np.ndarray]) -> None:
        if self.puts == self.die_at:
            raise KeyboardInterrupt
        self.puts += 1
        self.kept |= {(encoder, version, k): v for k, v in vectors.items()}


def _pairs(texts: Sequence[Cell], **others: tuple) -> PairedDataset:
    n = len(texts)
    ids = np.array([f"id{i}" for i in range(n)], object)
    return PairedDataset(
        "test",
        ids,
        {"text": Kind.TEXT, **dict.fromkeys(others, Kind.VECTOR)},
        {"text": tuple(texts), **others},
        groups=np.array([f"g{i // 2}" for i in range(n)], object),
        labels=np.array(["a"] * n, object),
        splits=np.array(["train"] * n, object),
        columns=pd.DataFrame({"colour": range(n)}),
    )


def _encode(dataset: PairedDataset, encoder: Encoder, **options):
    def load(name: str, kind: Kind, progress: Progress) -> Encoder:
        return AsIs() if name == "as-is" else encoder

    names = {m: "as-is" if k == Kind.VECTOR else "lengths" for m, k in dataset.kinds.items()}
    return encode_dataset(dataset, names, load=load, **options)


def test_equal_cells_are_encoded_once() -> None:
    encoder = Lengths()
    encoded = _encode(_pairs(["aa", "b", "aa", None, "aa", "b"]), encoder)
    assert encoder.asked == ["aa", "b"]
    np.testing.assert_array_equal(encoded.embeddings.vectors["text"][:, 0], [2, 1, 2, 0, 2, 1])
    np.testing.assert_array_equal(encoded.embeddings.present["text"], [True, True, True, False, True, True])


def test_rows_keep_everything_they_came_with() -> None:
    dataset = _pairs(["a", "b", None])
    embeddings = _encode(dataset, Lengths()).embeddings
    for name in ("ids", "groups", "labels", "splits"):
        np.testing.assert_array_equal(getattr(embeddings, name), getattr(dataset, name))
    np.testing.assert_array_equal(embeddings.content["text"], dataset.content["text"])
    assert list(embeddings.columns["colour"]) == [0, 1, 2] and embeddings.spaces == {"text": "lengths"}


def test_a_bad_cell_is_listed_and_the_rest_goes_on() -> None:
    encoded = _encode(_pairs(["a", "bad", "ccc", "bad", "dd", None]), Lengths())
    assert [(r.row, r.id, r.column, r.reason) for r in encoded.rejected] == [
        (2, "id1", "text", "is bad"),
        (4, "id3", "text", "is bad"),
    ]
    np.testing.assert_array_equal(encoded.embeddings.present["text"], [True, False, True, False, True, False])
    assert encoded.embeddings.content["text"][1] == ""
    np.testing.assert_array_equal(encoded.embeddings.vectors["text"][1], [0, 0])


def test_what_the_store_has_is_not_encoded_again() -> None:
    store, texts = DictStore(), ["a", "bb", "ccc", "dddd", "eeeee"]
    first = _encode(_pairs(texts), Lengths(), store=store).embeddings
    encoder = Lengths()
    second = _encode(_pairs([*texts, "new"]), encoder, store=store).embeddings
    assert encoder.asked == ["new"]
    np.testing.assert_array_equal(first.vectors["text"], second.vectors["text"][:5])


def test_another_version_is_encoded_anew() -> None:
    store, encoder = DictStore(), Lengths()
    _encode(_pairs(["a"]), Lengths(), store=store)
    encoder.version = "v2"
    _encode(_pairs(["a"]), encoder, store=store)
    assert encoder.asked == ["a"]


def test_an_interrupted_run_loses_one_batch_at_most() -> None:
    texts = [f"text {i:02d}" for i in range(10)]
    store = DictStore(die_at=2)
    with pytest.raises(KeyboardInterrupt):
        _encode(_pairs(texts), Lengths(), store=store)
    store.die_at, encoder = None, Lengths()
    _encode(_pairs(texts), encoder, store=store)
    assert encoder.asked == texts[6:]


def test_cancelled_between_batches() -> None:
    store, encoder = DictStore(), Lengths()
    progress = Progress(lambda p: p.cancel() if p.done >= 3 else None)
    with pytest.raises(Cancelled):
        _encode(_pairs([f"text {i}" for i in range(9)]), encoder, store=store, progress=progress)
    assert len(encoder.asked) == 3 and len(store.kept) == 3


def test_progress_counts_distinct_items() -> None:
    seen = []
    progress = Progress(lambda p: seen.append((p.done, p.total)))
    _encode(_pairs(["a", "a", "b", "c", "d", "bad"]), Lengths(), progress=progress)
    assert seen[-1] == (5, 5) and all(a <= b for a, b in itertools.pairwise(seen))


def test_vectors_stay_as_they_are_in_a_space_of_their_own() -> None:
    store = DictStore()
    dataset = _pairs(["a", "b", "c", "d"], sensor=(np.array([3.0, 4.0]), None, np.ones(3), np.array([1.0, 0.0])))
    encoded = _encode(dataset, Lengths(), store=store)
    assert encoded.embeddings.spaces["sensor"] == "as-is:sensor"
    np.testing.assert_array_equal(encoded.embeddings.vectors["sensor"], [[3, 4], [0, 0], [0, 0], [1, 0]])
    assert [(r.row, r.column) for r in encoded.rejected] == [(3, "sensor")]
    assert {name for name, _, _ in store.kept} == {"lengths"}


def test_a_file_that_went_away_is_listed(tmp_path: Path) -> None:
    class Any(Lengths):
        card = EncoderCard("any", Kind.TEXT, 2, "any", "", 0, "", "", True)

    encoded = _encode(_pairs(["a", tmp_path / "gone.txt"]), Any())
    assert [r.row for r in encoded.rejected] == [2] and "cannot be read" in encoded.rejected[0].reason


def test_nothing_usable_is_an_error() -> None:
    with pytest.raises(UserError, match="none of its cells"):
        _encode(_pairs(["bad", None]), Lengths())


def test_wrong_choices_are_told_before_any_work() -> None:
    dataset = _pairs(["a"])
    with pytest.raises(UserError, match="no such modality"):
        encode_dataset(dataset, {"picture": "minilm"})
    with pytest.raises(UserError, match="image"):
        encode_dataset(dataset, {"text": "efficientnet-lite0"})
    with pytest.raises(UserError, match="no modality"):
        encode_dataset(dataset, {})


def test_end_to_end_with_the_offline_encoders(photos: list[np.ndarray]) -> None:
    dataset = PairedDataset(
        "photos",
        np.array(["a", "b", "c"], object),
        {"photo": Kind.IMAGE, "caption": Kind.TEXT},
        {"photo": (photos[0], photos[0], photos[2]), "caption": ("an astronaut", None, "a cat")},
        groups=np.array(["1", "1", "2"], object),
    )
    names = {m: registry.default_encoder(k) for m, k in dataset.kinds.items()}
    embeddings = encode_dataset(dataset, names).embeddings
    assert embeddings.dims == {"photo": 1280, "caption": 384}
    assert embeddings.spaces == {"photo": "efficientnet-lite0", "caption": "minilm"}
    np.testing.assert_array_equal(embeddings.vectors["photo"][0], embeddings.vectors["photo"][1])


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_pipeline as t
from mmexplore.server.store import Store

class Slow(t.Lengths):
    def encode(self, batch):
        if len(self.asked) == 6:
            Path(sys.argv[3]).touch()
            time.sleep(60)
        return super().encode(batch)

t._encode(t._pairs([f"text {i:02d}" for i in range(12)]), Slow(), store=Store(Path(sys.argv[2])))
"""


def test_after_a_kill_only_the_rest_is_encoded(tmp_path: Path) -> None:
    """The real store and a real kill -9 in the third batch of four."""
    import subprocess
    import sys
    import time

    from mmexplore.server.store import Store

    third, path = tmp_path / "third batch", tmp_path / "store.db"
    arguments = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(path), str(third)]
    process = subprocess.Popen(arguments)
    deadline = time.monotonic() + 60
    while not third.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert third.exists()
    encoder = Lengths()
    encoded = _encode(_pairs([f"text {i:02d}" for i in range(12)]), encoder, store=Store(path))
    assert encoder.asked == [f"text {i:02d}" for i in range(6, 12)]
    assert encoded.embeddings.present["text"].all()


def test_many_vectors_are_held_once(tmp_path: Path) -> None:
    """Peak memory is the answer and little else, whether they are encoded or come from the store."""
    import tracemalloc

    from mmexplore.server.store import Store

    class Wide(Lengths):
        card = EncoderCard("wide", Kind.TEXT, 1000, "wide", "", 0, "", "", True)
        batch_size = 64

        def encode(self, batch: Sequence[Cell]) -> np.ndarray:
            return np.random.default_rng(len(str(batch[0]))).normal(size=(len(batch), 1000)).astype(np.float32)

    dataset, answer = _pairs([f"text {i}" for i in range(10_000)]), 10_000 * 1000 * 4
    store = Store(tmp_path / "store.db")
    for _ in range(2):
        tracemalloc.start()
        encoded = _encode(dataset, Wide(), store=store)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert encoded.embeddings.present["text"].all()
        assert peak < 1.8 * answer  # with what is read from the store at once; two copies would be 2 and more
