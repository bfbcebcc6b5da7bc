"""The image and its settings: what can be checked without a container engine, the command itself among it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.load import HOST, free_port
from benchmarks.visitor import Visitor
from mmexplore.app.start import settings
from tests.conftest import REPOSITORY

DOCKERFILE = REPOSITORY / "Dockerfile"
PROTECTION = ("enableXsrfProtection", "enableCORS")


def instructions() -> list[tuple[str, str]]:
    """(INSTRUCTION, arguments) of the Dockerfile, continued lines joined, comments left out."""
    lines = [x for x in DOCKERFILE.read_text().splitlines() if x.strip() and not x.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name.upper(), rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def of(name: str, steps: list[tuple[str, str]] | None = None) -> list[str]:
    return [rest for n, rest in steps or instructions() if n == name]


def last_stage() -> list[tuple[str, str]]:
    steps = instructions()
    return steps[max(i for i, (name, _) in enumerate(steps) if name == "FROM") :]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in of("ENV", last_stage()) for pair in shlex.split(line))


def test_it_is_made_of_instructions_that_docker_knows():
    known = {"FROM", "ARG", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _ in instructions()} <= known and instructions()[0][0] == "FROM"
    for rest in of("CMD"):
        json.loads(rest)
    assert len(of("CMD")) == 1


def test_the_base_is_slim_and_no_host_is_named():
    assert all(re.match(r"python:3\.\d+-slim( AS build)?$", rest) for rest in of("FROM"))
    text = DOCKERFILE.read_text()
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text) and not re.search(r"\b[\w-]+\.(org|com|io|net)\b", text)


def test_what_is_copied_is_there_and_is_not_ignored():
    ignored = set((REPOSITORY / ".dockerignore").read_text().split("\n"))
    for rest in of("COPY"):
        if rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (REPOSITORY / source).exists(), source
            assert source not in ignored
    assert {".git", ".streamlit/secrets.toml", "tests", ".venv"} <= ignored


def test_it_does_not_run_as_root_and_the_examples_are_made_by_who_runs_it():
    steps = last_stage()
    names = [name for name, _ in steps]
    assert of("USER", steps) == ["mmexplore"]
    prepared = next(i for i, step in enumerate(steps) if "examples --prepare" in step[1])
    assert names.index("USER") < prepared < names.index("CMD")
    assert environment()["MMEXPLORE_DEMO"] == "1" and environment()["HF_HUB_OFFLINE"] == "1"


def test_its_health_is_asked():
    (check,) = of("HEALTHCHECK")
    assert "/_stcore/health" in check and "--interval" in check and "--timeout" in check


def test_protection_stays_on_everywhere():
    server = tomllib.loads(settings.FILE.read_text())["server"]
    assert all(server[name] is True for name in PROTECTION) and 0 < server["maxUploadSize"] <= 200
    for file in (DOCKERFILE, REPOSITORY / "Makefile", REPOSITORY / ".ci" / "run"):
        text = file.read_text().replace("-", "").lower() if file.exists() else ""
        assert not any(name.lower() in text or f"server_{name}".lower() in text for name in PROTECTION), file


def test_every_setting_is_in_the_documentation():
    code = "\n".join(p.read_text() for p in (REPOSITORY / "mmexplore").rglob("*.py"))
    settings = set(re.findall(r"\bMMEXPLORE_[A-Z_]+\b", code))
    told = (REPOSITORY / "docs" / "deploy.md").read_text()
    assert {name for name in settings if f"`{name}`" not in told} == set()


# -- the command itself --------------------------------------------------------------
@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the image's own command, run in an empty folder; this machine only."""
    from mmexplore.journey import showcase

    showcase.prepare_example("emoji")
    folder, port = tmp_path_factory.mktemp("app"), free_port()
    command = json.loads(of("CMD")[0])
    assert command[:2] == ["mmexplore", "app"] and {"0.0.0.0", "8501"} <= set(command)
    other = {"0.0.0.0": HOST, "8501": str(port)}
    command = [sys.executable, "-m", "mmexplore", *(other.get(word, word) for word in command[1:])]
    kept = {k: v for k, v in environment().items() if k not in ("PATH", "MMEXPLORE_CACHE", "NUMBA_CACHE_DIR")}
    uploads = {"MMEXPLORE_UPLOADS": str(folder / "uploads"), "PYTHONPATH": str(REPOSITORY)}
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | kept | uploads, stdout=log, stderr=log, start_new_session=True
    )
    for _ in range(600):
        try:
            assert request(port, "GET", "/_stcore/health")[0] == 200
            break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
    yield port
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def request(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def test_it_is_well_and_shows_the_example(deployed: int):
    assert request(deployed, "GET", "/_stcore/health") == (200, "ok")

    async def look() -> tuple[list[str], list[str], list[str]]:
        visitor = await Visitor.connect(HOST, deployed)
        pictures = visitor.media()
        assert len(visitor.fetch(pictures[0])) > 500
        await visitor.open("Encode")
        answer = pictures, visitor.labels("checkbox"), visitor.errors
        await visitor.close()
        return answer

    with ThreadPoolExecutor(1) as aside:  # a browser test before this one may have left its loop in this thread
        pictures, toggles, errors = aside.submit(lambda: asyncio.run(look())).result()
    assert len(pictures) >= 12 and errors == []
    assert not any("open_clip" in label for label in toggles)


def test_an_upload_without_the_pages_token_is_refused(deployed: int):
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nhello\r\n--x--\r\n'
    status, _ = request(
        deployed, "PUT", "/_stcore/upload_file/some/file", body, Content_Type="multipart/form-data; boundary=x"
    )
    assert status == 403


def test_another_sites_page_gets_no_session(deployed: int):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    upgrade["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    status, _ = request(deployed, "GET", "/_stcore/stream", Origin="http://elsewhere.invalid", **upgrade)
    assert status == 403
