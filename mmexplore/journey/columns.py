"""What each column of a table contributes to the current fusion."""

from __future__ import annotations

import numpy as np

from mmexplore.attribution.columns import ColumnContributions, column_contributions
from mmexplore.data.dataset import Kind
from mmexplore.errors import UserError
from mmexplore.journey.asking import dataset_of
from mmexplore.journey.fusing import fitted_input
from mmexplore.journey.querying import encoder_of
from mmexplore.journey.spaces import carried
from mmexplore.workspace.state import Workspace


def tables_of(workspace: Workspace) -> list[str]:
    """The tabular modalities that the current fusion was given, with their cells at hand."""
    dataset = workspace.dataset
    if dataset is None or workspace.fitted is None:
        return []
    given = fitted_input(workspace)[1].modalities
    return [m for m in given if dataset.kinds.get(m) is Kind.TABLE and workspace.encoders.get(m)]


def columns_of(workspace: Workspace, modality: str, change: str = "permuted") -> ColumnContributions:
    """The contribution of each column of a tabular modality, over the rows held out of the fit (all, without a split).

    Raises:
        UserError: nothing is fused, it is no table, or no such change.
    """
    fitted, embeddings = fitted_input(workspace)
    if modality not in tables_of(workspace):
        raise UserError("is no table of this fusion", modality, "choose a tabular modality that was encoded and fused")
    dataset = dataset_of(workspace)
    encoder = encoder_of(workspace, modality, workspace.encoders[modality], Kind.TABLE)

    def encode(rows: np.ndarray) -> np.ndarray:
        vectors = encoder.encode(list(rows))
        return carried(workspace, embeddings, modality, vectors) if fitted.source == "aligned" else vectors

    held_out = embeddings.in_split("test", "val") & embeddings.present[modality]
    rows = np.flatnonzero(held_out if held_out.any() else embeddings.present[modality])
    cells = [dataset.cells[modality][r] for r in rows]
    table = np.array([np.asarray(c, object) for c in cells], object)
    names = dataset.parts.get(modality) or tuple(f"column {j + 1}" for j in range(table.shape[1]))
    return column_contributions(
        fitted.fusion, embeddings.take(rows), modality, table, names, encode, change, seed=workspace.seed
    )
