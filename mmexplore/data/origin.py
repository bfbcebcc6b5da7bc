"""How pairs came here: enough to write the call that brings them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mmexplore.errors import UserError


@dataclass(frozen=True)
class Origin:
    """Either a built-in example or what `read_pairs` was given. Plain values only.

    Attributes:
        example: a key of `EXAMPLES`, "" for a person's own pairs.  options: what its loader was given.
        paths: the files or folders that were read, as they were named.
        many: they were given as a list (a list of one may be read in another way than the one alone).
        roles: column -> role, as the person corrected them; None where nothing was.
        on_broken: "drop_row" or "blank_cell".
    """

    example: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    many: bool = False
    roles: dict[str, str] | None = None
    on_broken: str = "drop_row"

    def call(self) -> str:
        """The Python expression that gives the pairs again."""
        if self.example:
            return f"load_example({', '.join([repr(self.example), *(f'{k}={v!r}' for k, v in self.options.items())])})"
        listed = [f"Path({path!r})" for path in self.paths]
        given = [f"[{', '.join(listed)}]" if self.many else listed[0], 'workdir=Path("unpacked")']
        if self.roles:
            given.append(f"roles={self.roles!r}")
        if self.on_broken != "drop_row":
            given.append(f"on_broken={self.on_broken!r}")
        return f"read_pairs({', '.join(given)})"

    def names_only(self) -> Origin:
        """Without the folders, which after an upload are the server's."""
        return replace(self, paths=tuple(Path(path).name for path in self.paths))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `origin_of` reads it."""
        return asdict(self)


def read_from(path: Path | Sequence[Path], roles: Mapping[str, str] | None, on_broken: str) -> Origin:
    """The origin of what `read_pairs` was given."""
    many = not isinstance(path, (str, Path))
    paths = [path] if isinstance(path, (str, Path)) else path
    return Origin(
        paths=tuple(str(p) for p in paths), many=many, roles=dict(roles) if roles else None, on_broken=on_broken
    )


def made_by(example: str, options: Mapping[str, Any]) -> Origin:
    """The origin of a built-in example; options that are no plain values (who is told of the progress) are left out."""
    plain = {}
    for name, value in options.items():
        try:
            plain[name] = json.loads(json.dumps(value))
        except TypeError:
            continue  # it does not change the pairs
    return Origin(example=example, options=plain)


def origin_of(saved: Any, where: str) -> Origin | None:
    """What `Origin.as_dict` gave. Raises UserError where it is damaged: it becomes part of a script."""
    if saved is None:
        return None
    try:
        found = Origin(**{**saved, "paths": tuple(saved["paths"])})
        words = [found.example, found.on_broken, *found.paths, *found.options]
        words += [] if found.roles is None else [*found.roles, *found.roles.values()]
        sound = all(isinstance(w, str) for w in words) and all(name.isidentifier() for name in found.options)
    except (TypeError, KeyError, AttributeError):
        sound = False
    if not sound or not (found.example or found.paths):
        raise UserError("what it says about where the pairs came from is damaged", where, "save the workspace again")
    return found
