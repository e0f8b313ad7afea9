"""From beats to poses: when each motion happens, and where the subject is at any time.

Heights and sizes are fractions of the frame's height, ``x`` of its width, times are seconds.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..lexicon import Motion
from .subjects import Character, Gesture

FALL_HEIGHT = 0.36
_GRAVITY = 3.5  # frame heights per second squared, so that jumps and falls belong to one world
_LEFTMOST, _RIGHTMOST = 0.2, 0.8
_SMALLEST, _LARGEST = 0.13, 0.58
_EDGE = 0.075


_AT_REST = Gesture()


@dataclass(frozen=True, slots=True)
class Pose:
    """Where and how the subject is. ``face`` is 1 to the right, -1 to the left and between them in a turn."""

    x: float = 0.5
    level: float = 0.0
    lift: float = 0.0
    scale: float = 1.0
    face: float = 1.0
    tilt: float = 0.0
    stretch: float = 1.0
    alpha: float = 1.0
    flash: float = 0.0
    frozen: bool = False
    gesture: Gesture = _AT_REST


@dataclass(frozen=True, slots=True)
class Span:
    """One beat in time. ``way`` is a direction, ``amount`` the motion's own measure, ``rate`` in Hz."""

    motion: Motion
    start: float
    end: float
    way: int = 1
    amount: float = 0.0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Choreography:
    """A whole film's spans from an opening pose; ``ledge`` is the x-range of a ledge to stand on, if one is needed."""

    character: Character
    opening: Pose
    spans: tuple[Span, ...]
    duration: float
    fps: int
    blink: float
    ledge: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    def pose(self, time: float) -> Pose:
        """Return the pose at a time."""
        pose = self.opening
        active = None
        for span in self.spans:
            if time < span.start - 1e-9:
                break
            share = min(1.0, (time - span.start) / (span.end - span.start))
            if share < 1:
                active = span
            pose = _ACTS[span.motion](pose, share, span, self)
        if active is None and not pose.frozen:
            pose = self._idle(pose, time)
        return pose

    def _idle(self, pose: Pose, time: float) -> Pose:
        """Breathe, blink and sway between the beats, fading out towards them."""
        before = max((span.end for span in self.spans if span.end <= time + 1e-9), default=-1.0)
        after = min((span.start for span in self.spans if span.start > time), default=self.duration + 1)
        weight = _smooth(min(1.0, (time - before) / 0.3)) * _smooth(min(1.0, (after - time) / 0.3))
        sway = math.sin(2 * math.pi * 0.55 * time)
        blinking = (time + self.blink) % 2.4 < 0.13 and weight > 0.9
        return replace(
            pose,
            stretch=pose.stretch * (1 + 0.006 * weight * math.sin(2 * math.pi * 0.45 * time)),
            gesture=replace(pose.gesture, sway=sway * weight, eyes=0.0 if blinking else pose.gesture.eyes),
        )


# --- the motions: each maps the pose before the span to the pose at a share of it; at 1 it leaves what remains ---


def _smooth(share: float) -> float:
    share = max(0.0, min(1.0, share))
    return share * share * (3 - 2 * share)


def _bump(share: float, rise: float = 0.15) -> float:
    """Rise from 0 to 1, stay, and fall back to 0."""
    return _smooth(share / rise) * _smooth((1 - share) / rise)


def _stay(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    return replace(pose, frozen=share < 1)


def _jump(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    if share >= 1:
        return pose
    seconds = share * (span.end - span.start)
    flight = math.sqrt(8 * span.amount / _GRAVITY)
    crouch = (span.end - span.start - flight) / 2
    if seconds < crouch:
        return replace(pose, stretch=1 - 0.2 * _smooth(seconds / crouch))
    if seconds > crouch + flight:
        share = (seconds - crouch - flight) / crouch
        return replace(pose, stretch=1 - 0.22 * (1 - _smooth(share)) * math.cos(share * 2))
    v = (seconds - crouch) / flight
    gesture = replace(pose.gesture, lift=math.sin(math.pi * v) ** 0.6, eyes=1.25, stride=v * 18, sway=1 - 2 * v)
    lift = pose.lift + 4 * span.amount * v * (1 - v)
    tilt = pose.tilt + 8 * (1 - 2 * v) * math.copysign(1, pose.face) * math.sin(math.pi * v)
    return replace(pose, lift=lift, stretch=1 + 0.13 * abs(1 - 2 * v), tilt=tilt, gesture=gesture)


def _go(pose: Pose, share: float, distance: float, film: Choreography) -> Pose:
    """Move along by a distance (signed, of the width), legs in step with the way made."""
    done = distance * (0.75 * share + 0.25 * _smooth(share))
    pace = _bump(share)
    aspect = 16 / 9
    stride = abs(done) * aspect / max(film.character.height * pose.scale, 0.05) * 6.5
    gesture = replace(pose.gesture, stride=stride, pace=pace, sway=math.sin(stride) * 0.7 * pace)
    moved = replace(pose, x=pose.x + done, gesture=gesture if share < 1 else pose.gesture)
    if film.character.rolls:
        radius = film.character.height * pose.scale / 2
        return replace(moved, tilt=pose.tilt - math.degrees(done * aspect / radius))
    if film.character.flies:
        return replace(moved, lift=pose.lift + 0.1 * math.sin(math.pi * share), tilt=pose.tilt)
    bob = 0.008 * abs(math.sin(stride)) * pace
    return replace(moved, lift=pose.lift + bob)


def _face(pose: Pose, way: int, seconds: float) -> Pose:
    """Turn the body to a side within a fifth of a second."""
    if math.copysign(1, pose.face) == way:
        return pose
    face = way * -math.cos(math.pi * max(0.0, min(1.0, seconds / 0.2)))
    return replace(pose, face=face)


def _walk(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    pose = _face(pose, span.way, share * (span.end - span.start))
    return _go(pose, share, span.way * span.amount, film)


def _turn(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    """Go one way, turn round, come back."""
    seconds = span.end - span.start
    out = _go(_face(pose, span.way, share * seconds), min(1.0, share * 2), span.way * span.amount, film)
    if share < 0.5:
        return out
    back = _face(replace(out, face=float(span.way)), -span.way, (share - 0.5) * seconds)
    back = _go(back, min(1.0, share * 2 - 1), -span.way * span.amount, film)
    return replace(back, x=pose.x) if share >= 1 else back


def _approach(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    ratio = span.amount ** _smooth(share)
    pace = _bump(share, 0.12)
    stride = share * (span.end - span.start) * 9
    gesture = replace(pose.gesture, stride=stride, pace=pace * 0.8, sway=math.sin(stride / 2) * pace)
    bob = 0.012 * abs(math.sin(stride)) * pace
    grown = replace(pose, scale=pose.scale * ratio)
    return replace(grown, lift=pose.lift + bob * grown.scale, gesture=gesture) if share < 1 else grown


def _fall(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    """Step over the edge, drop in a parabola, land softly on the ground."""
    way = span.way
    reach = 0.0 if film.character.hover else _EDGE + 0.5 * film.character.height * pose.scale
    if share >= 1:
        return replace(pose, x=pose.x + way * reach, level=0.0)
    seconds = share * (span.end - span.start)
    drop = math.sqrt(2 * pose.level / _GRAVITY)
    lean, land = 0.26, 0.22
    if seconds < lean:
        tip = _smooth(seconds / lean)
        return replace(pose, x=pose.x + way * reach * 0.55 * tip, tilt=pose.tilt - way * 7 * tip)
    v = min(1.0, (seconds - lean) / drop)
    x = pose.x + way * reach * (0.55 + 0.45 * v)
    if v < 1:
        gesture = replace(pose.gesture, eyes=1.5, lift=0.8 * v, sway=1.0)
        tilt = pose.tilt - way * (7 + 9 * math.sin(math.pi * v)) * (1 - v)
        return replace(pose, x=x, level=pose.level * (1 - v * v), tilt=tilt, stretch=1 + 0.12 * v, gesture=gesture)
    after = _smooth((seconds - lean - drop) / land)
    return replace(pose, x=x, level=0.0, stretch=1 - 0.26 * (1 - after))


def _shake(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    if share >= 1:
        return pose
    wave = math.sin(2 * math.pi * span.rate * share * (span.end - span.start)) * _bump(share, 0.08)
    return replace(pose, x=pose.x + span.amount * wave, gesture=replace(pose.gesture, eyes=0.0, sway=wave))


def _spin(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    if share >= 1:
        return pose
    turns = span.amount * _smooth(share)
    if film.character.wheels:
        return replace(pose, tilt=pose.tilt - 360 * turns * math.copysign(1, pose.face))
    face = math.cos(2 * math.pi * turns)
    # Nobody is paper-thin: seen from the front the body keeps some width.
    face = math.copysign(max(abs(face), 0.3), face) * math.copysign(1, pose.face)
    return replace(pose, face=face, lift=pose.lift + 0.02 * _bump(share), gesture=replace(pose.gesture, eyes=1.2))


def _appear(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    return replace(pose, alpha=share)


def _disappear(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    return replace(pose, alpha=1 - share)


def _flash(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    return replace(pose, flash=span.amount if share < 1 - 1e-6 else 0.0)


def _wobble(pose: Pose, share: float, span: Span, film: Choreography) -> Pose:
    if share >= 1:
        return pose
    phase = 2 * math.pi * span.rate * share * (span.end - span.start)
    wave = math.sin(phase) * _bump(share, 0.2)
    return replace(
        pose, tilt=pose.tilt + 9 * wave, stretch=1 + 0.04 * abs(wave), gesture=replace(pose.gesture, sway=wave)
    )


type _Act = Callable[[Pose, float, Span, Choreography], Pose]

_ACTS: dict[Motion, _Act] = {
    Motion.STILL: _stay,
    Motion.JUMP: _jump,
    Motion.TURN: _turn,
    Motion.APPROACH: _approach,
    Motion.RETREAT: _approach,
    Motion.FALL: _fall,
    Motion.SHAKE: _shake,
    Motion.SPIN: _spin,
    Motion.APPEAR: _appear,
    Motion.DISAPPEAR: _disappear,
    Motion.WALK: _walk,
    Motion.WALK_LEFT: _walk,
    Motion.WALK_RIGHT: _walk,
    Motion.FLASH: _flash,
    Motion.WOBBLE: _wobble,
}

# --- planning ---

# Shortest and usual seconds of each motion; the jump's and the fall's follow from gravity.
_LENGTHS: dict[Motion, tuple[float, float]] = {
    Motion.STILL: (0.65, 1.0),
    Motion.JUMP: (0.9, 1.05),
    Motion.TURN: (1.2, 1.8),
    Motion.APPROACH: (0.9, 1.4),
    Motion.RETREAT: (0.9, 1.4),
    Motion.FALL: (0.94, 0.94),
    Motion.SHAKE: (0.8, 1.1),
    Motion.SPIN: (0.8, 1.4),
    Motion.APPEAR: (0.25, 0.25),
    Motion.DISAPPEAR: (0.25, 0.25),
    Motion.WALK: (0.9, 1.3),
    Motion.WALK_LEFT: (0.9, 1.3),
    Motion.WALK_RIGHT: (0.9, 1.3),
    Motion.FLASH: (0.125, 0.125),
    Motion.WOBBLE: (1.0, 1.7),
}
_UNSEEN = frozenset({Motion.APPEAR, Motion.FLASH, Motion.STILL})


def choreograph(
    motions: Sequence[Motion], character: Character, duration: float, fps: int, rng: random.Random
) -> Choreography:
    """Return the film's spans: every motion in its order, as many as fit, with pauses that keep them apart."""
    staged, notes = _stageable(list(motions))
    fitting = _fit(staged, duration)
    if len(fitting) < len(staged):
        left_out = ", ".join(motion.value for motion in staged[len(fitting) :])
        notes.append(f"{duration:g} s are too short for every beat; left out: {left_out}.")
    spans = _direct(_schedule(fitting, duration, fps), character, fps, rng)
    opening = Pose(
        alpha=0.0 if _starts_hidden(fitting) else 1.0,
        level=FALL_HEIGHT if Motion.FALL in fitting else 0.0,
        lift=character.hover,
        face=float(_first_way(spans, rng)),
    )
    film = Choreography(character, opening, tuple(spans), duration, fps, blink=rng.uniform(0, 2.4), notes=tuple(notes))
    return _framed(film, rng)


def _stageable(motions: list[Motion]) -> tuple[list[Motion], list[str]]:
    """Return what can be played: one fall at most, and nobody acts unseen."""
    notes: list[str] = []
    staged: list[Motion] = []
    hidden = _starts_hidden(motions)
    for motion in motions:
        if motion is Motion.FALL and Motion.FALL in staged:
            notes.append("The subject falls once in a film; a further fall is left out.")
            continue
        if motion is Motion.APPEAR and not hidden:
            staged.append(Motion.DISAPPEAR)
        elif hidden and motion not in _UNSEEN:
            staged.append(Motion.APPEAR)
            hidden = False
        if motion is Motion.DISAPPEAR:
            hidden = True
        elif motion is Motion.APPEAR:
            hidden = False
        staged.append(motion)
    return staged, list(dict.fromkeys(notes))


def _starts_hidden(motions: Sequence[Motion]) -> bool:
    return next((motion is Motion.APPEAR for motion in motions if motion not in _UNSEEN - {Motion.APPEAR}), False)


def _fit(motions: list[Motion], duration: float) -> list[Motion]:
    """Return the longest beginning that fits at the shortest lengths."""
    kept: list[Motion] = []
    used = 0.3
    for motion in motions:
        used += _LENGTHS[motion][0] + 0.3
        if kept and used > duration:
            break
        kept.append(motion)
    return kept


def _schedule(motions: list[Motion], duration: float, fps: int) -> list[Span]:
    """Lay the motions out: first everything at its shortest, then the time left is shared out."""
    shortest = [_LENGTHS[motion][0] for motion in motions]
    pauses = len(motions) + 1
    spare = max(0.0, duration - sum(shortest) - 0.3 * pauses)
    wishes = [_LENGTHS[motion][1] - _LENGTHS[motion][0] for motion in motions]
    share = min(1.0, spare / max(sum(wishes), 1e-9))
    lengths = [low + wish * share for low, wish in zip(shortest, wishes, strict=True)]
    spare -= sum(wishes) * share
    pause = 0.3 + min(0.35, spare / pauses)
    spare -= (pause - 0.3) * pauses
    stills = motions.count(Motion.STILL)
    if stills:
        longer = min(0.8, spare / stills)
        lengths = [length + longer * (m is Motion.STILL) for m, length in zip(motions, lengths, strict=True)]
        spare -= longer * stills
    scale = min(1.0, duration / (sum(lengths) + pause * pauses))
    time = 0.0 if motions[0] is Motion.STILL else (pause + spare * 0.3) * scale
    spans = []
    for motion, length in zip(motions, lengths, strict=True):
        # On the frame grid, so that what is still is still from its first frame.
        start = round(time * fps) / fps
        frames = max(1, round(length * scale * fps))
        spans.append(Span(motion, start, start + frames / fps))
        time = start + frames / fps + pause * scale
    return spans


def _direct(spans: list[Span], character: Character, fps: int, rng: random.Random) -> list[Span]:
    """Give each span its direction and measure; approaches and retreats stay within what the frame can show."""
    way = rng.choice((-1, 1))
    directed = []
    for span in spans:
        seconds = span.end - span.start
        match span.motion:
            case Motion.WALK_LEFT | Motion.WALK_RIGHT | Motion.WALK:
                way = {Motion.WALK_LEFT: -1, Motion.WALK_RIGHT: 1}.get(span.motion, way)
                span = replace(span, way=way, amount=rng.uniform(0.26, 0.34))
            case Motion.TURN:
                span = replace(span, way=way, amount=rng.uniform(0.22, 0.28))
                way = -way
            case Motion.JUMP:
                flight = min(0.86, max(0.3, seconds - 0.26))
                span = replace(span, amount=_GRAVITY * flight**2 / 8)
            case Motion.APPROACH | Motion.RETREAT:
                ratio = rng.uniform(1.75, 2.1)
                span = replace(span, amount=ratio if span.motion is Motion.APPROACH else 1 / ratio)
            case Motion.FALL:
                span = replace(span, way=way)
            case Motion.SHAKE:
                span = replace(span, amount=rng.uniform(0.026, 0.034), rate=min(rng.uniform(3.4, 4.6), fps / 3.5))
            case Motion.SPIN:
                span = replace(span, amount=2.0 if seconds > 1.1 else 1.0)
            case Motion.FLASH:
                span = replace(span, amount=0.62)
            case Motion.WOBBLE:
                span = replace(span, rate=1.3)
        directed.append(span)
    return _bounded(directed, character)


def _bounded(spans: list[Span], character: Character) -> list[Span]:
    """Shrink the ratios of approach and retreat so that the subject is never a dot nor fills the frame."""
    size = low = high = 1.0
    for span in spans:
        if span.motion in (Motion.APPROACH, Motion.RETREAT):
            size *= span.amount
            low, high = min(low, size), max(high, size)
    room = _LARGEST / _SMALLEST
    power = min(1.0, math.log(room) / math.log(high / low)) if high > low else 1.0
    return [
        replace(span, amount=span.amount**power) if span.motion in (Motion.APPROACH, Motion.RETREAT) else span
        for span in spans
    ]


def _first_way(spans: list[Span], rng: random.Random) -> int:
    directed = (span.way for span in spans if span.motion in (Motion.WALK, Motion.TURN, Motion.FALL))
    return next(directed, rng.choice((-1, 1)))


def _framed(film: Choreography, rng: random.Random) -> Choreography:
    """Choose the opening place and size so that the whole film stays in the frame, and the ledge a fall starts from."""
    film = _sized(film)
    ways = [span.amount for span in film.spans if span.motion in (Motion.WALK, Motion.WALK_LEFT, Motion.WALK_RIGHT)]
    xs = _track(film)
    if ways and max(xs) - min(xs) > _RIGHTMOST - _LEFTMOST:
        shrink = (_RIGHTMOST - _LEFTMOST) / (max(xs) - min(xs))
        spans = tuple(
            replace(s, amount=s.amount * shrink)
            if s.motion in (Motion.WALK, Motion.WALK_LEFT, Motion.WALK_RIGHT, Motion.TURN)
            else s
            for s in film.spans
        )
        film = replace(film, spans=spans)
        xs = _track(film)
    reach = max(xs) - min(xs)
    slack = max(0.0, _RIGHTMOST - _LEFTMOST - reach) / 2
    shift = 0.5 - (max(xs) + min(xs)) / 2 + rng.uniform(-0.5, 0.5) * slack
    film = replace(film, opening=replace(film.opening, x=film.opening.x + shift))
    return replace(film, ledge=_ledge(film))


def _track(film: Choreography) -> list[float]:
    """Return the subject's x frame by frame."""
    return [film.pose(index / film.fps).x for index in range(round(film.duration * film.fps) + 1)]


def _sized(film: Choreography) -> Choreography:
    """Choose the opening size: its own where it can, smaller or larger where approaches and retreats ask for it."""
    scale = low = high = 1.0
    for span in film.spans:
        if span.motion in (Motion.APPROACH, Motion.RETREAT):
            scale *= span.amount
            low, high = min(low, scale), max(high, scale)
    height = film.character.height
    largest = min(_LARGEST, 0.34) if film.opening.level else _LARGEST
    opening = min(1.0, largest / (height * high))
    if low < 1:
        opening = max(opening, min(_SMALLEST / (height * low), largest / (height * high)))
        opening = min(max(opening, 1.45), largest / (height * high))
    return replace(film, opening=replace(film.opening, scale=opening))


def _ledge(film: Choreography) -> tuple[float, float] | None:
    """Return the x-range of the ledge: under everything before the fall, ending where the subject steps off."""
    fall = next((span for span in film.spans if span.motion is Motion.FALL), None)
    if fall is None or film.character.hover:
        return None
    frames = range(round(fall.start * film.fps) + 1)
    xs = [film.pose(index / film.fps).x for index in frames]
    edge = film.pose(fall.start).x + fall.way * _EDGE
    back = (min(xs) - 0.17) if fall.way > 0 else (max(xs) + 0.17)
    return (min(edge, back), max(edge, back))
