"""The colours of each shot, and the curves, on films whose colours are known."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from custom_components.cuelight.analysis import Analysis, Curves, analyze_film
from custom_components.cuelight.analysis.palette import APART, COLOURS, PaletteMaker, to_rgb

from .staged_films import Frame, Script, View, film, ramp, stands, write

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 160, 40), (30, 40, 190), (120, 120, 120)
CLOSE = 40.0
"""Distance in RGB by which the film's coding and averaging may move a colour."""


def halves(left: tuple[int, int, int], right: tuple[int, int, int], share: float = 0.5) -> Frame:
    frame = np.zeros((72, 128, 3), np.uint8)
    frame[:] = right
    frame[:, : round(128 * share)] = left
    return frame


def has(colours: tuple[tuple[int, int, int], ...], colour: tuple[int, int, int]) -> bool:
    return any(np.linalg.norm(np.subtract(colour, other)) < CLOSE for other in colours)


def analysed(path: Path, *frames: Frame) -> Analysis:
    return analyze_film(write(path, (frame for frame in frames for _ in range(24))))


def test_a_shots_colours_are_those_it_shows(tmp_path: Path) -> None:
    (shot,) = analysed(tmp_path / "film.mp4", halves(RED, BLUE)).palette
    assert len(shot.colours) == 2
    assert has(shot.colours, RED)
    assert has(shot.colours, BLUE)
    assert (shot.start_s, shot.duration_s) == (0.0, pytest.approx(1.5))


def test_each_shot_has_its_own_colours(tmp_path: Path) -> None:
    first, second = analysed(tmp_path / "film.mp4", halves(RED, GREEN), halves(BLUE, GREY)).palette
    assert has(first.colours, RED)
    assert has(first.colours, GREEN)
    assert not has(first.colours, BLUE)
    assert has(second.colours, BLUE)
    assert not has(second.colours, RED)
    assert second.start_s == pytest.approx(1.5, abs=0.1)
    assert first.start_s + first.duration_s == pytest.approx(second.start_s)


def test_a_shot_that_begins_at_no_cut_is_part_of_the_one_before() -> None:
    maker = PaletteMaker(24.0)
    for tick, level in ((0, 40), (24, 200), (30, 120)):
        luma, chroma = np.full((36, 64), level, np.float32), np.zeros((2, 36, 64), np.float32)
        maker.look(tick, tick, np.stack((luma, *chroma)))
    first, second = maker.palettes(48, {30})
    assert (first.start_s, first.duration_s) == (0.0, 1.25)
    assert (second.start_s, second.duration_s) == (1.25, 0.75)
    assert {round((level - 16) * 1.164) for level in (40, 200)} == {red for red, _, _ in first.colours}
    assert [red for red, _, _ in second.colours] == [round((120 - 16) * 1.164)]


def test_what_hardly_shows_is_no_colour_of_the_shot(tmp_path: Path) -> None:
    (shot,) = analysed(tmp_path / "film.mp4", halves(RED, GREY, 0.01)).palette
    assert not has(shot.colours, RED)


def test_a_vivid_colour_comes_before_a_grey_of_like_share(tmp_path: Path) -> None:
    (shot,) = analysed(tmp_path / "film.mp4", halves(RED, GREY, 0.45)).palette
    assert has(shot.colours[:1], RED)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_gives_one_colour(tmp_path: Path, level: int) -> None:
    (shot,) = analysed(tmp_path / "film.mp4", halves((level,) * 3, (level,) * 3)).palette
    assert len(shot.colours) == 1
    assert has(shot.colours, (level,) * 3)


def test_colours_are_few_apart_and_bytes(tmp_path: Path) -> None:
    (shot,) = analyze_film(film(tmp_path / "film.mp4", stands, 1.0)).palette
    assert 1 <= len(shot.colours) <= COLOURS
    assert all(0 <= channel <= 255 for colour in shot.colours for channel in colour)
    for index, colour in enumerate(shot.colours):
        for other in shot.colours[:index]:
            assert np.linalg.norm(np.subtract(colour, other)) >= APART - 2


def test_black_white_and_primary_colours_are_converted() -> None:
    luma = np.array([16.0, 235.0, 81.0, 145.0, 41.0])
    chroma = np.array([[0, 0, -38, -74, 112], [0, 0, 112, -94, -18]], np.float32)
    expected = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    np.testing.assert_allclose(to_rgb(luma, chroma), expected, atol=4)


def curves(path: Path, script: Script) -> Curves:
    return analyze_film(film(path, script, 3.0)).curves


def test_curves_have_ten_values_a_second(tmp_path: Path) -> None:
    found = curves(tmp_path / "film.mp4", stands)
    assert found.rate_hz == 10
    assert len(found.brightness) == len(found.motion) == pytest.approx(30, abs=1)
    assert all(0 <= value <= 1 for value in (*found.brightness, *found.motion))


def test_brightness_follows_the_light(tmp_path: Path) -> None:
    still = curves(tmp_path / "still.mp4", stands).brightness
    assert max(still) - min(still) < 0.03
    rising = curves(tmp_path / "rising.mp4", lambda t: View(light=0.3 + 0.7 * ramp(t, 0.5, 2.5))).brightness
    assert rising[-1] > 1.8 * rising[0]
    assert all(after >= before - 0.02 for before, after in pairwise(rising))


def test_motion_rises_where_something_moves(tmp_path: Path) -> None:
    moving = curves(tmp_path / "moving.mp4", lambda t: View(x=0.25 + 0.5 * ramp(t, 1.0, 2.0))).motion
    assert min(moving[12:19]) > max(moving[:7])
    assert min(moving[12:19]) > max(moving[24:])
