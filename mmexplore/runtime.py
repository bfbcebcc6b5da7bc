"""One place for seeds, for the device and threads, and for where files are kept."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import numpy as np
import platformdirs


def cpu_count() -> int:
    """Processors this process may use (respects affinity), at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def threads() -> int:
    """Threads one computation may use: ``MMEXPLORE_THREADS``, else every processor."""
    return int(os.environ.get("MMEXPLORE_THREADS", "0")) or cpu_count()


def cache_dir(*parts: str) -> Path:
    """A folder under the user's cache directory (``MMEXPLORE_CACHE`` overrides it), made if absent."""
    root = os.environ.get("MMEXPLORE_CACHE") or platformdirs.user_cache_dir("mmexplore", appauthor=False)
    path = Path(root, *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def rng(seed: int) -> np.random.Generator:
    """The generator every random choice in mmexplore comes from."""
    return np.random.default_rng(seed)


def seed_torch(seed: int) -> None:
    """Seed torch (and Python's ``random``) for a fit and make its results repeatable on one machine."""
    import torch

    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_deterministic_debug_mode("warn")  # as `use_deterministic_algorithms`, which imports torch's compiler
    torch.set_num_threads(threads())


def device() -> str:
    """``cuda``, ``mps`` or ``cpu``: the fastest present (``MMEXPLORE_DEVICE`` overrides it).

    Does not import torch when only a CPU can be meant, so that the first page stays light.
    """
    chosen = os.environ.get("MMEXPLORE_DEVICE")
    if chosen:
        return chosen
    nvidia = Path("/proc/driver/nvidia/version").exists() or sys.platform == "win32"
    if not (nvidia or sys.platform == "darwin"):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
