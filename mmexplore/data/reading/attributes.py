"""What the small files beside an item say about it: ``frog.json`` (names and values) and ``frog.cls`` (its class)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mmexplore.data.dataset import Rejected
from mmexplore.data.reading.file_names import suffix_of
from mmexplore.data.reading.files import Files
from mmexplore.data.reading.text import read_text
from mmexplore.data.reading.values import storable
from mmexplore.errors import UserError

MAX_NAMES = 200


def item_attributes(
    keys: Sequence[str], named: dict[str, str], files: Files, rejected: list[Rejected]
) -> dict[str, list[Any]]:
    """Columns of attributes: name -> a value or None for each key (a key may come several times).

    Args:
        keys: of the rows.  named: attribute file -> the key it is about.  files: those given.
        rejected: attribute files that cannot be read are appended.
    """
    about: dict[str, dict[str, Any]] = {}
    wanted = set(keys)
    for name, key in named.items():
        if key not in wanted:
            continue
        files.used.add(name)
        try:
            text = read_text(files.by_name[name])
            values = {"label": text.strip()} if suffix_of(name) == ".cls" else json.loads(text)
        except (UserError, ValueError, RecursionError) as error:
            reason = error.what if isinstance(error, UserError) else "the file is not JSON"
            rejected.append(Rejected(0, key, "", f"{reason} ({name})"))
            continue
        if isinstance(values, dict):
            about.setdefault(key, {}).update({storable(str(k)): v for k, v in values.items() if _is_scalar(v)})
    names = list(dict.fromkeys(k for values in about.values() for k in values))
    if len(names) > MAX_NAMES:
        rejected.append(Rejected(0, "", "", f"{len(names):,} names in the .json files: the first {MAX_NAMES} are kept"))
    return {k: [_value(about.get(key, {}).get(k)) for key in keys] for k in names[:MAX_NAMES]}


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value.strip()) or None
    return None if value is None or value != value else value
