"""Events on films that the tests drew themselves: what happens is found, when it happens, and nothing else is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from custom_components.cuelight.analysis import Analysis, Event, EventKind, analyze_film

from .staged_films import FPS, WALL, Script, View, arc, film, frames, ramp, stands, write

SLACK_S = 0.4
"""How far an event may lie outside the time in which it was drawn."""
SUBJECT = {
    EventKind.JUMP,
    EventKind.FALL,
    EventKind.TURN,
    EventKind.APPROACH,
    EventKind.RETREAT,
    EventKind.SHAKE,
    EventKind.APPEAR,
    EventKind.DISAPPEAR,
    EventKind.MOVE_LEFT,
    EventKind.MOVE_RIGHT,
}


@dataclass(frozen=True)
class Case:
    """A film in which one kind of event is drawn from `start_s` to `end_s`, with `ranges` for its parameters."""

    script: Script
    start_s: float
    end_s: float
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)


def _walk(time_s: float) -> View:
    """To the right until second 2, then back."""
    return View(x=0.25 + 0.45 * ramp(time_s, 0.5, 2.0) - 0.45 * ramp(time_s, 2.0, 3.5))


def _flash(time_s: float) -> View:
    return View(flash=0.7 if 2.0 <= time_s < 2.13 else 0.0)


STRENGTH = {"strength": (0.02, 1.0)}
CASES: dict[EventKind, Case] = {
    EventKind.JUMP: Case(lambda t: View(y=0.7 - 0.3 * arc(t, 1.5, 2.2)), 1.5, 2.2, {"height": (0.18, 0.42)}),
    EventKind.FALL: Case(lambda t: View(y=0.25 + 0.5 * ramp(t, 1.5, 2.0) ** 2), 1.5, 2.0, {"drop": (0.3, 0.7)}),
    EventKind.TURN: Case(_walk, 2.0, 2.0, {"direction": (-1, -1)}),
    EventKind.APPROACH: Case(
        lambda t: View(y=0.55, size=0.12 * 2.2 ** ramp(t, 1.0, 3.0)), 1.0, 3.0, {"ratio": (1.4, 3.0)}
    ),
    EventKind.RETREAT: Case(
        lambda t: View(y=0.55, size=0.264 * 2.2 ** -ramp(t, 1.0, 3.0)), 1.0, 3.0, {"ratio": (0.33, 0.72)}
    ),
    EventKind.APPEAR: Case(lambda t: View(there=t >= 2.0), 2.0, 2.0, {"x": (0.35, 0.65), "y": (0.45, 0.8)}),
    EventKind.DISAPPEAR: Case(lambda t: View(there=t < 2.0), 2.0, 2.0, {"x": (0.35, 0.65), "y": (0.45, 0.8)}),
    EventKind.MOVE_RIGHT: Case(lambda t: View(x=0.25 + 0.45 * ramp(t, 1.0, 2.5)), 1.0, 2.5, {"distance": (0.3, 0.6)}),
    EventKind.MOVE_LEFT: Case(lambda t: View(x=0.7 - 0.45 * ramp(t, 1.0, 2.5)), 1.0, 2.5, {"distance": (0.3, 0.6)}),
    EventKind.PAN_RIGHT: Case(
        lambda t: View(there=False, camera_x=0.35 * ramp(t, 1.0, 2.5)), 1.0, 2.5, {"speed": (0.12, 0.4)}
    ),
    EventKind.PAN_LEFT: Case(
        lambda t: View(there=False, camera_x=-0.35 * ramp(t, 1.0, 2.5)), 1.0, 2.5, {"speed": (0.12, 0.4)}
    ),
    EventKind.PAN_DOWN: Case(lambda t: View(there=False, camera_y=0.4 * ramp(t, 1.0, 2.5)), 1.0, 2.5),
    EventKind.PAN_UP: Case(lambda t: View(there=False, camera_y=-0.4 * ramp(t, 1.0, 2.5)), 1.0, 2.5),
    EventKind.ZOOM_IN: Case(
        lambda t: View(there=False, zoom=1.7 ** ramp(t, 1.0, 3.0)), 1.0, 3.0, {"ratio": (1.4, 2.0)}
    ),
    EventKind.ZOOM_OUT: Case(
        lambda t: View(there=False, zoom=1.7 ** (1 - ramp(t, 1.0, 3.0))), 1.0, 3.0, {"ratio": (0.5, 0.72)}
    ),
    EventKind.CUT: Case(lambda t: View(scene=int(t >= 2.0)), 2.0, 2.0, STRENGTH),
    EventKind.FLASH: Case(_flash, 2.0, 2.13, STRENGTH),
    EventKind.BRIGHTEN: Case(lambda t: View(light=0.45 + 0.55 * ramp(t, 1.0, 3.0)), 1.0, 3.0, STRENGTH),
    EventKind.DARKEN: Case(lambda t: View(light=1 - 0.55 * ramp(t, 1.0, 3.0)), 1.0, 3.0, STRENGTH),
    EventKind.STILL: Case(stands, 0.0, 4.0),
}

type Analysed = Callable[[EventKind], Analysis]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    """Give the analysis of a case's film, made once."""
    folder = tmp_path_factory.mktemp("films")

    @cache
    def analyse(kind: EventKind) -> Analysis:
        return analyze_film(film(folder / f"{kind}.mp4", CASES[kind].script))

    return analyse


def at(events: tuple[Event, ...], kind: EventKind, start_s: float, end_s: float) -> list[Event]:
    """The events of a kind that lie in a time."""
    return [
        event
        for event in events
        if event.kind is kind and event.start_s <= end_s + SLACK_S and event.end_s >= start_s - SLACK_S
    ]


@pytest.mark.parametrize("kind", CASES)
def test_what_happens_is_found_when_it_happens(analysed: Analysed, kind: EventKind) -> None:
    case = CASES[kind]
    events = analysed(kind).events
    (event,) = at(events, kind, case.start_s, case.end_s)
    assert event.start_s >= case.start_s - SLACK_S
    assert event.end_s <= case.end_s + SLACK_S
    for name, (least, most) in case.ranges.items():
        assert least <= event.parameters[name] <= most, name


@pytest.mark.parametrize("kind", CASES)
def test_events_are_sorted_and_within_the_film(analysed: Analysed, kind: EventKind) -> None:
    analysis = analysed(kind)
    starts = [event.start_s for event in analysis.events]
    assert starts == sorted(starts)
    for event in analysis.events:
        assert event.start_s >= 0
        assert event.duration_s > 0
        assert event.end_s <= analysis.film.duration_s + 1 / FPS
        assert 0.5 <= event.confidence <= 1
        assert all(value == value for value in event.parameters.values()), "not a number"


@pytest.mark.parametrize("kind", sorted(set(CASES) - SUBJECT))
def test_a_camera_or_a_light_makes_no_creature_jump_or_fall(analysed: Analysed, kind: EventKind) -> None:
    assert not {event.kind for event in analysed(kind).events} & {EventKind.JUMP, EventKind.FALL}


@pytest.mark.parametrize("kind", sorted(SUBJECT & set(CASES)))
def test_a_creature_moves_no_camera_and_cuts_nothing(analysed: Analysed, kind: EventKind) -> None:
    camera = {EventKind.CAMERA_SHAKE, EventKind.PAN_LEFT, EventKind.PAN_RIGHT, EventKind.PAN_UP, EventKind.PAN_DOWN}
    assert not {event.kind for event in analysed(kind).events} & (camera | {EventKind.CUT, EventKind.FLASH})


def test_a_still_film_is_still_all_the_time_and_nothing_else(analysed: Analysed) -> None:
    (event,) = analysed(EventKind.STILL).events
    assert event.kind is EventKind.STILL
    assert event.duration_s > 3.5


@pytest.mark.parametrize(
    "prompt",
    ["a cat jumps, falls, turns and disappears in a flash", "一只猫跳起来，然后转身离开，闪光", "", "🐱" * 500],
    ids=["English", "Chinese", "empty", "emoji"],
)
def test_a_prompt_invents_nothing(tmp_path: Path, prompt: str) -> None:
    analysis = analyze_film(film(tmp_path / "still.mp4", stands), prompt=prompt)
    assert {event.kind for event in analysis.events} == {EventKind.STILL}


def test_a_prompt_leaves_what_is_clearly_there(tmp_path: Path) -> None:
    path = film(tmp_path / "jump.mp4", CASES[EventKind.JUMP].script)
    analysis = analyze_film(path, prompt="a car drives to the left and vanishes")
    assert at(analysis.events, EventKind.JUMP, 1.5, 2.2)
    assert not {event.kind for event in analysis.events} & {EventKind.MOVE_LEFT, EventKind.DISAPPEAR}


OPPOSITE = {
    EventKind.MOVE_LEFT: EventKind.MOVE_RIGHT,
    EventKind.MOVE_RIGHT: EventKind.MOVE_LEFT,
    EventKind.PAN_LEFT: EventKind.PAN_RIGHT,
    EventKind.PAN_RIGHT: EventKind.PAN_LEFT,
}


@pytest.mark.parametrize("kind", [EventKind.TURN, EventKind.MOVE_LEFT, EventKind.PAN_RIGHT, EventKind.JUMP])
def test_a_mirror_image_swaps_left_and_right(analysed: Analysed, tmp_path: Path, kind: EventKind) -> None:
    mirrored = (frame[:, ::-1].copy() for frame in frames(CASES[kind].script))
    seen = analyze_film(write(tmp_path / "mirrored.mp4", mirrored)).events
    expected = [OPPOSITE.get(event.kind, event.kind) for event in analysed(kind).events]
    assert sorted(event.kind for event in seen) == sorted(expected)
    for event in analysed(kind).events:
        (twin,) = at(tuple(seen), OPPOSITE.get(event.kind, event.kind), event.start_s, event.end_s)
        if "direction" in event.parameters:
            assert twin.parameters["direction"] == -event.parameters["direction"]


def test_a_film_that_starts_later_has_its_events_later(analysed: Analysed, tmp_path: Path) -> None:
    script = CASES[EventKind.JUMP].script
    later = analyze_film(film(tmp_path / "later.mp4", lambda t: script(max(0.0, t - 1.0)), 5.0)).events
    (before,) = at(analysed(EventKind.JUMP).events, EventKind.JUMP, 1.5, 2.2)
    (after,) = at(later, EventKind.JUMP, 2.5, 3.2)
    assert after.start_s - before.start_s == pytest.approx(1.0, abs=0.2)
    assert after.parameters["height"] == pytest.approx(before.parameters["height"], rel=0.25)


def test_a_jump_that_the_camera_follows_is_a_jump_and_goes_its_way(tmp_path: Path) -> None:
    def script(time_s: float) -> View:
        moving = 0.4 * ramp(time_s, 0.0, 4.0)
        return replace(CASES[EventKind.JUMP].script(time_s), x=0.5 + moving, camera_x=moving)

    events = analyze_film(film(tmp_path / "followed.mp4", script)).events
    assert at(events, EventKind.JUMP, 1.5, 2.2)
    kinds = {event.kind for event in events}
    assert kinds & {EventKind.PAN_RIGHT, EventKind.MOVE_RIGHT}
    assert not kinds & {EventKind.PAN_LEFT, EventKind.MOVE_LEFT}


def _stumbles(time_s: float) -> View:
    """One and a half times to and fro."""
    return View(x=0.5 + 0.06 * ramp(time_s, 1.5, 1.7) - 0.06 * ramp(time_s, 1.7, 1.9) + 0.06 * ramp(time_s, 1.9, 2.1))


NO_EVENTS: dict[str, tuple[Script, set[EventKind]]] = {
    "a steady sinking is no fall": (lambda t: View(y=0.25 + 0.5 * ramp(t, 1.5, 2.2)), {EventKind.FALL}),
    "a swaying head goes nowhere": (
        lambda t: View(x=0.5 + 0.09 * (ramp(t, 1.0, 1.5) - ramp(t, 2.0, 2.5)), size=0.34),
        {EventKind.MOVE_LEFT, EventKind.MOVE_RIGHT, EventKind.TURN},
    ),
    "what rushes by over a bump does not jump": (
        lambda t: View(x=-0.2 + 1.4 * ramp(t, 1.5, 2.5), y=0.65 - 0.15 * arc(t, 1.8, 2.2)),
        {EventKind.JUMP},
    ),
    "in the air nothing turns around": (
        lambda t: View(x=0.5 + 0.1 * arc(t, 1.5, 2.3), y=0.7 - 0.35 * arc(t, 1.5, 2.3)),
        {EventKind.TURN},
    ),
    "three swings are no shake": (_stumbles, {EventKind.SHAKE}),
    "what comes near moves no camera": (
        lambda t: View(size=0.2 * 2.2 ** ramp(t, 1.0, 3.0)),
        {EventKind.ZOOM_IN, EventKind.ZOOM_OUT, EventKind.CAMERA_SHAKE},
    ),
}


@pytest.mark.parametrize("title", NO_EVENTS)
def test_what_only_looks_like_an_event_is_none(tmp_path: Path, title: str) -> None:
    script, kinds = NO_EVENTS[title]
    assert not {event.kind for event in analyze_film(film(tmp_path / "film.mp4", script)).events} & kinds


BEFORE_A_WALL: dict[str, tuple[Script, set[EventKind]]] = {
    "comes near": (lambda t: View(y=0.5, size=0.2 * 2 ** ramp(t, 1.0, 3.0), scene=WALL), {EventKind.APPROACH}),
    "goes away": (lambda t: View(y=0.5, size=0.32 * 2 ** -ramp(t, 1.0, 3.0), scene=WALL), {EventKind.RETREAT}),
    "walks": (lambda t: View(x=0.25 + 0.5 * ramp(t, 1.0, 2.5), size=0.3, scene=WALL), {EventKind.MOVE_RIGHT}),
    "jumps": (lambda t: View(y=0.7 - 0.3 * arc(t, 1.5, 2.2), size=0.2, scene=WALL), {EventKind.JUMP}),
    "rolls, though small": (
        lambda t: View(x=0.2 + 0.5 * ramp(t, 0.8, 1.8), y=0.6, size=0.035, scene=WALL),
        {EventKind.MOVE_RIGHT},
    ),
    "rests before it turns": (
        lambda t: View(x=0.25 + 0.4 * ramp(t, 0.5, 1.6) - 0.4 * ramp(t, 1.85, 2.95), size=0.2, scene=WALL),
        {EventKind.MOVE_RIGHT, EventKind.TURN, EventKind.MOVE_LEFT},
    ),
    "pops up, large": (lambda t: View(there=t >= 2.0, size=0.3, scene=WALL), {EventKind.APPEAR}),
}


@pytest.mark.parametrize("title", BEFORE_A_WALL)
def test_before_a_plain_wall_it_is_the_creature_that_moves(tmp_path: Path, title: str) -> None:
    script, kinds = BEFORE_A_WALL[title]
    events = analyze_film(film(tmp_path / "film.mp4", script)).events
    assert {event.kind for event in events} - {EventKind.STILL} == kinds


def test_what_comes_near_may_move_aside_by_half_of_its_width(tmp_path: Path) -> None:
    def script(time_s: float) -> View:
        way = ramp(time_s, 1.0, 3.0)
        return View(x=0.35 + 0.3 * way, y=0.55, size=0.3 * 1.8**way)

    events = analyze_film(film(tmp_path / "film.mp4", script)).events
    assert at(events, EventKind.APPROACH, 1.0, 3.0)


def test_a_short_drift_slower_than_any_pan_is_rest(tmp_path: Path) -> None:
    (event,) = analyze_film(film(tmp_path / "film.mp4", lambda t: View(camera_x=0.025 * ramp(t, 1.0, 2.0)))).events
    assert event.kind is EventKind.STILL
    assert event.duration_s > 3.5


def test_a_drift_that_gets_somewhere_is_no_rest(tmp_path: Path) -> None:
    assert analyze_film(film(tmp_path / "film.mp4", lambda t: View(camera_x=0.025 * t))).events == ()
