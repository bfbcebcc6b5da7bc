"""One person's work: its state, its files, its ZIP."""

from mmexplore.workspace.state import FittedFusion, Workspace

__all__ = ["FittedFusion", "Workspace"]
