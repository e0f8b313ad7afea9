"""A film acted by a puppet: the subject's own outline, moved by the button's motion engine.

A few poses and a motion for each thing that happens take a hundred bytes or two where the film's animation takes one to
three thousand. How like the film the puppet is, is measured: both are drawn and compared picture by picture.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ..analysis.codec import SPRITE_SIDE, decode_animation, encode_sprite
from ..analysis.exceptions import CodecError
from ..analysis.models import Analysis, Event, EventKind
from ..link.const import Motion
from .motion_engine import draw, phase

LIKE_ENOUGH: Final = 0.75
"""Likeness from which a puppet stands for the film; a shape drawn a tenth too small has 0.8."""
MOST_POSES: Final = 4
"""Poses at most; each is an upload of some 60 bytes."""
MOST_ACTS: Final = 32
"""Acts at most: half the cues a button holds, the rest being light and servo. The search grows with their square."""
LESS: Final = 0.5
"""Share of the animation's bytes that a puppet may take, or it is not worth what it loses."""
POSE_GAIN: Final = 0.01
"""Likeness that another pose must add."""
CUE_BYTES: Final = 14
"""Bytes that one motion takes among a button's cues."""
SHORTEST_S: Final = 0.2
"""Seconds below which a motion is not seen."""

_AMPLITUDES: Final = (48, 80, 112, 144, 176, 208, 240)
"""Those tried; with less a motion is none."""
_MOTIONS: Final[Mapping[EventKind, tuple[Motion, ...]]] = {
    EventKind.JUMP: (Motion.JUMP,),
    EventKind.FALL: (Motion.FALL,),
    EventKind.TURN: (Motion.TURN,),
    EventKind.APPROACH: (Motion.APPROACH,),
    EventKind.RETREAT: (Motion.RETREAT,),
    EventKind.SHAKE: (Motion.SHAKE, Motion.WOBBLE),
    EventKind.APPEAR: (Motion.APPEAR,),
    EventKind.DISAPPEAR: (Motion.DISAPPEAR,),
    EventKind.MOVE_LEFT: (Motion.WALK,),
    EventKind.MOVE_RIGHT: (Motion.WALK,),
}
"""What may act an event."""
_TURN_S: Final = 0.3
_INSTANT_S: Final = 0.5
_CROUCH: Final = 1 / 6
"""Time that the engine takes to crouch before and after a jump, in units of the flight."""
_BOUNCE: Final = 1 / 3
"""Time that the engine takes to bounce after a fall, in units of the fall."""

type Pictures = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Act:
    """One motion of a pose, in seconds from the film's start; `amplitude` 0..255, `pose` an index."""

    start_s: float
    duration_s: float
    motion: Motion = Motion.STILL
    amplitude: int = 0
    period_s: float = 1.0
    pose: int = 0

    def drawn(self, poses: Sequence[Pictures], times_s: Sequence[float]) -> Pictures:
        """What a button shows at these times."""
        period_ms, duration_ms = round(1000 * self.period_s), round(1000 * self.duration_s)
        at = [phase(period_ms, duration_ms, max(0, round(1000 * (time_s - self.start_s)))) for time_s in times_s]
        return draw(poses[self.pose], self.motion, self.amplitude, at)


@dataclass(frozen=True, slots=True)
class Puppet:
    """Acts one after the other that fill the film, their poses as sprites, and how like the film's animation it is.

    `likeness` is that of the act that is least like it: a puppet that rests well but jumps badly is no good.
    """

    acts: tuple[Act, ...]
    poses: tuple[bytes, ...]
    likeness: float

    @property
    def size(self) -> int:
        """Bytes that a button is sent: the poses and the acts."""
        return sum(map(len, self.poses)) + CUE_BYTES * len(self.acts)

    def stands_for(self, analysis: Analysis) -> bool:
        """Whether it is like the film's animation and much shorter."""
        return self.likeness >= LIKE_ENOUGH and self.size <= LESS * len(analysis.animation.data)


@dataclass(slots=True)
class _Stage:
    """An act to be found, the pictures it stands for, and their numbers."""

    act: Act
    motions: tuple[Motion, ...]
    numbers: npt.NDArray[np.intp]
    truth: Pictures
    times_s: list[float] = field(default_factory=list)


def make_puppet(analysis: Analysis) -> Puppet | None:
    """The puppet most like the film's animation; None without a subject, with too many acts, or for a longer film."""
    animation = analysis.animation
    if analysis.sprite is None or animation.side != SPRITE_SIDE or not animation.frames:
        return None
    if analysis.film.duration_s > (animation.frames + 1) / animation.fps:
        return None
    try:
        pictures = np.stack(decode_animation(animation.data)[2])
    except CodecError:
        return None
    stages = list(_stages(analysis, pictures))
    if len(stages) > MOST_ACTS:
        return None
    numbers = _candidates(stages)
    # Of each stage by each pose, the best act.
    best = [[max(_tried(stage, pictures[number]), key=lambda one: one[1]) for number in numbers] for stage in stages]
    scores = np.array([[alike for _, alike in row] for row in best])
    chosen: list[int] = []
    while len(chosen) < MOST_POSES:
        value = [_worth(scores[:, [*chosen, pose]].max(axis=1)) for pose in range(len(numbers))]
        pose = int(np.argmax(value))
        if chosen and value[pose] < _worth(scores[:, chosen].max(axis=1)) + POSE_GAIN:
            break
        chosen.append(pose)
    takes = [chosen[int(row[chosen].argmax())] for row in scores]
    used = sorted(set(takes))
    acts = [replace(row[take][0], pose=used.index(take)) for row, take in zip(best, takes, strict=True)]
    return Puppet(
        tuple(_joined(acts)),
        tuple(encode_sprite(pictures[numbers[take]]) for take in used),
        float(scores[:, chosen].max(axis=1).min()),
    )


def _worth(alike: npt.NDArray[np.floating]) -> float:
    """What poses are chosen by: mostly the act that is least like the film, for each of them should be known again."""
    return float(alike.min() + alike.mean() / 2)


def likeness(seen: Pictures, truth: Pictures) -> npt.NDArray[np.floating]:
    """For each picture (n, h, w) its overlap with the true one as a share of both, a shift of a pixel forgiven."""
    wide = np.pad(seen, ((0, 0), (1, 1), (1, 1)))
    height, width = truth.shape[1:]
    size = seen.sum(axis=(1, 2)) + truth.sum(axis=(1, 2))
    best = np.zeros(len(seen))
    for down in range(3):
        for across in range(3):
            both = (wide[:, down : down + height, across : across + width] & truth).sum(axis=(1, 2))
            best = np.maximum(best, both / np.maximum(size - both, 1))
    return np.where(size > 0, best, 1.0)


def _stages(analysis: Analysis, pictures: Pictures) -> Iterator[_Stage]:
    """The film cut where what a puppet can act begins and ends."""
    end_s = analysis.film.duration_s
    fps = analysis.animation.fps
    at_s = 0.0
    spans: list[tuple[float, float, tuple[Motion, ...]]] = []
    for event in sorted(analysis.events, key=lambda event: event.start_s):
        if event.kind not in _MOTIONS:
            continue
        first, last = _span(event)
        first, last = max(first, at_s), min(last, end_s)
        if last - first < SHORTEST_S:
            continue
        if first - at_s < SHORTEST_S:
            first = at_s
        else:
            spans.append((at_s, first, ()))
        spans.append((first, last, _MOTIONS[event.kind]))
        at_s = last
    if end_s - at_s > 0.001:
        spans.append((at_s, end_s, ()))
    for first, last, motions in spans:
        times = np.arange(len(pictures)) / fps
        numbers = np.flatnonzero((times >= first - 0.001) & (times < last - 0.001))
        act = Act(round(first, 3), round(last - first, 3))
        yield _Stage(act, motions, numbers, pictures[numbers], [float(time) for time in times[numbers]])


def _span(event: Event) -> tuple[float, float]:
    if event.kind is EventKind.TURN:
        return event.start_s - _TURN_S / 2, event.start_s + _TURN_S / 2
    if event.kind in (EventKind.APPEAR, EventKind.DISAPPEAR):
        return event.start_s, event.start_s + max(_INSTANT_S, event.duration_s)
    if event.kind is EventKind.JUMP:
        return event.start_s - _CROUCH * event.duration_s, event.end_s + _CROUCH * event.duration_s
    if event.kind is EventKind.FALL:
        return event.start_s, event.end_s + _BOUNCE * event.duration_s
    return event.start_s, event.end_s


def _candidates(stages: Sequence[_Stage]) -> list[int]:
    """Numbers of pictures that may be a pose: those at either end and in the middle of each act."""
    out: set[int] = set()
    for stage in stages:
        if stage.numbers.size:
            out |= {int(stage.numbers[0]), int(stage.numbers[len(stage.numbers) // 2]), int(stage.numbers[-1])}
    return sorted(out)


def _tried(stage: _Stage, pose: Pictures) -> Iterator[tuple[Act, float]]:
    """Each way to act the stage with a pose, and how like the film it is."""
    for act in _ways(stage):
        alike = likeness(act.drawn([pose], stage.times_s), stage.truth) if stage.numbers.size else np.ones(1)
        yield act, float(alike.mean())


def _ways(stage: _Stage) -> Iterator[Act]:
    still = replace(stage.act, period_s=stage.act.duration_s)
    if not stage.motions:
        yield still
    for motion in stage.motions:
        amplitudes = (255,) if motion in (Motion.TURN, Motion.APPEAR, Motion.DISAPPEAR) else _AMPLITUDES
        # The first half of a turn leaves the puppet turned.
        period_s = still.duration_s * (2 if motion is Motion.TURN else 1)
        for amplitude in amplitudes:
            yield replace(still, motion=motion, amplitude=amplitude, period_s=period_s)


def _joined(acts: Sequence[Act]) -> Iterator[Act]:
    """The acts, those of a pose that keeps still and goes on keeping still as one."""
    last: Act | None = None
    for act in acts:
        if last is not None and act.motion is last.motion is Motion.STILL and act.pose == last.pose:
            last = replace(last, duration_s=round(last.duration_s + act.duration_s, 3))
            continue
        if last is not None:
            yield last
        last = act
    if last is not None:
        yield last
