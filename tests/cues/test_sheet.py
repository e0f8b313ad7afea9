"""What performers do at what is seen."""

from itertools import pairwise

import pytest

from custom_components.cuelight.analysis.models import EventKind, ShotPalette
from custom_components.cuelight.cues import DEFAULT_CUE_MAP, Cue, CueMap, make_cue_sheet, parse_cue_map
from custom_components.cuelight.cues.models import (
    CallAction,
    Importance,
    MoveServo,
    PlayAnimation,
    PlayFilm,
    PlayPuppet,
    SetLight,
    ShowLight,
)
from custom_components.cuelight.link.const import LightPattern

from .film import BLUE, BUTTON, LAMP, ORANGE, SCREEN, SWITCH, event, film


def rules(*rules: dict[str, object]) -> CueMap:
    """A cue map of the user's, and nothing by default."""
    return parse_cue_map({"rules": list(rules)})


def servo(cues: tuple[Cue, ...]) -> list[tuple[float, float]]:
    """When the servo goes where."""
    return [(cue.at_s, cue.action.degrees) for cue in cues if isinstance(cue.action, MoveServo)]


def light(cues: tuple[Cue, ...]) -> list[tuple[float, ShowLight]]:
    """When the light does what."""
    return [(cue.at_s, cue.action) for cue in cues if isinstance(cue.action, ShowLight)]


def default(*events: object, **film_options: object) -> tuple[Cue, ...]:
    """A button's cues by the default rules."""
    return make_cue_sheet(film(*events, **film_options), DEFAULT_CUE_MAP, [BUTTON]).of("Cat")  # type: ignore[arg-type]


def test_a_film_in_which_nothing_happens_shows_its_animation_and_its_colour() -> None:
    assert default() == (
        Cue(0.0, "Cat", PlayAnimation("film", 5.0), Importance.ESSENTIAL),
        Cue(0.0, "Cat", ShowLight(LightPattern.SOLID, (255, 128, 0), 70), Importance.FOLLOW),
        Cue(0.0, "Cat", MoveServo(0, 90, 0.0), Importance.FOLLOW),
    )


def test_a_jump_crouches_pounces_and_settles() -> None:
    assert servo(default(event(EventKind.JUMP, 1.0, 0.8))) == [(0.0, 90), (1.0, 65), (1.2, 135), (1.8, 90)]


def test_a_turn_faces_the_other_side_and_what_follows_leans_from_there() -> None:
    cues = default(event(EventKind.TURN, 1.0, 0.1), event(EventKind.JUMP, 2.0, 1.0), event(EventKind.TURN, 4.0, 0.1))
    assert servo(cues) == [(0.0, 90), (1.0, 50), (2.0, 75), (2.25, 5), (3.0, 50), (4.0, 130)]


def test_the_servo_stays_within_its_range_whatever_is_asked() -> None:
    everything = [{"servo": {"by": degrees, "delay_s": index}} for index, degrees in enumerate((90, -90, 90, -90))]
    turned = rules({"event": "film", "do": [{"servo": {"turn": True}}, *everything]})
    sheet = make_cue_sheet(film(), turned, [BUTTON])
    assert all(0 <= degrees <= 180 for _, degrees in servo(sheet.of("Cat")))


def test_a_shake_wiggles_at_its_own_rate_to_both_sides_and_comes_to_rest() -> None:
    positions = servo(default(event(EventKind.SHAKE, 1.0, 1.0, hz=2.0)))
    assert positions == [(0.0, 90), (1.0, 105), (1.25, 75), (1.5, 105), (1.75, 75), (2.0, 90)]


@pytest.mark.parametrize("hz", [0.0, 0.1, 50.0])
def test_a_shake_of_any_rate_is_one_that_a_servo_can_follow(hz: float) -> None:
    times = [at_s for at_s, _ in servo(default(event(EventKind.SHAKE, 1.0, 2.0, hz=hz)))]
    assert 4 <= len(times) <= 14
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


def test_a_camera_move_does_not_disturb_the_subjects_move() -> None:
    cues = default(event(EventKind.PAN_LEFT, 1.5, 1.0), event(EventKind.APPROACH, 1.0, 2.0))
    assert servo(cues) == [(0.0, 90), (1.0, 125), (3.0, 90)]


def test_an_approach_ramps_the_light_up_and_a_retreat_down() -> None:
    levels = [look.brightness for at_s, look in light(default(event(EventKind.APPROACH, 1.0, 2.0))) if 1 <= at_s < 3]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (30, 91)
    levels = [look.brightness for at_s, look in light(default(event(EventKind.RETREAT, 1.0, 2.0))) if 1 <= at_s < 3]
    assert levels == sorted(levels, reverse=True)


def test_a_flash_blinks_white_and_the_colour_comes_back() -> None:
    cues = light(default(event(EventKind.FLASH, 2.0, 0.06)))
    assert cues[1] == (2.0, ShowLight(LightPattern.BLINK, (255, 255, 255), 100, 0.2))
    assert cues[2] == (2.4, ShowLight(LightPattern.SOLID, (255, 128, 0), 70))


def test_a_flash_shows_in_the_middle_of_a_jump() -> None:
    cues = light(default(event(EventKind.JUMP, 1.0, 2.0), event(EventKind.FLASH, 1.5, 0.06)))
    assert [(at_s, look.pattern) for at_s, look in cues if 1 <= at_s < 3] == [
        (1.0, LightPattern.SOLID),
        (1.5, LightPattern.BLINK),
        (1.9, LightPattern.SOLID),
    ]


def test_stillness_breathes_and_does_not_begin_to_breathe_anew_when_the_film_gets_brighter() -> None:
    cues = light(default(event(EventKind.STILL, 0.0, 5.0), brightness=tuple(index / 50 for index in range(50))))
    assert [look.pattern for _, look in cues] == [LightPattern.BREATHE]


def test_each_shot_brings_its_own_colour() -> None:
    shots = (ShotPalette(0.0, 2.0, (ORANGE,)), ShotPalette(2.0, 3.0, (BLUE,)))
    assert [(at_s, look.rgb) for at_s, look in light(default(palette=shots))] == [
        (0.0, (255, 128, 0)),
        (2.0, (0, 128, 255)),
    ]


def test_the_light_follows_the_films_brightness_in_steps_one_can_see() -> None:
    rising = tuple(index / 50 for index in range(50))
    levels = [look.brightness for _, look in light(default(brightness=rising))]
    assert levels == sorted(levels)
    assert all(later - earlier >= 8 for earlier, later in pairwise(levels))
    assert (levels[0], levels[-1]) == (15, 66)


def test_an_event_stands_out_even_in_the_brightest_film() -> None:
    levels = [look.brightness for _, look in light(default(event(EventKind.JUMP, 2.0), brightness=(1.0,) * 50))]
    assert levels == [70, 100, 70]


def test_a_pale_colour_is_made_purer_for_a_lamp() -> None:
    pale = (ShotPalette(0.0, 5.0, ((192, 230, 255),)),)
    assert light(default(palette=pale))[0][1].rgb == (128, 205, 255)


@pytest.mark.parametrize("brightness", [(), (0.0,) * 50])
def test_a_black_film_still_shows_that_it_runs(brightness: tuple[float, ...]) -> None:
    assert [look.brightness for _, look in light(default(brightness=brightness))] == [15]


@pytest.mark.parametrize("palette", [(), (ShotPalette(0.0, 5.0, ((0, 0, 0),)),)])
def test_a_film_without_colour_is_white(palette: tuple[ShotPalette, ...]) -> None:
    assert light(default(palette=palette))[0][1].rgb == (255, 255, 255)


def test_a_lamp_changes_no_more_than_once_a_second_but_for_events() -> None:
    waves = tuple((index % 4) / 4 for index in range(50))
    sheet = make_cue_sheet(film(brightness=waves), DEFAULT_CUE_MAP, [LAMP])
    times = [cue.at_s for cue in sheet.of("light.sofa")]
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))
    assert all(isinstance(cue.action, SetLight) for cue in sheet.cues)


def test_a_media_player_plays_the_film_and_a_switch_does_nothing() -> None:
    sheet = make_cue_sheet(film(), DEFAULT_CUE_MAP, [SCREEN, SWITCH])
    assert sheet.cues == (Cue(0.0, "media_player.tv", PlayFilm(), Importance.ESSENTIAL),)


def test_events_that_are_not_sure_enough_are_left_out() -> None:
    sure = rules({"event": "jump", "min_confidence": 0.7, "do": [{"servo": {"to": 10}}]})
    seen = film(event(EventKind.JUMP, 1.0, confidence=0.69), event(EventKind.JUMP, 3.0, confidence=0.7))
    assert servo(make_cue_sheet(seen, sure, [BUTTON]).of("Cat")) == [(3.0, 10)]


def test_a_rule_can_choose_performers_by_name_and_by_kind() -> None:
    chosen = rules(
        {"event": "film", "performers": "Cat", "do": [{"servo": {"to": 10}}]},
        {"event": "film", "performers": ["light", "media_player"], "do": [{"light": {}}, {"film": None}]},
    )
    sheet = make_cue_sheet(film(), chosen, [BUTTON, LAMP, SCREEN])
    assert [(cue.performer, type(cue.action)) for cue in sheet.cues] == [
        ("Cat", MoveServo),
        ("light.sofa", SetLight),
        ("media_player.tv", PlayFilm),
    ]


def test_a_call_goes_to_every_entity_chosen_or_once_to_the_one_it_names() -> None:
    calls = rules(
        {
            "event": "jump",
            "do": [
                {"call": {"action": "switch.toggle"}},
                {"call": {"action": "script.turn_on", "entity_id": "script.fanfare", "data": {"a": 1}}},
            ],
        }
    )
    sheet = make_cue_sheet(film(event(EventKind.JUMP, 1.0)), calls, [BUTTON, LAMP, SWITCH])
    assert [(cue.performer, cue.action) for cue in sheet.cues] == [
        ("light.sofa", CallAction("switch.toggle")),
        ("switch.fan", CallAction("switch.toggle")),
        ("script.fanfare", CallAction("script.turn_on", {"a": 1})),
    ]


def test_a_puppet_takes_the_display_for_its_time_and_gives_it_back() -> None:
    puppet = rules(
        {"event": "film", "do": [{"animation": {"show": "idle"}}]},
        {"event": "jump", "do": [{"puppet": {"motion": "jump", "sprite": "cat"}}]},
    )
    sheet = make_cue_sheet(film(event(EventKind.JUMP, 1.0, 2.0)), puppet, [BUTTON])
    assert [(cue.at_s, type(cue.action), cue.action.duration_s) for cue in sheet.cues] == [  # type: ignore[union-attr]
        (0.0, PlayAnimation, 5.0),
        (1.0, PlayPuppet, 2.0),
        (3.0, PlayAnimation, 2.0),
    ]


def test_nothing_is_planned_before_the_beginning_or_after_the_end() -> None:
    early_and_late = rules(
        {"event": "jump", "do": [{"servo": {"to": 10, "delay_s": -9}}, {"servo": {"to": 20, "at": 1, "delay_s": 9}}]}
    )
    sheet = make_cue_sheet(film(event(EventKind.JUMP, 1.0)), early_and_late, [BUTTON])
    assert servo(sheet.of("Cat")) == [(0.0, 10)]


def test_times_are_whole_milliseconds_in_order_and_the_same_each_time() -> None:
    events = [event(kind, 0.1234567 * index, 0.7654321) for index, kind in enumerate(EventKind, 1)]
    sheets = [make_cue_sheet(film(*events), DEFAULT_CUE_MAP, [BUTTON, LAMP]) for _ in range(2)]
    assert sheets[0] == sheets[1]
    times = [cue.at_s for cue in sheets[0].cues]
    assert times == sorted(times)
    assert all(round(at_s, 3) == at_s for at_s in times)


@pytest.mark.parametrize("kind", list(EventKind))
def test_there_is_something_to_see_at_every_event_but_slow_changes_of_light(kind: EventKind) -> None:
    with_event = default(event(kind, 2.0, 1.0), brightness=(0.5,) * 50)
    assert (len(with_event) > len(default())) == (kind not in (EventKind.BRIGHTEN, EventKind.DARKEN))


def test_every_action_says_in_words_what_it_does() -> None:
    assert str(PlayAnimation("film", 5.0)) == "show film for 5 s"
    assert str(ShowLight(LightPattern.BLINK, (255, 0, 16), 40, 0.2)) == "light blink #ff0010 40 % every 0.2 s"
    assert str(MoveServo(0, 62.5, 0.3)) == "servo 0 to 62.5° in 0.3 s"
    assert str(SetLight((1, 2, 3), 50, 1.0)) == "set #010203 50 % in 1 s"
    assert str(CallAction("script.turn_on")) == "call script.turn_on"
