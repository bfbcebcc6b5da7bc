"""What a session begins with, and opening a built-in example: at once where its results are kept, else after a job."""

from __future__ import annotations

import streamlit as st

from mmexplore.app.shell import given, jobs_view
from mmexplore.app.state import session
from mmexplore.errors import UserError

#: the example that opens when a person has brought nothing yet
FIRST_EXAMPLE = "emoji"


def open_example(name: str) -> None:
    """Show a built-in example with its results.

    Raises:
        UserError: no example has this name.
    """
    from mmexplore.journey import showcase

    if showcase.is_prepared(name):
        _show(name)
        return
    from mmexplore.data.examples import EXAMPLES

    if name not in EXAMPLES:
        raise UserError(f"no example is called {name!r}", "example", f"choose one of: {', '.join(EXAMPLES)}")

    def take_up(_: object) -> str:
        _show(name)
        return f"The example {name} is open."

    jobs_view.submit(
        f"Prepare the example {name} (once)", lambda p: showcase.prepare_example(name, p), take_up, "example"
    )


def _show(name: str) -> None:
    from mmexplore.journey import showcase

    workspace = showcase.open_example(name)
    session.share(workspace)
    session.set_workspace(workspace, example=name)


def first_run() -> None:
    """On the first run of a session, open what it begins with. Called before each page.

    That is the example that the URL names; else what the app was started with, if anything; else the first example.
    """
    if "started" in st.session_state:
        return
    st.session_state["started"] = True
    query = st.session_state.pop("asked", None) or st.query_params.to_dict()
    seed = query.get("seed", "")
    if (path := given.path()) is not None and "example" not in query:
        _take_seed(seed)
        given.open_path(path, lambda: open_example(FIRST_EXAMPLE))
        return
    asked = query.get("example", FIRST_EXAMPLE)
    try:
        open_example(asked)
    except UserError as error:
        st.session_state["notice"] = str(error)
        if asked != FIRST_EXAMPLE:
            open_example(FIRST_EXAMPLE)
    _take_seed(seed)


def _take_seed(text: str) -> None:
    if text.isdecimal() and len(text) < 10:
        session.workspace().seed = int(text)
