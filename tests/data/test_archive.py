"""Each rule of unpacking, with an archive that breaks it."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from mmexplore.data.reading.archive import Limits, count_members, unpack
from mmexplore.data.reading.tar import unpack_tar
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress

SMALL = Limits(members=20, member_bytes=100_000, total_bytes=300_000, ratio=50, ratio_floor=10_000)


def reasons(unpacked) -> dict[str, str]:
    return {r.column: r.reason for r in unpacked.refused}


def names(unpacked, root: Path) -> list[str]:
    return sorted(f.relative_to(root).as_posix() for f in unpacked.files)


def everything_below(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


def test_files_come_out_as_they_went_in(zipped, tmp_path):
    archive = zipped({"a.txt": "one", "deep/er/b.bin": bytes(range(256)), "empty/": ""})
    out = unpack(archive, tmp_path / "out")
    assert names(out, tmp_path / "out") == ["a.txt", "deep/er/b.bin"]
    assert (tmp_path / "out/deep/er/b.bin").read_bytes() == bytes(range(256))
    assert out.refused == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "a/../../evil.txt",
        "..\\evil.txt",
        "/etc/evil",
        "C:\\evil.txt",
        "c:evil.txt",
        "\\\\server\\share\\evil",
        "CON",
        "sub/nul.txt",
        "LPT1",
        "a\x01b.txt",
        "x" * 300,
        "/".join("d" * 50),
    ],
)
def test_names_that_lead_astray_are_refused_and_nothing_is_written_outside(zipped, tmp_path, name):
    archive = zipped({name: "evil", "good.txt": "good"})
    before = set(everything_below(tmp_path))
    out = unpack(archive, tmp_path / "in/out")
    assert names(out, tmp_path / "in/out") == ["good.txt"]
    assert len(out.refused) == 1 and out.refused[0].reason
    assert set(everything_below(tmp_path)) - before == {tmp_path / "in/out/good.txt"}


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path, mode):
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("link")
        member.create_system, member.external_attr = 3, (mode | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
        archive.writestr("good.txt", "good")
    out = unpack(path, tmp_path / "out")
    assert reasons(out) == {"link": "links and special files are not unpacked"}
    assert names(out, tmp_path / "out") == ["good.txt"]


def test_a_bomb_is_stopped_by_its_ratio_while_it_unpacks(zipped, tmp_path):
    archive = zipped({"bomb.bin": b"\0" * 99_000, "good.txt": "good"})
    out = unpack(archive, tmp_path / "out", SMALL)
    assert "50 times" in reasons(out)["bomb.bin"]
    assert names(out, tmp_path / "out") == ["good.txt"]
    assert not (tmp_path / "out/bomb.bin").exists()


def test_one_large_member_is_refused_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("large.bin", b"x" * 150_000)
        archive.writestr("good.txt", "good")
    out = unpack(path, tmp_path / "out", SMALL)
    assert "100,000 bytes" in reasons(out)["large.bin"] and names(out, tmp_path / "out") == ["good.txt"]


def test_too_much_in_all_is_an_error_and_leaves_nothing(tmp_path):
    path = tmp_path / "much.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(5):
            archive.writestr(f"{i}.bin", b"x" * 90_000)
    with pytest.raises(UserError, match="more than 300,000 bytes"):
        unpack(path, tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def test_many_strongly_packed_members_are_stopped_by_the_ratio_of_the_whole(tmp_path, zipped):
    archive = zipped({f"{i}.bin": b"\0" * 9_000 for i in range(15)})  # each below the floor of its own ratio
    limits = Limits(ratio=50, ratio_floor=10_000, total_ratio=20, total_ratio_floor=50_000)
    with pytest.raises(UserError, match="20 times its size"):
        unpack(archive, tmp_path / "out", limits)


def test_too_many_members_are_counted_not_believed(zipped, tmp_path):
    archive = zipped({f"{i}.txt": "x" for i in range(21)})
    data = bytearray(archive.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 1, 1)  # the directory says: one member
    archive.write_bytes(data)
    with pytest.raises(UserError, match="more than 20 members"):
        unpack(archive, tmp_path / "out", SMALL)
    assert count_members(archive, 100) == 21


def _lying_about_size(tmp_path: Path, real: int, told: int) -> Path:
    """A deflated member of `real` zero bytes whose headers say `told`."""
    path = tmp_path / "lying.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lie.bin", b"\0" * real)
    data = bytearray(path.read_bytes())
    central = data.find(b"PK\x01\x02")
    data[22:26] = struct.pack("<I", told)
    data[central + 24 : central + 28] = struct.pack("<I", told)
    path.write_bytes(data)
    return path


def test_a_header_that_promises_little_is_not_believed(tmp_path):
    out = unpack(_lying_about_size(tmp_path, real=5_000_000, told=10), tmp_path / "out", SMALL)
    assert reasons(out) == {"lie.bin": "the file is damaged inside the archive"}
    assert everything_below(tmp_path / "out") == []


def test_a_header_that_promises_much_costs_nothing(tmp_path):
    out = unpack(_lying_about_size(tmp_path, real=100, told=2**31 - 1), tmp_path / "out", SMALL)
    assert everything_below(tmp_path / "out") == [] or out.files[0].stat().st_size == 100


def test_overlapping_members_are_a_bomb(tmp_path):
    """Two directory entries that point at the same bytes (Fifield 2019)."""
    data = zlib.compress(b"\0" * 1000)[2:-4]
    crc = zlib.crc32(b"\0" * 1000)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), 1000, 1, 0) + b"a" + data
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(data), 1000, 1, 0, 0, 0, 0, 0, 0)
    central = entry + b"a" + entry + b"b"
    path = tmp_path / "overlap.zip"
    path.write_bytes(local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, len(central), len(local), 0))
    with pytest.raises(UserError, match="overlap"):
        unpack(path, tmp_path / "out")


def test_encrypted_members_say_so(zipped, tmp_path):
    archive = zipped({"secret.txt": "x", "good.txt": "good"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    out = unpack(archive, tmp_path / "out")
    assert reasons(out) == {"secret.txt": "the file is encrypted"} and names(out, tmp_path / "out") == ["good.txt"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_deflate_is_unpacked(tmp_path, method):
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.txt", "x" * 1000)
    assert "other than deflate" in reasons(unpack(path, tmp_path / "out"))["a.txt"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_repeated_names_nested_archives_and_junk(tmp_path):
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in [
            ("a.txt", "first"),
            ("a.txt", "second"),
            ("./a.txt", "third"),
            ("inner.zip", "PK"),
            ("__MACOSX/._a.txt", "junk"),
            (".DS_Store", "junk"),
            ("d/Thumbs.db", "junk"),
        ]:
            archive.writestr(name, text)
    out = unpack(path, tmp_path / "out")
    assert names(out, tmp_path / "out") == ["a.txt"] and (tmp_path / "out/a.txt").read_text() == "first"
    assert sorted((r.column, r.reason) for r in out.refused) == [
        ("./a.txt", "another file of the archive has this name"),
        ("a.txt", "another file of the archive has this name"),
        ("inner.zip", "archives inside an archive are not unpacked"),
    ]


def test_a_file_and_a_folder_of_one_name_do_not_stop_the_rest(tmp_path):
    path = tmp_path / "clash.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a", "a/b.txt", "good.txt"):
            archive.writestr(name, name)
    out = unpack(path, tmp_path / "out")
    assert names(out, tmp_path / "out") == ["a", "good.txt"] and list(reasons(out)) == ["a/b.txt"]


def test_a_damaged_member_is_refused_and_the_rest_goes_on(zipped, tmp_path):
    archive = zipped({"bad.bin": bytes(range(256)) * 20, "good.txt": "good"})
    data = bytearray(archive.read_bytes())
    data[60:70] = b"\xff" * 10
    archive.write_bytes(data)
    out = unpack(archive, tmp_path / "out")
    assert names(out, tmp_path / "out") == ["good.txt"] and "damaged" in reasons(out)["bad.bin"]


def test_utf8_names_without_the_flag_are_read_as_what_they_are(tmp_path):
    """macOS writes UTF-8 names and does not say so."""
    path = tmp_path / "mac.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("caf\u00e9.txt", "x")
    data = path.read_bytes()
    for at in (6, data.find(b"PK\x01\x02") + 8):
        flags = int.from_bytes(data[at : at + 2], "little") & ~0x800
        data = data[:at] + flags.to_bytes(2, "little") + data[at + 2 :]
    path.write_bytes(data)
    assert names(unpack(path, tmp_path / "out"), tmp_path / "out") == ["caf\u00e9.txt"]


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip" * 100, b"PK\5\6" + b"\xff" * 18])
def test_no_zip_is_one_sentence(tmp_path, data):
    path = tmp_path / "no.zip"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"no\.zip"):
        unpack(path, tmp_path / "out")


def test_cancelled_unpacking_leaves_nothing(zipped, tmp_path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        unpack(zipped({"a.txt": "x"}), tmp_path / "out", progress=progress)
    assert not (tmp_path / "out").exists()


# -- TAR ------------------------------------------------------------------------------------
def _tar(path: Path, members: list[tuple[str, bytes, bytes]], mode: str = "w") -> Path:
    """members: (name, data, type)."""
    with tarfile.open(path, mode) as archive:
        for name, data, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), "/etc/passwd" if not data else ""
            archive.addfile(info, io.BytesIO(data))
    return path


def test_tar_keeps_the_same_rules(tmp_path):
    reg = tarfile.REGTYPE
    path = _tar(
        tmp_path / "a.tar",
        [
            ("good/a.txt", b"one", reg),
            ("../evil.txt", b"evil", reg),
            ("/abs", b"x", reg),
            ("sym", b"", tarfile.SYMTYPE),
            ("hard", b"", tarfile.LNKTYPE),
            ("dev", b"", tarfile.CHRTYPE),
            ("fifo", b"", tarfile.FIFOTYPE),
            ("good/a.txt", b"two", reg),
            ("big.bin", b"x" * 150_000, reg),
            ("inner.tar", b"x", reg),
            ("last.txt", b"last", reg),
        ],
    )
    out = unpack_tar(path, tmp_path / "out", SMALL)
    assert names(out, tmp_path / "out") == ["good/a.txt", "last.txt"]
    assert (tmp_path / "out/good/a.txt").read_bytes() == b"one"
    assert sorted(reasons(out)) == [
        "../evil.txt",
        "/abs",
        "big.bin",
        "dev",
        "fifo",
        "good/a.txt",
        "hard",
        "inner.tar",
        "sym",
    ]
    assert not (tmp_path / "evil.txt").exists()


def test_a_packed_tar_bomb_is_stopped_even_in_what_is_passed_over(tmp_path):
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("../passed-over")
        info.size = 20_000_000
        archive.addfile(info, io.BytesIO(b"\0" * info.size))
    with pytest.raises(UserError, match="times its size"):
        unpack_tar(path, tmp_path / "out", Limits(total_ratio=50, total_ratio_floor=1_000_000))
    assert not (tmp_path / "out").exists()


def test_a_tar_with_too_many_members_or_a_huge_name(tmp_path):
    many = _tar(tmp_path / "many.tar", [(f"{i}.txt", b"x", tarfile.REGTYPE) for i in range(21)])
    with pytest.raises(UserError, match="20 members"):
        unpack_tar(many, tmp_path / "out", SMALL)
    with tarfile.open(tmp_path / "name.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("n" * 2_000_000), io.BytesIO())
    with pytest.raises(UserError, match="damaged or not a TAR"):
        unpack_tar(tmp_path / "name.tar", tmp_path / "out2")


@pytest.mark.parametrize("name", ["no.tar", "no.tgz"])
def test_no_tar_is_one_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"no tar at all" * 100)
    with pytest.raises(UserError, match="not a TAR"):
        unpack_tar(path, tmp_path / "out")
