"""What a saved workspace holds and this installation cannot read: carried along, and saved again as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmexplore.errors import UserError
from mmexplore.server.jobs import one_sentence

SUFFIXES = (".json", ".safetensors")  # the files of an `Estimator.save`


@dataclass(frozen=True)
class Unread:
    """A saved fit or alignment whose method is not known here, or whose files are damaged.

    Attributes:
        what: "fit" or "alignment".  id: of the fit; of an alignment the name of its method.  reason: a clause.
        about: its entry in run.json.  files: suffix (".json" ...) -> content.
    """

    what: str
    id: str
    reason: str
    about: Any
    files: dict[str, bytes]

    @property
    def of_aligned(self) -> bool:
        """Does it depend on the alignment?"""
        return self.what == "alignment" or self.about.get("source") == "aligned"

    def write(self, stem: Path) -> None:
        """As it was, under another stem."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        for suffix, content in self.files.items():
            stem.with_name(stem.name + suffix).write_bytes(content)


def unread(what: str, id_: str, about: Any, stem: Path, error: Exception) -> Unread:
    """What lies under `stem`, and why it could not be read."""
    reason = error.what if isinstance(error, UserError) else f"damaged: {one_sentence(error)}"
    files = {suffix: stem.with_name(stem.name + suffix) for suffix in SUFFIXES}
    content = {suffix: file.read_bytes() for suffix, file in files.items() if file.is_file()}
    return Unread(what, id_, " ".join(reason.split()).rstrip("."), about, content)


def notices(those: Sequence[Unread]) -> tuple[str, ...]:
    """One sentence about all of them; none where there are none."""
    if not those:
        return ()
    named = ", ".join(f"the {u.what} {u.id!r} ({u.reason})" for u in those)
    return (f"Not all that was saved can be opened here: {named}. It is kept and saved again as it is.",)
