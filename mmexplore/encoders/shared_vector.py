"""Vectors that a person brings and that lie in one space already: the halves of a CLIP, say."""

from __future__ import annotations

from dataclasses import replace

from mmexplore.encoders.vector import AsIs


class SharedVectors(AsIs):
    """As `AsIs`; modalities of equal width share a space."""

    card = replace(
        AsIs.card,
        name="as-is-shared",
        space="shared",
        title="Vectors as they are, in one space",
        look_for="For vectors that one model made (a CLIP's pictures and texts): modalities of the same width that are "
        "encoded so can be compared directly, without any alignment. Nothing is changed.",
    )
