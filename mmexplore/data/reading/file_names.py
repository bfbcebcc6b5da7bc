"""What a file name says: which kind of thing is in the file, and whether the name may be used at all."""

from __future__ import annotations

import os
import posixpath
import re

from mmexplore.data.kind import Kind
from mmexplore.data.kinds import kind_of_suffix

_DEVICE = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$", re.IGNORECASE)
_JUNK = {".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".git", ".ipynb_checkpoints"}


def suffix_of(name: str) -> str:
    """The last suffix in lower case (".jpg"), "" where there is none."""
    return posixpath.splitext(name.replace("\\", "/"))[1].lower()


def without_suffix(name: str) -> str:
    """The name (with forward slashes) up to its last suffix: "images/frog"."""
    return posixpath.splitext(name)[0]


def kind_of_name(name: str) -> Kind | None:
    """The kind that a file name's suffix stands for, or None."""
    return kind_of_suffix(suffix_of(name))


def is_junk(name: str) -> bool:
    """Files that systems leave behind (``.DS_Store``, ``__MACOSX``, ``._photo.jpg``): passed over without a word."""
    parts = name.replace("\\", "/").split("/")
    return any(part.lower() in _JUNK or part.startswith("._") for part in parts)


def refusal(name: str) -> str:
    """Why a name found in an archive or in a table may not be used as a path; "" where it may.

    A name must be relative, stay below its folder and be storable: no leading slash or drive, no ``..``, no control
    character, no device name of Windows, no part above 240 bytes.
    """
    path = name.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or re.match(r"^[a-zA-Z]:", path):
        return "the path is absolute"
    if ".." in parts:
        return "the path leaves its folder (..)"
    if any(ord(c) < 32 or ord(c) == 127 for c in path):
        return "the name has control characters"
    if any(_DEVICE.match(part.rstrip(" .")) for part in parts):
        return "the name is one that systems keep for devices"
    if any(len(part.encode("utf-8", "replace")) > 240 for part in parts) or len(path) > 2000 or len(parts) > 40:
        return "the name is too long"
    if os.name == "nt" and any(c in path for c in ':*?"<>|'):
        return "the name cannot be stored on this system"
    return ""
