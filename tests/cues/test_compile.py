"""From cues to what one button stores."""

from itertools import pairwise

import pytest

from custom_components.cuelight.analysis.models import EventKind
from custom_components.cuelight.cues import (
    DEFAULT_CUE_MAP,
    Cue,
    CueSheet,
    Importance,
    NoPicture,
    compile_timeline,
    make_cue_sheet,
)
from custom_components.cuelight.cues.models import (
    FILM,
    SUBJECT,
    MoveServo,
    PlayAnimation,
    PlayPuppet,
    SetLight,
    ShowLight,
)
from custom_components.cuelight.link.commands import Cues, Light, Play, Puppet, Servo, TimedCue, encode
from custom_components.cuelight.link.const import LightPattern, Motion

from .film import BUTTON, event, film

PICTURES = {FILM: b"\x00film", SUBJECT: b"\x01subject"}
DARK = Light(LightPattern.SOLID, (0, 0, 0), 0, 0)
RED = ShowLight(LightPattern.SOLID, (255, 0, 0), 50)


def sheet(*cues: Cue, duration_s: float = 5.0) -> CueSheet:
    """A cue sheet with pictures."""
    return CueSheet(duration_s, cues, PICTURES)


def at(at_s: float, action: object, importance: Importance = Importance.SUBJECT) -> Cue:
    """A cue of the button."""
    return Cue(at_s, "Cat", action, importance)  # type: ignore[arg-type]


def milliseconds(cues: tuple[TimedCue, ...]) -> list[int]:
    """The cues' times from the start."""
    return [sum(cue.dt_ms for cue in cues[: index + 1]) for index in range(len(cues))]


def test_each_action_becomes_its_command_at_its_millisecond() -> None:
    compiled = compile_timeline(
        sheet(
            at(0.0, PlayAnimation("happy", 2.0)),
            at(0.0625, RED),
            at(1.001, MoveServo(2, 62.55, 0.25)),
            at(2.0, PlayPuppet("dog", Motion.SPIN, 0.5, 0.8, 3.0)),
            at(4.0, ShowLight(LightPattern.PULSE, (1, 2, 3), 100, 0.5)),
        ),
        "Cat",
    )
    assert compiled.cues == (
        TimedCue(0, Play(7, 2000)),
        TimedCue(62, Light(LightPattern.SOLID, (255, 0, 0), 128, 0)),
        TimedCue(939, Servo(2, 626, 250)),
        TimedCue(999, Puppet(0x0101, Motion.SPIN, 128, 800, 3000)),
        TimedCue(2000, Light(LightPattern.PULSE, (1, 2, 3), 255, 500)),
        TimedCue(1000, DARK),
    )
    assert not compiled.assets
    assert not compiled.dropped


def test_only_the_buttons_own_cues_are_taken() -> None:
    mixed = CueSheet(5.0, (Cue(0.0, "Dog", RED), Cue(0.0, "Cat", SetLight((1, 1, 1), 5, 0)), Cue(1.0, "Cat", RED)), {})
    assert milliseconds(compile_timeline(mixed, "Cat").cues) == [1000, 5000]


def test_a_performer_without_cues_has_no_timeline() -> None:
    assert compile_timeline(sheet(), "Cat").cues == ()


def test_a_picture_is_known_by_its_content() -> None:
    wanted = sheet(at(0.0, PlayAnimation(FILM, 5.0)), at(1.0, PlayPuppet(SUBJECT, Motion.JUMP, 1, 1, 1)))
    first, again = compile_timeline(wanted, "Cat"), compile_timeline(wanted, "Cat")
    assert first == again
    assert sorted(first.assets.values()) == sorted(PICTURES.values())
    assert all(0x0200 <= asset_id <= 0xFFFF for asset_id in first.assets)
    other = CueSheet(5.0, wanted.cues, {**PICTURES, FILM: b"\x00another"})
    assert compile_timeline(other, "Cat").assets.keys() != first.assets.keys()


def test_two_pictures_of_the_same_bytes_get_ids_of_their_own() -> None:
    wanted = sheet(at(0.0, PlayAnimation(FILM, 5.0)), at(1.0, PlayPuppet(SUBJECT, Motion.JUMP, 1, 1, 1)))
    same = CueSheet(5.0, wanted.cues, {FILM: b"same", SUBJECT: b"same"})
    assert len(compile_timeline(same, "Cat").assets) == 2


def test_a_picture_that_the_scene_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(NoPicture, match="no subject") as refused:
        compile_timeline(CueSheet(5.0, (at(0.0, PlayPuppet(SUBJECT, Motion.JUMP, 1, 1, 1)),), {}), "Cat")
    assert refused.value.name == SUBJECT


def test_an_animation_longer_than_a_button_can_count_is_played_once() -> None:
    compiled = compile_timeline(sheet(at(0.0, PlayAnimation(FILM, 65.536)), duration_s=65.536), "Cat")
    [play] = [cue.command for cue in compiled.cues if isinstance(cue.command, Play)]
    assert play.duration_ms == 0


def test_long_pauses_are_bridged_by_commands_that_change_nothing() -> None:
    compiled = compile_timeline(sheet(at(0.0, RED), at(200.0, MoveServo(0, 10, 0)), duration_s=400.0), "Cat")
    assert max(cue.dt_ms for cue in compiled.cues) <= 0xFFFF
    times = milliseconds(compiled.cues)
    assert times == [0, 65535, 131070, 196605, 200000, 265535, 331070, 396605, 400000]
    red = Light(LightPattern.SOLID, (255, 0, 0), 128, 0)
    servo = Servo(0, 100, 0)
    assert [cue.command for cue in compiled.cues] == [red, red, red, red, servo, servo, servo, servo, DARK]


def test_a_first_cue_after_a_long_pause_is_bridged_in_the_dark() -> None:
    compiled = compile_timeline(sheet(at(100.0, RED), duration_s=101.0), "Cat")
    assert [cue.command for cue in compiled.cues][:1] == [DARK]
    assert milliseconds(compiled.cues) == [65535, 100000, 101000]


def test_of_too_many_cues_the_least_important_go_and_are_told_of() -> None:
    follow = [at(index / 10, RED, Importance.FOLLOW) for index in range(60)]
    moves = [at(index / 10, MoveServo(0, index, 0)) for index in range(40)]
    crowded = CueSheet(10.0, tuple(sorted([*follow, *moves], key=lambda cue: cue.at_s)), {})
    compiled = compile_timeline(crowded, "Cat")
    assert len(compiled.cues) == 64
    assert len(compiled.dropped) == 60 + 40 + 1 - 64
    assert {cue.importance for cue in compiled.dropped} == {Importance.FOLLOW}
    assert sum(isinstance(cue.command, Servo) for cue in compiled.cues) == 40


def test_what_is_dropped_is_taken_from_everywhere_rather_than_from_the_end() -> None:
    crowded = sheet(*(at(index / 10, RED, Importance.FOLLOW) for index in range(120)), duration_s=13.0)
    times = milliseconds(compile_timeline(crowded, "Cat").cues)
    assert times[0] == 0
    assert times[-2] >= 11_000
    assert max(later - earlier for earlier, later in pairwise(times[:-1])) <= 1000


def test_every_default_timeline_is_one_that_a_button_takes() -> None:
    events = [event(kind, 2.5 * index, 2.0) for index, kind in enumerate(EventKind)]
    seen = film(*events, duration_s=60.0, brightness=tuple((index % 7) / 7 for index in range(600)))
    compiled = compile_timeline(make_cue_sheet(seen, DEFAULT_CUE_MAP, [BUTTON]), "Cat")
    assert len(compiled.cues) <= 64
    assert milliseconds(compiled.cues)[-1] == 60_000
    for index in range(0, len(compiled.cues), 8):
        assert encode(Cues(0, index, compiled.cues[index : index + 8]))
