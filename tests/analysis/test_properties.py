"""What must hold of any film: its events move, mirror and stretch with it, and survive being encoded again."""

from pathlib import Path

import pytest

from custom_components.cuelight.analysis import Event, EventKind, analyze_film

from .staged_films import FPS, Frame, Script, View, arc, frames, ramp, write

MIRRORED = {
    EventKind.MOVE_LEFT: EventKind.MOVE_RIGHT,
    EventKind.MOVE_RIGHT: EventKind.MOVE_LEFT,
}
SIGNED = {"direction"}


def _story(time_s: float) -> View:
    """To the right and back, then a jump."""
    return View(
        x=0.28 + 0.4 * ramp(time_s, 0.6, 1.6) - 0.4 * ramp(time_s, 1.6, 2.6), y=0.7 - 0.32 * arc(time_s, 3.3, 4.0)
    )


def _later(time_s: float) -> View:
    return _story(max(0.0, time_s - 1.0))


def _slower(time_s: float) -> View:
    return _story(time_s / 1.5)


def _seen(path: Path, script: Script, seconds: float, **encoding: object) -> list[Event]:
    return _analysed(write(path, frames(script, seconds), **encoding))  # type: ignore[arg-type]


def _analysed(path: Path) -> list[Event]:
    rests = {EventKind.STILL}
    return [event for event in analyze_film(path).events if event.kind not in rests]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """The story's events, as drawn."""
    events = _seen(tmp_path_factory.mktemp("story") / "story.mp4", _story, 5.0)
    assert [event.kind for event in events] == [
        EventKind.MOVE_RIGHT,
        EventKind.TURN,
        EventKind.MOVE_LEFT,
        EventKind.JUMP,
    ]
    return events


def test_a_story_that_begins_later_is_the_same_later(told: list[Event], tmp_path: Path) -> None:
    later = _seen(tmp_path / "later.mp4", _later, 6.0)
    assert [event.kind for event in later] == [event.kind for event in told]
    for before, after in zip(told, later, strict=True):
        assert after.start_s - before.start_s == pytest.approx(1.0, abs=0.13)
        assert after.duration_s == pytest.approx(before.duration_s, abs=0.2)


def test_a_mirror_swaps_left_and_right_and_nothing_else(told: list[Event], tmp_path: Path) -> None:
    mirrored = _analysed(write(tmp_path / "mirror.mp4", (_flipped(frame) for frame in frames(_story, 5.0))))
    assert [event.kind for event in mirrored] == [MIRRORED.get(event.kind, event.kind) for event in told]
    for before, after in zip(told, mirrored, strict=True):
        assert after.start_s == pytest.approx(before.start_s, abs=0.13)
        for name, value in before.parameters.items():
            assert after.parameters[name] == pytest.approx(-value if name in SIGNED else value, rel=0.15), name


def test_a_slower_story_takes_longer_and_goes_as_far(told: list[Event], tmp_path: Path) -> None:
    slower = _seen(tmp_path / "slower.mp4", _slower, 7.0)
    assert [event.kind for event in slower] == [event.kind for event in told]
    for before, after in zip(told, slower, strict=True):
        assert after.start_s == pytest.approx(1.5 * before.start_s, abs=0.25)
        if not before.kind.instant:
            assert after.duration_s == pytest.approx(1.5 * before.duration_s, abs=0.25)
        for name, value in before.parameters.items():
            assert after.parameters[name] == pytest.approx(value, rel=0.2), name


def test_a_story_encoded_coarsely_is_the_same_story(told: list[Event], tmp_path: Path) -> None:
    coarse = _seen(tmp_path / "coarse.avi", _story, 5.0, codec="mpeg4")
    assert [event.kind for event in coarse] == [event.kind for event in told]
    for before, after in zip(told, coarse, strict=True):
        assert after.start_s == pytest.approx(before.start_s, abs=2 / FPS)
        assert after.duration_s == pytest.approx(before.duration_s, abs=0.2)


def _flipped(frame: Frame) -> Frame:
    return frame[:, ::-1].copy()
