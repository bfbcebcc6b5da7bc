"""`mmexplore app`: the app's own settings hold whatever files lie about, and what is asked wrongly is one sentence."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mmexplore.app.start import settings
from mmexplore.cli import app, serving
from mmexplore.errors import UserError
from tests.conftest import REPOSITORY

#: what a config.toml of somebody else may say, in the current folder or at home
HOSTILE = """
[server]
enableXsrfProtection = false
enableCORS = false
enableStaticServing = true
maxUploadSize = 9999
address = "0.0.0.0"
fileWatcherType = "auto"
[client]
disableDataExport = false
showErrorDetails = "full"
[browser]
gatherUsageStats = true
[theme.light]
primaryColor = "#ff0000"
"""

# What the server would be run with, in the order in which `serve` comes to it: nothing is listened on.
ASK = """
import json, sys
import streamlit as st
from streamlit.web.server.starlette.starlette_server import UvicornRunner
from mmexplore.app.start.server import serve
from mmexplore.server.serving import demo
names = json.loads(sys.argv.pop())
UvicornRunner.run = lambda self: print(json.dumps({name: st.get_option(name) for name in names}))
serve(host=sys.argv.pop(), port=8765, browser=False)
"""


def options_of(folder: Path, *names: str, host: str = "localhost", **environment: str) -> dict[str, Any]:
    """The options that the server has when it is started in this folder, which is its user's home, too."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, host, json.dumps(names)],
        cwd=folder,
        env=os.environ | {"HOME": str(folder), "USERPROFILE": str(folder), "PYTHONPATH": str(REPOSITORY)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[server] config option section" not in done.stderr  # nothing was read before the app's own settings
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(HOSTILE)
    return tmp_path


def test_nobody_elses_file_changes_the_settings(hostile: Path):
    wanted = settings.settings()
    extra = {"server.address": "localhost", "server.port": 8765, "server.fileWatcherType": "none"}
    found = options_of(hostile, *wanted, *extra, STREAMLIT_SERVER_ENABLE_CORS="false")
    assert found == wanted | extra


def test_what_a_proxy_needs_can_be_said(tmp_path: Path):
    found = options_of(
        tmp_path, "browser.serverAddress", "server.corsAllowedOrigins", "server.address", host="127.0.0.1",
        STREAMLIT_BROWSER_SERVER_ADDRESS="example.invalid",
        STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS="https://a.invalid https://b.invalid",
    )  # fmt: skip
    assert found["server.address"] == "127.0.0.1" and found["browser.serverAddress"] == "example.invalid"
    assert found["server.corsAllowedOrigins"] == ["https://a.invalid", "https://b.invalid"]
    told = (REPOSITORY / "docs" / "deploy.md").read_text()
    assert {name for name in settings.PROXY if f"`{name}`" not in told} == set()


def test_a_checkout_has_the_same_settings():
    assert (REPOSITORY / ".streamlit" / "config.toml").read_bytes() == settings.FILE.read_bytes()


def test_every_setting_is_one_that_streamlit_has():
    from streamlit import config

    assert set(settings.settings()) | set(settings.PROXY.values()) <= set(config.get_config_options())


def test_no_folder_of_streamlits_older_pages_lies_beside_the_script():
    from mmexplore.app.start.server import SCRIPT

    assert SCRIPT.is_file() and not (SCRIPT.parent / "pages").exists()


# -- the command ------------------------------------------------------------------------
@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple, dict]]:
    """How the server was started, in place of starting it."""
    from mmexplore.app.start import server

    calls: list[tuple[tuple, dict]] = []
    monkeypatch.setattr(server, "serve", lambda *given, **named: calls.append((given, named)))
    monkeypatch.setenv("MMEXPLORE_DEMO", "")
    return calls


def call(*arguments: str) -> None:
    result = CliRunner().invoke(app, ["app", *arguments])
    if result.exception is not None:
        raise result.exception


def test_by_default_this_machine_is_served_and_a_browser_opened(asked):
    call()
    assert asked == [((None,), {"host": "localhost", "port": None, "browser": True})]
    assert os.environ["MMEXPLORE_DEMO"] == ""


def test_everything_can_be_asked_for(asked):
    call("pairs.csv", "--port", "9000", "--host", "127.0.0.1", "--no-browser")
    call("--demo")
    assert asked[0] == ((Path("pairs.csv"),), {"host": "127.0.0.1", "port": 9000, "browser": False})
    assert os.environ["MMEXPLORE_DEMO"] == "1"


@pytest.mark.parametrize("name", serving.NEEDED)
def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, asked, name: str):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *more: None if n == name else find(n, *more))
    with pytest.raises(UserError, match=re.escape('pip install "mmexplore[app]"')):
        call()
    assert not asked


@pytest.mark.parametrize(
    ("path", "host", "demo", "words"),
    [
        ("nowhere", "localhost", "", "does not exist"),
        (".", "0.0.0.0", "", "leave out the path, or --host"),
        (".", "localhost", "1", "demo"),
    ],
)
def test_a_path_that_may_not_be_opened_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, path: str, host: str, demo: str, words: str
):
    from mmexplore.app.shell import given
    from mmexplore.app.start import server

    monkeypatch.setattr(given, "_given", None)
    monkeypatch.setenv("MMEXPLORE_DEMO", demo)
    with pytest.raises(UserError, match=words):
        server.serve(Path(path), host=host)
    assert given.path() is None
