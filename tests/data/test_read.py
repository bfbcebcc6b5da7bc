"""Every form of input, read as a whole."""

from __future__ import annotations

import io
import json
import shutil
import tarfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

from mmexplore.data.dataset import Kind, PairedDataset
from mmexplore.data.reading.read import read_pairs
from mmexplore.errors import UserError


@pytest.fixture
def photos(jpeg):
    return {f"images/{c}.jpg": jpeg(i) for i, c in enumerate("abcd")}


TABLE = (
    "id,image,caption,label,split,colour\n1,images/a.jpg,A red frog.,frog,train,red\n2,images/b.jpg,A dog.,dog,dev,\n"
    "3,images/c.jpg,A blue frog.,frog,test,blue\n4,images/d.jpg,,dog,train,red\n"
)


def check_table(data: PairedDataset) -> None:
    assert data.kinds == {"image": Kind.IMAGE, "caption": Kind.TEXT} and data.ids.tolist() == list("1234")
    assert [c.name for c in data.cells["image"]] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert data.cells["caption"] == ("A red frog.", "A dog.", "A blue frog.", None)
    assert data.labels.tolist() == ["frog", "dog", "frog", "dog"]
    assert data.splits.tolist() == ["train", "val", "test", "train"]
    assert data.columns["colour"].tolist() == ["red", "", "blue", "red"]
    assert data.groups.tolist() == list("1234") and data.language == {"caption": "en"}
    assert data.rejected == ()


# -- forms ------------------------------------------------------------------------------------
def test_a_table_with_media_as_folder_zip_many_files_or_beside_it(photos, folder, zipped, work, tmp_path):
    files = {"pairs.csv": TABLE, **photos}
    root = folder(files)
    check_table(read_pairs(root, workdir=work))
    check_table(read_pairs(zipped(files), workdir=work))
    check_table(read_pairs(zipped({f"top/{n}": d for n, d in files.items()}, "top.zip"), workdir=work))
    check_table(read_pairs([root / n for n in files], workdir=work))  # uploaded: names without folders
    check_table(read_pairs(root / "pairs.csv", workdir=work))
    media = zipped(photos, "media.zip")
    check_table(read_pairs([media, root / "pairs.csv"], workdir=work))
    shutil.copy(root / "pairs.csv", tmp_path / "elsewhere.csv")
    check_table(read_pairs([tmp_path / "elsewhere.csv", root / "images"], workdir=work))


@pytest.mark.parametrize("suffix", ["tsv", "jsonl", "parquet"])
def test_the_same_table_in_other_formats(photos, folder, work, suffix):
    frame = pd.read_csv(io.StringIO(TABLE), dtype=str)
    buffer = io.BytesIO()
    if suffix == "parquet":
        frame.to_parquet(buffer)
    else:
        text = frame.to_csv(sep="\t", index=False) if suffix == "tsv" else frame.to_json(orient="records", lines=True)
        buffer.write(text.encode())
    check_table(read_pairs(folder({f"pairs.{suffix}": buffer.getvalue(), **photos}), workdir=work))


def test_same_name_captions_several_lines_are_several_rows(jpeg, folder, zipped, work):
    files = {
        "a.jpg": jpeg(0),
        "a.txt": "A frog.\n\n  A green frog. \n",
        "b.png": jpeg(1, suffix="PNG"),
        "b.txt": "A dog.",
        "c.jpg": jpeg(2),
        "d.jpg": jpeg(3),
        "d.txt": " \n",
        "e.txt": "No picture.",
        "f.jpg": jpeg(4),
        "f.jpg.txt": "Six.",
    }
    for given_path in (folder(files), zipped(files), zipped({f"top/{n}": d for n, d in files.items()}, "top.zip")):
        data = read_pairs(given_path, workdir=work)
        assert [i.removeprefix("top/") for i in data.ids] == ["a#1", "a#2", "b", "c", "d", "f"]
        assert data.cells["text"] == ("A frog.", "A green frog.", "A dog.", None, None, "Six.")
        assert len(set(data.groups)) == 5 and data.groups[0] == data.groups[1]
        assert data.cells["image"][0] == data.cells["image"][1] and data.kinds["image"] is Kind.IMAGE
        assert data.labels is None and data.splits is None
        assert sorted(r.reason.split(" (")[0] for r in data.rejected) == [
            "no row uses this file",
            "the caption file is empty",
        ]


def test_parallel_folders_of_three_kinds(jpeg, wav, folder, work):
    root = folder(
        {"pictures/x/1.jpg": jpeg(0), "captions/x/1.txt": "One.", "sounds/x/1.wav": wav(), "sounds/x/2.wav": wav()}
    )
    data = read_pairs(root, workdir=work)
    assert set(data.modalities) == {"image", "text", "audio"} and len(data) == 2
    assert {m: p.tolist() for m, p in data.present.items()} == {
        "image": [True, False],
        "text": [True, False],
        "audio": [True, True],
    }


@pytest.mark.parametrize("top", ["", "top/"])
def test_folders_are_labels_and_splits(jpeg, folder, zipped, work, top):
    files = {
        f"{top}{split}/{label}/{i}.jpg": jpeg(i)
        for split in ("train", "valid")
        for label in ("cat", "dog")
        for i in range(2)
    }
    for given_path in (folder(files), zipped(files)):
        data = read_pairs(given_path, workdir=work)
        assert data.modalities == ["image"] and len(data) == 8 and len(set(data.ids)) == 8
        assert data.labels.tolist() == ["cat", "cat", "dog", "dog"] * 2
        assert data.splits.tolist() == ["train"] * 4 + ["val"] * 4 and data.rejected == ()


def test_a_folder_of_sounds_by_label(wav, folder, work):
    data = read_pairs(folder({f"{label}/{i}.wav": wav() for label in ("up", "down") for i in range(3)}), workdir=work)
    assert data.kinds == {"audio": Kind.AUDIO} and sorted(set(data.labels)) == ["down", "up"]


def test_a_webdataset_tar(jpeg, work, tmp_path):
    with tarfile.open(tmp_path / "shard-000.tar", "w") as archive:
        for i in range(3):
            files = {
                "left.jpg": jpeg(i),
                "right.jpg": jpeg(10 + i),
                "txt": b"Caption of it.",
                "cls": str(i % 2).encode(),
                "json": json.dumps({"camera": f"cam{i % 2}", "caption": "Caption of it.", "deep": {"x": 1}}).encode(),
            }
            for extension, payload in files.items():
                info = tarfile.TarInfo(f"{i:04d}.{extension}")
                info.size = len(payload)
                archive.addfile(info, io.BytesIO(payload))
    data = read_pairs(tmp_path / "shard-000.tar", workdir=work)
    assert data.kinds == {"image left": Kind.IMAGE, "image right": Kind.IMAGE, "text": Kind.TEXT}
    assert data.ids.tolist() != [] and len(data) == 3 and data.labels.tolist() == ["0", "1", "0"]
    assert data.columns["camera"].tolist() == ["cam0", "cam1", "cam0"] and data.rejected == ()


def test_flickr_captions_txt_is_a_table(jpeg, folder, work):
    captions = "image,caption\n" + "".join(f"{c}.jpg,Caption {k} of {c} .\n" for c in "ab" for k in range(5))
    data = read_pairs(
        folder({"captions.txt": captions, "Images/a.jpg": jpeg(0), "Images/b.jpg": jpeg(1)}), workdir=work
    )
    assert len(data) == 10 and data.groups.tolist() == [data.groups[0]] * 5 + [data.groups[5]] * 5
    assert data.ids.tolist()[:2] == ["Images/a#1", "Images/a#2"] and data.kinds["caption"] is Kind.TEXT


def test_train_and_test_tables_are_one_with_a_split(photos, folder, work):
    header, *rows = (
        TABLE.replace(",split", "").replace(",train", "").replace(",dev", "").replace(",test", "").splitlines()
    )
    root = folder({"train.csv": "\n".join([header, *rows[:2]]), "test.csv": "\n".join([header, *rows[2:]]), **photos})
    data = read_pairs(root, workdir=work)
    assert sorted(zip(data.ids, data.splits, strict=True)) == [
        ("1", "train"),
        ("2", "train"),
        ("3", "test"),
        ("4", "test"),
    ]


def test_of_several_tables_the_one_with_the_media_or_a_clear_question(photos, folder, work):
    data = read_pairs(folder({"all.csv": TABLE, "authors.csv": "name,age\nx,3\n", **photos}), workdir=work)
    assert len(data) == 4 and [r.column for r in data.rejected] == ["authors.csv"]
    with pytest.raises(UserError, match=r"2 tables.*pairs\.csv"):
        read_pairs(folder({"one.csv": "text\na b c\n", "two.csv": "text\nd e f\n"}), workdir=work)


def test_hugging_face_pictures_in_cells(jpeg, work, tmp_path):
    frame = pd.DataFrame(
        {
            "image": [{"bytes": jpeg(i % 2), "path": None} for i in range(4)],
            "caption": [f"This is caption {i}" for i in range(4)],
        }
    )
    frame.to_parquet(tmp_path / "train-00000-of-00001.parquet")
    data = read_pairs(tmp_path / "train-00000-of-00001.parquet", workdir=work)
    assert data.kinds == {"image": Kind.IMAGE, "caption": Kind.TEXT} and data.ids.tolist() == list("1234")
    assert data.groups.tolist() == ["1", "2", "1", "2"]  # the same picture twice: rows of one group


def test_a_data_set_that_hugging_face_saved_to_disk(jpeg, folder, work):
    def arrow(rows: range) -> bytes:
        info = {"info": {"features": {"label": {"names": ["frog", "dog"], "_type": "ClassLabel"}}}}
        cells = {"image": [{"bytes": jpeg(i), "path": None} for i in rows], "label": [i % 2 for i in rows]}
        table = pa.table(cells).replace_schema_metadata({"huggingface": json.dumps(info)})
        out = io.BytesIO()
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
        return out.getvalue()

    files = {"dataset_dict.json": "{}"}
    for split, rows in (("train", range(4)), ("test", range(4, 6))):
        files |= {f"{split}/data-00000-of-00001.arrow": arrow(rows), f"{split}/state.json": "{}"}
    data = read_pairs(folder(files | {"train/cache-1.arrow": "x"}), workdir=work)
    assert data.kinds == {"image": Kind.IMAGE} and sorted(data.labels) == ["dog"] * 3 + ["frog"] * 3
    assert sorted(data.splits) == ["test"] * 2 + ["train"] * 4 and len(set(data.ids)) == 6
    assert [r.column for r in data.rejected] == ["train/cache-1.arrow"]


def test_vectors_and_series_in_columns(work, tmp_path):
    frame = pd.DataFrame(
        {"id": range(5), "vec": [np.arange(3.0) + i for i in range(5)], "imu": [np.ones(2 + i) for i in range(5)]}
    )
    frame.to_parquet(tmp_path / "v.parquet")
    data = read_pairs(tmp_path / "v.parquet", workdir=work)
    assert data.kinds == {"vec": Kind.VECTOR, "imu": Kind.SERIES} and data.cells["imu"][4].shape == (6,)
    lines = [json.dumps({"vec": [1.0, 2.0 + i], "imu": [[1, 2]] * (i + 2)}) for i in range(9)]
    lines += ['{"vec": [1.0]}', '{"vec": "x"}']
    (tmp_path / "v.jsonl").write_text("\n".join(lines))
    data = read_pairs(tmp_path / "v.jsonl", workdir=work)
    assert data.kinds == {"vec": Kind.VECTOR, "imu": Kind.SERIES} and data.cells["imu"][1].shape == (3, 2)
    assert [(r.row, r.reason) for r in data.rejected] == [
        (10, "1 numbers where most rows have 2"),
        (11, "the cell is not a list of numbers"),
    ]


def test_series_one_file_an_item(folder, work):
    buffer = io.BytesIO()
    np.save(buffer, np.ones((20, 3)))
    root = folder(
        {
            "pairs.csv": "series,note\ns/1.npy,It is walking fast.\ns/2.npy,It is running now.\n",
            "s/1.npy": buffer.getvalue(),
            "s/2.npy": buffer.getvalue(),
        }
    )
    assert read_pairs(root, workdir=work).kinds == {"series": Kind.SERIES, "note": Kind.TEXT}
    by_label = folder({f"{c}/{i}.csv": "t,x\n0,1\n" for c in ("walk", "run") for i in range(2)})
    data = read_pairs(by_label, workdir=work)
    assert data.kinds == {"time series": Kind.SERIES} and data.labels.tolist() == ["run", "run", "walk", "walk"]


def test_moving_gifs_are_films_and_still_ones_pictures(folder, work):
    def gif(frames: int) -> bytes:
        out = io.BytesIO()
        images = [Image.new("L", (8, 8), 40 * i) for i in range(frames)]
        images[0].save(out, "GIF", save_all=True, append_images=images[1:])
        return out.getvalue()

    for frames, kind in ((3, Kind.VIDEO), (1, Kind.IMAGE)):
        root = folder(
            {
                "pairs.csv": "clip,text\na.gif,A frog jumps high.\nb.gif,A dog runs far.\n",
                "a.gif": gif(frames),
                "b.gif": gif(frames),
            }
        )
        assert read_pairs(root, workdir=work).kinds["clip"] is kind
