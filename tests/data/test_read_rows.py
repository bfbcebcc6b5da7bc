"""What cannot be used is listed and the rest goes on; real data against an independent reading of its table."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.reading.read import read_pairs, recognise
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress


def listed(data: PairedDataset) -> list[tuple[int, str, str, str]]:
    return [(r.row, r.id, r.column, r.reason) for r in data.rejected]


@pytest.fixture
def photos(jpeg):
    return {f"images/{c}.jpg": jpeg(i) for i, c in enumerate("abcd")}


TABLE = (
    "id,image,caption,label,split,colour\n1,images/a.jpg,A red frog.,frog,train,red\n2,images/b.jpg,A dog.,dog,dev,\n"
    "3,images/c.jpg,A blue frog.,frog,test,blue\n4,images/d.jpg,,dog,train,red\n"
)


# -- what cannot be used -----------------------------------------------------------------------
def test_everything_unusable_is_listed_and_the_rest_goes_on(jpeg, folder, work):
    rows = [
        "id,image,text",
        "1,a.jpg,A frog sits here.",
        "2,gone.jpg,It is gone.",
        "3,broken.jpg,It is broken.",
        "4,,",
        "1,a.jpg,The same id again.",
        "6,empty.jpg,It is empty.",
        "7,note.pdf,Not a picture.",
        "8,,Only a text.",
        "9,a.jpg",
        "10,huge.png,It is huge.",
        "11,a.jpg,nan",
        ",a.jpg,It has no id.",
    ]
    huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (100_000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0" + b"\0" * 40
    files = {
        "pairs.csv": "\n".join(rows),
        "a.jpg": jpeg(0),
        "broken.jpg": "no picture",
        "empty.jpg": "",
        "note.pdf": "%PDF",
        "huge.png": huge,
        "unused.jpg": jpeg(1),
    }
    data = read_pairs(folder(files), workdir=work)
    assert data.ids.tolist() == ["1", "8", "11", "row 13"] and data.present["image"].tolist() == [
        True,
        False,
        True,
        True,
    ]
    reasons = {(r.row, r.column): r.reason for r in data.rejected}
    assert reasons[3, "image"] == "the file is missing (gone.jpg)"
    assert reasons[4, "image"].startswith("not a readable JPEG")
    assert reasons[5, ""] == "the row is empty" and reasons[6, "id"] == "the id came before in another row"
    assert reasons[7, "image"] == "the file is empty" and (8, "image") in reasons
    assert reasons[10, ""] == "2 cells where the header has 3" and "readable" in reasons[11, "image"]
    assert reasons[0, "unused.jpg"] == "no row uses this file"
    assert (0, "note.pdf") not in reasons  # row 8 speaks of it
    blanked = read_pairs(folder(files), workdir=work, on_broken="blank_cell")
    assert blanked.ids.tolist() == ["1", "2", "3", "6", "7", "8", "10", "11", "row 13"]
    assert (3, "2", "image", "the file is missing (gone.jpg)") in listed(blanked)


def test_cells_cannot_reach_outside_the_folder(jpeg, folder, work, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(jpeg(0))
    (tmp_path / "secret.txt").write_text("secret text")
    cells = [
        "../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "x/../../secret.jpg",
        "..\\secret.jpg",
        "C:\\secret.jpg",
        "https://example.org/a.jpg",
        "link.jpg",
        "linked/secret.jpg",
        "~/secret.jpg",
        "a.jpg",
    ]
    root = folder({"pairs.csv": "image,text\n" + "\n".join(f"{c},../secret.txt" for c in cells), "a.jpg": jpeg(1)})
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "linked").symlink_to(tmp_path)
    for given_path in (root, root / "pairs.csv"):
        data = read_pairs(given_path, workdir=work)
        assert [c.resolve() for c in data.cells["image"]] == [(root / "a.jpg").resolve()]
        assert "secret text" not in data.cells["text"]
        assert {r.row for r in data.rejected} - {0} == set(range(2, 11))


def test_corrections_and_their_mistakes(photos, folder, work):
    root = folder({"pairs.csv": TABLE, **photos})
    data = read_pairs(root, workdir=work, roles={"colour": "label", "caption": "ignore", "id": "column"})
    assert data.modalities == ["image"] and data.labels.tolist() == ["red", "", "blue", "red"]
    assert set(data.columns) == {"id", "label"} and data.ids.tolist() == [
        "images/a",
        "images/b",
        "images/c",
        "images/d",
    ]
    for roles, match in [
        ({"none": "text"}, "no such column"),
        ({"id": "nonsense"}, "not a role"),
        ({"id": "label", "colour": "label"}, "2 columns have the role label"),
        (dict.fromkeys(["image", "caption"], "ignore"), "no column holds"),
    ]:
        with pytest.raises(UserError, match=match):
            read_pairs(root, workdir=work, roles=roles)
    with pytest.raises(UserError, match="on_broken"):
        read_pairs(root, workdir=work, on_broken="keep")


def test_a_table_of_measurements_and_places(folder, work):
    rows = "\n".join(
        f"{i},{i / 3:.3f},{i / 7:.3f},{-i / 9:.3f},{i % 3},{40 + i / 100},{-3.5 - i / 50},A note number {i}."
        for i in range(1, 21)
    )
    data = read_pairs(folder({"t.csv": f"id,t1,t2,t3,ward,lat,lon,note\n{rows}\n"}), workdir=work)
    assert data.kinds == {"table": Kind.TABLE, "place": Kind.PLACE, "note": Kind.TEXT}
    assert data.parts == {"table": ("t1", "t2", "t3")} and data.cells["table"][0].tolist() == [
        "0.333",
        "0.143",
        "-0.111",
    ]
    np.testing.assert_allclose(data.cells["place"][0], [40.01, -3.52], rtol=1e-6)
    assert data.columns["t1"].dtype == np.float64 and "ward" in data.columns  # still there to colour by
    content = data.content["table"]
    assert len(set(content)) == 20


def test_labels_that_are_quantities_are_numbers(folder, work):
    rows = "\n".join(f"Text number {i} here,{i / 7}" for i in range(30)) + "\nA text without target,\n"
    data = read_pairs(folder({"t.csv": f"text,target\n{rows}"}), workdir=work)
    assert data.labels.dtype == np.float64 and np.isnan(data.labels[30]) and data.labels[7] == 1.0
    classes = "\n".join(f"Text number {i} here,{i % 3}.0" for i in range(30))
    assert set(read_pairs(folder({"t.csv": f"text,label\n{classes}"}), workdir=work).labels) == {"0.0", "1.0", "2.0"}


def test_unknown_splits_are_kept_and_listed(folder, work):
    rows = "\n".join(f"Some text of {i},{s}" for i, s in enumerate(["training", "Validation", "eval", "extra", ""]))
    data = read_pairs(folder({"t.csv": f"text,split\n{rows}"}), workdir=work)
    assert data.splits.tolist() == ["train", "val", "test", "extra", ""]
    assert [r.row for r in data.rejected] == [5, 6]


def test_nothing_usable_is_one_sentence(jpeg, folder, work):
    for files, match in [
        ({"a.xyz": "x"}, "no table, picture"),
        ({"t.csv": "image,text\n"}, "no rows"),
        ({"t.csv": "a,b\n1,2\n"}, "no column holds"),
        ({"a.jpg": "broken"}, "none of the 1 rows"),
        ({}, "among the 0 files"),
    ]:
        with pytest.raises(UserError, match=match):
            read_pairs(folder(files), workdir=work)
    with pytest.raises(UserError, match="no such file"):
        read_pairs(work / "nothing", workdir=work)
    with pytest.raises(UserError, match="no file was given"):
        read_pairs([], workdir=work)


def test_many_unused_files_are_capped_by_their_number(jpeg, folder, work):
    files = {f"u/{i}.jpg": b"x" for i in range(130)} | {
        "pairs.csv": "image,text\na.jpg,A frog is here.\n",
        "a.jpg": jpeg(0),
    }
    data = read_pairs(folder(files), workdir=work)
    assert len(data.rejected) == 101 and data.rejected[-1].reason == "30 more files: no row uses this file"


def test_progress_is_told_and_cancel_is_heard(photos, folder, zipped, work):
    seen = []
    read_pairs(
        zipped({"pairs.csv": TABLE, **photos}), workdir=work, progress=Progress(lambda p: seen.append(p.message))
    )
    assert any("Unpacking" in m for m in seen) and any("Checking" in m for m in seen)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        read_pairs(folder({"pairs.csv": TABLE, **photos}), workdir=work, progress=progress)


def test_an_archive_is_unpacked_once_and_only_below_workdir(photos, zipped, work, tmp_path):
    archive = zipped({"pairs.csv": TABLE, **photos, "../evil.txt": "x"})
    before = {p for p in tmp_path.rglob("*") if not p.is_relative_to(work)}
    recognise(archive, workdir=work)
    stamps = {p: p.stat().st_mtime_ns for p in work.rglob("*.jpg")}
    data = read_pairs(archive, workdir=work)
    assert {p: p.stat().st_mtime_ns for p in work.rglob("*.jpg")} == stamps and len(stamps) == 4
    assert {p for p in tmp_path.rglob("*") if not p.is_relative_to(work)} == before
    assert ("../evil.txt", "the path leaves its folder (..)") in [(r.column, r.reason) for r in data.rejected]


# -- real data ---------------------------------------------------------------------------------
def _csv_of(path) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive, archive.open("pairs.csv") as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8", newline="")))


def test_the_stamps_read_right_without_corrections(shared_data, work):
    rows = _csv_of(shared_data / "stamps.zip")
    found = recognise(shared_data / "stamps.zip", workdir=work)
    assert {g.name: g.role for g in found.columns} == {
        "id": "id",
        "image": "image",
        "text": "text",
        "text_zh": "text",
        "text_fr": "text",
        "text_ja": "text",
        "sound": "audio",
        "label": "label",
        "kind": "column",
    }
    assert all(g.why and g.example for g in found.columns) and found.n_rows == 519 and len(found.preview) == 20
    data = read_pairs(shared_data / "stamps.zip", workdir=work)
    assert data.ids.tolist() == [r["id"] for r in rows] and data.labels.tolist() == [r["label"] for r in rows]
    assert data.columns["kind"].tolist() == [r["kind"] for r in rows] and data.rejected == ()
    for name in ("text", "text_zh", "text_fr", "text_ja"):
        assert data.cells[name] == tuple(r[name] or None for r in rows)
    for name in ("image", "sound"):
        assert data.present[name].tolist() == [bool(r[name]) for r in rows]
        assert all(c is None or r[name].endswith(c.name) for c, r in zip(data.cells[name], rows, strict=True))
    assert data.present["sound"].sum() == 116 and len(set(data.groups)) == 519


def test_the_spoken_digits_read_right_without_corrections(shared_data, work):
    rows = _csv_of(shared_data / "fsdd.zip")
    data = read_pairs(shared_data / "fsdd.zip", workdir=work)
    assert data.kinds == {"audio": Kind.AUDIO, "text": Kind.TEXT} and len(data) == 3000 and data.rejected == ()
    assert data.labels.tolist() == [r["label"] for r in rows] and data.splits.tolist() == [r["split"] for r in rows]
    assert set(data.columns) == {"speaker"} and data.cells["text"] == tuple(r["text"] for r in rows)


# -- anything at all ---------------------------------------------------------------------------
CELL = st.one_of(
    st.sampled_from(
        [
            "a.jpg",
            "../a.jpg",
            "b.wav",
            "1.5",
            "-3",
            "",
            "train",
            "dev",
            "A frog on a log.",
            "=1+1",
            "[1, 2]",
            "<b>x</b>",
            "\u202egnp",
            "nan",
            "青蛙",
        ]
    ),
    st.text(max_size=20),
)
NAME = st.one_of(
    st.sampled_from(["id", "image", "text", "label", "split", "group", "lat", "lon", "path", "y"]), st.text(max_size=8)
)


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(
    header=st.lists(NAME, min_size=1, max_size=6),
    rows=st.lists(st.lists(CELL, min_size=1, max_size=6), max_size=8),
    delimiter=st.sampled_from(",;\t"),
)
def test_any_table_is_read_or_one_sentence(header, rows, delimiter, tmp_path, jpeg):
    root = tmp_path / "fuzz"
    root.mkdir(exist_ok=True)
    (root / "a.jpg").write_bytes(jpeg(0))
    with (root / "t.csv").open("w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    try:
        recognise(root, workdir=tmp_path / "w")
        data = read_pairs(root, workdir=tmp_path / "w")
    except UserError as error:
        assert str(error) and "Traceback" not in str(error)
        return
    assert len(set(data.ids)) == len(data.ids) > 0
    assert all(len(c) == len(data) for c in data.cells.values()) and len(data.columns) == len(data)
    assert all(any(data.present[m][i] for m in data.modalities) for i in range(len(data)))
    lost = {r.row for r in data.rejected if r.row}
    assert len(data) + len(lost) >= len([r for r in rows if any(c.strip() for c in r)]) - _quoted(rows)


def _quoted(rows: list[list[str]]) -> int:
    """Rows whose cells hold what a reader may take for another row's beginning."""
    return sum(any(c in cell for cell in row for c in '\n\r"\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029') for row in rows)
