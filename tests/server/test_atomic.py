"""A workspace is replaced whole: after a kill -9 at any moment and while it is read, it is the old or the new one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.server.atomic import READS, read_whole, write_whole
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.conftest import REPOSITORY

SAVER = """
import sys
from pathlib import Path
from mmexplore.workspace import files as workspace_files
from tests.server.test_atomic import generation
for k in range(int(sys.argv[2]), int(sys.argv[3])):
    workspace_files.save(generation(k), Path(sys.argv[1]))
    print(k, flush=True)
"""


def generation(k: int) -> Workspace:
    """A workspace in which everything says `k`: seed, vectors, ids, selection."""
    ids = np.array([f"{k}-{i}" for i in range(40)], object)
    workspace = Workspace(seed=k, selection=frozenset({f"{k}-0"}))
    workspace.embeddings = Embeddings(
        vectors={m: np.full((40, 64), k, np.float32) for m in "ab"},
        present={m: np.ones(40, bool) for m in "ab"},
        ids=ids,
        groups=ids,
        spaces={"a": "a", "b": "b"},
    )
    return workspace


def said(workspace: Workspace) -> int:
    """The generation, the same in every part."""
    assert workspace.embeddings is not None
    found = {workspace.seed, *(int(x.split("-")[0]) for x in [*workspace.embeddings.ids, *workspace.selection])}
    for vectors in workspace.embeddings.vectors.values():
        found |= set(np.unique(vectors).astype(int).tolist())
    assert len(found) == 1, f"parts of {sorted(found)} were read as one workspace"
    return found.pop()


def saver(path: Path, first: int, until: int) -> subprocess.Popen:
    command = [sys.executable, "-c", SAVER, str(path), str(first), str(until)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def test_killed_again_and_again_nothing_that_was_reported_done_is_lost(tmp_path):
    path, done, dice = tmp_path / "run", -1, random.Random(0)
    for _ in range(4):
        process = saver(path, done + 1, 10_000)
        assert process.stdout is not None
        process.stdout.readline()  # it has begun to save
        time.sleep(dice.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        reported = [int(x) for x in process.stdout.read().split()]
        process.wait(20)
        done = max([done + 1, *reported])
        found = said(workspace_files.open_directory(path))
        assert found in (done, done + 1), "reported done, or written and not yet reported"
        done = found
    workspace_files.save(generation(10_001), path)
    assert [p.name for p in tmp_path.iterdir()] == ["run"], "what the killed ones left is gone"


@pytest.mark.parametrize("step", ["writing", "renamed away"])
def test_killed_at_each_step_and_then_saved_again_and_killed_again(tmp_path, step):
    """The one good copy stands in `.run.old`: the next save must not begin by deleting it."""
    path = tmp_path / "run"
    workspace_files.save(generation(1), path)
    if step == "renamed away":
        path.rename(tmp_path / ".run.old")
    (tmp_path / ".run.new").mkdir()
    (tmp_path / ".run.new" / "run.json").write_text("{")

    def killed(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, killed)
    assert said(workspace_files.open_directory(path)) == 1


def test_who_reads_while_it_is_saved_sees_the_old_one_or_the_new_one(tmp_path):
    path = tmp_path / "run"
    workspace_files.save(generation(0), path)
    process = saver(path, 1, 10_000)
    seen, until = [], time.monotonic() + 120
    while len(set(seen)) < 6 and time.monotonic() < until:  # however slow the machine makes either of the two
        seen.append(said(workspace_files.open_directory(path)))
    process.kill()
    process.wait(20)
    assert seen == sorted(seen) and len(set(seen)) == 6
    assert said(workspace_files.open_directory(path)) >= seen[-1]


def test_two_saves_in_the_middle_of_a_read_are_noticed(tmp_path):
    """The second may get the number of the directory that was being read: it must not be taken for it."""
    path, reads = tmp_path / "run", []

    def save(said: str) -> None:
        write_whole(path, lambda folder: (folder / "said").write_text(said))

    def read(folder: Path) -> tuple[str, str]:
        first = (folder / "said").read_text()
        if not reads:
            time.sleep(0.05)  # the clock of the file system ticks in between
            save("1")
            save("2")
        reads.append(first)
        return first, (folder / "said").read_text()

    save("0")
    assert read_whole(path, read) == ("2", "2") and len(reads) == 2


def test_a_reader_whom_every_save_disturbs_has_the_last_word(tmp_path):
    """Who saves without end does not keep a reader out: in the end it reads while nobody may save."""
    path, reads = tmp_path / "run", []

    def save(said: str) -> None:
        write_whole(path, lambda folder: (folder / "said").write_text(said))

    def read(folder: Path) -> str:
        reads.append(1)
        found = (folder / "said").read_text()
        if len(reads) <= READS:
            save(str(len(reads)))
        return found

    save("0")
    assert read_whole(path, read) == str(READS) and len(reads) == READS + 1


def test_two_who_save_at_once_take_turns(tmp_path):
    path = tmp_path / "run"
    both = [saver(path, 100, 115), saver(path, 200, 215)]
    assert [p.wait(120) for p in both] == [0, 0]
    assert said(workspace_files.open_directory(path)) in (114, 214)


def test_a_write_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "run"
    write_whole(path, lambda folder: (folder / "a").touch())

    def full(folder: Path) -> None:
        (folder / "b").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(path, full)
    assert [p.name for p in path.iterdir()] == ["a"] and [p.name for p in tmp_path.iterdir()] == ["run"]


def test_damage_that_is_no_replacement_is_told(tmp_path):
    (tmp_path / "run").mkdir()

    def damaged(folder: Path) -> None:
        raise UserError("is damaged", str(folder))

    with pytest.raises(UserError, match="is damaged"):
        read_whole(tmp_path / "run", damaged)
