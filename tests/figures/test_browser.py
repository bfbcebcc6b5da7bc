"""What plotly really shows in a browser: texts stay texts, and the page asks nobody outside."""

import numpy as np
import plotly.io as pio
import pytest

from mmexplore.figures.maps import scatter_map
from mmexplore.figures.theme import CONFIG
from mmexplore.latent.projection import project_space

NASTY = "<b>bold</b> <a href='https://example.org'>link</a> $x^2$ \"q\" 'q' & &amp; %{x} \u202eevil"

FIRST_POINT = """(() => {
  const map = document.getElementById('map'), layout = map._fullLayout, points = map._fullData[0];
  const area = map.querySelector('.nsewdrag').getBoundingClientRect();
  return [area.left + layout.xaxis.d2p(points.x[0]), area.top + layout.yaxis.d2p(points.y[0])];
})()"""


@pytest.mark.browser
def test_hover_and_legend_show_what_was_typed(tmp_path, browser):
    projection = project_space(np.random.default_rng(0).normal(size=(6, 4)))
    figure = scatter_map(projection, np.array([NASTY, "b"] * 3, object), NASTY, [NASTY] * 6, [NASTY] * 6)
    page_file = tmp_path / "figure.html"
    page_file.write_text(pio.to_html(figure, include_plotlyjs=True, config=CONFIG, div_id="map"), encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri(), timeout=90_000)
    page.wait_for_selector(".legendtext", timeout=60_000)
    legend = page.eval_on_selector_all(".legendtext", "all => all.map(e => e.textContent)")
    x, y = page.evaluate(FIRST_POINT)
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=4)
    box = page.wait_for_selector(".hoverlayer .hovertext", timeout=30_000)
    shown = box.text_content()
    links = page.eval_on_selector_all(".main-svg a, .main-svg [href*='example.org']", "all => all.length")
    page.close()
    assert "<b>bold</b> <a href='https://example.org'>link</a>" in shown.replace("\u00a0", " ")
    assert '$x^2$ "q"' in shown and "'q' & &amp; %{x} evil" in shown and "\u202e" not in shown
    assert any(entry.startswith("<b>bold</b> <a href") for entry in legend) and links == 0
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
