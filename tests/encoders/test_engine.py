"""Exports are made once, whole or not at all, and keep torch out of the process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mmexplore.encoders import engine
from mmexplore.encoders.engine import NotExportable, Plan, exported
from mmexplore.errors import UserError

PLAN = Plan("some-model", "image", "0" * 64, ("numpy",), build=lambda: pytest.fail("built in the server"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))


def _write(plan: Plan, folder: Path) -> None:
    (folder / "model.xml").write_text("graph")
    (folder / "meta.json").write_text("{}")


def test_many_threads_export_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def slow(plan: Plan, folder: Path) -> None:
        calls.append(folder)
        threading.Event().wait(0.1)
        _write(plan, folder)

    monkeypatch.setattr(engine, "_export", slow)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(exported(PLAN))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len(set(found)) == 1 and found[0].read_text() == "graph"


def test_a_failed_export_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def half(plan: Plan, folder: Path) -> None:
        (folder / "model.xml").write_text("half a gr")
        raise NotExportable("killed")

    monkeypatch.setattr(engine, "_export", half)
    with pytest.raises(NotExportable):
        exported(PLAN)
    assert not list((tmp_path / "engines").rglob("model.xml"))


def test_what_a_killed_export_left_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = tmp_path / "engines" / ".some-model-image-abc"
    stale.mkdir(parents=True)
    (stale / "model.xml").write_text("half a gr")
    monkeypatch.setattr(engine, "_export", _write)
    assert exported(PLAN).read_text() == "graph" and not stale.exists()


def test_other_weights_are_another_export() -> None:
    assert PLAN.key == replace(PLAN, build=lambda: None).key
    assert len({PLAN.key, replace(PLAN, weights="1" * 64).key, replace(PLAN, kind="text").key}) == 3


def test_an_error_for_people_crosses_the_process() -> None:
    with pytest.raises(UserError, match="not exported"):
        exported(PLAN)


def test_bf16_only_where_the_export_found_it_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_DEVICE", "cpu")
    monkeypatch.setattr(engine, "cpu_has_bf16", lambda: True)

    def found(cosine: float | None) -> str:
        plan = replace(PLAN, bf16=True, weights=str(cosine))

        def write(plan: Plan, folder: Path) -> None:
            (folder / "model.xml").write_text("graph")
            (folder / "meta.json").write_text(json.dumps({"bf16_cosine": cosine}))

        monkeypatch.setattr(engine, "_export", write)
        return engine.make_engine(plan).precision

    assert (found(0.9999), found(0.998), found(None)) == ("bf16", "f32", "f32")


def test_encoding_imports_neither_torch_nor_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once exported, photos and captions are encoded in a process that never sees them."""
    from mmexplore.encoders import registry

    monkeypatch.delenv("MMEXPLORE_CACHE")  # the engines that the other tests use
    registry.prepare_offline()
    code = (
        "import sys; import numpy as np; from mmexplore.encoders import registry as r; "
        "assert r.load('efficientnet-lite0').encode([np.zeros((9, 9, 3), np.uint8)]).shape == (1, 1280); "
        "assert r.load('minilm').encode(['a dog']).shape == (1, 384); "
        "assert r.load('use-multilingual').encode(['a dog']).shape == (1, 512); "
        "sys.exit(', '.join({'torch', 'transformers', 'timm', 'open_clip', 'sklearn'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
