"""Distilling: what a person should recognise is compared with shapes that the tests drew themselves."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from custom_components.cuelight.analysis.codec import decode_animation, decode_sprite
from custom_components.cuelight.analysis.cutout import PIECE, Shot
from custom_components.cuelight.analysis.distil import (
    FPS,
    LEAST_SIDE,
    MARGIN,
    SIDE,
    Distilled,
    distil,
)
from custom_components.cuelight.analysis.ink import Frame, crop

type Masks = npt.NDArray[np.bool_]
type Luma = npt.NDArray[np.floating]

WIDTH, HEIGHT = 128, 72
WHOLE = Frame((WIDTH - 1) / 2, (HEIGHT - 1) / 2, HEIGHT)
DARK, BRIGHT = 60.0, 180.0
SECOND = FPS
JUMP = [0.0] * 2 * SECOND + [4.0, 12.0, 18.0, 20.0, 18.0, 12.0, 4.0] + [0.0] * SECOND


def body(x: float, y: float, size: float = 12.0) -> Masks:
    """A round body with two ears, `size` pixels in radius."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    trunk = (columns - x) ** 2 + (rows - y) ** 2 < size**2
    ears = (np.abs(np.abs(columns - x) - 0.7 * size) < 0.25 * size) & (rows < y) & (rows > y - 1.4 * size)
    return trunk | ears


def texture(seed: int, level: float, width: int = WIDTH) -> Luma:
    """A smooth random pattern, 12 grey levels deep, about `level`."""
    rough = np.random.default_rng(seed).standard_normal((HEIGHT + 8, width + 8))
    smooth = np.lib.stride_tricks.sliding_window_view(rough, (9, 9)).mean(axis=(2, 3))
    return level + 12 * smooth / smooth.std()


def shot(luma: Luma, camera: Luma | None = None, noise: float = 1.5) -> Shot:
    grain = np.random.default_rng(7).standard_normal(luma.shape) * noise
    grey = np.clip(luma + grain, 0, 255).astype(np.uint8)
    return Shot(grey, np.full((len(luma), 2, HEIGHT // 2, WIDTH // 2), 128, np.uint8), WHOLE, camera)


def painted(masks: Masks, ground: Luma, level: float) -> Luma:
    return np.where(masks, texture(3, level), ground)


def jumping() -> Masks:
    return np.stack([body(70, 50 - height) for height in JUMP])


def pictures(distilled: Distilled) -> Masks:
    side, fps, frames = decode_animation(distilled.animation.data)
    drawn = np.stack(list(frames))
    assert (side, fps, len(drawn)) == (SIDE, FPS, distilled.animation.frames)
    return drawn


def framed(masks: Masks) -> Masks:
    """The masks as a camera sees them that holds them all."""
    rows, columns = np.flatnonzero(masks.any(axis=(0, 2))), np.flatnonzero(masks.any(axis=(0, 1)))
    side = max(MARGIN * max(np.ptp(rows), np.ptp(columns)), LEAST_SIDE * HEIGHT)
    frame = Frame((columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2, side)
    return crop([masks.astype(np.float32)], [frame], SIDE)[0] > 0.5


def likeness(seen: Masks, truth: Masks) -> float:
    return float((seen & truth).sum() / (seen | truth).sum())


def grown(masks: Masks) -> Masks:
    """The masks and a pixel around them."""
    wide = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    return np.any([np.roll(wide, (y, x), (1, 2)) for y in (-1, 0, 1) for x in (-1, 0, 1)], axis=0)[:, 1:-1, 1:-1]


@pytest.mark.parametrize(("ground", "level"), [(DARK, BRIGHT), (BRIGHT, DARK)])
def test_the_subject_is_lit_and_the_background_dark_whichever_of_them_is_brighter(ground: float, level: float) -> None:
    masks = jumping()

    seen = pictures(distil([shot(painted(masks, texture(1, ground), level))]))

    truth = framed(masks)
    assert likeness(seen, truth) >= 0.75
    assert (seen & ~grown(truth)).mean() < 0.01


def test_a_subject_that_waits_is_shown_from_the_first_picture() -> None:
    masks = jumping()

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    assert likeness(seen[:1], framed(masks)[:1]) >= 0.75


def test_things_that_stand_behind_the_subject_are_dark() -> None:
    masks = jumping()
    poles = np.where(np.arange(WIDTH) % 18 < 5, 55.0, 0.0)

    seen = pictures(distil([shot(painted(masks, texture(1, DARK) + poles, BRIGHT + 20))]))

    truth = framed(masks)
    assert likeness(seen, truth) >= 0.7
    assert (seen & ~grown(truth)).mean() < 0.02


def test_the_place_a_subject_has_left_is_dark() -> None:
    masks = np.stack([body(30, 40, 9)] * 3 * SECOND + [body(30 + 7 * step, 40, 9) for step in range(8)])

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    left, right = seen[-1, :, : SIDE // 2], seen[-1, :, SIDE // 2 :]
    assert not left.any()
    assert right.sum() > 60


def test_told_where_it_is_a_subject_leaves_nothing_behind_on_a_busy_wall() -> None:
    """It rests at one place for some time, then at another."""
    path = [40.0] * 2 * SECOND + [40.0 + 3 * step for step in range(8)] + [64.0] * 3 * SECOND
    masks = np.stack([body(x, 40, 14) for x in path])
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    bricks = np.random.default_rng(5).uniform(40, 170, (9, 10))[rows // 8, (columns + rows // 8 % 2 * 8) // 16]
    luma = painted(masks, bricks, 160)
    halves = [[(axis[0] - edge) / 2, (axis[-1] - edge) / 2] for mask in masks for axis, edge in sides(mask)]
    boxes = np.array(halves).reshape(len(masks), 1, 4)

    seen = pictures(distil([replace(shot(luma), subject=boxes)]))

    truth = framed(masks)
    assert likeness(seen, truth) > 0.6
    assert likeness(seen, truth) > likeness(pictures(distil([shot(luma)])), truth) + 0.2


def sides(mask: Masks) -> list[tuple[npt.NDArray[np.intp], float]]:
    """The columns and the rows that a mask takes, and the middle of each."""
    middles = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    return [(np.flatnonzero(mask.any(axis=axis)), middle) for axis, middle in enumerate(middles)]


def test_the_height_of_a_jump_is_seen() -> None:
    masks = jumping()

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    rows = [np.nonzero(picture)[0].mean() for picture in seen]
    true = [np.nonzero(picture)[0].mean() for picture in framed(masks)]
    assert max(rows) - min(rows) == pytest.approx(max(true) - min(true), abs=1.5)


def test_what_approaches_grows() -> None:
    sizes = [6.0] * SECOND + [6.0 + step for step in range(2 * SECOND)] + [22.0] * SECOND
    masks = np.stack([body(64, 38, size) for size in sizes])

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    assert likeness(seen, framed(masks)) >= 0.75
    assert seen[-1].sum() > 6 * seen[0].sum()


def test_a_path_too_long_for_the_pixels_is_shortened_and_not_cut_off() -> None:
    masks = np.stack([body(10 + 3 * step, 40, 6) for step in range(36)])

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    middles = [np.flatnonzero(picture.any(axis=0)).mean() for picture in seen]
    assert np.diff(middles).min() > -1
    assert middles[-1] - middles[0] > SIDE / 3
    assert min(picture.sum() for picture in seen) > 0.8 * max(picture.sum() for picture in seen)


def test_the_picture_is_dark_before_a_subject_appears_and_after_it_is_gone() -> None:
    masks = np.stack([body(64, 40) & (SECOND <= tick < 2 * SECOND) for tick in range(4 * SECOND)])

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT))]))

    lit = seen.any(axis=(1, 2))
    assert lit.tolist() == masks.any(axis=(1, 2)).tolist()


def test_eyes_stay_dark() -> None:
    masks = jumping()
    eyes = np.stack([body(65, 47 - height, 2.0) | body(75, 47 - height, 2.0) for height in JUMP])
    luma = np.where(eyes, 125.0, painted(masks, texture(1, DARK), BRIGHT))

    seen = pictures(distil([shot(luma)]))

    dark = framed(masks) & ~seen
    inside = dark & ~grown(~framed(masks))
    assert (inside.sum(axis=(1, 2)) >= 4).mean() > 0.9


def test_a_cast_shadow_is_left_out() -> None:
    masks = jumping()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shadow = ((columns - 70) / 14) ** 2 + ((rows - 65) / 2.5) ** 2 < 1
    dim = np.array([1 - 0.3 * (1 - height / 40) for height in JUMP])[:, None, None]
    ground = np.where(shadow, dim, 1.0) * texture(1, BRIGHT)

    seen = pictures(distil([shot(painted(masks, ground, DARK - 30))]))

    assert (seen & ~grown(framed(masks))).mean() < 0.01


def test_what_rests_does_not_flicker() -> None:
    masks = jumping()

    seen = pictures(distil([shot(painted(masks, texture(1, DARK), BRIGHT), noise=3.0)]))

    resting = seen[: 2 * SECOND]
    assert (resting[1:] != resting[:-1]).mean() < 0.003


def test_a_flash_neither_lights_the_background_nor_hides_the_subject() -> None:
    masks = jumping()
    luma = painted(masks, texture(1, DARK), BRIGHT)
    luma[SECOND] = 225 + 0.1 * luma[SECOND]

    seen = pictures(distil([shot(luma)]))

    assert likeness(seen[SECOND], framed(masks)[SECOND]) >= 0.7
    assert (seen & ~grown(framed(masks))).mean() < 0.01


def test_the_whole_picture_is_shown_where_nothing_moves() -> None:
    ground = np.broadcast_to(texture(1, DARK), (2 * SECOND, HEIGHT, WIDTH)).copy()
    ground[:, :, WIDTH // 2 :] += 80

    distilled = distil([shot(ground)])

    seen = pictures(distilled)
    assert distilled.sprite is None
    assert seen[:, :, 20:].mean() > 0.7
    assert seen[:, :, :12].mean() < 0.3


def test_the_whole_picture_is_shown_where_only_the_camera_moves() -> None:
    wide = 4 * (texture(1, DARK, WIDTH + 40) - DARK) + 100
    ticks = np.arange(20)
    luma = np.stack([wide[:, 2 * tick : 2 * tick + WIDTH] for tick in ticks])
    camera = np.stack((ticks - 10.0, 0.0 * ticks, 0.0 * ticks), axis=1)

    assert distil([shot(luma, camera)]).sprite is None


def test_the_whole_picture_is_shown_where_the_camera_moves_too_far() -> None:
    wide = 4 * (texture(1, DARK, WIDTH + 120) - DARK) + 100
    ticks = np.arange(20)
    luma = np.stack([wide[:, 6 * tick : 6 * tick + WIDTH] for tick in ticks])
    masks = np.stack([body(64, 50 - height) for height in JUMP[8:28]])
    camera = np.stack((3.0 * ticks - 30, 0.0 * ticks, 0.0 * ticks), axis=1)

    assert distil([shot(painted(masks, luma, 220), camera)]).sprite is None


def test_a_subject_is_found_though_the_camera_moves() -> None:
    wide = 3 * (texture(1, DARK, WIDTH + 40) - DARK) + 60
    ticks = np.arange(len(JUMP))
    masks = np.stack([body(70 - tick, 50 - height) for tick, height in enumerate(JUMP)])
    luma = painted(masks, np.stack([wide[:, tick : tick + WIDTH] for tick in ticks]), 220)
    middle = len(JUMP) // 2
    camera = np.stack(((ticks - middle) / 2, 0.0 * ticks, 0.0 * ticks), axis=1)

    seen = pictures(distil([shot(luma, camera)]))

    steady = np.stack([body(70 - middle, 50 - height) for height in JUMP])
    assert likeness(seen, framed(steady)) >= 0.6


def test_a_subject_is_found_though_the_camera_moves_for_a_short_while() -> None:
    """It rests for two thirds of the time, then shows more of the place; what is new there is no subject."""
    wide = 3 * (texture(1, DARK, WIDTH + 40) - DARK) + 60
    path = np.clip(np.arange(len(JUMP)) - 20, 0, 8) * 4
    masks = np.stack([body(70 - x, 50 - height) for x, height in zip(path, JUMP, strict=True)])
    luma = painted(masks, np.stack([wide[:, x : x + WIDTH] for x in path]), 220)
    camera = np.stack((path / 2, 0.0 * path, 0.0 * path), axis=1)

    seen = pictures(distil([shot(luma, camera)]))

    steady = np.stack([body(70, 50 - height) for height in JUMP])
    assert likeness(seen, framed(steady)) >= 0.6
    assert (seen & ~grown(framed(steady))).mean() < 0.01


def test_each_shot_has_its_own_subject_and_the_pictures_keep_their_order() -> None:
    masks = jumping()
    moving = shot(painted(masks, texture(1, DARK), BRIGHT))
    still = shot(np.broadcast_to(texture(2, DARK), (6, HEIGHT, WIDTH)))

    seen = pictures(distil([still, moving]))

    alone = pictures(distil([moving]))
    assert len(seen) == 6 + len(masks)
    assert (seen[6:] == alone).all()


def test_the_sprite_is_the_subject_whole_and_in_the_middle() -> None:
    masks = np.stack([body(-12 + 4 * min(step, 20), 40) for step in range(32)])

    sprite = distil([shot(painted(masks, texture(1, DARK), BRIGHT))]).sprite

    assert sprite is not None
    drawn = decode_sprite(sprite)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    assert abs(columns[0] + columns[-1] - (SIDE - 1)) <= 3
    assert abs(rows[0] + rows[-1] - (SIDE - 1)) <= 3
    assert max(np.ptp(rows), np.ptp(columns)) >= SIDE - 5
    whole = body(64, 40)
    frame = Frame(64, 37.5, 1.06 * (np.ptp(np.flatnonzero(whole.any(axis=1)))))
    assert likeness(drawn, crop([whole[None].astype(np.float32)], [frame], SIDE)[0, 0] > 0.5) > 0.75


def test_the_sprite_is_taken_while_the_subject_is_whole() -> None:
    sizes = [8.0] * SECOND + [8.0 + step for step in range(14)] + [22.0] * SECOND
    masks = np.stack([body(64, 52, size) for size in sizes])

    sprite = distil([shot(painted(masks, texture(1, DARK), BRIGHT))]).sprite

    assert sprite is not None
    drawn = decode_sprite(sprite)
    lowest = np.flatnonzero(drawn.any(axis=1))[-1]
    assert drawn[lowest - 1].sum() < SIDE / 2, "a round body ends in a round, not in the picture's edge"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_shortest_shots_have_pictures_too(count: int) -> None:
    distilled = distil([shot(np.broadcast_to(texture(1, DARK), (count, HEIGHT, WIDTH)))])

    assert distilled.animation.frames == count


@pytest.mark.parametrize("begin", [0.25, 4.0])
def test_a_fade_hides_no_subject(begin: float) -> None:
    """The light comes up, or goes down, over a second; the contrast with it."""
    masks = jumping()
    bright = painted(masks, 3 * (texture(1, DARK) - DARK) + DARK + 10, BRIGHT)
    share = np.clip(np.arange(len(masks)) / SECOND - 0.5, 0, 1)[:, None, None]
    faded = bright * (begin + (1 - begin) * share if begin < 1 else 1 - 0.75 * share)

    seen = pictures(distil([shot(faded, noise=0.5)]))

    truth = framed(masks)
    assert likeness(seen, truth) > 0.69
    assert (seen & ~grown(truth)).mean() < 0.005


def test_pieces_are_no_subject() -> None:
    """Leaves that sway here and there: the whole picture says more than they do."""
    leaves = [(14, 12), (112, 14), (60, 20), (18, 58), (108, 56), (66, 56)]
    sway = [6 * np.sin(step / 3) for step in range(4 * SECOND)]
    masks = np.stack([np.any([body(x + by, y, 4.0) for x, y in leaves], axis=0) for by in sway])
    ground = np.where(np.arange(WIDTH) < WIDTH // 2, DARK, BRIGHT - 40) + 0 * texture(1, 0.0)

    distilled = distil([shot(painted(masks, ground, 220))])

    seen = pictures(distilled)
    assert distilled.sprite is None
    assert seen[:, :, 20:].mean() > seen[:, :, :12].mean() + 0.4


class Enough(Exception):
    """Raised by a check that has been called often enough."""


def checks(shots: list[Shot], most: int = 1_000_000) -> int:
    """How often distilling asks whether to go on, if it is told to stop after `most` times."""
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked >= most:
            raise Enough

    with suppress(Enough):
        distil(shots, check=check)
    return asked


def test_told_to_stop_it_does_no_further_piece_of_work() -> None:
    ticks = np.arange(len(JUMP))
    wide = 3 * (texture(1, DARK, WIDTH + 40) - DARK) + 60
    luma = painted(jumping(), np.stack([wide[:, tick : tick + WIDTH] for tick in ticks]), 220)
    camera = np.stack(((ticks - len(JUMP) // 2) / 2, 0.0 * ticks, 0.0 * ticks), axis=1)
    shots = [shot(painted(jumping(), texture(1, DARK), BRIGHT)), shot(luma, camera)]

    pieces = checks(shots)

    assert pieces - checks(shots[:1]) > 3 * len(JUMP) / PIECE, "a few pictures are moved at once, not all"
    for most in range(1, pieces, 3):
        assert checks(shots, most) == most
