"""Arithmetic on curves: swings, slides, runs."""

import numpy as np
import pytest

from custom_components.cuelight.analysis.signals import closed, runs, slides, smooth, swings, widened


def flags(text: str) -> np.ndarray:
    return np.array([character == "#" for character in text])


def shown(values: np.ndarray) -> str:
    return "".join("#" if value else "." for value in values)


def test_runs_are_first_and_one_past_the_last() -> None:
    assert list(runs(flags("##..###.#"))) == [(0, 2), (4, 7), (8, 9)]
    assert list(runs(flags("..."))) == []
    assert list(runs(flags(""))) == []


def test_short_gaps_are_closed() -> None:
    assert shown(closed(flags("#.#..#...#"), 2)) == "######...#"


def test_runs_are_widened_at_both_ends() -> None:
    assert shown(widened(flags("....#....."), 2)) == "..#####..."
    assert shown(widened(flags("#........."), 1)) == "##........"


def test_smoothing_keeps_length_and_level() -> None:
    curve = np.full(20, 3.0)
    assert smooth(curve, 6) == pytest.approx(curve)
    assert smooth(np.zeros(0), 5).size == 0


def test_a_rise_and_fall_are_two_swings() -> None:
    curve = np.concatenate((np.zeros(10), np.linspace(0, 1, 11), np.linspace(1, 0.2, 9), np.full(10, 0.2)))
    up, down = swings(curve, 0.1)
    assert (up.size, down.size) == (pytest.approx(1.0), pytest.approx(-0.8))
    assert up.first == pytest.approx(10, abs=1)
    assert up.last == pytest.approx(20, abs=1)
    assert down.last == pytest.approx(29, abs=1)


def test_wobbles_below_the_least_are_no_swings() -> None:
    assert swings(0.04 * np.sin(np.arange(60)), 0.1) == []


def test_an_oscillation_has_a_swing_each_half_period() -> None:
    time = np.arange(64) / 32
    assert len(swings(np.sin(2 * np.pi * 3 * time), 0.3)) == pytest.approx(12, abs=1)


def test_a_slide_needs_speed_and_size() -> None:
    steps = np.zeros(60)
    steps[20:40] = 0.01
    assert [round(slide.size, 2) for slide in slides(steps, 20, 0.05, 0.1, 0.1)] == [0.2]
    assert list(slides(steps, 20, 0.5, 0.1, 0.1)) == []
    assert list(slides(steps, 20, 0.05, 0.5, 0.1)) == []
    assert [round(slide.size, 2) for slide in slides(-steps, 20, 0.05, 0.1, 0.1)] == [-0.2]
