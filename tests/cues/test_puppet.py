"""A puppet stands for the film's animation where it is like it, and only there."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from custom_components.cuelight.analysis.codec import decode_sprite, encode_animation, encode_sprite
from custom_components.cuelight.analysis.models import Analysis, Event, EventKind
from custom_components.cuelight.cues import (
    DEFAULT_CUE_MAP,
    CueMap,
    CueSheet,
    Shape,
    compile_timeline,
    make_cue_sheet,
    parse_cue_map,
)
from custom_components.cuelight.cues.models import FILM, PlayAnimation, PlayPuppet
from custom_components.cuelight.cues.motion_engine import draw
from custom_components.cuelight.cues.puppet import likeness, make_puppet
from custom_components.cuelight.link.const import Motion

from .film import BUTTON, LAMP, event, film

type Pictures = npt.NDArray[np.bool_]

FPS = 8


def body(left: int = 10, top: int = 14) -> Pictures:
    """A creature of 12x14 pixels with an eye."""
    picture = np.zeros((32, 32), np.bool_)
    picture[top : top + 14, left : left + 12] = True
    picture[top : top + 5, left + 4 : left + 8] = False
    picture[top + 8, left + 2] = False
    return picture


def still(pictures: int, picture: Pictures | None = None) -> Pictures:
    return np.repeat((body() if picture is None else picture)[None], pictures, axis=0)


def shown(pictures: Pictures, *events: Event) -> Analysis:
    """A film whose animation is these pictures."""
    data = encode_animation(list(pictures), FPS)
    seen = film(*events, duration_s=len(pictures) / FPS, animation=data, sprite=encode_sprite(body()))
    return replace(seen, animation=replace(seen.animation, frames=len(pictures)))


def jumps() -> Analysis:
    """The creature rests for a second, jumps for one, rests; it hops a pixel to the side, which no motion does."""
    up = [0, 2, 5, 7, 8, 7, 5, 2]
    air = np.stack([np.roll(body(), (-height, height // 4), (0, 1)) for height in up])
    grass = np.zeros((32, 32), np.bool_)
    grass[29, ::3] = True
    return shown(np.concatenate((still(FPS), air, still(2 * FPS))) | grass, event(EventKind.JUMP, 1.1, 0.8))


def noise() -> Analysis:
    """A film in which every picture is another."""
    pictures = np.random.default_rng(3).random((4 * FPS, 32, 32)) < 0.5
    return shown(pictures, event(EventKind.JUMP, 1.0))


def sheet(analysis: Analysis, shape: str | None = None) -> CueSheet:
    rules: CueMap = DEFAULT_CUE_MAP
    if shape is not None:
        rules = parse_cue_map({"rules": [{"event": "film", "do": [{"animation": {"as": shape}}]}]}).over(rules)
    return make_cue_sheet(analysis, rules, [BUTTON, LAMP])


def pictures_shown(made: CueSheet) -> list[PlayAnimation | PlayPuppet]:
    return [cue.action for cue in made.of("Cat") if isinstance(cue.action, PlayAnimation | PlayPuppet)]


def test_a_jump_is_acted_by_a_puppet_in_few_bytes() -> None:
    puppet = make_puppet(jumps())

    assert puppet is not None
    assert [act.motion for act in puppet.acts] == [Motion.STILL, Motion.JUMP, Motion.STILL]
    assert puppet.likeness > 0.75
    assert puppet.size < 150
    assert puppet.acts[0].start_s == 0
    assert puppet.acts[-1].start_s + puppet.acts[-1].duration_s == pytest.approx(4.0)


def test_likeness_is_that_of_the_worst_act() -> None:
    """A film that rests for three quarters and then does what no puppet can is not like one that rests."""
    wild = np.random.default_rng(3).random((FPS, 32, 32)) < 0.5
    puppet = make_puppet(shown(np.concatenate((still(3 * FPS), wild)), event(EventKind.JUMP, 3.2, 0.6)))

    assert puppet is not None
    assert puppet.likeness < 0.6


def test_the_poses_are_pictures_of_the_film() -> None:
    puppet = make_puppet(jumps())

    assert puppet is not None
    assert 1 <= len(puppet.poses) <= 4
    assert all(decode_sprite(pose).any() for pose in puppet.poses)


def test_the_sheet_shows_the_puppet_where_it_is_like_the_film() -> None:
    made = sheet(jumps())

    assert made.display is not None
    assert made.display.puppet
    assert made.display.puppet_bytes is not None
    assert made.display.puppet_bytes < made.display.clip_bytes / 2
    assert [type(action) for action in pictures_shown(made)] == [PlayPuppet] * 3
    timeline = compile_timeline(made, "Cat")
    assert set(timeline.assets.values()) <= set(made.assets.values()) - {made.assets[FILM]}


def test_the_sheet_shows_the_clip_where_the_puppet_is_not_like_it() -> None:
    made = sheet(noise())

    assert made.display is not None
    assert not made.display.puppet
    assert made.display.likeness is not None
    assert made.display.likeness < 0.75
    assert [type(action) for action in pictures_shown(made)] == [PlayAnimation]
    assert list(compile_timeline(made, "Cat").assets.values()) == [made.assets[FILM]]


@pytest.mark.parametrize(("shape", "action"), [("clip", PlayAnimation), ("puppet", PlayPuppet)])
def test_the_user_may_choose(shape: str, action: type) -> None:
    for analysis in (jumps(), noise()):
        assert {type(shown) for shown in pictures_shown(sheet(analysis, shape))} == {action}


@pytest.mark.parametrize(("shape", "action"), [(Shape.CLIP, PlayAnimation), (Shape.PUPPET, PlayPuppet)])
def test_what_a_performance_asks_for_goes_before_the_rules(shape: Shape, action: type) -> None:
    for analysis in (jumps(), noise()):
        made = make_cue_sheet(analysis, DEFAULT_CUE_MAP.shown_as(shape), [BUTTON])
        assert {type(shown) for shown in pictures_shown(made)} == {action}
    assert DEFAULT_CUE_MAP.shown_as(Shape.AUTO) == DEFAULT_CUE_MAP


def test_without_a_subject_there_is_no_puppet() -> None:
    nobody = film(animation=encode_animation(list(still(8)), FPS), sprite=None)

    assert make_puppet(nobody) is None
    assert [type(action) for action in pictures_shown(sheet(nobody, "puppet"))] == [PlayAnimation]


def test_more_happenings_than_a_button_holds_have_no_puppet() -> None:
    def busy(count: int) -> Analysis:
        return shown(still(20 * FPS), *(event(EventKind.SHAKE, 0.5 + index, 0.5) for index in range(count)))

    assert make_puppet(busy(15)) is not None
    assert make_puppet(busy(18)) is None
    assert [type(action) for action in pictures_shown(sheet(busy(18), "puppet"))] == [PlayAnimation]


def test_a_film_longer_than_its_animation_has_no_puppet() -> None:
    seen = jumps()
    assert make_puppet(replace(seen, film=replace(seen.film, duration_s=60.0))) is None


def test_nobody_looks_for_a_puppet_that_no_button_shows() -> None:
    assert make_cue_sheet(jumps(), DEFAULT_CUE_MAP, [LAMP]).display is None


def test_a_turned_puppet_stays_turned() -> None:
    right = body(4)
    left = right[:, ::-1]
    turned = np.concatenate((still(FPS, right), still(2 * FPS, left)))
    puppet = make_puppet(shown(turned, event(EventKind.TURN, 1.0, 0.1)))

    assert puppet is not None
    turn = next(act for act in puppet.acts if act.motion is Motion.TURN)
    assert turn.period_s == pytest.approx(2 * turn.duration_s)
    last = turn.drawn([right], [turn.start_s + turn.duration_s + 1])[0]
    assert likeness(last[None], left[None])[0] > 0.85


def test_likeness_forgives_a_pixel_of_shift_and_nothing_more() -> None:
    here = body()[None]

    def moved(by: int) -> float:
        return float(likeness(np.roll(here, by, 2), here)[0])

    assert moved(0) == moved(1) == 1
    assert moved(2) < 0.9
    assert likeness(np.zeros_like(here), here)[0] == 0
    assert likeness(np.zeros_like(here), np.zeros_like(here))[0] == 1
    assert likeness(draw(body(), Motion.STILL, 0, [0]), here)[0] == 1
