"""Rules on curves made up for them."""

from dataclasses import fields, replace

import numpy as np
import pytest

from custom_components.cuelight.analysis import EventKind
from custom_components.cuelight.analysis.prompt import Expectation
from custom_components.cuelight.analysis.rules import find_events
from custom_components.cuelight.analysis.signals import Signals

RATE, TICKS = 16.0, 64
ZOOM = slice(16, 48)


def resting() -> Signals:
    """Four seconds in which nothing happens, glanced at every other tick."""
    glances = np.arange(0, TICKS, 2)
    flags = {"cut", "flash", "seen", "grows"}
    slow = {"slow_growth", "slow_doubt", "grows", "change", "change_x", "change_y", "steady", "polarity", "solid"}
    slow |= {"rim", "rim_left"}
    curves = {
        field.name: np.zeros(len(glances) if field.name in slow else TICKS, np.bool_ if field.name in flags else float)
        for field in fields(Signals)
    }
    return Signals(**curves | {"rate": RATE, "aspect": 16 / 9, "glances": glances})


def zooming(size: float, left: float, pan: float = 0.0) -> Signals:
    """All that differs is fitted as the camera's zoom and pan in two seconds; of that at the border a part is left."""
    signals = resting()
    zoom, pan_x = np.zeros((2, TICKS))
    zoom[ZOOM], pan_x[ZOOM] = size / 32, pan / 32
    area = np.where(zoom, 0.002, 0)
    rim = np.where((signals.glances >= ZOOM.start) & (signals.glances < ZOOM.stop), 0.05, 0)
    return replace(signals, zoom=zoom, pan_x=pan_x, area=area, rim=rim, rim_left=left * rim)


def kinds(signals: Signals) -> set[EventKind]:
    return {event.kind for event in find_events(signals, Expectation())} - {EventKind.STILL}


@pytest.mark.parametrize(("size", "kind"), [(0.5, EventKind.ZOOM_IN), (-0.5, EventKind.ZOOM_OUT)])
def test_a_zoom_takes_the_border_along(size: float, kind: EventKind) -> None:
    assert kinds(zooming(size, left=0.2)) == {kind}


@pytest.mark.parametrize(("size", "kind"), [(0.5, EventKind.APPROACH), (-0.5, EventKind.RETREAT)])
def test_a_zoom_without_the_border_is_something_that_comes_near_or_goes_away(size: float, kind: EventKind) -> None:
    assert kinds(zooming(size, left=0.8)) == {kind}


def test_what_passes_by_meanwhile_does_not_come_near() -> None:
    assert EventKind.APPROACH not in kinds(zooming(0.5, left=0.8, pan=1.2))


def test_a_small_growth_must_be_seen_beside_the_camera() -> None:
    assert kinds(zooming(0.15, left=0.8)) == set()


def test_a_border_at_which_nothing_changes_contradicts_nothing() -> None:
    signals = resting()
    assert signals.backed(0, TICKS) == 1
    assert zooming(0.5, left=0.25).backed(0, TICKS) == pytest.approx(0.75)


def test_where_only_the_camera_moves_what_is_left_is_noise() -> None:
    noisy = zooming(0.5, left=0.8)
    assert kinds(replace(noisy, area=np.zeros(TICKS))) == {EventKind.ZOOM_IN}


def popping(area: float) -> Signals:
    """Something is there after second 2 and was not before, while as much as `area` of the picture moves."""
    signals = resting()
    step = np.abs(signals.glances - 32) <= 3
    return replace(
        signals,
        change=np.where(step, 0.03, 0),
        steady=np.ones(len(step)),
        solid=np.full(len(step), 0.9),
        polarity=np.full(len(step), 0.5),
        area=np.where(np.abs(np.arange(TICKS) - 32) <= 4, area, 0),
    )


def test_what_appears_moves_nothing() -> None:
    assert kinds(popping(0.0)) == {EventKind.APPEAR}
    assert kinds(popping(0.02)) == set()
