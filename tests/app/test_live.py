"""What a running fit tells the page, as curves; equations that fit on a page."""

from __future__ import annotations

import pytest

from mmexplore.app.kit.method_card import LINE, on_lines
from mmexplore.app.panels.live import Watch
from mmexplore.figures.training import learning_curves
from mmexplore.models.methods import all_methods, fusion_methods
from tests.models.methods.made import data, small


def test_what_is_heard_is_the_history_so_far():
    watch = Watch("a fit")
    fusion = small("hybrid", objective="classification").fit(data(), on_epoch=watch)
    heard = watch.history()
    kept = fusion.history_[fusion.history_["part"] != "kept"].reset_index(drop=True)
    assert heard.equals(kept), "each epoch as it will stand in the history, modality by modality"
    assert set(heard["modality"]) == {"", "image", "sound", "text"}
    assert watch.epoch == heard["epoch"].max()
    assert len(learning_curves(heard).data) >= 8


@pytest.mark.parametrize("name", ["late-sum", "autoencoder", "low-rank"])
def test_every_kind_of_fit_tells_of_its_modalities(name):
    watch = Watch("a fit")
    small(name, objective="classification").fit(data(), on_epoch=watch)
    assert {"image", "sound", "text"} <= set(watch.history()["modality"])


def test_a_closed_form_tells_nothing():
    watch = Watch("a fit")
    watch(1, 1, {})
    assert watch.history().empty


@pytest.mark.parametrize("name", all_methods())
def test_an_equation_loses_nothing_and_its_lines_balance(name):
    equation = all_methods()[name].card.equation
    shown = on_lines(equation)
    strip = shown.replace(r"\begin{gathered}", "").replace(r"\end{gathered}", "")
    for word in (r" \\ ", r"\quad", r"\qquad", " "):
        strip, equation = strip.replace(word, ""), equation.replace(word, "")
    assert strip == equation
    if name in fusion_methods() and shown.startswith(r"\begin"):
        assert all(line.count("{") == line.count("}") for line in shown.split(r" \\ "))
    assert len(shown) <= LINE or "gathered" in shown or ",\\q" not in all_methods()[name].card.equation
