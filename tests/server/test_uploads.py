"""Uploads are found again after a crash, only dead servers are swept, and every byte is held against the quotas."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmexplore.data.reading.archive import unpack
from mmexplore.data.reading.read import recognise
from mmexplore.data.reading.tar import unpack_tar
from mmexplore.errors import UserError
from mmexplore.server.uploads import Uploads, account_of, sweep, uploads_root
from tests.conftest import REPOSITORY

SERVER = """
import sys, time
from pathlib import Path
from mmexplore.server.uploads import Uploads
uploads = Uploads(Path(sys.argv[1]))
account = uploads.enter()
(account.folder / "photo.jpg").write_bytes(b"private")
print(account.folder, flush=True)
time.sleep(120)
"""


@pytest.fixture
def uploads(tmp_path: Path):
    made = Uploads(tmp_path / "uploads", session_bytes=10_000, server_bytes=15_000)
    yield made
    made.close()


def start_server(root: Path) -> tuple[subprocess.Popen, Path]:
    """Another server process with an upload, and the folder of its session."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(root)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_server_left_is_swept_at_the_next_start_and_no_other(tmp_path):
    killed, lost = start_server(tmp_path)
    lives, kept = start_server(tmp_path)
    try:
        assert (lost / "photo.jpg").exists() and (kept / "photo.jpg").exists()
        assert sweep(tmp_path) == []
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(20)
        assert (lost / "photo.jpg").exists(), "a kill -9 leaves it"
        mine = Uploads(tmp_path)
        assert not lost.parent.exists()
        assert (kept / "photo.jpg").read_bytes() == b"private" and mine.folder.exists()
        mine.close()
        assert not mine.folder.exists() and kept.exists()
        assert len(list(tmp_path.glob("*-*.lock"))) == 1
    finally:
        for process in (killed, lives):
            process.kill()
            process.wait(20)


def test_a_server_that_stops_as_it_should_leaves_nothing(tmp_path):
    code = SERVER.replace("time.sleep(120)", "")
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=REPOSITORY, capture_output=True)
    assert [p.name for p in tmp_path.iterdir()] == [".lock"]


def test_only_this_user_may_look(uploads, monkeypatch, tmp_path):
    monkeypatch.setenv("MMEXPLORE_UPLOADS", str(tmp_path / "elsewhere"))
    assert uploads_root() == tmp_path / "elsewhere"
    folders = (uploads_root(), uploads.folder, uploads.enter().folder)
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)


def test_bytes_are_counted_refused_before_they_are_written_and_given_back(uploads):
    ann, bob = uploads.enter(), uploads.enter()
    ann.spend(9_000, "a.zip")
    with pytest.raises(UserError, match=r"a\.zip: it would take more than the 10 KB that one session may upload"):
        ann.spend(1_001, "a.zip")
    assert ann.used == 9_000
    with pytest.raises(UserError, match="all people here have reached"):
        bob.spend(6_001, "b.zip")
    bob.spend(6_000, "b.zip")
    uploads.leave(ann)  # her session ended
    bob.spend(4_000, "b.zip")
    assert uploads.used == 10_000
    assert bob.recount() == 0, "nothing of it was written"


def test_of_many_who_write_at_once_nobody_gets_what_is_not_left(uploads):
    accounts, refused = [uploads.enter(), uploads.enter()], []

    def write(account) -> None:
        for _ in range(200):
            try:
                account.spend(100, "a.zip")
            except UserError:
                refused.append(1)

    threads = [threading.Thread(target=write, args=(accounts[i % 2],)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert uploads.used == 15_000 and len(refused) == 1_200 - 150
    assert all(account.used <= 10_000 for account in accounts)


def test_an_emptied_cache_stops_nothing(uploads):
    import shutil

    shutil.rmtree(uploads.folder)
    uploads.tidy()
    assert uploads.enter().folder.exists()


def test_a_root_that_is_told_relatively_counts_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Uploads(Path("uploads"), session_bytes=10)
    account = made.enter()
    assert account_of(account.folder / "x") is account and account_of(tmp_path / account.folder / "x") is account
    made.close()


def test_what_is_deleted_is_given_back_and_two_names_of_one_file_count_once(uploads):
    account = uploads.enter()
    (account.folder / "inner").mkdir()
    file = account.folder / "inner" / "a"
    file.write_bytes(bytes(3_000))
    os.link(file, account.folder / "b")
    assert account.recount() == 3_000
    file.unlink()
    (account.folder / "b").unlink()
    assert account.recount() == 0


def test_an_account_is_found_by_any_path_beneath_and_no_other(uploads, tmp_path):
    account = uploads.enter()
    assert account_of(account.folder / "x" / "y.jpg") is account and account_of(account.folder) is account
    assert account_of(account.folder / ".." / "other" / "y.jpg") is None
    assert account_of(tmp_path) is None


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_refused_by_its_headers_before_anything_is_unpacked(uploads, tmp_path):
    account = uploads.enter()
    big = zipped(tmp_path / "big.zip", {f"{i}.txt": bytes(3_000) for i in range(4)})
    assert big.stat().st_size < 1_000
    with pytest.raises(UserError, match=r"big\.zip: it would take more than"):
        unpack(big, account.folder / "unpacked")
    assert account.recount() == 0
    small = zipped(tmp_path / "small.zip", {"a.txt": bytes(3_000)})
    unpack(small, account.folder / "unpacked")
    assert account.used == account.recount() == 3_000


def test_headers_that_lie_do_not_help(uploads, tmp_path):
    account = uploads.enter()
    path = zipped(tmp_path / "lies.zip", {"a.txt": bytes(40_000)})
    raw = path.read_bytes().replace((40_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(raw)
    try:
        unpack(path, account.folder / "unpacked")
    except UserError as error:
        assert "session may upload" in str(error)
    assert account.recount() <= 10_000


def test_a_tar_counts_as_well(uploads, tmp_path):
    import io
    import tarfile

    account = uploads.enter()
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 40_000
        archive.addfile(member, io.BytesIO(bytes(40_000)))
    with pytest.raises(UserError, match="session may upload"):
        unpack_tar(tmp_path / "a.tar.gz", account.folder / "unpacked")
    assert account.recount() == 0


def test_media_inside_a_table_count_as_well(uploads, tmp_path):
    account = uploads.enter()
    pictures = [b"\x89PNG\r\n\x1a\n" + bytes([i]) * 4_000 for i in range(5)]
    pq.write_table(pa.table({"image": pictures, "text": list("abcde")}), tmp_path / "t.parquet", compression="zstd")
    with pytest.raises(UserError, match="session may upload"):
        recognise(tmp_path / "t.parquet", workdir=account.folder / "work")
    assert account.recount() <= 10_000


def test_a_job_that_outlives_its_session_writes_no_more(uploads):
    account = uploads.enter()
    uploads.leave(account)
    with pytest.raises(UserError, match="its session has ended"):
        account.spend(1, "a.zip")
    account.folder.mkdir()  # what it was in the middle of
    uploads.tidy()
    assert not account.folder.exists()


# -- two at once, in the worst order -------------------------------------------------
def test_a_session_that_has_just_come_is_not_tidied_away(uploads, monkeypatch):
    """`tidy` runs at the very moment when the folder of a new session has been made."""
    mkdir = Path.mkdir

    def made_and_tidied(self, *a, **k):
        mkdir(self, *a, **k)
        if self.parent == uploads.folder:
            uploads.tidy()

    monkeypatch.setattr(Path, "mkdir", made_and_tidied)
    assert uploads.enter().folder.exists()
    (uploads.folder / "left by a job").mkdir()
    uploads.tidy()
    assert not (uploads.folder / "left by a job").exists()


def test_what_is_spent_while_it_is_counted_is_not_overlooked(uploads, monkeypatch):
    account = uploads.enter()
    (account.folder / "old").write_bytes(bytes(1_000))

    def sizes(folder):
        yield 1_000
        account.spend(7_000, "a.zip")  # another thread writes on; its file is not there yet

    monkeypatch.setattr("mmexplore.server.uploads._file_sizes", sizes)
    account.spend(500, "written long ago, counted below")
    assert account.recount() == account.used == 8_000
    with pytest.raises(UserError):
        account.spend(2_001, "b.zip")
    monkeypatch.undo()
    assert account.recount() == 1_000
