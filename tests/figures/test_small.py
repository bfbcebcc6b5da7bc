"""The small pictures show what is there: a tone as a line at its pitch, frames in order, every peak, the right spot."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from mmexplore.encoders.audio.mel import centres, log_mel
from mmexplore.figures.places import coast, place_map
from mmexplore.figures.small import contact_sheet, sparklines, spectrogram, spot
from tests.media import tone


@pytest.mark.parametrize("hertz", [300, 2000])
def test_a_tone_is_bright_at_its_pitch(hertz: float) -> None:
    pixels = np.asarray(spectrogram(log_mel(tone(hertz, 2.0))), float).sum(axis=2)
    band, bands = np.abs(centres() - hertz).argmin(), len(centres())
    row = pixels.mean(axis=1).argmax() / len(pixels) * bands
    assert abs(row - (bands - 0.5 - band)) <= 1.5  # pitch goes up


def test_silence_and_one_frame_can_be_drawn() -> None:
    for samples in (np.zeros(16000, np.float32), np.zeros(1, np.float32)):
        assert np.ptp(np.asarray(spectrogram(log_mel(samples)), float)) <= 80


def test_frames_lie_in_reading_order() -> None:
    frames = [np.full((60, 80, 3), 30 * k, np.uint8) for k in range(6)]
    sheet = np.asarray(contact_sheet(frames), float).mean(axis=2)
    height, width = sheet.shape[0] // 2, sheet.shape[1] // 3
    for k in range(6):
        line, column = divmod(k, 3)
        assert abs(sheet[line * height + height // 2, column * width + width // 2] - 30 * k) < 6


def _points(svg: str) -> list[np.ndarray]:
    lines = ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}polyline")
    return [np.array([p.split(",") for p in line.get("points", "").split()], float) for line in lines]


def test_a_line_a_channel_and_no_peak_is_lost() -> None:
    series = np.zeros((10_000, 2))
    series[7777, 1] = 1
    lines = _points(sparklines(series))
    assert len(lines) == 2 and np.ptp(lines[0][:, 1]) == 0
    peak = lines[1][lines[1][:, 1].argmin()]
    assert peak[0] == pytest.approx(4 + 0.7777 * 312, abs=3)
    assert len(_points(sparklines(np.zeros((5, 30))))) == 6
    assert len(_points(sparklines(np.ones((1, 1))))[0]) == 2


def test_a_place_lies_where_it_should() -> None:
    circle = ElementTree.fromstring(spot(51.5, -0.12)).find("{http://www.w3.org/2000/svg}circle")
    assert circle is not None and float(circle.get("cx", 0)) == pytest.approx(160, abs=0.5)
    assert float(circle.get("cy", 0)) == pytest.approx((90 - 51.5) / 180 * 160, abs=0.2)


def test_the_coast_is_land_and_does_not_jump() -> None:
    """No line crosses the map; the extremes of the continents are where they are."""
    for line in coast():
        assert np.abs(np.diff(line[:, 0])).max() < 40 and np.abs(line[:, 1]).max() <= 90
    points = np.concatenate(coast())
    for longitude, latitude in ((18.5, -34.1), (-9.5, 38.8), (-5.7, 50.0), (-80.1, 25.2), (153.5, -28.2)):
        assert np.hypot(points[:, 0] - longitude, points[:, 1] - latitude).min() < 2.5


def test_the_map_draws_each_place_once_escaped_and_asks_nobody() -> None:
    places = np.array([[10.0, 20.0], [-30.0, 40.0], [0.0, 0.0]])
    rows, titles = np.array([0, 2, 3]), ["<b>x</b>", "", "b", "c"]
    figure = place_map(places, rows, titles, np.array(["a", "a", "b", "b"], object), np.array([2]))
    markers = [t for t in figure.data if t.mode == "markers"]
    assert sum(len(t.x) for t in markers) == 3 and {t.type for t in figure.data} <= {"scatter", "scattergl"}
    assert sorted(int(c[0]) for t in markers for c in t.customdata) == [0, 2, 3]
    assert "<b>" not in str([t.hovertext for t in markers])
    assert max(max(t.marker.size) for t in markers) == 11  # the selected one
    assert len(place_map(np.zeros((0, 2)), np.array([], int), []).data) >= 1
