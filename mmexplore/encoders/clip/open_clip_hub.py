"""Weights of open_clip models: from the cache, else from the hub with progress, else a clear error within seconds."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mmexplore.errors import Cancelled, UserError
from mmexplore.server.progress import Progress
from mmexplore.server.serving import demo, not_in_demo

#: seconds the hub has to answer; left alone its client tries for 46
PROBE_SECONDS = 3.0
WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def offline_remedy() -> str:
    return "connect to the network, or choose an encoder that works offline (efficientnet-lite0, minilm)"


def hub_answers(seconds: float = PROBE_SECONDS) -> bool:
    """Can the hub (or the proxy that leads to it) be reached? Never takes much longer than `seconds`. A demo: no."""
    if demo() or os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    target = urlsplit(proxy or os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    answered = threading.Event()

    def knock() -> None:
        try:
            port = target.port or (80 if target.scheme == "http" else 443)
            with socket.create_connection((target.hostname or "", port), timeout=seconds):
                answered.set()
        except OSError:
            return  # the answer is "no": the event stays unset

    # In a thread, because looking up a name has no timeout of its own.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()


def candidates(repository: str) -> tuple[str, tuple[str, ...]]:
    """(repository, file names to try in this order), from open_clip's "org/name/" or "org/name/file.bin"."""
    name, _, file = repository.rpartition("/")
    if not file:
        return name, WEIGHT_FILES
    stem = file.rsplit(".", 1)[0]
    return name, (file,) if file.endswith(".safetensors") else (f"{stem}.safetensors", file)


def cached_weights(repository: str) -> Path | None:
    """The weight file if it was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    name, files = candidates(repository)
    for file in files:
        found = try_to_load_from_cache(name, file)
        if isinstance(found, str):
            return Path(found)
    return None


def fetch_weights(encoder: str, repository: str, progress: Progress | None = None) -> Path:
    """The weight file, downloaded at first use into the hub's cache.

    Raises:
        UserError: no network (within about `PROBE_SECONDS`), or the download failed; names the offline default. A demo
            downloads nothing.
        Cancelled: by `progress`; what was downloaded so far is kept and resumed.
    """
    not_in_demo(encoder)
    cached = cached_weights(repository)
    if cached is not None:
        return cached
    if not hub_answers():
        raise UserError("its weights are not here yet and the hub cannot be reached", encoder, offline_remedy())
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    name, files = candidates(repository)
    reason = "the repository has no weight file"
    for file in files:
        try:
            return Path(hf_hub_download(name, file, etag_timeout=5, tqdm_class=_bar(encoder, progress)))
        except LocalEntryNotFoundError as error:  # a kind of EntryNotFoundError that means "no connection"
            reason = _first_line(error)
            break
        except EntryNotFoundError as error:
            reason = _first_line(error)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the client raises its network library's types too
            reason = _first_line(error)
            break
    raise UserError(f"its weights could not be downloaded ({reason})", encoder, offline_remedy())


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _bar(encoder: str, progress: Progress | None) -> Any:
    """A tqdm class that tells `progress` instead of the terminal, in MB."""
    from tqdm import tqdm

    class Told(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **(kwargs | {"disable": False, "file": _Silent()}))

        def update(self, n: float | None = 1) -> bool | None:
            answer = super().update(n)
            if progress is not None and self.total:
                progress.update(self.n / 1e6, self.total / 1e6, f"downloading {encoder}, {self.total / 1e6:,.0f} MB")
            return answer

    return Told


class _Silent:
    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def weight_digest(paths: Sequence[Path]) -> str:
    """SHA-256 that names the contents of these files (the hub's cache already names its blobs so)."""
    from mmexplore.encoders.weights import sha256

    digests = []
    for path in paths:
        blob = path.resolve().name
        digests.append(blob if len(blob) == 64 and set(blob) <= set("0123456789abcdef") else sha256(path))
    return "-".join(digests)
