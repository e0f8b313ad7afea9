"""The user's own rules: what is understood, and what is refused where."""

from typing import Any

import pytest

from custom_components.cuelight.analysis.models import EventKind
from custom_components.cuelight.cues import DEFAULT_CUE_MAP, CueMapError, parse_cue_map
from custom_components.cuelight.cues.cue_map import (
    EVENTS,
    AnimationStep,
    CallStep,
    FilmStep,
    LightStep,
    Pose,
    PuppetStep,
    ServoStep,
    Timing,
    Tint,
)
from custom_components.cuelight.link.const import LightPattern, Motion


def one_step(step: object) -> Any:
    """The step as it is understood."""
    return parse_cue_map({"rules": [{"event": "jump", "do": [step]}]}).rules[0].steps[0]


@pytest.mark.parametrize(
    ("step", "understood"),
    [
        ({"animation": None}, AnimationStep()),
        ({"animation": {"show": "happy", "for_s": 2}}, AnimationStep(animation="happy", for_s=2.0)),
        ({"puppet": {"motion": "spin"}}, PuppetStep(Motion.SPIN)),
        (
            {"puppet": {"motion": "walk", "sprite": "dog", "amplitude": 1, "period_s": 0.5}},
            PuppetStep(Motion.WALK, sprite="dog", amplitude=1.0, period_s=0.5),
        ),
        ({"light": {}}, LightStep()),
        ({"light": {"colour": "#ff8000"}}, LightStep(colour=(255, 128, 0))),
        ({"light": {"colour": [1, 2, 3], "brightness": 40}}, LightStep(colour=(1, 2, 3), brightness=40.0)),
        (
            {"light": {"colour": "accent", "brightness": [10, 90], "pattern": "pulse", "period_s": 1, "at": 0.5}},
            LightStep(Timing(0.5), Tint.ACCENT, (10.0, 90.0), LightPattern.PULSE, 1.0),
        ),
        ({"servo": {"to": 45}}, ServoStep(Pose.TO, 45.0)),
        ({"servo": {"by": -20, "ramp_s": "event", "channel": 3}}, ServoStep(Pose.BY, -20.0, ramp_s=None, channel=3)),
        ({"servo": {"turn": True, "delay_s": 1}}, ServoStep(Pose.TURN, 0.0, Timing(delay_s=1.0))),
        ({"servo": {"wiggle": 10, "ramp_s": 0.5}}, ServoStep(Pose.WIGGLE, 10.0, ramp_s=0.5)),
        ({"film": None}, FilmStep()),
        (
            {"call": {"action": "script.turn_on", "entity_id": "script.a", "data": {"b": [1]}}},
            CallStep("script.turn_on", data={"b": [1]}, entity_id="script.a"),
        ),
    ],
)
def test_each_step_is_understood(step: object, understood: object) -> None:
    assert one_step(step) == understood


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (None, "cue map"),
        ([], "cue map"),
        ({}, "cue map.rules"),
        ({"rules": []}, "rules"),
        ({"rules": "jump"}, "cue map.rules"),
        ({"rules": [{}]}, "rules[0].event"),
        ({"rules": [1]}, "rules[0]"),
        ({"rules": [{"event": "hop", "do": [{"film": None}]}]}, "rules[0].event"),
        ({"rules": [{"event": [], "do": [{"film": None}]}]}, "rules[0].event"),
        ({"rules": [{"event": "jump"}]}, "rules[0].do"),
        ({"rules": [{"event": "jump", "do": []}]}, "rules[0].do"),
        ({"rules": [{"event": "jump", "do": [{"film": None}] * 21}]}, "rules[0].do"),
        ({"rules": [{"event": "jump", "do": [{"film": None}], "when": 1}]}, "rules[0].when"),
        ({"rules": [{"event": "jump", "do": [{"film": None}], "min_confidence": 1.1}]}, "rules[0].min_confidence"),
        ({"rules": [{"event": "jump", "do": [{"film": None}], "performers": 5}]}, "rules[0].performers"),
        ({"rules": [{"event": "jump", "do": [{"film": None}]}] * 101}, "rules"),
        ({"rules": [{"event": "jump", "do": [{"film": None}]}], "name": ""}, "cue map.name"),
        ({"rules": [{"event": "jump", "do": [{"film": None}]}], "extends": "x"}, "cue map.extends"),
    ],
)
def test_a_map_that_is_wrong_is_refused_and_told_where(data: object, where: str) -> None:
    with pytest.raises(CueMapError) as refused:
        parse_cue_map(data)
    assert refused.value.where == where
    assert str(refused.value).startswith(where)


@pytest.mark.parametrize(
    ("step", "where"),
    [
        ("film", ""),
        ({}, ""),
        ({"film": None, "light": None}, ""),
        ({"dance": {}}, ""),
        ({"film": 5}, ".film"),
        ({"film": {"loud": True}}, ".film.loud"),
        ({"animation": {"show": "cat"}}, ".animation.show"),
        ({"animation": {"for_s": 0}}, ".animation.for_s"),
        ({"puppet": {}}, ".puppet.motion"),
        ({"puppet": {"motion": "SPIN"}}, ".puppet.motion"),
        ({"puppet": {"motion": "spin", "sprite": "dragon"}}, ".puppet.sprite"),
        ({"light": {"colour": "red"}}, ".light.colour"),
        ({"light": {"colour": "#12345"}}, ".light.colour"),
        ({"light": {"colour": [1, 2]}}, ".light.colour"),
        ({"light": {"colour": [1, 2, 256]}}, ".light.colour"),
        ({"light": {"brightness": 101}}, ".light.brightness"),
        ({"light": {"brightness": [1, 2, 3]}}, ".light.brightness"),
        ({"light": {"pattern": "disco"}}, ".light.pattern"),
        ({"servo": {}}, ".servo"),
        ({"servo": {"to": 5, "by": 5}}, ".servo"),
        ({"servo": {"to": 181}}, ".servo.to"),
        ({"servo": {"to": True}}, ".servo.to"),
        ({"servo": {"to": "90"}}, ".servo.to"),
        ({"servo": {"to": float("nan")}}, ".servo.to"),
        ({"servo": {"turn": False}}, ".servo.turn"),
        ({"servo": {"to": 5, "ramp_s": -1}}, ".servo.ramp_s"),
        ({"servo": {"to": 5, "channel": 4}}, ".servo.channel"),
        ({"servo": {"to": 5, "at": 2}}, ".servo.at"),
        ({"call": {}}, ".call.action"),
        ({"call": {"action": "turn_on"}}, ".call.action"),
        ({"call": {"action": "light.turn_on", "data": []}}, ".call.data"),
        ({"call": {"action": "light.turn_on", "entity_id": "sofa"}}, ".call.entity_id"),
    ],
)
def test_a_step_that_is_wrong_is_refused_and_told_where(step: object, where: str) -> None:
    with pytest.raises(CueMapError) as refused:
        one_step(step)
    assert refused.value.where == f"rules[0].do[0]{where}"


def test_own_rules_take_the_place_of_the_default_ones_for_their_events_only() -> None:
    own = parse_cue_map({"name": "Mine", "rules": [{"event": ["jump", "fall"], "do": [{"film": None}]}]})
    both = own.over(DEFAULT_CUE_MAP)
    assert both.name == "Mine"
    of_jump = [rule for rule in both.rules if EventKind.JUMP in rule.events]
    assert [rule.steps for rule in of_jump] == [(FilmStep(),)]
    named = frozenset[str]().union(*(rule.events for rule in both.rules))
    assert named == frozenset[str]().union(*(rule.events for rule in DEFAULT_CUE_MAP.rules))


def test_the_default_map_says_something_about_every_event_but_slow_changes_of_light() -> None:
    named = frozenset[str]().union(*(rule.events for rule in DEFAULT_CUE_MAP.rules))
    assert named == EVENTS - {EventKind.BRIGHTEN, EventKind.DARKEN}
