"""Tables as people have them: every form, every way to be broken."""

from __future__ import annotations

import json
import time
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmexplore.data.reading import delimited
from mmexplore.data.reading.arrow import read_arrow
from mmexplore.data.reading.tables import join_tables, read_table
from mmexplore.errors import UserError


@pytest.fixture
def table(tmp_path):
    """table("a,b\n1,2\n", name="t.csv") -> Table."""

    def read(data: str | bytes, name: str = "t.csv", **options):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_table(path, tmp_path / "spill", **options)

    return read


def listed(table) -> list[tuple[int, str]]:
    return [(r.row, r.reason) for r in table.rejected]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("image,text\na.jpg,A frog\nb.jpg,A dog\n", "t.csv"),
        ("image;text\na.jpg;A frog\nb.jpg;A dog\n", "t.csv"),
        ("image\ttext\na.jpg\tA frog\nb.jpg\tA dog\n", "t.tsv"),
        ("image\ttext\r\na.jpg\tA frog\r\nb.jpg\tA dog", "t.csv"),
        ('"image","text"\r\n"a.jpg","A frog"\r\n"b.jpg","A dog"', "t.csv"),
        ("\ufeffimage,text\na.jpg,A frog\nb.jpg,A dog", "t.csv"),
        (" image , text \na.jpg, A frog \n b.jpg,A dog\n\n\n", "t.csv"),
        ('{"image":"a.jpg","text":"A frog"}\n{"image":"b.jpg","text":"A dog"}\n', "t.jsonl"),
    ],
)
def test_the_same_table_in_many_forms(table, data, name):
    read = table(data, name)
    assert read.columns == {"image": ["a.jpg", "b.jpg"], "text": ["A frog", "A dog"]}
    assert read.rejected == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252", "utf-8-sig"])
def test_tables_in_other_encodings(table, encoding):
    read = table("image,text\na.jpg,Un été à la forêt\nb.jpg,Noël\n".encode(encoding))
    assert read.columns["text"] == ["Un été à la forêt", "Noël"]


def test_semicolons_with_commas_in_the_texts(table):
    read = table("id;text\n1;a frog, green\n2;a dog, brown, old\n3;a cat\n")
    assert read.columns["text"] == ["a frog, green", "a dog, brown, old", "a cat"]


def test_quoted_line_breaks_count_as_one_row(table):
    read = table('id,text\n1,"two\nlines, and a ""quote"""\n2,one\nshort\n3,ok\n')
    assert read.columns["text"] == ['two\nlines, and a "quote"', "one", "ok"]
    assert list(read.rows) == [2, 3, 5] and listed(read) == [(4, "1 cells where the header has 2")]


def test_ragged_empty_and_nul_rows_are_listed_with_their_numbers(table):
    read = table("id,text\n1,a\n2\n3,b,c\n\n,\n4,d,,\n5,e\0f\n6,g\n\n")
    assert read.columns["id"] == ["1", "4", "6"] and list(read.rows) == [2, 7, 9]
    assert listed(read) == [
        (3, "1 cells where the header has 2"),
        (4, "3 cells where the header has 2"),
        (5, "the row is empty"),
        (6, "the row is empty"),
        (8, "the row has NUL characters"),
    ]


def test_empty_cells_are_none_and_columns_are_named(table):
    read = table("id,,text,text,text (2)\n1,x,,b,c\n")
    assert read.columns == {"id": ["1"], "column 2": ["x"], "text": [None], "text (3)": ["b"], "text (2)": ["c"]}


@pytest.mark.parametrize("data", ["a.jpg,A frog\nb.jpg,A dog\n", "1,2\n3,4\n", ",,\n1,2,3\n", "0.5,A frog\n"])
def test_a_table_needs_a_header(table, data):
    with pytest.raises(UserError, match=r"t\.csv: the table has no header.*first row"):
        table(data)


@pytest.mark.parametrize(
    "data", [b"", b"\n\n\n", b"\0\0\0\0", b"PK\3\4" + bytes(range(256)), b"\xff\xfe", b"\x00" * 5000]
)
def test_what_is_no_table_is_one_sentence(table, data):
    with pytest.raises(UserError, match=r"t\.csv"):
        table(data)


def test_ten_thousand_columns_are_read_and_more_are_refused(table):
    header = ",".join(f"c{i}" for i in range(10_000))
    assert len(table(f"{header}\n{',' * 9_998}x,\n").columns) == 10_000
    with pytest.raises(UserError, match="more than 10,000 columns"):
        table(f"{header},one\n")
    with pytest.raises(UserError, match="more than 10,000 columns"):
        table(json.dumps({f"k{i}": 1 for i in range(10_001)}), "t.jsonl")


def test_too_many_cells_are_refused_before_they_fill_the_memory(table):
    with pytest.raises(UserError, match="30,000,000 cells"):
        table("\n".join(json.dumps({f"k{i}": 1}) for i in range(10_000)), "t.jsonl")


def test_a_huge_cell_is_listed_and_the_rest_goes_on(table, monkeypatch):
    monkeypatch.setattr(delimited, "MAX_CELL", 1000)
    read = table(f"id,text\n1,ok\n2,{'x' * 5000}\n3,{'y' * 900}\n")
    assert read.columns["id"] == ["1", "3"] and [r.row for r in read.rejected] == [3]
    assert read.rejected[0].reason.startswith("a cell has more than 1,000 characters")


def test_a_cell_of_100_megabytes_costs_seconds_not_the_memory(table):
    start = time.thread_time()
    tracemalloc.start()
    read = table(b"id,text\n1,ok\n2," + b"x" * 100_000_000 + b"\n3,ok\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.columns["id"] == ["1", "3"] and len(read.rejected) == 1
    assert time.thread_time() - start < 10 and peak < 600_000_000


def test_json_lines_bad_lines_are_listed(table):
    lines = [
        '{"id": 1, "text": "a"}',
        "{not json",
        "[1, 2]",
        "",
        '{"id": 2, "more": {"x": 1}}',
        "7",
        '{"id": "nul\\u0000"}',
        "9" * 6000,
        "[" * 100_000,
        '{"id": NaN, "text": " b "}',
    ]
    read = table("\n".join(lines), "t.jsonl")
    assert read.columns["id"] == [1, 2, None] and read.columns["text"] == ["a", None, "b"]
    assert read.columns["more"] == [None, '{"x": 1}', None] and list(read.rows) == [1, 5, 10]
    assert [r.row for r in read.rejected] == [2, 3, 6, 7, 8, 9]
    with pytest.raises(UserError, match="no line is a JSON object"):
        table("[1]\n[2]\n", "t.jsonl")


def test_limit_stops_early(table):
    read = table("id\n" + "\n".join(f"r{i}" for i in range(5000)), limit=10)
    assert len(read) == 10


# -- Parquet and Arrow ------------------------------------------------------------------------
def test_parquet_types(tmp_path):
    frame = pa.table(
        {
            "id": pa.array([1, 2, None], pa.int64()),
            "x": pa.array([0.5, float("nan"), -1.5]),
            "text": ["a", " ", None],
            "vec": pa.array([[1.0, 2.0], [3.0, 4.0], None], pa.list_(pa.float64())),
            "fixed": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int8(), 2)),
            "series": pa.array([[1.0], [1.0, 2.0], []], pa.list_(pa.float32())),
            "when": pa.array([0, 1, 2], pa.date32()),
            "cls": pa.array(["u", "v", "u"]).dictionary_encode(),
            "raw": pa.array([b"plain", b"", None]),
        }
    )
    pq.write_table(frame, tmp_path / "t.parquet")
    columns = read_table(tmp_path / "t.parquet", tmp_path / "spill").columns
    assert columns["id"] == [1, 2, None] and columns["x"] == [0.5, None, -1.5] and columns["text"] == ["a", None, None]
    assert columns["cls"] == ["u", "v", "u"] and columns["raw"] == ["plain", None, None]
    assert columns["when"][1] == "1970-01-02"
    np.testing.assert_array_equal(columns["vec"][1], np.array([3, 4], np.float32))
    assert columns["vec"][2] is None and columns["fixed"][2].tolist() == [5, 6] and columns["series"][1].shape == (2,)


def test_pictures_in_parquet_cells_are_written_out_once(tmp_path, jpeg):
    cells = [{"bytes": jpeg(i % 2), "path": f"../../{i}.evil"} for i in range(4)] + [
        {"bytes": None, "path": "x.jpg"},
        None,
    ]
    pq.write_table(pa.table({"image": cells, "png": [jpeg(9, suffix="PNG")] * 6}), tmp_path / "t.parquet")
    columns = read_table(tmp_path / "t.parquet", tmp_path / "spill").columns
    first, second, third = columns["image"][:3]
    assert first == third != second and first.read_bytes() == jpeg(0) and first.suffix == ".jpg"
    assert columns["image"][4:] == ["x.jpg", None] and columns["png"][0].suffix == ".png"
    assert all(p.resolve().is_relative_to((tmp_path / "spill").resolve()) for p in columns["image"][:4])
    assert len([p for p in (tmp_path / "spill").rglob("*") if p.is_file()]) == 3


def test_hugging_face_class_numbers_become_names(tmp_path):
    features = {
        "info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "n": {"dtype": "int64"}}}
    }
    frame = pa.table({"label": [1, 0, -1], "n": [1, 0, 1]}).replace_schema_metadata(
        {"huggingface": json.dumps(features)}
    )
    for name, writer in (("t.arrow", pa.ipc.new_stream), ("f.arrow", pa.ipc.new_file)):
        with pa.OSFile(str(tmp_path / name), "wb") as sink, writer(sink, frame.schema) as out:
            out.write_table(frame)
        columns = read_table(tmp_path / name, tmp_path / "spill").columns
        assert columns == {"label": ["dog", "cat", None], "n": [1, 0, 1]}


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_damaged_columnar_files_are_one_sentence(tmp_path, name):
    frame = pd.DataFrame({"a": range(1000), "b": ["x"] * 1000})
    frame.to_parquet(tmp_path / "good.parquet")
    good = (tmp_path / "good.parquet").read_bytes()
    damaged = [b"", b"PAR1", good[: len(good) // 2], good[:100] + b"\xff" * 200 + good[300:], b"\xff" * 1000]
    for data in damaged:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError, match="t\\."):
            read_table(tmp_path / name, tmp_path / "spill")


def test_parts_are_joined_and_their_names_are_the_split(table):
    train, test = table("id,a\n1,x\n2\n", "train.csv"), table("id,b\n3,y\n", "test.csv")
    joined = join_tables([train, test], ["train", "test"])
    assert joined.columns == {"id": ["1", "3"], "a": ["x", None], "split": ["train", "test"], "b": [None, "y"]}
    assert len({*joined.rows, *(r.row for r in joined.rejected)}) == 3
    assert "row 3 of train.csv" in joined.rejected[0].reason


# -- anything at all --------------------------------------------------------------------------
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")),
        st.text(alphabet='a1,;\t"\n\r\0.[]{}:é ', max_size=200).map(str.encode),
    ),
    name=st.sampled_from(["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.arrow", "t.txt"]),
)
def test_any_bytes_are_a_table_or_one_sentence(tmp_path, data, name):
    path = tmp_path / name
    path.write_bytes(data)
    try:
        read = read_table(path, tmp_path / "spill")
    except UserError as error:
        assert str(error).startswith(name)
        return
    assert all(len(values) == len(read) for values in read.columns.values())
    assert len(set(read.rows)) == len(read)


@pytest.mark.parametrize("rows_in_group", [10, 600])
def test_pictures_in_parquet_pass_through_a_bounded_memory(tmp_path, rows_in_group):
    rng = np.random.default_rng(0)
    cells = [b"\xff\xd8\xff" + rng.bytes(100_000) for _ in range(600)]
    pq.write_table(pa.table({"image": cells}), tmp_path / "t.parquet", row_group_size=rows_in_group, write_batch_size=5)
    del cells
    before, peak = pa.total_allocated_bytes(), 0
    for _ in read_arrow(tmp_path / "t.parquet", "t.parquet", tmp_path / "spill", batch_rows=20):
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < 20_000_000  # of 60 MB
    assert sum(1 for p in (tmp_path / "spill").rglob("*.jpg")) == 600
