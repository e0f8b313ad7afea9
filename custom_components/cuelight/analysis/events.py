"""From signals to events: rules over the camera's, the light's and the subject's motion."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .models import Event, EventKind

type Series = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Signals:
    """One value a tick, `rate` ticks a second. Lengths are fractions of the frame's width, heights of its height.

    Camera: `pan_x`, `pan_y` (width, height a tick; positive when the camera moves right or down), `zoom` (log), light
    `lightness` (log, a tick), `cut` and `flash` (true while lit). Subject: `area` (fraction of the picture that moves),
    `x`, `y` (where, 0..1), `dx`, `dy`, `growth` a tick, `seen` (true where the motion is to be believed). `change` (area
    that is other than before though nothing moves), `change_x`, `change_y`, `polarity`.
    """

    rate: float
    aspect: float
    pan_x: Series
    pan_y: Series
    zoom: Series
    lightness: Series
    cut: npt.NDArray[np.bool_]
    flash: npt.NDArray[np.bool_]
    glow: Series
    changed: Series
    area: Series
    x: Series
    y: Series
    dx: Series
    dy: Series
    growth: Series
    doubt: Series
    seen: npt.NDArray[np.bool_]
    glances: Series
    slow: Series
    slow_growth: Series
    slow_doubt: Series
    grows: npt.NDArray[np.bool_]
    change: Series
    change_x: Series
    change_y: Series
    steady: Series
    polarity: Series


@dataclass(frozen=True, slots=True)
class Swing:
    """A monotonous piece of a curve, from tick `first` to tick `last`, by `size` (signed)."""

    first: int
    last: int
    size: float


PAN_SPEED = 0.05
PAN_DISTANCE = 0.08
ZOOM_SPEED = 0.06
ZOOM_SIZE = 0.1
SHAKE_WINDOW_S = 0.3
CAMERA_SHAKE_AMPLITUDE = 0.006
CAMERA_SHAKE_S = 0.3
FADE_SPEED = 0.1
FADE_SIZE = 0.22
SMOOTH_S = 0.2
MOVE_DISTANCE = 0.1
MOVE_S = 0.25
TURN_DISTANCE = 0.07
TURN_PAUSE_S = 0.3
JUMP_HEIGHT = 0.09
JUMP_S = (0.3, 1.4)
FALL_DROP = 0.2
FALL_S = 0.9
GROWTH = 0.2
DOUBT_FLOOR = 0.05
DOUBT_MOVING = 1.0
SLOW_SHARE = 0.3
USUAL_GROWTH = .3
GROWTH_S = 0.35
SWING_X = 0.015
SWING_Y = 0.03
SWING_GROWTH = 0.08
SHAKE_SWING = 0.025
SHAKE_HALF_S = 0.26
SHAKE_SWINGS = 3
SHAKE_PAUSE_S = 0.12
POP_AREA = 0.003
POP_S = 0.19
POP_STEADY = 0.9
POP_CLEAR = 0.08
POP_STIR = 2.0
POP_FAINT = 0.0008
STILL_S = 0.5
TRIM = 0.06


def find_events(signals: Signals) -> list[Event]:
    """All events, in order of time."""
    found = [*_light(signals), *_cuts(signals), *_camera(signals), *_subject(signals)]
    found += _stills(signals, found)
    return sorted(found, key=lambda event: (event.start_s, event.kind))


def _event(
    signals: Signals, kind: EventKind, first: int, last: int, confidence: float = 0.8, **parameters: float
) -> Event:
    start, end = int(first) / signals.rate, int(last) / signals.rate
    rounded = {name: round(float(value), 3) for name, value in parameters.items()}
    return Event(kind, round(start, 3), round(max(end - start, 1 / signals.rate), 3), round(confidence, 2), rounded)


def _light(s: Signals) -> Iterator[Event]:
    for first, end in _runs(s.flash):
        if s.glow[first:end].max() > 0.04:
            yield _event(s, EventKind.FLASH, first, end, strength=s.glow[first:end].max())
    for first, last, size in _slides(s.lightness, s.rate, FADE_SPEED, FADE_SIZE):
        yield _event(
            s, EventKind.BRIGHTEN if size > 0 else EventKind.DARKEN, first, last, strength=1 - np.exp(-abs(size))
        )


def _cuts(s: Signals) -> Iterator[Event]:
    for tick in np.flatnonzero(s.cut):
        yield _event(s, EventKind.CUT, int(tick), int(tick) + 1, strength=s.changed[tick])


def _camera(s: Signals) -> Iterator[Event]:
    shaking = _shaking(s)
    for first, end in _runs(shaking):
        yield _event(s, EventKind.CAMERA_SHAKE, first, end)
    calm_x, calm_y, calm_zoom = (np.where(shaking, 0, curve) for curve in (s.pan_x, s.pan_y, s.zoom))
    for first, last, size in _slides(calm_x, s.rate, PAN_SPEED, PAN_DISTANCE):
        kind = EventKind.PAN_RIGHT if size > 0 else EventKind.PAN_LEFT
        yield _event(s, kind, first, last, speed=abs(size) * s.rate / (last - first))
    for first, last, size in _slides(calm_y, s.rate, PAN_SPEED * s.aspect, PAN_DISTANCE * s.aspect):
        kind = EventKind.PAN_DOWN if size > 0 else EventKind.PAN_UP
        yield _event(s, kind, first, last, speed=abs(size) / s.aspect * s.rate / (last - first))
    for first, last, size in _slides(calm_zoom, s.rate, ZOOM_SPEED, ZOOM_SIZE):
        yield _event(s, EventKind.ZOOM_IN if size > 0 else EventKind.ZOOM_OUT, first, last, ratio=np.exp(size))


def _shaking(s: Signals) -> npt.NDArray[np.bool_]:
    window = max(3, round(SHAKE_WINDOW_S * s.rate)) | 1
    power = np.zeros(len(s.pan_x))
    for curve in (s.pan_x, s.pan_y / s.aspect):
        place = np.cumsum(curve)
        power += np.square(place - _smooth(place, window))
    rough = np.sqrt(_smooth(power, window)) > CAMERA_SHAKE_AMPLITUDE
    out = np.zeros_like(rough)
    for first, end in _runs(rough):
        if (end - first) / s.rate >= CAMERA_SHAKE_S:
            out[first:end] = True
    return out


def _slides(curve: Series, rate: float, speed: float, size: float) -> Iterator[tuple[int, int, float]]:
    """Runs in which a curve of steps keeps going one way faster than `speed` a second and by `size` in all."""
    smooth = _smooth(curve, max(1, round(SMOOTH_S * rate)) | 1) * rate
    for sign in (1, -1):
        for first, end in _runs(_closed(sign * smooth > speed, round(0.15 * rate))):
            total = float(curve[first:end].sum())
            if sign * total >= size:
                yield first, end, total


def _subject(s: Signals) -> Iterator[Event]:
    pops = list(_pops(s))
    seen = s.seen.copy()
    for pop in pops:
        middle, near = round(pop.start_s * s.rate), round(POP_S * s.rate)
        seen[max(0, middle - near) : middle + near + 1] = False
    for first, end in _runs(_closed(seen, round(0.2 * s.rate)) & ~s.cut):
        if end - first >= 2:
            yield from _episode(s, max(0, first - 1), end)
    yield from _growths(s, pops)
    yield from pops


def _episode(s: Signals, first: int, end: int) -> Iterator[Event]:
    span = slice(first, end)
    dx, dy = (np.where(s.seen[span], curve[span], 0) for curve in (s.dx, s.dy))
    across, down = _zigzag(np.cumsum(dx), SWING_X), _zigzag(np.cumsum(dy), SWING_Y)
    busy = np.zeros(end - first, np.bool_)
    for swings, unit in ((across, 1.0), (down, s.aspect)):
        for run in _shakes(swings, s.rate, SHAKE_SWING * unit):
            a, b = run[0].first, run[-1].last
            busy[a : b + 1] = True
            hz = len(run) / 2 / max(1e-3, (b - a) / s.rate)
            amplitude = float(np.mean([abs(swing.size) for swing in run])) / 2 / unit
            yield _event(s, EventKind.SHAKE, first + a, first + b, hz=hz, amplitude=amplitude)
    used = busy.copy()
    for up, fall in zip(down, down[1:] + [Swing(0, 0, 0.0)], strict=False):
        length = (fall.last - up.first) / s.rate
        if up.size < -JUMP_HEIGHT and fall.size > 0.5 * -up.size and JUMP_S[0] <= length <= JUMP_S[1]:
            if busy[up.first : fall.last].mean() < 0.5:
                used[up.first : fall.last + 1] = True
                yield _event(s, EventKind.JUMP, first + up.first, first + fall.last, height=-up.size)
    for swing in down:
        length = (swing.last - swing.first) / s.rate
        if swing.size > FALL_DROP and length <= FALL_S and used[swing.first : swing.last].mean() < 0.5:
            yield _event(s, EventKind.FALL, first + swing.first, first + swing.last, drop=swing.size)
    previous: Swing | None = None
    for swing in across:
        if busy[swing.first : swing.last].mean() >= 0.5:
            previous = None
            continue
        length = (swing.last - swing.first) / s.rate
        if abs(swing.size) >= MOVE_DISTANCE and length >= MOVE_S:
            kind = EventKind.MOVE_RIGHT if swing.size > 0 else EventKind.MOVE_LEFT
            yield _event(s, kind, first + swing.first, first + swing.last, distance=abs(swing.size))
        if abs(swing.size) >= TURN_DISTANCE:
            if previous and (swing.first - previous.last) / s.rate <= TURN_PAUSE_S and previous.size * swing.size < 0:
                yield _event(
                    s, EventKind.TURN, first + swing.first, first + swing.first + 1, direction=np.sign(swing.size)
                )
            previous = swing


def _growths(s: Signals, pops: list[Event]) -> Iterator[Event]:
    """Approach and retreat."""
    ticks = np.arange(len(s.dx))
    seen, grows = s.seen.copy(), s.grows.copy()
    for pop in pops:
        grows &= np.abs(s.glances / s.rate - pop.start_s) > POP_S + 0.1
        seen &= np.abs(ticks / s.rate - pop.start_s) > POP_S
    speed = _smooth(np.where(s.seen, np.hypot(s.dx, s.dy / s.aspect), 0), round(0.2 * s.rate) | 1) * s.rate
    hurry = _smooth(speed, round(0.8 * s.rate) | 1)[s.glances]
    quick = _evidence(seen, s.growth, np.hypot(s.doubt, DOUBT_MOVING * speed / s.rate), s.rate, round(0.3 * s.rate) | 1)
    slow = _evidence(grows, s.slow_growth, np.hypot(s.slow_doubt, DOUBT_MOVING * hurry / s.rate), s.rate, 3)
    total, weight = (a + SLOW_SHARE * np.interp(ticks, s.glances, b) for a, b in zip(quick, slow, strict=True))
    curve = total / (weight + 1 / USUAL_GROWTH**2)
    near = (seen | (np.interp(ticks, s.glances, grows.astype(np.float64)) > 0.1)) & ~_widened(s.cut, 2)
    for first, end in _runs(_closed(near, round(0.3 * s.rate))):
        for swing in _zigzag(np.cumsum(curve[first:end]), SWING_GROWTH):
            if abs(swing.size) >= GROWTH and (swing.last - swing.first) / s.rate >= GROWTH_S:
                kind = EventKind.APPROACH if swing.size > 0 else EventKind.RETREAT
                yield _event(s, kind, first + swing.first, first + swing.last, ratio=np.exp(swing.size))


def _evidence(
    seen: npt.NDArray[np.bool_], growth: Series, doubt: Series, rate: float, window: int
) -> tuple[Series, Series]:
    """Smoothed sums of growth over its variance, and of one over the variance."""
    weight = seen / (np.square(doubt * rate) + DOUBT_FLOOR**2)
    return _smooth(weight * growth, window), _smooth(weight, window)


def _shakes(swings: list[Swing], rate: float, least: float) -> Iterator[list[Swing]]:
    """Runs of quick swings to and fro."""
    run: list[Swing] = []
    for swing in [*swings, Swing(0, 0, 0.0)]:
        quick = 0 < (swing.last - swing.first) / rate <= SHAKE_HALF_S and abs(swing.size) >= least / 2
        if quick and (not run or (swing.first - run[-1].last) / rate <= SHAKE_PAUSE_S):
            run.append(swing)
            continue
        if len(run) >= SHAKE_SWINGS and max(abs(part.size) for part in run) >= least:
            yield run
        run = [swing] if quick else []


def _zigzag(curve: Series, least: float) -> list[Swing]:
    """Monotonous pieces of at least `least`, trimmed of their slow ends."""
    turns = [0]
    low = high = 0
    going = 0
    for tick in range(1, len(curve)):
        high = tick if curve[tick] > curve[high] else high
        low = tick if curve[tick] < curve[low] else low
        if going >= 0 and curve[high] - curve[tick] >= least:
            if going == 0 and high != 0 and curve[high] - curve[0] < least:
                pass
            turns.append(high)
            going, low = -1, tick
            high = tick
        elif going <= 0 and curve[tick] - curve[low] >= least:
            turns.append(low)
            going, high = 1, tick
            low = tick
    turns.append(high if going > 0 else low if going < 0 else len(curve) - 1)
    swings = []
    for a, b in zip(turns, turns[1:], strict=False):
        if b <= a:
            continue
        size = float(curve[b] - curve[a])
        if abs(size) < least:
            continue
        part = (curve[a : b + 1] - curve[a]) / size
        first = a + int(np.flatnonzero(part <= TRIM)[-1])
        last = a + int(np.flatnonzero(part >= 1 - TRIM)[0])
        swings.append(Swing(first, max(last, first + 1), size))
    return swings


def _pops(s: Signals) -> Iterator[Event]:
    """Appearances and disappearances: something is other than before, and nothing has moved there."""
    near = max(1, round(POP_S * s.rate))
    broken = _widened(s.flash | s.cut, 2 * near)[s.glances]
    weight = np.where(broken | (s.steady < POP_STEADY), 0, s.change * s.steady)
    slow = np.where(s.grows, np.abs(s.slow_growth), 0)
    stir = np.hypot(s.pan_x, s.pan_y / s.aspect) + np.abs(s.zoom) + np.where(s.seen, np.hypot(s.dx, s.dy / s.aspect), 0)
    taken: list[int] = []
    for index in np.argsort(-weight):
        tick = int(s.glances[index])
        if weight[index] < POP_AREA:
            break
        if any(abs(tick - other) <= 2 * near for other in taken):
            continue
        taken.append(tick)
        around = slice(max(0, tick - near), tick + near + 1)
        needed = POP_CLEAR + POP_STIR * float(stir[around].sum()) + float(slow[index]) * 2 * near
        needed += POP_FAINT / float(s.change[index])
        clean = s.area[around].max() < 0.1 * s.change[index] and needed < 2 * POP_CLEAR
        if not clean and abs(float(s.polarity[index])) < needed:
            continue
        level = (np.abs(s.glances - tick) <= near) & (weight > 0.7 * weight[index])
        middle = round(float(np.average(s.glances[level], weights=weight[level])))
        kind = EventKind.APPEAR if s.polarity[index] > 0 else EventKind.DISAPPEAR
        yield _event(s, kind, middle, middle + 1, x=s.change_x[index], y=s.change_y[index])


def _stills(s: Signals, found: list[Event]) -> Iterator[Event]:
    moves = np.hypot(s.pan_x, s.pan_y / s.aspect) * s.rate > 0.012
    moves |= np.abs(s.zoom) * s.rate > 0.02
    moves |= s.seen | s.flash | s.cut
    moves |= np.abs(_smooth(s.lightness, 3)) * s.rate > 0.08
    for event in found:
        if not event.kind.instant:
            moves[round(event.start_s * s.rate) + 1 : round(event.end_s * s.rate)] = True
        else:
            moves[round(event.start_s * s.rate)] = True
    for first, end in _runs(~_closed(moves, 2)):
        if (end - first) / s.rate >= STILL_S:
            yield _event(s, EventKind.STILL, first, end)


def _smooth(curve: Series, window: int) -> Series:
    """Moving average over an odd number of ticks, edges held."""
    if window <= 1 or not curve.size:
        return curve
    padded = np.pad(curve, window // 2, mode="edge")
    return np.convolve(padded, np.full(window, 1 / window), "valid")


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First tick and one past the last of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _closed(flags: npt.NDArray[np.bool_], gap: int) -> npt.NDArray[np.bool_]:
    """Gaps of up to `gap` ticks between runs filled."""
    out = flags.copy()
    runs = list(_runs(flags))
    for (_, end), (first, _) in zip(runs, runs[1:], strict=False):
        if first - end <= gap:
            out[end:first] = True
    return out


def _widened(flags: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    return np.convolve(flags, np.ones(2 * by + 1), "same") > 0.5
