"""Uploads stay inside their folder."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mmexplore.app.panels.bring import keep_uploads, safe_relative


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("photo.jpg", "photo.jpg"),
        ("album/2020/photo.jpg", "album/2020/photo.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\x\\y.png", "C_/x/y.png"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("na\x00me<b>.png", "na_me_b_.png"),
        ("..", "file"),
        ("", "file"),
    ],
)
def test_a_name_stays_inside(tmp_path: Path, name: str, path: str):
    assert safe_relative(name) == Path(path)
    assert (tmp_path / safe_relative(name)).resolve().is_relative_to(tmp_path.resolve())


def test_two_files_of_one_name_are_both_kept(tmp_path: Path):
    def upload(name: str, content: bytes) -> io.BytesIO:
        file = io.BytesIO(content)
        file.name = name
        return file

    kept = keep_uploads([upload("a.txt", b"1"), upload("a.txt", b"2"), upload("../b.txt", b"3")], tmp_path)
    assert [p.read_bytes() for p in kept] == [b"1", b"2", b"3"]
    assert len(set(kept)) == 3
    assert all(p.parent == tmp_path for p in kept)


def test_a_very_long_name_is_cut(tmp_path: Path):
    kept = safe_relative("x" * 400 + ".png")
    assert len(kept.name) <= 150
    assert kept.suffix == ".png"
