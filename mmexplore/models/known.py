"""Whether what is given to a fitted method was there at the fit."""

from __future__ import annotations

from collections.abc import Mapping

from mmexplore.data.embeddings import Embeddings, check_embeddings
from mmexplore.errors import UserError


def require_known(embeddings: Embeddings, dims: Mapping[str, int], method: str = "the method") -> None:
    """Check that every modality of `embeddings` was fitted, with the same width.

    Args:
        dims: modality -> width at the fit.  method: its name, for the error.

    Raises:
        UserError: a modality that the fit has not seen, or one of another width.
    """
    check_embeddings(embeddings, "embeddings")
    for m, width in embeddings.dims.items():
        if m not in dims:
            raise UserError("it was not there at the fit", f"modality {m}", f"fit {method} again, or leave it out")
        if width != dims[m]:
            raise UserError(
                f"its vectors have {width} numbers, at the fit they had {dims[m]}",
                f"modality {m}",
                f"use the same encoder, or fit {method} again",
            )
