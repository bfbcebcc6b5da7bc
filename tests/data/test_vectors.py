"""Vectors from files: plain numbers only, and never more than the file can hold."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from mmexplore.data.dataset import Kind
from mmexplore.data.reading.read import read_pairs, recognise
from mmexplore.data.reading.vectors import load_npy, load_npz, load_safetensors
from mmexplore.errors import UserError

RNG = np.random.default_rng(0)


class Evil:
    def __reduce__(self):
        return (open, ("pwned", "w"))


def test_an_npz_is_a_data_set(tmp_path, work):
    image, text = RNG.normal(size=(6, 4)).astype(np.float32), RNG.normal(size=(6, 3))
    np.savez(
        tmp_path / "v.npz",
        image=image,
        text=text,
        label=np.array(list("aabbcc")),
        id=np.arange(6) + 10,
        split=np.array(["train"] * 4 + ["valid", "TEST"]),
        group=np.array([1, 1, 2, 2, 3, 3]),
        score=np.arange(6) / 4,
        classes=np.array(["x", "y", "z"]),
    )
    data = read_pairs(tmp_path / "v.npz", workdir=work)
    assert data.kinds == {"image": Kind.VECTOR, "text": Kind.VECTOR}
    np.testing.assert_array_equal(np.stack(data.cells["image"]), image)
    assert data.cells["text"][0].dtype == np.float32
    assert data.ids.tolist() == ["10", "11", "12", "13", "14", "15"] and data.labels.tolist() == list("aabbcc")
    assert data.splits.tolist() == ["train"] * 4 + ["val", "test"] and data.groups.tolist() == list("112233")
    assert data.columns["score"].tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25]
    assert [(r.row, r.column) for r in data.rejected] == [(0, "classes")]


def test_a_lone_npy_is_called_by_its_file(tmp_path, work):
    np.save(tmp_path / "gene activity.npy", np.eye(5))
    data = read_pairs(tmp_path / "gene activity.npy", workdir=work)
    assert data.modalities == ["gene activity"] and len(data) == 5
    np.save(tmp_path / "other.npy", np.asfortranarray(np.arange(10.0).reshape(5, 2)))
    data = read_pairs([tmp_path / "gene activity.npy", tmp_path / "other.npy"], workdir=work)
    assert data.cells["other"][1].tolist() == [2, 3]


def test_safetensors_with_half_and_bfloat16(tmp_path, work):
    wide = np.array([[1.0, -2.5], [3.0, 0.15625]], np.float32)
    save_file({"a": wide.astype(np.float16), "b": wide}, tmp_path / "v.safetensors")
    data = read_pairs(tmp_path / "v.safetensors", workdir=work)
    np.testing.assert_array_equal(np.stack(data.cells["a"]), np.stack(data.cells["b"]))
    raw = (wide.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({"h": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "bf.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + raw)
    np.testing.assert_array_equal(load_safetensors(tmp_path / "bf.safetensors")["h"], wide)


def test_rows_that_are_missing_or_broken(tmp_path, work):
    """All NaN or all zero is a hole; NaN or infinity among numbers is listed."""
    a = np.ones((6, 3))
    a[1], a[2], a[3, 0], a[4, 1] = np.nan, 0, np.nan, np.inf
    b = np.arange(6.0)[:, None]  # a single number may be zero
    a[5] = 1e300  # too large for float32
    np.savez(tmp_path / "v.npz", a=a, b=b)
    data = read_pairs(tmp_path / "v.npz", workdir=work)
    assert data.ids.tolist() == ["1", "2", "3"] and data.present["a"].tolist() == [True, False, False]
    assert data.present["b"].all() and data.cells["b"][0].tolist() == [0]
    assert [(r.row, r.column, r.reason) for r in data.rejected] == [
        (row, "a", "the numbers hold NaN or infinity") for row in (4, 5, 6)
    ]
    kept = read_pairs(tmp_path / "v.npz", workdir=work, on_broken="blank_cell")
    assert len(kept) == 6 and kept.present["a"].sum() == 1 and len(kept.rejected) == 3


def test_different_lengths_are_one_clear_sentence_unless_ignored(tmp_path, work):
    np.savez(tmp_path / "v.npz", image=np.ones((4, 2)), text=np.ones((7, 2)), also=np.ones((4, 3)))
    with pytest.raises(UserError, match=r"different numbers of rows \(image 4, text 7, also 4\)"):
        read_pairs(tmp_path / "v.npz", workdir=work)
    found = {g.name: g.role for g in recognise(tmp_path / "v.npz", workdir=work).columns}
    assert found == {"image": "vector", "text": "ignore", "also": "vector"}
    data = read_pairs(tmp_path / "v.npz", workdir=work, roles=found)
    assert data.modalities == ["image", "also"] and len(data) == 4
    with pytest.raises(UserError, match="different numbers of rows"):
        read_pairs(tmp_path / "v.npz", workdir=work, roles={**found, "text": "vector"})
    np.savez(tmp_path / "w.npz", image=np.ones((4, 2)), label=np.arange(3))
    with pytest.raises(UserError, match=r"label: the array has the shape \[3\]"):
        read_pairs(tmp_path / "w.npz", workdir=work, roles={"label": "label"})


def test_three_dimensions_are_a_series_for_each_item(tmp_path, work):
    np.savez(tmp_path / "v.npz", imu=RNG.normal(size=(3, 10, 2)), note=np.array(["a b c", "d", ""]))
    data = read_pairs(tmp_path / "v.npz", workdir=work)
    assert data.kinds == {"imu": Kind.SERIES} and data.cells["imu"][0].shape == (10, 2)
    data = read_pairs(tmp_path / "v.npz", workdir=work, roles={"note": "text"})
    assert data.cells["note"] == ("a b c", "d", None)


@pytest.mark.parametrize("name", ["v.npy", "v.npz"])
def test_object_arrays_are_refused_unopened(tmp_path, work, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = np.array([Evil(), Evil()], dtype=object)
    if name == "v.npy":
        np.save(name, objects, allow_pickle=True)
    else:
        np.savez(name, a=objects, b=np.ones((2, 2)))
    with pytest.raises(UserError, match="pickle"):
        read_pairs(tmp_path / name, workdir=work)
    (tmp_path / "p.npy").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="not a NumPy file"):
        load_npy(tmp_path / "p.npy")
    assert not (tmp_path / "pwned").exists()


def _npy(shape: str, data: bytes = b"") -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "shape",
    [
        "(1000000000, 1000)",
        "(9" * 30 + ",)" * 30,
        "(-1, 5)",
        "(10, 10)",
        "(10**3, 2)",
        "(2.5, 2)",
        f"({2**62}, {2**62})",
    ],
)
def test_a_header_cannot_make_us_allocate(tmp_path, shape):
    (tmp_path / "v.npy").write_bytes(_npy(shape, b"\0" * 64))
    with pytest.raises(UserError, match=r"v\.npy"):
        load_npy(tmp_path / "v.npy")
    with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", _npy(shape, b"\0" * 64))
    with pytest.raises(UserError, match=r"v\.npz"):
        load_npz(tmp_path / "v.npz")


def test_an_npz_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", _npy("(100000, 200)", b"\0" * 80_000_000))
    with pytest.raises(UserError, match="more than the file can hold"):
        load_npz(tmp_path / "v.npz")


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, 2000),
    at=st.integers(0, 2000),
    byte=st.integers(0, 255),
    name=st.sampled_from(["v.npz", "v.npy", "v.safetensors"]),
)
def test_mutated_files_are_read_or_one_sentence(tmp_path, cut, at, byte, name):
    buffer = io.BytesIO()
    arrays = {"a": np.arange(60, dtype=np.float32).reshape(20, 3), "label": np.arange(20)}
    if name == "v.npz":
        np.savez(buffer, **arrays)
    elif name == "v.npy":
        np.save(buffer, arrays["a"])
    else:
        save_file(arrays, tmp_path / "made")
        buffer.write((tmp_path / "made").read_bytes())
    data = bytearray(buffer.getvalue())
    data[at % len(data)] = byte
    (tmp_path / name).write_bytes(data[: max(1, len(data) - cut)] if cut % 2 else data)
    try:
        read_pairs(tmp_path / name, workdir=tmp_path / "work")
    except UserError as error:
        assert str(error)


def test_the_six_views_are_read_right(shared_data, work):
    path = shared_data / "uci_mfeat.npz"
    data = read_pairs(path, workdir=work)
    with np.load(path) as arrays:
        views = [k for k in arrays if k != "label"]
        assert data.modalities == views and len(data) == 2000
        for view in views:
            np.testing.assert_array_equal(np.stack(data.cells[view]), arrays[view])
        assert data.labels.tolist() == [str(v) for v in arrays["label"]]
    assert data.rejected == ()
    with pytest.raises(UserError, match=r"image_features 6,000.*text_features 30,000"):
        read_pairs(shared_data / "flickr8k_train_features.safetensors", workdir=work)
