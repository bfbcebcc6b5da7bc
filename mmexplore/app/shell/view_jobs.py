"""Views whose result takes long: computed as a job, kept under their key, and found there again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mmexplore.app.shell import jobs_view
from mmexplore.app.state import session
from mmexplore.server.jobs import Progress
from mmexplore.views.base import View
from mmexplore.workspace.state import Workspace

Found = TypeVar("Found")


def as_job(
    view: View[Found],
    workspace: Workspace,
    title: str,
    said: Callable[[Found], str],
    keep: Callable[[Workspace, Found], None] | None = None,
    kind: str = "",
) -> None:
    """Compute it of the workspace as it is now.

    Args:
        title: what the person reads while it runs.  said: one sentence once it is done.
        kind: of the job; the view's name by default.
        keep: told (the workspace as it was, the result) instead of keeping it under the view's key.
    """
    key, frozen = view.key(workspace), workspace.snapshot()

    def work(progress: Progress) -> Found:
        return view.compute(frozen, progress)

    def take_up(result: Found) -> str:
        if keep is None:
            session.keep(key, result)
        else:
            keep(frozen, result)
        return said(result)

    jobs_view.submit(title, work, take_up, kind or view.name)


def recall(view: View[Found], workspace: Workspace) -> Found | None:
    """Its result where it has been computed, else None."""
    return session.recall(view.key(workspace))


def computed(
    view: View[Found],
    workspace: Workspace,
    title: str,
    at_once: bool,
    again: str,
    kind: str = "",
    shorter: Callable[[Progress], Found] | None = None,
) -> Found | None:
    """Its result; None (and words about it) while a job is at it: see `jobs_view.result_of`.

    Args:
        kind: of the job; the view's name by default.  shorter: gives the same result from what the page has at hand.
    """
    frozen = workspace if at_once else workspace.snapshot()
    return jobs_view.result_of(
        view.key(workspace),
        shorter or (lambda progress: view.compute(frozen, progress)),
        title,
        kind or view.name,
        at_once=at_once,
        again=again,
    )
