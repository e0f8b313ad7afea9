"""The pictures of an analysis."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom_components.cuelight.analysis import (
    Analysis,
    Animation,
    Curves,
    Event,
    EventKind,
    Film,
    ShotPalette,
    analyze_film,
)
from custom_components.cuelight.analysis.codec import encode_animation
from custom_components.cuelight.analysis.plot import (
    EDGE,
    GIF_SCALE,
    GROUPS,
    GUTTER,
    INK,
    LANE,
    LIT,
    PAPER,
    UNLIT,
    WIDTH,
    draw_gif,
    draw_timeline,
)

from .staged_films import View, arc, film


@dataclass(frozen=True)
class Cue:
    at_s: float
    performer: str
    action: object


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB")).astype(int)


def shows(image: Image.Image, colour: tuple[int, int, int]) -> int:
    """How many pixels have just this colour."""
    return int((pixels(image) == colour).all(axis=2).sum())


def analysis(**changes: object) -> Analysis:
    """An analysis of a film that is no more."""
    pictures = [np.eye(32, dtype=np.bool_), ~np.eye(32, dtype=np.bool_)] * 8
    whole = Analysis(
        film=Film(Path("gone.mp4"), 832, 480, 16.0, 32, 2.0),
        events=(),
        palette=(ShotPalette(0.0, 2.0, ((10, 200, 30), (200, 10, 30))),),
        curves=Curves(10, (0.5,) * 20, (0.1,) * 20),
        animation=Animation(encode_animation(pictures, 8), 32, 8, len(pictures)),
        sprite=None,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_the_timeline_shows_the_films_own_pictures(tmp_path: Path) -> None:
    path = film(tmp_path / "jump.mp4", lambda t: View(y=0.7 - 0.3 * arc(t, 0.5, 1.2)), 2.0)
    whole = analyze_film(path)
    with_film = draw_timeline(whole)
    path.unlink()
    without = draw_timeline(whole)
    assert with_film.width == without.width == WIDTH
    assert with_film.height > without.height + 40


def test_the_timeline_shows_the_palette() -> None:
    image = draw_timeline(analysis())
    for colour in ((10, 200, 30), (200, 10, 30)):
        assert shows(image, colour) > 5000


def test_every_kind_of_event_has_a_lane_and_a_colour() -> None:
    grouped = [kind for _, _, kinds in GROUPS for kind in kinds]
    assert sorted(grouped) == sorted(EventKind)
    bare = draw_timeline(analysis())
    for group, colour, kinds in GROUPS:
        for kind in kinds:
            image = draw_timeline(analysis(events=(Event(kind, 0.5, 0.5, 1.0),)))
            assert image.height == bare.height + LANE, group
            assert shows(image, colour) > shows(bare, colour), kind


def test_a_doubtful_event_is_paler() -> None:
    colour = GROUPS[0][1]
    sure = draw_timeline(analysis(events=(Event(EventKind.JUMP, 0.5, 1.0, 1.0),)))
    doubtful = draw_timeline(analysis(events=(Event(EventKind.JUMP, 0.5, 1.0, 0.5),)))
    assert shows(doubtful, colour) < shows(sure, colour)


def test_events_lie_where_they_happen() -> None:
    def middle(start_s: float) -> float:
        colour = GROUPS[2][1]
        event = Event(EventKind.BRIGHTEN, start_s, 0.3, 1.0)
        columns = np.flatnonzero((pixels(draw_timeline(analysis(events=(event,)))) == colour).all(axis=2).sum(0) > 6)
        return float(columns.mean())

    assert middle(0.1) < middle(0.8) < middle(1.6)
    assert middle(1.6) - middle(0.8) == pytest.approx(middle(0.8) - middle(0.0), rel=0.05)


def test_neighbours_in_a_lane_do_not_write_over_each_other() -> None:
    """With a second move close by, the first's text is no longer where the second is drawn."""
    move = Event(EventKind.MOVE_LEFT, 0.5, 0.05, 1.0, {"distance": 0.42})
    near = Event(EventKind.MOVE_LEFT, 0.57, 0.05, 1.0, {"distance": 0.42})
    both, alone = (pixels(draw_timeline(analysis(events=events))) for events in ((move, near), (near,)))
    start = round(GUTTER + (WIDTH - GUTTER - EDGE) * 0.57 / 2.0)
    assert (both[:, start:] == alone[:, start:]).all()


def test_where_the_text_has_no_room_the_measure_is_told_within_the_bar() -> None:
    bars = [Event(EventKind.MOVE_LEFT, 0.5, 0.12, 1.0, {"distance": distance}) for distance in (0.42, 0.57)]
    one, other = (pixels(draw_timeline(analysis(events=(bar,)))) for bar in bars)
    columns = np.flatnonzero((one != other).any(axis=(0, 2)))
    left, right = (GUTTER + (WIDTH - GUTTER - EDGE) * time_s / 2.0 for time_s in (0.5, 0.62))
    assert columns.size
    assert left < columns.min()
    assert columns.max() < right


def test_cues_are_drawn_by_performer() -> None:
    bare = draw_timeline(analysis())
    one = draw_timeline(analysis(), [Cue(0.5, "desk", "light red"), Cue(0.6, "desk", "jump")])
    two = draw_timeline(analysis(), [Cue(0.5, "desk", "light red"), Cue(1.0, "shelf", "x" * 500)])
    assert bare.height < one.height < two.height
    assert two.width == WIDTH


def test_performers_that_do_the_same_share_a_lane() -> None:
    def height(*others: Cue) -> int:
        return draw_timeline(analysis(), [Cue(0.5, "desk", "jump"), *others]).height

    crowd = [Cue(0.5, f"button {number}", "jump") for number in range(200)]
    assert height(crowd[0]) < height(Cue(0.5, "shelf", "turn"))
    assert height(*crowd) == height(*crowd[:20])


def test_cues_at_the_same_moment_are_all_told() -> None:
    def told(count: int) -> int:
        return shows(draw_timeline(analysis(), [Cue(0.5, "desk", f"light {number}") for number in range(count)]), INK)

    assert told(1) < told(2) < told(3) < told(5)
    assert draw_timeline(analysis(), [Cue(0.5, "desk", str(number)) for number in range(500)]).height < 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"film": Film(Path("o.mp4"), 1, 1, 0.0, 1, 0.0), "curves": Curves(10, (0.5,), (0.0,))},
        {"film": Film(Path("long.mp4"), 1, 1, 24.0, 21600, 900.0)},
        {"events": tuple(Event(kind, 1.9, 30.0, 0.5, {"height": 0.5, "hz": 2.0}) for kind in EventKind)},
        {"film": Film(Path("名字" * 200 + ".mp4"), 1, 1, 24.0, 48, 2.0)},
        {"curves": Curves(10, (), ())},
        {"animation": Animation(encode_animation([np.zeros((16, 16), np.bool_)], 1), 16, 1, 1)},
    ],
    ids=["no time at all", "a quarter of an hour", "all at the edge", "a long name", "no curves", "one small picture"],
)
def test_odd_analyses_are_drawn_too(changes: dict[str, object]) -> None:
    image = draw_timeline(analysis(**changes))
    assert image.width == WIDTH
    assert 200 < image.height < 4000
    assert image.getpixel((1, 1)) == PAPER


def test_the_gif_is_the_animation(tmp_path: Path) -> None:
    pictures = [np.tri(32, k=step, dtype=np.bool_) for step in range(-16, 16, 4)]
    path = tmp_path / "a.gif"
    draw_gif(Animation(encode_animation(pictures, 8), 32, 8, len(pictures)), path)
    with Image.open(path) as gif:
        assert gif.size == (32 * GIF_SCALE, 32 * GIF_SCALE)
        assert gif.n_frames == len(pictures)  # type: ignore[attr-defined]
        assert gif.info["loop"] == 0
        for index, picture in enumerate(pictures):
            gif.seek(index)
            assert gif.info["duration"] == pytest.approx(125, abs=10)
            shown = pixels(gif)[GIF_SCALE // 2 :: GIF_SCALE, GIF_SCALE // 2 :: GIF_SCALE]
            expected = np.where(picture[:, :, None], LIT, UNLIT)
            assert np.abs(shown - expected).max() < 30


def test_a_repeated_picture_keeps_its_time_in_the_gif(tmp_path: Path) -> None:
    held = np.eye(16, dtype=np.bool_)
    path = tmp_path / "a.gif"
    draw_gif(Animation(encode_animation([held, held, ~held], 10), 16, 10, 3), path)
    with Image.open(path) as gif:
        total = 0
        for index in range(gif.n_frames):  # type: ignore[attr-defined]
            gif.seek(index)
            total += gif.info["duration"]
    assert total == pytest.approx(300, abs=30)
