"""A series comes from a cell or a file, however it lies; gaps and words are refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmexplore.data.reading import series
from mmexplore.data.reading.series import read_series
from mmexplore.errors import UserError

VALUES = np.arange(20, dtype=np.float32).reshape(10, 2) / 7


def test_the_longer_side_is_time() -> None:
    np.testing.assert_array_equal(read_series(VALUES), VALUES)
    np.testing.assert_array_equal(read_series(VALUES.T), VALUES)
    np.testing.assert_array_equal(read_series(VALUES[:, 0]), VALUES[:, :1])


def _csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_files_of_every_form_give_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=["x", "y"])
    frame.insert(0, "time", range(10))
    frame["unit"] = "m/s"
    frame.to_parquet(tmp_path / "a.parquet")
    np.save(tmp_path / "a.npy", VALUES.T)
    bare = "\n".join(f"{x!r};{y!r}" for x, y in VALUES.tolist())
    files = [
        _csv(tmp_path / "a.csv", frame.to_csv(index=False)),
        _csv(tmp_path / "a.tsv", frame.to_csv(index=False, sep="\t")),
        _csv(tmp_path / "bare.csv", bare),
        tmp_path / "a.parquet",
        tmp_path / "a.npy",
    ]
    for file in files:
        np.testing.assert_allclose(read_series(file), VALUES, rtol=1e-6, err_msg=file.name)


def test_a_long_series_is_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MAX_POINTS", 5)
    np.testing.assert_allclose(read_series(np.arange(10.0)), [[0.5], [2.5], [4.5], [6.5], [8.5]])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "no table"),
        ("a.csv", b"x,y\n1,\n3,4\n", "empty cells"),
        ("a.csv", b"x,y\n1,2\n3,oops\n", "no numbers"),
        ("a.csv", b"x,y\nred,blue\n", "no numbers"),
        ("a.csv", bytes(range(256)) * 4, "text"),
        ("a.csv", b"x\n1e400\n", "infinite"),
        ("a.parquet", b"PAR1 and nothing more", "no table"),
        ("a.npy", b"\x93NUMPY", "NumPy"),
    ],
)
def test_what_is_no_series_gets_one_sentence(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        read_series(path)


def test_nan_in_a_cell_and_no_cell() -> None:
    for cell in (np.array([1.0, np.nan]), None, "words", np.zeros((0, 2))):
        with pytest.raises(UserError):
            read_series(cell)
