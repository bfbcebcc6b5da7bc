"""The journey without a browser: first page, jobs taken up anywhere, fit, sort, ask, clear."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import journey
from mmexplore.app.pages.mispairs import mispairing
from mmexplore.app.state import session
from mmexplore.errors import UserError
from mmexplore.journey import showcase
from mmexplore.workspace import files as workspace_files
from mmexplore.workspace.state import Workspace
from tests.app.pages.conftest import PAGES, OpenPage, part_of
from tests.conftest import REPOSITORY
from tests.journey.small import shared_pairs, six_views, workspace_of

APP = str(REPOSITORY / "app.py")


def wait_for_jobs(test: AppTest, seconds: float = 60) -> AppTest:
    """Run again, as the strip of a running job does every second, until no job runs."""
    end = time.monotonic() + seconds
    while test.session_state["jobs"] and any(not w.job.finished for w in test.session_state["jobs"]):
        assert time.monotonic() < end
        time.sleep(0.05)
    return test.run()


@pytest.fixture
def prepared(fused: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache in which the first example is the small workspace."""
    monkeypatch.setenv("MMEXPLORE_CACHE", str(tmp_path))
    monkeypatch.setattr(showcase, "SHIPPED", {})
    showcase._read.cache_clear()
    workspace_files.save(fused, showcase.example_folder("emoji"))
    yield tmp_path
    showcase._read.cache_clear()


def test_the_first_page_shows_the_example_at_once(prepared: Path):
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception
    assert test.title[0].value == "Data"
    assert [m.value for m in test.metric][:2] == ["40", "2"]
    assert len(test.get("image")) >= 12
    assert test.query_params["example"] == "emoji"


def test_the_first_page_needs_no_heavy_library(prepared: Path):
    """In a process of its own: torch and the like are imported when first needed, not before the first picture."""
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file({APP!r}, default_timeout=60).run()
assert not test.exception and len(test.get("image")) >= 12
heavy = {{"torch", "transformers", "open_clip", "timm", "umap", "faiss", "openvino", "cca_zoo"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"MMEXPLORE_CACHE": str(prepared)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_an_unknown_example_in_the_address_is_said_and_the_first_one_opens(prepared: Path):
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params["example"] = "**nothing**"
    test.run()
    assert not test.exception
    assert any("no example is called" in e.value and "**nothing**" not in e.value for e in test.error)
    assert len(test.get("image")) >= 12


def test_the_seed_of_the_address_is_taken(prepared: Path):
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params["seed"] = "7"
    test.run()
    assert test.session_state["workspace"].seed == 7


FRAMED = """
import streamlit as st
from mmexplore.app.shell import jobs_view
jobs_view.collect()
jobs_view.show()
"""


def test_a_result_is_taken_up_on_whatever_page(prepared: Path):
    script = (
        FRAMED
        + """
if st.button("go"):
    jobs_view.submit("Work", lambda p: 42, lambda r: st.session_state.update(answer=r) or "Done <b>it</b>.", "x")
"""
    )
    test = AppTest.from_string(script).run()
    test.button[0].click().run()
    wait_for_jobs(test)
    assert test.session_state["answer"] == 42
    assert not test.session_state["jobs"]


def test_a_failed_job_shows_one_sentence_and_the_traceback_on_request(prepared: Path):
    script = (
        FRAMED
        + """
from mmexplore.errors import UserError
def fail(progress):
    raise UserError("cannot be *read*", "a<b>.png", "save it again")
if st.button("go"):
    jobs_view.submit("Work", fail, lambda r: None, "x")
"""
    )
    test = AppTest.from_string(script).run()
    test.button[0].click().run()
    wait_for_jobs(test)
    assert len(test.error) == 1
    assert test.error[0].value.replace("\\", "").replace("\u2060", "") == "a<b>.png: cannot be *read*; save it again."
    assert "*read*" not in test.error[0].value
    assert "Traceback" in test.code[0].value
    test.button(key=next(b.key for b in test.button if b.key and b.key.startswith("close-"))).click().run()
    assert not test.error


def test_a_job_that_ends_while_the_page_is_drawn_is_taken_up_all_the_same(prepared: Path):
    script = """
import threading
import streamlit as st
from mmexplore.app.shell import jobs_view
gate = st.session_state.setdefault("gate", threading.Event())
jobs_view.collect()
gate.set()  # between the two, as a quick job does on a busy machine
for waiting in st.session_state.get("jobs", []):
    waiting.job.wait(10)
jobs_view.show()
if st.button("go"):
    gate.clear()
    jobs_view.submit("Work", lambda p: 42 if gate.wait(10) else 0, lambda r: st.session_state.update(answer=r), "x")
"""
    test = AppTest.from_string(script, default_timeout=20).run()
    test.button[0].click().run()  # and nobody presses anything more
    assert test.session_state["answer"] == 42
    assert not test.session_state["jobs"]


def test_beside_a_failed_job_another_runs_in_peace(prepared: Path):
    script = (
        FRAMED
        + """
import threading
gate = st.session_state.setdefault("gate", threading.Event())
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
if st.button("fail"):
    jobs_view.submit("Fail", lambda p: 1 / 0, lambda r: None, "a", patience=10)
if st.button("go"):
    jobs_view.submit("Work", lambda p: gate.wait(30), lambda r: None, "b")
"""
    )
    test = AppTest.from_string(script, default_timeout=10).run()
    test.button[0].click().run()
    before = test.session_state["runs"]
    next(b for b in test.button if b.label == "go").click().run()
    try:
        assert test.session_state["runs"] <= before + 2  # pressed, and once more with its strip
        assert any(b.key and b.key.startswith("cancel-") for b in test.button)
        assert any(b.key and b.key.startswith("close-") for b in test.button)
    finally:
        test.session_state["gate"].set()


def test_cancel_stops_a_job_and_says_so(prepared: Path):
    script = (
        FRAMED
        + """
import time
def work(progress):
    for i in range(2000):
        progress.update(i, 2000)
        time.sleep(0.02)
if st.button("go"):
    jobs_view.submit("Work", work, lambda r: st.session_state.update(answer=r), "x")
"""
    )
    test = AppTest.from_string(script).run()
    test.button[0].click().run()
    cancel = next(b for b in test.button if b.key and b.key.startswith("cancel-"))
    cancel.click().run()
    wait_for_jobs(test, 10)
    assert "answer" not in test.session_state
    assert not test.session_state["jobs"]


def test_encoding_is_suggested_and_runs_as_a_job(open_page: OpenPage, stages, monkeypatch: pytest.MonkeyPatch):
    """The page's own words and choices; the encoders themselves are tested in their room."""
    from mmexplore import journey
    from mmexplore.data.dataset import Rejected
    from mmexplore.encoders.pipeline import Encoded
    from tests.app.pages.small import make_embeddings

    asked = []

    def encode(workspace, encoders, store=None, progress=None):
        asked.append(encoders)
        return Encoded(make_embeddings(workspace.dataset), [Rejected(4, "item-3", "photo", "cannot be decoded")])

    monkeypatch.setattr(journey, "encode", encode)
    test = open_page("encode", "pairs")
    assert {s.value for s in test.selectbox} == {"efficientnet-lite0", "minilm"}
    test.button(key="encode").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(30)
    assert asked == [{"photo": "efficientnet-lite0", "cap*tion*": "minilm"}]
    frame = AppTest.from_string(FRAMED)
    for key in ("jobs", "workspace"):
        frame.session_state[key] = test.session_state[key]
    frame.run()
    assert frame.session_state["workspace"].encoders == asked[0]
    test = open_page("encode", workspace=frame.session_state["workspace"])
    assert "can be compared" in test.success[0].value


def test_a_page_of_its_own_address_leads_through_the_app():
    """Without app.py before it, a page hands over to app.py (it must not show a frame without its list of pages)."""
    test = AppTest.from_file(str(REPOSITORY / "pages" / "weights.py"), default_timeout=60).run()
    assert test.session_state["wanted"] == "weights"
    assert not test.title


def test_a_method_without_weights_says_so(open_page: OpenPage, stages: dict[str, Callable[[], Workspace]]):
    from mmexplore import journey

    workspace = stages["vectors"]()
    workspace.add_fusion(journey.fuse(workspace, "concat"))
    test = open_page("weights", workspace=workspace)
    assert not test.exception
    assert "no weights of its own" in test.info[0].value
    orders = test.selectbox(key="choice.weights.order").options
    assert orders and all(o.startswith("Measured: ") for o in orders)
    assert not [t for t in test.text if t.value.startswith("learned")]
    assert "learned weight" not in next(d.value for d in test.dataframe if "Shapley value" in d.value)


def test_cards_follow_the_chosen_order(open_page: OpenPage, fused: Workspace):
    from mmexplore import journey
    from mmexplore.app.kit import weighing

    fusion, embeddings = fused.fitted.fusion, fused.embeddings
    weights, found = fusion.modality_weights(embeddings), journey.shapley_of(fused)[0]
    ways = weighing.orders(embeddings.modalities, embeddings.mask, weights, found.shares)
    assert len(ways) == 2 * 2 + 2
    test = open_page("weights")
    for how, rows in ways.items():
        test.selectbox(key="choice.weights.order").set_value(how).run()
        assert not test.exception
        first = rows()[0]
        said = weighing.contributions_in_words(found.values[first], embeddings.mask[first], embeddings.modalities)
        shown = [t.value for t in test.text if t.value.startswith(("learned: ", "measured: "))]
        assert shown[:2] == [
            f"learned: {weighing.in_words(weights[first], embeddings.modalities)}",
            f"measured: {said}",
        ]


def test_the_selection_is_seen_on_every_view_and_can_be_cleared(open_page: OpenPage, stages):
    workspace = stages["fusion"]()
    workspace.selection = frozenset({"item-7", "item-8"})
    for page in PAGES:
        test = open_page(page, workspace=workspace)
        assert "2 selected" in [t.value for t in test.text], page
        assert test.button(key="selection-clear")
    test.button(key="selection-clear").click().run()
    assert workspace.selection == frozenset()
    assert "2 selected" not in [t.value for t in test.text]


def test_an_item_finds_its_own_partner(open_page: OpenPage):
    test = open_page("retrieval")
    test.session_state["choice.search.way"] = "item"
    test.session_state["choice.search.item"] = "item-12"
    test.run()
    assert not test.exception
    assert any(t.value.startswith("Its own photo comes in place") for t in test.text)


def test_a_search_that_cannot_be_answered_is_one_sentence(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch):
    from mmexplore import journey

    def refuse(*_: object, **__: object) -> None:
        raise UserError("modalities cannot be compared", "retrieval", "fit an alignment")

    monkeypatch.setattr(journey, "search_items", refuse)
    test = open_page("retrieval")
    test.session_state["choice.search.text"] = "a dog"
    test.run()
    assert not test.exception
    assert "modalities cannot be compared" in test.error[0].value


def test_slow_maps_are_drawn_as_a_job_once(open_page: OpenPage):
    test = open_page("latent_space")
    test.session_state["choice.map.method"] = "tsne"
    test.run()
    assert len(test.session_state["jobs"]) == 1
    test.run()
    assert len(test.session_state["jobs"]) == 1
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(60)
    assert waiting.job.state == "done"
    maps = waiting.job.result.of
    assert list(maps) == ["photo", "cap*tion*", "fused"]
    assert all(np.isfinite(p.points).all() for p in maps.values())


def test_the_folder_of_a_session_goes_with_it(prepared: Path):
    from streamlit.runtime.caching import clear_session_resource_cache

    from mmexplore.app.state.room import building

    script = """
import streamlit as st
from mmexplore.app.state import session
(session.folder("upload") / "photo.jpg").write_bytes(b"x")
st.session_state["folder"] = str(session.folder("upload"))
"""
    test = AppTest.from_string(script).run()
    folder = Path(test.session_state["folder"])
    assert (folder / "photo.jpg").exists()
    assert test.run().session_state["folder"] == str(folder)
    clear_session_resource_cache("test session id")  # as at every lost connection: it may come back
    assert folder.exists()
    building().leave(test.session_state["room"])
    assert not folder.exists()
    assert test.run().session_state["folder"] != str(folder)


def test_data_can_be_planted_by_sliders(open_page: OpenPage):
    test = open_page("data", "pairs")
    test.session_state["choice.data.part"] = "Examples"
    test.session_state["choice.plant.n"] = 200
    test.session_state["choice.plant.missing"] = 0.3
    test.run()
    next(b for b in test.button if b.label == "Make").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(60)
    workspace = waiting.job.result
    assert len(workspace.embeddings) == 200
    assert 0.2 < 1 - workspace.embeddings.mask.mean() < 0.4
    assert [c for c in workspace.embeddings.columns if c.startswith("truth_")]


@pytest.mark.parametrize("page", ["retrieval", "mispairs", "latent_space"])
def test_spaces_that_cannot_be_compared_are_aligned_at_one_click(open_page: OpenPage, page: str):
    test = open_page(page, workspace=workspace_of(six_views()))
    if page == "latent_space":
        part_of(test, "All on one map")
    assert not test.exception and any("cannot be compared" in i.value for i in test.info)
    assert test.button(key="go-fuse") is not None
    test.button(key="align-now").click().run()
    waiting = test.session_state["jobs"][0]
    assert waiting.kind == "align" and waiting.job.wait(60) and waiting.job.state == "done", waiting.job.error
    test.session_state["workspace"].set_alignment(*waiting.job.result)
    test.run()
    assert not test.exception and not any("cannot be compared" in i.value for i in test.info)
    assert test.session_state["workspace"].alignment.name == "cca"


def test_mispairs_of_mere_numbers_name_the_items(open_page: OpenPage):
    workspace = workspace_of(six_views())
    workspace.set_alignment(*journey.align(workspace, "cca"))
    test = open_page("mispairs", workspace=workspace)
    assert not test.exception
    said = [t.value for t in test.text]
    ids = {str(i) for i in workspace.embeddings.ids}
    assert sum(s.removeprefix("that of ") in ids for s in said if s.startswith("that of ")) >= 12
    assert not any("numbers" in s for s in said)


def test_many_pairs_are_ranked_by_a_job(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mispairing, "AT_ONCE", 10)
    test = open_page("mispairs")
    assert not test.exception and [w.job.title for w in test.session_state["jobs"]] == ["Rank 40 pairs"]
    waiting = test.session_state["jobs"][0]
    assert waiting.job.wait(60) and not [b for b in test.button if b.key == "mispairs-mark"]
    frame = AppTest.from_file(APP, default_timeout=60)
    for key in ("started", "jobs", "workspace"):
        frame.session_state[key] = test.session_state[key]
    frame.run()  # what was ranked is taken up, whichever page is shown
    assert not frame.session_state["jobs"]
    kept = frame.session_state["results"]
    test.session_state["jobs"], test.session_state["results"] = [], kept
    assert test.run().button(key="mispairs-mark") is not None and not test.session_state["jobs"]


def test_the_same_vectors_with_other_groups_are_measured_anew(open_page: OpenPage):
    """What a session remembers depends on whose the vectors are, too: groups say which answers are right."""
    pairs = shared_pairs(100, noise=1.0)
    by_ten = replace(pairs, groups=np.array([f"g{i // 10}" for i in range(100)], object))
    test, found = open_page("retrieval", workspace=workspace_of(pairs)), []
    for data in (pairs, by_ten):
        test.session_state["workspace"] = workspace_of(data)
        test.run()
        assert not test.exception
        found.append(next(d.value for d in test.dataframe if "R@10 %" in d.value)["R@10 %"].tolist())
    assert all(now > before for before, now in zip(*found, strict=True))


@pytest.mark.parametrize("field", ["ids", "groups", "labels"])
def test_a_fingerprint_tells_whose_the_vectors_are(field: str):
    pairs = shared_pairs(100)
    other = replace(pairs, **{field: np.array([f"other {i}" for i in range(100)], object)})
    assert session.fingerprint(pairs) != session.fingerprint(other)
    assert session.fingerprint(pairs) == session.fingerprint(replace(pairs))
    assert session.fingerprint(pairs) == session.fingerprint(replace(pairs, splits=np.full(100, "train", object)))
