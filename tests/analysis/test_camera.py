"""The camera's motion is found to a fraction of a pixel, whatever else moves."""

import numpy as np
import pytest

from custom_components.cuelight.analysis.camera import Floats, blurred, halved, register, warp
from custom_components.cuelight.analysis.pixels import slope

HEIGHT, WIDTH = 36, 64


def texture(seed: int = 1, height: int = HEIGHT, width: int = WIDTH) -> Floats:
    """A smooth random pattern of usual contrast."""
    rough = np.random.default_rng(seed).standard_normal((height + 8, width + 8))
    smooth = np.lib.stride_tricks.sliding_window_view(rough, (9, 9)).mean(axis=(2, 3))
    return (110 + 35 * smooth / smooth.std()).astype(np.float32)


def seen(ground: Floats, x: float, y: float, zoom: float) -> Floats:
    """The middle of a large pattern, moved and scaled."""
    moved, _ = warp(ground[None], *(np.array([value], np.float32) for value in (x, y, zoom)))
    top, left = ((large - small) // 2 for large, small in zip(ground.shape, (HEIGHT, WIDTH), strict=True))
    return moved[0, top : top + HEIGHT, left : left + WIDTH]


@pytest.mark.parametrize(
    ("x", "y", "zoom"), [(0, 0, 0), (0.04, 0, 0), (1.3, -0.6, 0), (-4.5, 2.5, 0), (0, 0, 0.05), (2, 1, -0.04)]
)
def test_a_motion_is_found(x: float, y: float, zoom: float) -> None:
    ground = texture(height=60, width=100)
    before, after = seen(ground, 0, 0, 0), seen(ground, x, y, zoom)
    motion = register(after[None], before[None])
    assert motion.x[0] == pytest.approx(x, abs=0.06)
    assert motion.y[0] == pytest.approx(y, abs=0.06)
    assert motion.zoom[0] == pytest.approx(zoom, abs=0.004)


def test_pairs_do_not_disturb_each_other() -> None:
    ground = texture(height=60, width=100)
    before = seen(ground, 0, 0, 0)
    moves = [(0.0, 0.0), (3.0, 0.0), (0.0, -2.0), (0.02, 0.0)]
    after = np.stack([seen(ground, x, y, 0) for x, y in moves])
    motion = register(after, np.repeat(before[None], len(moves), axis=0))
    assert motion.x == pytest.approx([x for x, _ in moves], abs=0.06)
    assert motion.y == pytest.approx([y for _, y in moves], abs=0.06)


def test_a_subject_that_moves_is_left_out() -> None:
    ground = texture(height=60, width=100)
    before, after = seen(ground, 0, 0, 0).copy(), seen(ground, 1.5, 0, 0).copy()
    before[10:28, 12:30] = 220
    after[10:28, 20:38] = 220
    assert register(after[None], before[None]).x[0] == pytest.approx(1.5, abs=0.1)


def test_light_that_changes_is_no_motion() -> None:
    before = texture()
    motion = register((0.8 * before + 10)[None], before[None])
    assert abs(motion.x[0]) < 0.05
    assert abs(motion.zoom[0]) < 0.002
    assert motion.gain[0] == pytest.approx(np.log(0.8), abs=0.03)


@pytest.mark.parametrize("level", [0.0, 16.0, 128.0, 255.0])
def test_an_empty_picture_does_not_move(level: float) -> None:
    noise = blurred(np.random.default_rng(2).standard_normal((2, HEIGHT, WIDTH)).astype(np.float32))
    motion = register(noise[:1] + level, noise[1:] + level)
    assert abs(motion.x[0]) < 0.3
    assert abs(motion.y[0]) < 0.3
    assert abs(motion.zoom[0]) < 0.02


def test_another_scene_gives_finite_numbers() -> None:
    motion = register(texture(1)[None], 255 - texture(2)[None])
    assert all(np.isfinite(column).all() for column in (motion.x, motion.y, motion.zoom, motion.gain, motion.offset))


@pytest.mark.parametrize("shape", [(36, 64), (64, 36), (48, 48), (32, 74), (18, 128)])
def test_every_proportion_is_registered(shape: tuple[int, int]) -> None:
    ground = texture(3, shape[0] + 8, shape[1] + 8)
    before, after = ground[4:-4, 4:-4], ground[4:-4, 3:-5]
    assert register(after[None], before[None]).x[0] == pytest.approx(1, abs=0.06)


def test_warping_tells_what_it_could_see() -> None:
    one = np.ones(1, np.float32)
    _, inside = warp(texture()[None], 3 * one, 0 * one, 0 * one)
    assert (inside[0, :, :3] < 0.5).all()
    assert (inside[0, :, 3:] == 1).all()


def test_halving_and_smoothing_keep_the_brightness() -> None:
    picture = texture()[None]
    assert halved(picture).mean() == pytest.approx(picture.mean(), rel=1e-4)
    assert blurred(picture).mean() == pytest.approx(picture.mean(), rel=1e-2)
    assert blurred(np.full((1, 6, 8), 7.0)) == pytest.approx(7.0)


def test_the_slope_of_a_ramp_is_its_step() -> None:
    ramp = np.tile(np.arange(12.0) * 5, (8, 1))[None]
    assert slope(ramp)[0, 1:-1, 1:-1] == pytest.approx(5)


@pytest.mark.parametrize(("x", "zoom"), [(2.0, 0.0), (0.12, 0.0), (0.0, 0.04), (0.0, 0.004)])
def test_before_a_plain_wall_a_subject_moves_no_camera(x: float, zoom: float) -> None:
    subject = texture() - 110
    y, column = np.mgrid[:HEIGHT, :WIDTH]
    subject *= np.clip(12 - np.hypot(y - 18, column - 32), 0, 1)
    after, _ = warp(subject[None], *(np.array([value], np.float32) for value in (x, 0.0, zoom)))
    motion = register(after + 110, subject[None] + 110)
    assert abs(motion.x[0]) < 0.05
    assert abs(motion.zoom[0]) < 0.002
