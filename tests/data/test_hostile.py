"""Files made to do harm, each whole way in: what they promise is not believed, and good rows beside them are read.

The rules of unpacking have their tests in `test_archive.py`, pictures in `test_images.py`, tables in `test_tables.py`,
markup in `tests/browser`; here is what those leave out.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mmexplore.data.media.images import check_image, is_animated, open_image, thumbnail
from mmexplore.data.media.videos import read_frames
from mmexplore.data.reading import delimited
from mmexplore.data.reading.read import read_pairs, recognise
from mmexplore.data.reading.tables import read_table
from mmexplore.data.reading.vectors import load_npz
from mmexplore.errors import UserError
from tests.fuzz.originals import film

RLO, LRM, ZWJ, BELL = "\u202e", "\u200e", "\u200d", "\x07"


def within(seconds: float, call, *arguments, **named):
    """The call's answer (or UserError); no more of this thread's own processor time than that."""
    start = time.thread_time()
    try:
        return call(*arguments, **named)
    finally:
        assert time.thread_time() - start < seconds


def peak_of(code: str, *arguments: Path) -> int:
    """Bytes that a fresh process held at most while it ran this code, which must end well."""
    measured = f"{code}\nfrom tests.fuzz.worker import peak\nprint(peak())"
    done = subprocess.run(
        [sys.executable, "-c", measured, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


# -- archives -------------------------------------------------------------------------------------
def test_a_zip_in_a_zip_in_a_zip_stays_packed(jpeg, tmp_path, work):
    """As 42.zip: five layers that would unpack to terabytes. Nothing below the first is touched."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.bin", bytes(20_000_000))
    for _ in range(4):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(16):
                archive.writestr(f"{i}.zip", inner.getvalue())
        inner = outer
    path = tmp_path / "bomb.zip"
    path.write_bytes(inner.getvalue())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a.jpg", jpeg(0))
        archive.writestr("a.txt", "a good one")
    data = within(5, read_pairs, path, workdir=work)
    assert list(data.ids) == ["a"]
    assert sum("not unpacked" in r.reason for r in data.rejected) == 16
    assert sum(f.stat().st_size for f in work.rglob("*") if f.is_file()) < 10_000


def test_members_that_lie_in_one_another_are_refused_whole(tmp_path, work):
    """A quine-like ZIP (Fifield 2019): each member's data holds the next member, header and all."""
    kernel = zlib.compress(bytes(100_000), 9)[2:-4]
    crc = zlib.crc32(bytes(100_000))
    body, entries = b"", []
    for i in range(5):  # all point at the same compressed bytes, each from an earlier header
        entries.append((len(body), f"{i}"))
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(kernel), 100_000, 1, 0) + f"{i}".encode()
    body += kernel
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(body) - at, 100_000, 1, 0, 0, 0, 0, 0, at)
        + name.encode()
        for at, name in entries
    )
    path = tmp_path / "overlap.zip"
    path.write_bytes(body + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 5, 5, len(central), len(body), 0))
    with pytest.raises(UserError, match="overlap"):
        read_pairs(path, workdir=work)
    assert not [f for f in work.rglob("*") if f.is_file()]


def test_many_arrays_of_nothing_do_not_fill_the_memory(tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, **{f"a{i}": np.zeros((2000, 2000), np.float32) for i in range(20)})  # 320 MB in 0.3
    code = (
        "import sys; from pathlib import Path; from mmexplore.errors import UserError\n"
        "from mmexplore.data.reading.vectors import load_npz\n"
        "try:\n    load_npz(Path(sys.argv[1]))\nexcept UserError as e:\n    assert 'promises' in str(e), e\n"
        "else:\n    raise SystemExit('it was read')"
    )
    assert peak_of(code, path) < 450_000_000
    with pytest.raises(UserError, match="more than the file can hold"):
        load_npz(path)


# -- paths ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell",
    ["/dev/zero", "/dev/stdin", "/proc/self/environ", "CON", "NUL.txt", "aux.jpg", "COM1", "lpt9.png", "conin$",
     "\\\\.\\PhysicalDrive0", "//server/share/a.jpg", "file:///etc/passwd", "a.jpg\x01", "x/nul/a.jpg"],
)  # fmt: skip
def test_devices_and_foreign_paths_in_a_table_are_listed(cell, jpeg, folder, work):
    root = folder({"pairs.csv": f'id,image,text\nodd,"{cell}",words here\nok,a.jpg,a good row\n', "a.jpg": jpeg(0)})
    data = within(5, read_pairs, root, workdir=work)
    assert list(data.ids) == ["ok"]
    assert [r.id for r in data.rejected if r.row] == ["odd"]


def test_a_device_a_pipe_or_a_link_to_one_is_never_opened(jpeg, folder, work, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for given in (Path("/dev/zero"), tmp_path / "pipe.csv"):  # a pipe would be waited for without end
        with pytest.raises(UserError, match="neither a file nor a folder"):
            read_pairs(given, workdir=work)
    root = folder({"a.jpg": jpeg(0), "a.txt": "a good one", "sub/b.jpg": jpeg(1), "sub/b.txt": "another"})
    os.mkfifo(root / "c.jpg")
    (root / "d.jpg").symlink_to("/dev/zero")
    (root / "sub" / "round").symlink_to(root)  # a folder inside itself
    (root / "e.jpg").symlink_to(root / "e.jpg")  # a link to itself
    data = within(5, read_pairs, root, workdir=work)
    assert sorted(data.ids) == ["a", "sub/b"]
    assert {"c.jpg", "d.jpg", "sub/round", "e.jpg"} <= {r.column for r in data.rejected}


# -- pictures -------------------------------------------------------------------------------------
def gif(frames: int) -> bytes:
    """A GIF of 1 x 1 with so many frames, 21 bytes each."""
    header = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    first = b"!\xf9\x04\0\x01\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    return header + first * frames + b";"


def test_a_gif_of_a_million_frames_costs_no_more_than_its_first(tmp_path, jpeg, folder, work):
    path = tmp_path / "long.gif"
    path.write_bytes(gif(1_000_000))
    for look in (check_image, is_animated, open_image, thumbnail):
        within(1, look, path)
    assert is_animated(path) and not is_animated(gif(1))
    root = folder({"pairs.csv": "id,image,text\nlong,long.gif,a long one\nok,a.jpg,a good row\n", "a.jpg": jpeg(0)})
    path.rename(root / "long.gif")
    assert list(within(5, read_pairs, root, workdir=work).ids) == ["long", "ok"]
    assert len(within(10, read_frames, root / "long.gif")) == 12


def test_pictures_that_promise_gigapixels_are_rows_left_out(jpeg, folder, work):
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 31_623, 31_623, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")
    exif = Image.Exif()
    exif[0x010E] = "so that there is a canvas"
    webp = bytearray(_saved(Image.new("RGBA", (8, 8)), "WEBP", lossless=True, exif=exif))
    at = webp.index(b"VP8X") + 12  # the canvas, 24 bits each way, less one
    webp[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    big_gif = bytearray(gif(1))
    big_gif[6:10] = b"\xff\xff\xff\xff"
    bmp = bytearray(_saved(Image.new("RGB", (8, 8)), "BMP"))
    bmp[18:26] = struct.pack("<ii", 40_000, 40_000)
    files = {"0.png": png, "1.webp": bytes(webp), "2.gif": bytes(big_gif), "3.bmp": bytes(bmp), "ok.jpg": jpeg(0)}
    table = "id,image,text\n" + "".join(f"{n.split('.')[0]},{n},some words here\n" for n in files)
    root = folder(files | {"pairs.csv": table})
    code = (
        "import sys; from pathlib import Path; from mmexplore.data.reading.read import read_pairs\n"
        "data = read_pairs(Path(sys.argv[1]), workdir=Path(sys.argv[2]))\n"
        "assert list(data.ids) == ['ok'], (data.ids, data.rejected)\n"
        "assert len(data.rejected) == 4, data.rejected"
    )
    assert peak_of(code, root, work) < 300_000_000


def _saved(image: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


# -- films ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile other.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\nother.mp4\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    ],
    ids=["concat", "hls", "sdp"],
)
def test_a_playlist_called_a_film_opens_nothing_else(playlist, tmp_path):
    """FFmpeg would read whatever file it names: somebody else's upload, too."""
    (tmp_path / "other.mp4").write_bytes(film(".mp4", "mpeg4"))
    assert len(read_frames(tmp_path / "other.mp4")) == 8
    (tmp_path / "film.mp4").write_text(playlist)
    with pytest.raises(UserError, match="cannot be decoded"):
        read_frames(tmp_path / "film.mp4")


# -- tables ---------------------------------------------------------------------------------------
def test_a_quoted_cell_of_100_megabytes_with_line_breaks(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,text\n1,ok\n2,"' + b"some words\n" * 10_000_000 + b'"\n3,ok\n')
    read = within(20, read_table, path, tmp_path)
    assert read.columns["id"] == ["1", "3"] and [r.row for r in read.rejected] == [3]


def test_lines_without_end_are_never_held(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "MAX_LINE", 4000)
    monkeypatch.setattr(delimited, "MAX_CELL", 1000)
    path = tmp_path / "t.csv"
    path.write_text("id,text\n1,ok\n2," + "x" * 50_000 + '\n3,"ok\nok"\n')
    read = read_table(path, tmp_path)
    assert read.columns == {"id": ["1", "3"], "text": ["ok", "ok\nok"]} and [r.row for r in read.rejected] == [3]
    (tmp_path / "t.jsonl").write_text('{"id": 1}\n{"id": "' + "x" * 50_000 + '"}\n{"id": 3}\n')
    read = read_table(tmp_path / "t.jsonl", tmp_path)
    assert read.columns == {"id": [1, 3]} and [r.row for r in read.rejected] == [2]
    path.write_text("x" * 50_000 + "\n1\n")
    with pytest.raises(UserError, match="header"):
        read_table(path, tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"id,text\n1,a\n" + b"\n" * 30_000_000 + b"2,b\n", "empty or broken"),
     (b"id,text\n" + b"x\n" * 5_000_000, "row 2: 1 cells where the header has 2"),
     (b"{}\n" * 3_000_000, "empty or broken"),
     (b"a," * 15_000_000, "header")],
    ids=["blank rows", "ragged rows", "empty objects", "millions of columns"],
)  # fmt: skip
def test_a_table_of_rubbish_is_given_up_early(data, says, tmp_path):
    path = tmp_path / ("t.jsonl" if data.startswith(b"{") else "t.csv")
    path.write_bytes(data)
    with pytest.raises(UserError, match=says):
        within(10, read_table, path, tmp_path)


def test_rubbish_that_is_not_listed_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "BROKEN_LISTED", 3)
    path = tmp_path / "t.csv"
    path.write_text("id,text\n" + "x\n" * 10 + "1,a\n")
    read = read_table(path, tmp_path)
    assert [r.row for r in read.rejected] == [2, 3, 4, 0] and "7 more rows" in read.rejected[-1].reason


def test_one_damaged_letter_costs_one_row(tmp_path):
    """Beyond the part that is looked at to find the encoding, too."""
    rows = [f"r{i},Größe und Weiß Nummer {i}" for i in range(60_000)]
    data = "\n".join(["id,text", *rows]).encode()
    for at in (2_000, 1_500_000):
        data = data[:at] + b"\xff" + data[at + 1 :]
    (tmp_path / "t.csv").write_bytes(data)
    lines = b"\n".join(b'{"id": "%d", "text": "Gr\xc3\xb6\xc3\x9fe"}' % i for i in range(300)) + b'\n{"id": "x\xff"}'
    (tmp_path / "t.jsonl").write_bytes(lines)
    read = read_table(tmp_path / "t.csv", tmp_path)
    assert len(read) == 59_998 and ["damaged" in r.reason for r in read.rejected] == [True, True]
    assert read.columns["text"][0] == "Größe und Weiß Nummer 0"
    read = read_table(tmp_path / "t.jsonl", tmp_path)
    assert len(read) == 300 and [r.row for r in read.rejected] == [301]


def test_ten_thousand_columns_go_the_whole_way(jpeg, folder, work):
    names = ["image", "text", *(f"c{i}" for i in range(9_998))]
    rows = [["a.jpg", "a good row", *(str(i % 7) for i in range(9_998))] for _ in range(3)]
    table = "\n".join(",".join(r) for r in [names, *rows])
    root = folder({"pairs.csv": table, "a.jpg": jpeg(0)})
    found = within(20, recognise, root, workdir=work)
    assert len(found.columns) == 10_000
    data = within(20, read_pairs, root, workdir=work)
    assert data.modalities == ["image", "text"] and len(data) == 3 and data.columns.shape == (3, 9_998)


def test_a_parquet_of_few_bytes_and_very_many_cells(tmp_path):
    path = tmp_path / "many.parquet"
    zeros = pa.array(np.zeros(4_000_000, np.int8))
    pq.write_table(pa.table({f"c{i}": zeros for i in range(8)}), path, compression="zstd")
    assert path.stat().st_size < 200_000
    with pytest.raises(UserError, match="30,000,000 cells"):
        within(1, read_table, path, tmp_path)


def test_a_parquet_of_few_bytes_and_one_very_large_cell(tmp_path):
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({"text": [b"x" * 300_000_000]}), path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 200_000
    with pytest.raises(UserError, match="times its size"):
        within(1, read_table, path, tmp_path)
    code = (
        "import sys; from pathlib import Path; from mmexplore.errors import UserError\n"
        "from mmexplore.data.reading.tables import read_table\n"
        "try:\n    read_table(Path(sys.argv[1]), Path())\nexcept UserError:\n    pass\n"
        "else:\n    raise SystemExit('it was read')"
    )
    assert peak_of(code, path) < 250_000_000


def test_a_damaged_arrow_file_does_not_end_the_process(tmp_path):
    """Offsets of its texts that lead far behind their end: seen to end the process with a signal."""
    path = tmp_path / "t.arrow"
    table = pa.table({"text": [f"text number {i}" for i in range(50)], "n": list(range(50))})
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    good = path.read_bytes()
    at = good.index(struct.pack("<3i", 0, 13, 26)) + 40
    path.write_bytes(good[:at] + struct.pack("<i", 0x7FFFFFF0) + good[at + 4 :])
    with pytest.raises(UserError, match="damaged"):
        read_table(path, tmp_path)


# -- names ----------------------------------------------------------------------------------------
def test_names_that_turn_the_reading_direction_or_ring_the_bell(jpeg, folder, work):
    """Names are kept as they are, for files must be found; what a person sees is `one_line`."""
    names = [f"photo{RLO}gpj.jpg", f"a{LRM}b.jpg", f"family{ZWJ}.jpg", "شجرة.jpg", "two  blanks.jpg", " lead.jpg"]
    files = {n: jpeg(i) for i, n in enumerate(names)} | {n.replace(".jpg", ".txt"): "words here" for n in names}
    data = read_pairs(folder(files), workdir=work)
    assert sorted(data.ids) == sorted(n.removesuffix(".jpg") for n in names)
    rows = "".join(f'{i},"{n}",words here {BELL}and there\n' for i, n in enumerate(names))
    table = read_pairs(folder(files | {"pairs.csv": "id,image,text\n" + rows}), workdir=work)
    assert [c.name for c in table.cells["image"] if isinstance(c, Path)] == names


def test_control_and_direction_characters_are_not_shown():
    from mmexplore.app.kit.widgets import one_line, plain

    for show in (one_line, plain):
        shown = show(f"a{RLO}b{BELL}c\x1b[31md\x00e\u2066f\u2069")
        assert not any(c in shown for c in f"{RLO}{BELL}\x1b\x00\u2066\u2069")
