"""What installed packages offer is taken where it is whole and new; the rest is listed with the reason."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mmexplore import discovery
from mmexplore.data import kinds
from mmexplore.data.dataset import Kind
from mmexplore.data.kinds import KindCard
from mmexplore.data.reading.file_names import kind_of_name
from mmexplore.encoders import found, registry
from mmexplore.errors import UserError
from mmexplore.models import methods
from tests.conftest import REPOSITORY
from tests.plugins import offered
from tests.plugins.conftest import look_again


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch):
    """offer(group, name="module:object", ...): what a package's entry points say."""

    def set_points(group: str, **points: str) -> None:
        listed = [EntryPoint(name, value, group) for name, value in points.items()]
        monkeypatch.setattr(discovery, "entry_points", lambda group: [p for p in listed if p.group == group])
        look_again()

    return set_points


def reasons() -> dict[str, str]:
    return {p.name: p.reason for p in discovery.problems()}


def test_a_fusion_an_alignment_and_a_generative_method_are_found(offer) -> None:
    offer(discovery.FUSIONS, one="tests.plugins.offered:Mine", two="tests.plugins.offered:MyAutoencoder")
    assert methods.fusion_methods()["mine"] is offered.Mine
    kinds_of = methods.methods_of_kind()
    assert "mine" in kinds_of["fusion"] and "my-autoencoder" in kinds_of["generative"]
    offer(discovery.ALIGNMENTS, one="tests.plugins.offered:MyRotation")
    assert methods.alignment_methods()["my-rotation"] is offered.MyRotation
    assert "mine" not in methods.all_methods() and not discovery.problems()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("tests.plugins.offered:Absent", "AttributeError"),
        ("tests.plugins.offered:MyRotation", "is not a subclass of mmexplore.models.fusion.base.Fusion"),
        ("tests.plugins.offered:half", "is not a subclass"),
        ("tests.plugins.offered:Unfinished", "does not define"),
        ("tests.plugins.offered:Nameless", "has no `name`"),
        ("tests.plugins.offered:Cardless", "has no `card`"),
        ("tests.plugins.offered:Unlistable", "cannot be listed (TypeError"),
        ("tests.plugins.offered:Impostor", "the name 'attention' is taken"),
        ("tests.plugins.broken:Whatever", "ImportError: needs a library that is not here"),
        ("tests.plugins.leaving:Whatever", "SystemExit"),
        ("no_such_package_anywhere:Whatever", "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_used_is_listed_and_the_rest_goes_on(offer, value: str, reason: str) -> None:
    before = methods.all_methods()
    offer(discovery.FUSIONS, bad=value, good="tests.plugins.offered:Mine")
    after = methods.all_methods()
    assert set(after) == {*before, "mine"} and after["attention"] is before["attention"]
    assert list(reasons()) == ["bad"] and reasons()["bad"].startswith(reason)
    assert "\n" not in str(discovery.problems()[0])


def test_of_two_with_one_name_the_first_stays(offer) -> None:
    offer(discovery.FUSIONS, a="tests.plugins.offered:Mine", b="tests.plugins.offered:AlsoMine")
    assert methods.all_methods()["mine"] is offered.Mine and "taken" in reasons()["b"]


def test_an_encoder_is_found_listed_and_loaded(offer) -> None:
    offer(discovery.ENCODERS, lengths="tests.plugins.offered:Lengths")
    assert registry.find_card("lengths", Kind.TEXT).title == "Length of the text"
    assert isinstance(registry.load("lengths"), offered.Lengths)
    registry._loaded.pop(("lengths", Kind.TEXT))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("tests.plugins.offered:NotMiniLM", "the name 'minilm' is taken"),
        ("tests.plugins.offered:NoCard", "has no `card`"),
        ("tests.plugins.offered:BadName", "the name in its card"),
        ("tests.plugins.offered:Mine", "is not a subclass of mmexplore.encoders.base.Encoder"),
    ],
)
def test_an_encoder_that_cannot_be_used_is_listed(offer, value: str, reason: str) -> None:
    offer(discovery.ENCODERS, bad=value)
    before = set(found.built_in())
    assert set(found.classes()) == before and reasons()["bad"].startswith(reason)


def test_a_kind_of_file_is_known_everywhere(offer, tmp_path: Path) -> None:
    offer(discovery.KINDS, scent="tests.plugins.offered:SCENT")
    scent = kind_of_name("rose.SCENT")
    assert scent == Kind("scent") == "scent" and scent in kinds.cards() and scent in kinds.media_kinds()
    with pytest.raises(UserError, match="no encoder"):  # its card names one that is not installed
        registry.default_encoder(scent)
    offer(discovery.ENCODERS, nose="tests.plugins.offered:Nose")
    assert registry.default_encoder("scent") == "nose"  # an encoder alone will do, too


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (KindCard("image", "a picture", "x", (".pic",)), "the name 'image' is taken"),
        (KindCard("label", "a label", "x", (".lab",)), "the name 'label' is taken"),
        (KindCard("<b>", "a b", "x", (".bbb",)), "'<b>' cannot be the name of a kind"),
        (KindCard("photo", "a photo", "x", (".jpg", ".raw")), "the suffix .jpg stands for something else"),
        (KindCard("bundle", "a bundle", "x", (".zip",)), "the suffix .zip stands for something else"),
        (KindCard("scent", "a scent", "x"), "its suffixes must be"),
        (KindCard("scent", "a scent", "x", ("scent",)), "its suffixes must be"),
        ("scent", "is not a mmexplore.data.kinds.KindCard"),
    ],
)
def test_a_kind_that_cannot_be_used_is_listed(offer, monkeypatch: pytest.MonkeyPatch, card, reason: str) -> None:
    monkeypatch.setattr(offered, "SCENT", card)
    before = [(c.name, c.suffixes) for c in kinds.BUILT_IN]
    offer(discovery.KINDS, bad="tests.plugins.offered:SCENT")
    assert [(c.name, c.suffixes) for c in kinds.cards().values()] == before
    assert reasons()["bad"].startswith(reason)


def test_the_shell_lists_what_is_there_and_says_what_is_left_out(tmp_path: Path) -> None:
    about = tmp_path / "sad_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sad-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[mmexplore.fusions]\nsad = sad_module:Sad\n")
    (tmp_path / "sad_module.py").write_text("raise ImportError('no torch of the right age')")
    environment = os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "mmexplore", "methods"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and "attention" in done.stdout and "sad" not in done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert line == (
        "mmexplore: sad (mmexplore.fusions) of sad-package 1.0 is left out: ImportError: no torch of the right age."
    )
