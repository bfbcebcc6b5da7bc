"""A workspace is saved and reopened whole, atomically, and an uploaded one cannot reach outside its folder."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmexplore import journey
from mmexplore.data.dataset import Kind, PairedDataset, Rejected
from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import Cancelled, UserError
from mmexplore.models.alignment.cca import RidgeCCA
from mmexplore.models.fusion.concat import ConcatFusion
from mmexplore.server.progress import Progress
from mmexplore.server.uploads import Uploads
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace import zip as workspace_zip
from mmexplore.workspace.state import Workspace
from tests.conftest import REPOSITORY


@pytest.fixture
def unfitted(tmp_path) -> Workspace:
    """Sixty rows of pictures, texts and numbers with holes, and their vectors."""
    rng = np.random.default_rng(0)
    n = 60
    for i in range(n):
        Image.new("RGB", (8, 8), (i * 4, 0, 0)).save(tmp_path / f"{i}.png")
    factor = rng.normal(size=(n, 4))
    vectors = {
        m: (factor @ rng.normal(size=(4, 6)) + 0.1 * rng.normal(size=(n, 6))).astype(np.float32)
        for m in ("p", "t", "v")
    }
    present = {m: np.ones(n, bool) for m in vectors}
    present["t"][5] = False
    vectors["t"][5] = 0
    dataset = PairedDataset(
        name="sixty",
        ids=np.array([f"i{i}" for i in range(n)], object),
        kinds={"p": Kind.IMAGE, "t": Kind.TEXT, "v": Kind.VECTOR},
        cells={
            "p": tuple(tmp_path / f"{i}.png" for i in range(n)),
            "t": tuple(None if i == 5 else f"text: {i}" for i in range(n)),
            "v": tuple(vectors["v"]),
        },
        groups=np.array([f"i{i}" for i in range(n)], object),
        labels=np.where(factor[:, 0] > 0, "yes", "no").astype(object),
        columns=pd.DataFrame({"style": np.arange(n)}),
        rejected=(Rejected(3, "x", "p", "missing file"),),
        source="made here",
        language={"t": "en"},
    )
    workspace = Workspace()
    workspace.set_dataset(dataset)
    workspace.set_embeddings(
        Embeddings(
            vectors=vectors,
            present=present,
            ids=dataset.ids,
            groups=dataset.groups,
            labels=dataset.labels,
            spaces={m: m for m in vectors},
            columns=dataset.columns,
        ),
        {"p": "efficientnet-lite0", "t": "minilm", "v": "as-is"},
    )
    return workspace


@pytest.fixture
def workspace(unfitted) -> Workspace:
    """The same, fitted with CCA and attention."""
    workspace = unfitted
    workspace.set_alignment(*journey.align(workspace, "cca", {"n_components": 3}))
    workspace.add_fusion(journey.fuse(workspace, "attention"))
    workspace.selection = frozenset({"i1", "i2"})
    return workspace


def same(a: Workspace, b: Workspace) -> None:
    assert a.dataset is not None and b.dataset is not None
    assert list(a.dataset.ids) == list(b.dataset.ids)
    assert a.dataset.content["p"].tolist() == b.dataset.content["p"].tolist()
    assert a.dataset.cells["t"] == b.dataset.cells["t"]
    assert all(np.array_equal(x, y) for x, y in zip(a.dataset.cells["v"], b.dataset.cells["v"], strict=True))
    assert a.dataset.rejected == b.dataset.rejected
    assert a.dataset.language == b.dataset.language
    assert a.selection == b.selection
    assert a.split_source == b.split_source == "drawn"
    assert list(a.embeddings.splits) == list(b.embeddings.splits)
    assert np.array_equal(a.aligned.vectors["p"], b.aligned.vectors["p"])
    assert np.array_equal(a.fitted.fusion.transform(a.embeddings), b.fitted.fusion.transform(b.embeddings))
    assert a.fitted.score == b.fitted.score
    assert a.fitted.fusion.history_.equals(b.fitted.fusion.history_)


def test_directory_round_trip(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run")
    reopened = workspace_files.open_directory(tmp_path / "run")
    same(workspace, reopened)
    workspace_files.save(reopened, tmp_path / "run")  # over itself
    same(workspace, workspace_files.open_directory(tmp_path / "run"))
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".run")], "nothing half-written is left"


def test_zip_carries_its_media(workspace, tmp_path):
    workspace_zip.save_zip(workspace, tmp_path / "w.zip", tmp_path / "work")
    for file in tmp_path.glob("*.png"):
        file.unlink()
    reopened = workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other")
    picture = reopened.dataset.cells["p"][7]
    assert isinstance(picture, Path)
    assert Image.open(picture).getpixel((0, 0)) == (28, 0, 0)
    assert reopened.dataset.cells["t"] == workspace.dataset.cells["t"]


def test_a_folder_that_was_zipped_by_hand_is_a_workspace_too(unfitted, tmp_path):
    import zipfile

    workspace_files.save(unfitted, tmp_path / "run", copy_media=True)
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        for file in sorted((tmp_path / "run").rglob("*")):
            archive.write(file, file.relative_to(tmp_path))
    again = workspace_zip.open_zip(tmp_path / "run.zip", tmp_path / "work")
    assert again.dataset.ids.tolist() == unfitted.dataset.ids.tolist()
    assert again.embeddings.dims == unfitted.embeddings.dims


def test_a_zip_brings_everything_back(workspace, tmp_path):
    workspace_zip.save_zip(workspace, tmp_path / "w.zip", tmp_path / "work")
    same(workspace, workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other"))
    assert not list((tmp_path / "work").iterdir()), "what was laid out is gone"


def test_saving_tells_how_far_it_has_come_in_bytes(unfitted, tmp_path):
    told: list[tuple[float, float, str]] = []
    progress = Progress(lambda p: told.append((p.done, p.total, p.message)))
    workspace_zip.save_zip(unfitted, tmp_path / "w.zip", tmp_path / "work", progress)
    done, totals, _ = zip(*told[1:], strict=True)
    assert told[0][2] == "Writing the vectors" and told[-1][2] == "MB written"
    assert list(done) == sorted(done) and done[-1] == pytest.approx(totals[-1])


@pytest.mark.parametrize("when", ["at once", "Writing the vectors", "MB written", "the last moment"])
def test_a_cancelled_save_leaves_nothing_behind(unfitted, tmp_path, when):
    progress = Progress()

    def change(now: Progress) -> None:
        if now.message == when or (when == "the last moment" and now.total and now.done >= now.total - 1e-9):
            now.cancel()

    progress._on_change = change
    if when == "at once":
        progress.cancel()
    target = tmp_path / "saved"
    target.mkdir()
    with pytest.raises(Cancelled):
        workspace_zip.save_zip(unfitted, target / "w.zip", target, progress)
    assert list(target.iterdir()) == []


def test_a_cancelled_save_keeps_the_one_before(unfitted, tmp_path):
    workspace_zip.save_zip(unfitted, tmp_path / "w.zip", tmp_path / "work")
    before = (tmp_path / "w.zip").read_bytes()
    with pytest.raises(Cancelled):
        workspace_zip.save_zip(unfitted, tmp_path / "w.zip", tmp_path / "work", Progress(lambda p: p.cancel()))
    assert (tmp_path / "w.zip").read_bytes() == before


KILLED = """
import os, signal, sys
from pathlib import Path
from mmexplore.workspace import zip as workspace_zip
from mmexplore.server.progress import Progress
from tests.server.test_atomic import generation

def die(progress):
    if progress.message == sys.argv[2] and progress.done >= progress.total / 2:
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
if sys.argv[3] == "server":
    from mmexplore.server.uploads import Uploads
    home = Uploads(home).enter().folder
print(home, flush=True)
workspace_zip.save_zip(generation(1), home / "w.zip", home / "work", Progress(die))
"""


def killed(home: Path, when: str, where: str = "folder") -> Path:
    """Save generation 1 in another process that is killed meanwhile; the folder it wrote to."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(home), when, where], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert run.returncode == -signal.SIGKILL
    return Path(run.stdout.strip())


@pytest.mark.parametrize("when", ["Writing the vectors", "MB written"])
def test_of_a_save_that_is_killed_nothing_half_written_is_read(tmp_path, when):
    from tests.server.test_atomic import generation, said

    workspace_zip.save_zip(generation(0), tmp_path / "w.zip", tmp_path / "work")
    killed(tmp_path, when)
    assert said(workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "a")) == 0, "the old one, whole"
    workspace_zip.save_zip(generation(2), tmp_path / "w.zip", tmp_path / "work")
    assert said(workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "b")) == 2


def test_what_a_killed_server_had_half_saved_is_swept(tmp_path):
    folder = killed(tmp_path / "uploads", "MB written", "server")
    assert not (folder / "w.zip").exists() and list(folder.iterdir()), "a part, under another name"
    Uploads(tmp_path / "uploads").close()
    assert not folder.exists()


def test_a_saved_zip_is_counted_and_refused_before_it_is_written(unfitted, tmp_path):
    uploads = Uploads(tmp_path / "uploads", session_bytes=1 << 20)
    try:
        account = uploads.enter()
        target = account.folder / "w.zip"
        workspace_zip.save_zip(unfitted, target, account.folder / "work")
        assert account.used == target.stat().st_size
        uploads.session_bytes = account.used + 1000
        with pytest.raises(UserError, match=r"the saved workspace: it would take more than"):
            workspace_zip.save_zip(unfitted, account.folder / "again.zip", account.folder / "work")
        assert account.used == account.recount() == target.stat().st_size
        assert [f.name for f in account.folder.rglob("*") if f.is_file()] == ["w.zip"]
    finally:
        uploads.close()


def test_a_picture_that_has_gone_is_one_sentence(unfitted, tmp_path):
    _ = unfitted.dataset.content
    (tmp_path / "7.png").unlink()
    with pytest.raises(UserError, match=r"7\.png: a file of these pairs is no longer there"):
        workspace_zip.save_zip(unfitted, tmp_path / "w.zip", tmp_path / "work")
    assert not list((tmp_path / "work").iterdir()) and not (tmp_path / "w.zip").exists()


def hostile(path: Path, workspace: Workspace, what: str) -> None:
    """A saved workspace that somebody has changed."""
    workspace_zip.save_zip(workspace, path, path.parent / "work")
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    if what == "another file's path":
        table = pd.read_parquet(io.BytesIO(members["pairs.parquet"]))
        table.loc[0, "cell.0"] = "file:/etc/hostname"
        out = io.BytesIO()
        table.to_parquet(out)
        members["pairs.parquet"] = out.getvalue()
    elif what == "a table of very many cells":
        out = io.BytesIO()
        pd.DataFrame({f"c{i}": np.zeros(8_000_000, np.int8) for i in range(4)}).to_parquet(out, compression="zstd")
        members["pairs.parquet"] = out.getvalue()
    elif what == "a way out":
        members["../../outside.txt"] = b"x"
    elif what == "a pickle":
        members["embeddings/vectors.safetensors"] = b"\x80\x04cos\nsystem\n(S'touch owned'\ntR."
    elif what == "half of it":
        members["embeddings/vectors.safetensors"] = members["embeddings/vectors.safetensors"][:100]
    elif what == "no run.json":
        del members["run.json"]
    elif what == "deep JSON":
        members["run.json"] = b"[" * 200_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if what == "a bomb":
            archive.writestr("media/bomb.png", bytes(64 << 20))


HOSTILE = ["another file's path", "a way out", "a pickle", "half of it", "no run.json", "deep JSON", "a bomb"]
HOSTILE += ["a table of very many cells"]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_zip_is_one_sentence_and_leaves_nothing(unfitted, tmp_path, what):
    hostile(tmp_path / "w.zip", unfitted, what)
    with pytest.raises(UserError) as told:
        workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other")
    assert "\n" not in str(told.value)
    assert not list((tmp_path / "other").glob("*")) and not (tmp_path / "outside.txt").exists()


def test_a_cancelled_opening_leaves_nothing(unfitted, tmp_path):
    workspace_zip.save_zip(unfitted, tmp_path / "w.zip", tmp_path / "work")
    for stage in ("Unpacking", "Reading"):
        progress = Progress(lambda p, stage=stage: p.cancel() if p.message.startswith(stage) else None)
        with pytest.raises(Cancelled):
            workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other", progress)
        assert not list((tmp_path / "other").glob("*"))


def test_an_uploaded_workspace_cannot_name_files_outside(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run", copy_media=True)
    rows = pd.read_parquet(tmp_path / "run" / "pairs.parquet")
    for stolen in ("/etc/hostname", "../../etc/hostname", "media/../../secret"):
        rows.loc[0, "cell.0"] = f"file:{stolen}"
        rows.to_parquet(tmp_path / "run" / "pairs.parquet")
        with pytest.raises(UserError, match="outside its media folder"):
            workspace_files.open_directory(tmp_path / "run", trusted=False)


def test_killed_between_the_two_renames_the_old_one_is_read(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / ".run.old")
    same(workspace, workspace_files.open_directory(tmp_path / "run"))


def media_of(workspace: Workspace) -> list[Path]:
    return [c for cells in workspace.dataset.cells.values() for c in cells if isinstance(c, Path)]


def test_media_inside_stay_when_it_is_saved_again(workspace, tmp_path):
    """As the shell does after each step: what it replaces must not take the only copy of the media with it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run = tmp_path / "link" / "run"
    workspace_files.save(workspace, run, copy_media=True)
    for _ in range(2):
        again = workspace_files.open_directory(run)
        assert media_of(again) and all(path.exists() for path in media_of(again))
        same(workspace, again)
        workspace_files.save(again, run)
    run.rename(tmp_path / "elsewhere")  # it can still be carried
    assert all(path.exists() for path in media_of(workspace_files.open_directory(tmp_path / "elsewhere")))


def test_media_outside_stay_outside_when_it_is_saved_again(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run")
    workspace_files.save(workspace_files.open_directory(tmp_path / "run"), tmp_path / "run")
    again = workspace_files.open_directory(tmp_path / "run")
    assert media_of(again) == media_of(workspace) and not (tmp_path / "run" / "media").exists()


def test_another_folder_is_never_overwritten(workspace, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("keep me")
    with pytest.raises(UserError, match="not a workspace"):
        workspace_files.save(workspace, folder)
    assert (folder / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 99}', '{"format": 1}'])
def test_damage_is_one_sentence(tmp_path, damage):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(damage)
    with pytest.raises(UserError):
        workspace_files.open_directory(tmp_path / "run")


def test_nothing_pickled_is_written(workspace, tmp_path):
    workspace_files.save(workspace, tmp_path / "run", copy_media=True)
    suffixes = {p.suffix for p in (tmp_path / "run").rglob("*") if p.is_file()}
    assert suffixes <= {".json", ".parquet", ".safetensors", ".png"}
    json.loads((tmp_path / "run" / "run.json").read_text())


# -- what is not known here ----------------------------------------------------------
class Mine(ConcatFusion):
    """A fusion of somebody's own, which no installation knows."""

    name = "mine"


class MyMap(RidgeCCA):
    name = "my-map"


def keeps_the_rest(opened: Workspace, saved: Workspace) -> None:
    assert list(opened.dataset.ids) == list(saved.dataset.ids)
    assert np.array_equal(opened.embeddings.vectors["p"], saved.embeddings.vectors["p"])
    assert opened.selection == saved.selection
    assert list(opened.fusions) == ["attention"] and opened.current == "attention"


def test_a_fit_of_an_unknown_method_is_told_and_kept_and_all_else_opens(workspace, tmp_path):
    workspace.add_fusion(journey.fuse(workspace, Mine(epochs=2)))
    workspace_files.save(workspace, tmp_path / "run")
    opened = workspace_files.open_directory(tmp_path / "run")
    keeps_the_rest(opened, workspace)
    assert len(opened.notices) == 1 and "the fit 'mine' (no method is called 'mine')" in opened.notices[0]
    opened.add_fusion(journey.fuse(opened, Mine(epochs=1)))
    assert list(opened.fusions) == ["attention", "mine-2"], "its id is not given away"
    workspace_files.save(opened, tmp_path / "run")
    own = workspace_files.open_directory(tmp_path / "run", own=[Mine])
    assert list(own.fusions) == ["attention", "mine-2", "mine"] and not own.notices
    given = workspace.embeddings
    assert np.array_equal(own.fusions["mine"].fusion.transform(given), workspace.fitted.fusion.transform(given))
    assert own.fusions["mine"].score == workspace.fitted.score


def test_an_unknown_alignment_is_told_and_kept_with_what_was_fitted_on_it(unfitted, tmp_path):
    unfitted.add_fusion(journey.fuse(unfitted, "attention", {"epochs": 2}))
    unfitted.set_alignment(*journey.align(unfitted, MyMap(n_components=3)))
    unfitted.add_fusion(journey.fuse(unfitted, "late-sum", source="aligned"))
    workspace_files.save(unfitted, tmp_path / "run")
    opened = workspace_files.open_directory(tmp_path / "run")
    keeps_the_rest(opened, unfitted)
    assert opened.alignment is None and "'my-map'" in opened.notices[0] and "'late-sum'" in opened.notices[0]
    workspace_files.save(opened, tmp_path / "run")
    own = workspace_files.open_directory(tmp_path / "run", own=[MyMap])
    assert list(own.fusions) == ["attention", "late-sum"] and isinstance(own.alignment, MyMap)
    opened.set_alignment(*journey.align(opened, "cca", {"n_components": 3}))
    assert not opened.notices, "another alignment takes its place"


@pytest.mark.parametrize("file", ["fusions/1.json", "fusions/1.safetensors"])
def test_a_damaged_fit_is_told_and_all_else_opens(workspace, tmp_path, file):
    workspace.add_fusion(journey.fuse(workspace, "late-sum"))
    workspace_files.save(workspace, tmp_path / "run")
    (tmp_path / "run" / file).write_bytes(b"{not at all")
    opened = workspace_files.open_directory(tmp_path / "run")
    keeps_the_rest(opened, workspace)
    assert "'late-sum'" in opened.notices[0] and "\n" not in opened.notices[0]
    workspace_zip.save_zip(opened, tmp_path / "w.zip", tmp_path / "work")
    again = workspace_zip.open_zip(tmp_path / "w.zip", tmp_path / "other")
    assert again.notices == opened.notices and again.unread[0].files == opened.unread[0].files
    opened.set_embeddings(opened.embeddings, opened.encoders)
    assert not opened.notices, "a fit of other vectors is nothing to keep"


def test_two_fits_of_a_method_are_saved_and_a_workspace_of_before_opens(workspace, tmp_path):
    workspace.add_fusion(journey.fuse(workspace, "attention", {"width": 16, "epochs": 2}))
    workspace_files.save(workspace, tmp_path / "run")
    opened = workspace_files.open_directory(tmp_path / "run")
    assert list(opened.fusions) == ["attention", "attention-2"] and opened.current == "attention-2"
    assert opened.titles == workspace.titles and opened.fusions["attention-2"].id == "attention-2"
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    about["fusions"] = [{k: v for k, v in f.items() if k != "method"} for f in about["fusions"][:1]]
    about["current"] = "attention"
    (tmp_path / "run" / "run.json").write_text(json.dumps(about))
    old = workspace_files.open_directory(tmp_path / "run")
    assert old.current == "attention" and old.fitted.id == old.fitted.method == "attention"
