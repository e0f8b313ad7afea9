"""Where the subject is, and when: motions that a motion analyser can find."""

import itertools
import random

import numpy as np
import pytest

from custom_components.cuelight.t2v.drawing.choreography import Choreography, Pose, choreograph
from custom_components.cuelight.t2v.drawing.subjects import CAST
from custom_components.cuelight.t2v.lexicon import Motion

FPS = 16
SEEDS = range(8)
GROUNDED = ("cat", "person", "ball", "car")


def film_of(
    *motions: Motion, subject: str = "cat", seed: int = 1, duration: float = 5.0, fps: int = FPS
) -> Choreography:
    return choreograph(motions, CAST[subject], duration, fps, random.Random(seed))


def poses(film: Choreography) -> list[Pose]:
    return [film.pose(index / film.fps) for index in range(round(film.duration * film.fps) + 1)]


def of(film: Choreography, name: str) -> np.ndarray:
    return np.array([getattr(pose, name) for pose in poses(film)])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("subject", GROUNDED)
def test_a_jump_is_a_parabola_of_real_height_and_time(subject: str, seed: int) -> None:
    film = film_of(Motion.JUMP, subject=subject, seed=seed)
    times = np.linspace(0, film.duration, 2000)
    lift = np.array([film.pose(t).lift for t in times])
    airborne = times[lift > 0.004]
    assert 0.14 <= lift.max() <= 0.4
    assert 0.5 <= airborne[-1] - airborne[0] <= 0.9
    middle = (times > airborne[0] + 0.05) & (times < airborne[-1] - 0.05)
    assert np.ptp(np.diff(lift[middle], 2)) < 1e-6, "gravity is constant"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_turn_goes_one_way_and_comes_back_facing_the_other_way(seed: int) -> None:
    film = film_of(Motion.TURN, seed=seed)
    x, face = of(film, "x"), of(film, "face")
    assert face[0] == -face[-1]
    assert abs(x[0] - x[-1]) < 1e-6
    assert 0.2 <= np.ptp(x) <= 0.3
    assert np.sign(x[np.argmax(np.abs(x - x[0]))] - x[0]) == face[0], "it walks where it looks"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("motion", "grows"), [(Motion.APPROACH, True), (Motion.RETREAT, False)])
def test_approach_and_retreat_change_the_size_by_a_clear_ratio(motion: Motion, grows: bool, seed: int) -> None:
    for subject in CAST:
        scale = of(film_of(motion, subject=subject, seed=seed), "scale")
        ratio = scale[-1] / scale[0] if grows else scale[0] / scale[-1]
        assert 1.5 <= ratio <= 2.5
        assert CAST[subject].height * scale.max() <= 0.6


def test_a_fall_drops_from_a_ledge_faster_and_faster() -> None:
    film = film_of(Motion.FALL)
    level = of(film, "level")
    assert level[0] > 0.28
    assert level[-1] == 0
    drop = -np.diff(level)
    assert np.count_nonzero(drop) / FPS < 0.6
    assert film.ledge is not None
    assert film.ledge[0] < film.opening.x < film.ledge[1]
    assert not film.ledge[0] < poses(film)[-1].x < film.ledge[1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fps", [12, 16, 30])
def test_a_shake_has_a_rate_that_the_frames_can_show(seed: int, fps: int) -> None:
    film = film_of(Motion.SHAKE, seed=seed, fps=fps)
    x = of(film, "x")
    crossings = np.count_nonzero(np.diff(np.sign(x - x[0])[np.abs(x - x[0]) > 0.004]))
    span = film.spans[0]
    assert 2.5 <= span.rate <= min(6, fps / 3.2)
    assert crossings / 2 / (span.end - span.start) == pytest.approx(span.rate, rel=0.35)


def test_stillness_freezes_everything() -> None:
    film = film_of(Motion.JUMP, Motion.STILL, Motion.SPIN)
    span = film.spans[1]
    frozen = [film.pose(t) for t in np.linspace(span.start, span.end - 0.01, 30)]
    assert span.end - span.start >= 0.5
    assert len(set(frozen)) == 1


@pytest.mark.parametrize("fps", [16, 24, 30])
def test_a_flash_lasts_one_to_three_frames(fps: int) -> None:
    bright = of(film_of(Motion.FLASH, fps=fps), "flash") > 0
    assert 1 <= bright.sum() <= (3 if fps == 16 else 4)


def test_who_appears_was_away_and_who_disappears_stays_away() -> None:
    alpha = of(film_of(Motion.APPEAR, Motion.JUMP, Motion.DISAPPEAR), "alpha")
    assert (alpha[0], alpha[len(alpha) // 2], alpha[-1]) == (0, 1, 0)


def test_nobody_acts_unseen() -> None:
    film = film_of(Motion.DISAPPEAR, Motion.JUMP)
    assert [span.motion for span in film.spans] == [Motion.DISAPPEAR, Motion.APPEAR, Motion.JUMP]
    film = film_of(Motion.JUMP, Motion.APPEAR)
    assert [span.motion for span in film.spans] == [Motion.JUMP, Motion.DISAPPEAR, Motion.APPEAR]


@pytest.mark.parametrize("pair", list(itertools.permutations(Motion, 2)), ids="-".join)
def test_any_two_beats_stay_in_order_in_time_and_in_the_frame(pair: tuple[Motion, Motion]) -> None:
    for subject, seed in (("cat", 1), ("fish", 2), ("person", 3)):
        film = film_of(*pair, subject=subject, seed=seed)
        played = [span.motion for span in film.spans]
        assert [motion for motion in played if motion in pair][:2] == list(pair)
        assert all(a.end < b.start for a, b in itertools.pairwise(film.spans))
        assert film.spans[-1].end <= film.duration
        x = of(film, "x")
        assert x.min() > 0.1
        assert x.max() < 0.9
        assert np.abs(np.diff(x)).max() < 0.09, "no jumps in place"


def test_beats_that_do_not_fit_are_left_out_from_the_end_and_told() -> None:
    film = film_of(*[Motion.TURN] * 10)
    assert 1 < len(film.spans) < 10
    assert any("too short for every beat" in note for note in film.notes)
    assert len(film_of(*[Motion.TURN] * 10, duration=30).spans) == 10


def test_a_very_short_film_plays_its_first_beat() -> None:
    film = film_of(Motion.JUMP, Motion.TURN, duration=0.5)
    assert [span.motion for span in film.spans] == [Motion.JUMP]
    assert film.spans[0].end <= 0.5 + 1 / FPS
