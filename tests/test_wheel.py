"""The wheel, as somebody has it who never saw the repository: installed, started from an empty folder, every page."""

from __future__ import annotations

import http.client
import os
import shutil
import site
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.load import HOST, free_port
from mmexplore.app.navigation import FIRST, PAGES
from tests.browser.conftest import Person
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.wheel, pytest.mark.browser]


def run(*command: str | Path, cwd: Path) -> str:
    """stdout; the code of the repository is not in sight of the command."""
    hidden = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=hidden, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what goes into it, without a network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for file in REPOSITORY.iterdir():
        if file.is_file():
            shutil.copy(file, source)
    shutil.copytree(REPOSITORY / "mmexplore", source / "mmexplore", ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--no-index", "-q", "-w", out,
        cwd=source)  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `python` and `mmexplore` of an environment that has the wheel and sees what is installed here."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    folder = home / ("Scripts" if os.name == "nt" else "bin")
    python = folder / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "-q", wheel, cwd=home)
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    # A path in a .pth comes after the environment's own packages, and no .pth beside it is read: the wheel wins.
    (own / "installed-here.pth").write_text("\n".join(site.getsitepackages()))
    return folder


@pytest.fixture(scope="module")
def address(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `mmexplore app`, started from an empty folder, serves."""
    from mmexplore.journey import showcase

    showcase.prepare_example("emoji")
    empty, port = tmp_path_factory.mktemp("empty"), free_port()
    hidden = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    log = tmp_path_factory.mktemp("log") / "log"
    with log.open("w") as out:
        command = [str(scripts / "mmexplore"), "app", "--no-browser", "--host", HOST, "--port", str(port)]
        process = subprocess.Popen(command, cwd=empty, env=hidden, stdout=out, stderr=out)
    try:
        for _ in range(600):
            try:
                assert ask(f"{HOST}:{port}", "GET", "/_stcore/health") == 200
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield f"http://{HOST}:{port}"
        assert "Traceback" not in log.read_text(), log.read_text()
        assert not list(empty.iterdir())
    finally:
        process.terminate()
        process.wait(20)


def ask(where: str, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
    connection = http.client.HTTPConnection(where.removeprefix("http://"), timeout=10)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    return connection.getresponse().status


def test_it_is_the_wheel_that_runs(scripts: Path, tmp_path: Path):
    say = "import mmexplore, streamlit; print(mmexplore.__file__)"
    assert Path(run(scripts / "python", "-c", say, cwd=tmp_path).strip()).is_relative_to(scripts.parent)


@pytest.mark.timeout(900)
def test_every_page_opens_and_shows_no_error(address: str, browser: Browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    someone = Person(context.new_page(), address)
    for about in PAGES:  # each by its own address, as the first thing that somebody does
        someone.open("/" if about is FIRST else f"/{about.name}")
        check(someone, about.title)
    someone.go(FIRST.title)
    someone.page.locator("[class*='st-key-card-'] img").first.wait_for()  # pictures of the example
    context.close()
    assert someone.outside == [], "the browser asked somebody outside"


def check(someone: Person, title: str) -> None:
    page = someone.page
    expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(len(PAGES))
    assert not page.get_by_test_id("stException").count() and not page.get_by_role("dialog").count(), title
    assert not page.get_by_test_id("stAlertContentError").count(), page.inner_text("body")


def test_the_settings_hold(address: str, browser: Browser):
    upload = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nhello\r\n--x--\r\n'
    form = {"Content_Type": "multipart/form-data; boundary=x"}
    assert ask(address, "PUT", "/_stcore/upload_file/some/file", upload, **form) == 403  # without the page's token
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    upgrade["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    assert ask(address, "GET", "/_stcore/stream", Origin="http://elsewhere.invalid", **upgrade) == 403
    assert ask(address, "GET", "/app/static/nothing") == 200  # the app's page: there is no folder of static files
    assert ask(address, "GET", "/saved/nothing") == 404  # ours: it is served beside Streamlit's own
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    someone = Person(context.new_page(), address)
    someone.open("/encode")
    someone.page.get_by_test_id("stDataFrame").first.hover()
    expect(someone.page.get_by_label("Fullscreen").first).to_be_visible()
    assert not someone.page.get_by_label("Download as CSV").count()
    context.close()
