"""What the app and the docs say about a method: written once, beside its code."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class MethodCard:
    """The card of an alignment, fusion or generative method.

    Attributes:
        title: the field's standard name ("Low-rank tensor fusion").
        summary: one plain sentence a newcomer understands.
        equation: LaTeX without dollar signs.
        paper: author, year, title; "-" where the method is folklore.
        look_for: what to look at once it is fitted, and where it misleads.
        missing: how an absent modality is treated at ``transform``.
    """

    title: str
    summary: str
    equation: str
    paper: str
    look_for: str
    missing: str

    @property
    def short(self) -> str:
        """For tables: the abbreviation in brackets that ends the title ("MVAE"), else the title."""
        found = re.search(r"\((\w*[A-Z]\w*[A-Z]\w*)\)$", self.title)
        return found[1] if found else self.title

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
