"""Opening a run directory in the shell."""

from __future__ import annotations

import sys
from pathlib import Path

from mmexplore.workspace.state import Workspace


def opened(run: Path, fit: str | None = None) -> Workspace:
    """The workspace of a run directory; what a person must be told of it goes to stderr.

    Args:
        fit: the fit in use, by its id or by its method's name (the latest fit of it); None = as saved.

    Raises:
        UserError: it is no workspace, or it has no such fit.
    """
    from mmexplore.workspace import files as workspace_files

    workspace = workspace_files.open_directory(run)
    for notice in workspace.notices:
        print(notice, file=sys.stderr)
    if fit is not None:
        workspace.use(fit)
    return workspace
