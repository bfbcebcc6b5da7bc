"""Downloads: from the cache, with progress, cancellable; without a network an error within seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mmexplore.data.dataset import Kind
from mmexplore.encoders import registry
from mmexplore.encoders.clip import open_clip_hub as hub
from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress

NAME = "open_clip:ViT-B-32/laion2b_s34b_b79k"
UNROUTABLE = "https://10.255.255.1"  # packets to it vanish: the slow way to have no network
REFUSING = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub, "cached_weights", lambda repository: None)
    for name in ("HF_HUB_OFFLINE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("endpoint", [UNROUTABLE, REFUSING, "https://no-such-host.invalid"])
def test_no_network_is_an_error_within_five_seconds(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    start = time.monotonic()
    with pytest.raises(UserError) as error:
        registry.load(NAME, Kind.IMAGE)
    assert time.monotonic() - start < 5
    assert "efficientnet-lite0" in str(error.value) and NAME in str(error.value)


def test_told_to_stay_offline_it_does_not_even_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub.socket, "create_connection", lambda *a, **k: pytest.fail("knocked"))
    assert not hub.hub_answers()


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("org/name/", ("org/name", hub.WEIGHT_FILES)),
        ("org/name/model.bin", ("org/name", ("model.safetensors", "model.bin"))),
        ("org/name/model.safetensors", ("org/name", ("model.safetensors",))),
    ],
)
def test_safetensors_are_preferred(repository: str, expected: tuple) -> None:
    assert hub.candidates(repository) == expected


def _download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: tuple[str, ...] = ()) -> None:
    from huggingface_hub.errors import EntryNotFoundError

    def fake(name: str, file: str, *, etag_timeout: float, tqdm_class: type) -> str:
        if file in missing:
            raise EntryNotFoundError(f"404: no {file}")
        with tqdm_class(total=10_000_000, unit="B", name="huggingface_hub.xyz") as bar:
            for _ in range(10):
                bar.update(1_000_000)
        (tmp_path / file).write_bytes(b"weights")
        return str(tmp_path / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fake)
    monkeypatch.setattr(hub, "hub_answers", lambda: True)


def test_progress_is_told_in_megabytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _download(monkeypatch, tmp_path, missing=("open_clip_model.safetensors",))
    seen: list[tuple[float, float]] = []
    progress = Progress(lambda p: seen.append((p.done, p.total)))
    path = hub.fetch_weights(NAME, "org/name/", progress)
    assert path.name == "open_clip_pytorch_model.bin" and seen[0] == (1, 10) and seen[-1] == (10, 10)
    assert "downloading" in progress.message


def test_a_download_can_be_cancelled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _download(monkeypatch, tmp_path)
    progress = Progress(lambda p: p.cancel() if p.done >= 3 else None)
    with pytest.raises(Cancelled):
        hub.fetch_weights(NAME, "org/name/", progress)
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_repository_without_weights_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _download(monkeypatch, tmp_path, missing=hub.WEIGHT_FILES)
    with pytest.raises(UserError, match="could not be downloaded"):
        hub.fetch_weights(NAME, "org/name/")
