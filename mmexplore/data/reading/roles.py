"""What can a column of a table be for, which names say so, and how a person corrects a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.errors import UserError

ONE_ONLY = ("id", "label", "split", "group")

# Names, best first: where two columns could be the label, the one named earlier here is.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "uid", "uuid", "item_id", "sample_id", "row_id", "key", "index", "identifier"),
    "label": (
        *("label", "class", "category", "target", "y", "labels", "class_name", "classname", "class_label"),
        *("genre", "species", "diagnosis", "emotion", "sentiment"),
    ),
    "split": ("split", "set", "subset", "partition", "fold", "data_split", "dataset_split"),
    "group": ("group", "group_id", "groups", "cluster", "image_id", "photo_id", "img_id", "video_id", "item"),
}
_SPLITS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "development"), "val"),
    **dict.fromkeys(
        ("test", "testing", "tst", "eval", "evaluation", "heldout", "held-out", "held_out", "holdout"), "test"
    ),
}


@dataclass(frozen=True)
class ColumnGuess:
    """What a column seems to be for.

    Attributes:
        name: of the column.  role: one of `roles()`.  kind: of the modality, None where the role is no modality.
        example: a value of it, shortened.  why: one sentence for the person.
        fits_table: it is kept as a column, but its numbers or few values could be part of a tabular modality. That is
            never guessed: a column that tells the label would be among them.
    """

    name: str
    role: str
    kind: Kind | None
    example: str
    why: str
    fits_table: bool = False


def roles() -> tuple[str, ...]:
    """What a column can be for: a modality of each kind that is known here, called by the kind's name, and the rest."""
    return (*map(str, kinds.cards()), *kinds.OTHER_ROLES)


def kind_of_role(role: str) -> Kind | None:
    """The kind of modality that a role stands for; None where it is no modality."""
    return next((kind for kind in kinds.cards() if kind == role), None)


def normal_split(value: Any) -> str | None:
    """ "train", "val" or "test" for the usual spellings ("dev", "Validation", ...); None for anything else."""
    return _SPLITS.get(str(value).strip().lower()) if value is not None else None


def role_by_name(name: str) -> str | None:
    """ "id", "label", "split" or "group" where a column's name says so, else None."""
    return next((role for role in ONE_ONLY if rank(role, name) is not None), None)


def correct(guesses: Sequence[ColumnGuess], corrections: dict[str, str] | None) -> list[ColumnGuess]:
    """The guesses with a person's corrections in; a role that only one column can have leaves the guessed one.

    Raises:
        UserError: a column or a role that does not exist; a role for two columns where only one can have it.
    """
    corrections = corrections or {}
    names = [g.name for g in guesses]
    for column, role in corrections.items():
        if column not in names:
            raise UserError("there is no such column", column, f"the columns are {', '.join(names[:20])}")
        if role not in roles():
            raise UserError(f"{role!r} is not a role", column, f"choose one of {', '.join(roles())}")
    for role in ONE_ONLY:
        chosen = [c for c, r in corrections.items() if r == role]
        if len(chosen) > 1:
            raise UserError(f"{len(chosen)} columns have the role {role}", ", ".join(chosen), "choose one")
    taken = {role for role in corrections.values() if role in ONE_ONLY}
    corrected = []
    for guess in guesses:
        if guess.name in corrections:
            role = corrections[guess.name]
            corrected.append(replace(guess, role=role, kind=kind_of_role(role), why="you said so", fits_table=False))
        elif guess.role in taken:
            corrected.append(replace(guess, role="column", kind=None, why=f"another column is the {guess.role}"))
        else:
            corrected.append(guess)
    return corrected


def rank(role: str, name: str) -> int | None:
    """How well a column's name fits a role: 0 = best, None = not at all."""
    plain = re.sub(r"[\s\-.]+", "_", name.strip().lower())
    return _NAMES[role].index(plain) if plain in _NAMES[role] else None
