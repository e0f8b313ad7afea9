"""What the subject does: moves, turns, jumps, falls, shakes, comes nearer, goes away, appears and disappears."""

from collections.abc import Iterator

import numpy as np

from ..models import EventKind
from ..signals import Curve, Flags, Signals, Swing, closed, runs, slides, smooth, swings, widened
from .candidate import Candidate, Likely

TAKEN = 0.5
"""Share of a swing that belongs to another event for it to be none of its own."""
EPISODE_GAP_S = 0.2
"""Seconds without motion that do not end a motion: the top of a jump, the turn of a walk."""
SWING_X = 0.012
"""Widths of a move to and fro that count as two moves: a pixel of 64."""
SWING_Y = 0.024
"""Heights, likewise."""
MOVE_DISTANCE = 0.05
"""Widths of the shortest move."""
ACROSS = 4.0
"""Width of a subject in standard deviations of its pixels: a filled disc is four across."""
MOVE_OWN = 0.3
"""Widths of itself that a subject must move to go somewhere; less is swaying, as heads do that talk."""
TURN_OWN = 0.35
"""Likewise on both sides of a turn, which may be cut short by the film's ends."""
MOVE_S = 0.2
"""Seconds of the quickest move."""
TURN_DISTANCE = 0.035
"""Widths moved on both sides of a turn."""
TURN_PAUSE_S = 0.4
"""Longest rest in seconds at a turn."""
JUMP_HEIGHT = 0.06
"""Heights of the lowest jump."""
JUMP_S = (0.25, 1.8)
"""Shortest and longest jump in seconds, from the ground to the ground."""
JUMP_RETURN = 0.5
"""Share of its height a jump must come down again."""
JUMP_ASIDE = 3.0
"""Most that a jump goes sideways for each height it goes up; more is something rushing by."""
FALL_DROP = 0.15
"""Heights of the shortest fall."""
FALL_S = (0.12, 1.0)
"""Shortest and longest fall in seconds."""
FALL_ASIDE = 1.0
"""Most that a fall goes sideways for each height it goes down; more is a swoop."""
FALL_GAIN = 1.4
"""Least ratio of the speeds in a fall's last and first quarter: steady sinking has 1, what falls freely from rest 2.7
between the ends that a swing is trimmed to."""
CALM_CAMERA = 0.2
"""Widths a second the camera may move meanwhile: near things jump when a hand-held camera does."""
PULL = (1.0, 25.0)
"""Heights a second squared: the weakest and strongest gravity a film shows, by how far the camera is away."""
SHAKE_SWING = 0.012
"""Widths of the largest swing of a shake, from side to side."""
SHAKE_HALF_S = 0.26
"""Longest swing in seconds: 2 Hz."""
SHAKE_PAUSE_S = 0.12
"""Longest rest in seconds between two swings."""
SHAKE_SWINGS = 4
"""Swings that make a shake: twice to and fro. A jump is two, legs that walk past make three."""
SHAKE_S = 0.45
"""Seconds of the shortest shake."""
SHAKE_FIT = 0.76
"""Share of the subject that must look as before, the swings undone; legs and leaves have three quarters at most."""
SHAKE_EVEN = 0.55
"""Most that the swings of a shake differ, as a standard deviation in units of their mean; half is usual at most."""
GROWTH = 0.1
"""Log of the smallest ratio that is a coming nearer or going away."""
GROWTH_SPEED = 0.15
"""Log a second of the slowest; what walks about a square grows slower than that."""
GROWTH_FIT = 0.76
"""Share of the subject that must look as before but for its size, where it is seen; else several things move apart."""
GROWTH_ASIDE = 0.4
"""Most that what grows goes elsewhere meanwhile, in widths for each log of its growth; more is passing by."""
GROWTH_OWN = 2.0
"""Likewise in widths of itself, where that is more: what fills the picture moves far and yet only comes near."""
CARRIED = 2.0
"""How many times larger a growth must be that was taken from the camera's motion than one seen beside it."""
GROWTH_CORE = 0.5
"""Share of the slowest speed that what grows has at its ends; slower is before or after it."""
GROWTH_S = 0.3
"""Seconds of the quickest."""
GROWTH_SMOOTH_S = 0.3
"""Seconds the growth is averaged over."""
DOUBT_FLOOR = 0.05
"""Log a second by which every growth is in doubt."""
DOUBT_MOVING = 1.0
"""Doubt in log a second for each width a second the subject moves: its outline is then mixed with what it passes."""
USUAL_GROWTH = 0.3
"""Log a second; growths in more doubt than this are taken for none."""
SLOW_SHARE = 0.3
"""How much a glance counts beside the ticks: it shares its pictures with its neighbours."""
POP_S = 0.19
"""Seconds to the pictures before and after that an appearance is judged by."""
POP_AREA = 0.0025
"""Fraction of the picture that the smallest thing to appear covers."""
POP_SOLID = (0.6, 1.3)
"""Least and most area of what appears over that of an ellipse of its spread: things have 0.8 to 1.1, cut off by the
frame 0.6; what a coder renews all over the picture has a quarter, and a strip a pixel wide at the picture's edge 10."""
POP_STEADY = 0.93
"""Share of it that must look alike all the time before, and all the time after; leaves and faces have 0.9."""
POP_UNREST = (0.2, 0.4)
"""Share of its area that may move while it appears, and share of twice POP_S to both sides in which more than that may:
a step from one picture to the next moves nothing, a quick fade for a third of that time."""
POP_STIR = 0.05
"""Widths that the camera may move meanwhile: what it uncovers has not appeared."""


def pops(signals: Signals) -> Iterator[Candidate]:
    """Appearances and disappearances: something is other than before, and nothing has moved there."""
    near = signals.span(POP_S)
    broken = widened(signals.flash | signals.cut, 2 * near)[signals.glances]
    plain = ~broken & (signals.steady >= POP_STEADY)
    plain &= (signals.solid >= POP_SOLID[0]) & (signals.solid <= POP_SOLID[1])
    weight = np.where(plain, signals.change * signals.steady, 0)
    taken: list[int] = []
    for index in np.argsort(-weight):
        tick = int(signals.glances[index])
        if weight[index] < POP_AREA:
            return
        if all(abs(tick - other) > 2 * near for other in taken):
            taken.append(tick)
            pop = _pop(signals, int(index), weight)
            if pop.evidence["stir"] <= POP_STIR and pop.evidence["unrest"] <= POP_UNREST[1]:
                yield pop


def _pop(signals: Signals, index: int, weight: Curve) -> Candidate:
    near = signals.span(POP_S)
    tick = int(signals.glances[index])
    around = slice(max(0, tick - near), tick + near + 1)
    wide = signals.area[max(0, tick - 2 * near) : tick + 2 * near + 1]
    apart = np.abs(signals.glances - tick)
    evidence = {
        "unrest": float((wide > POP_UNREST[0] * signals.change[index]).mean()),
        "clear": abs(float(signals.polarity[index])),
        "solid": float(signals.solid[index]),
        "steady": float(signals.steady[index]),
        "log_area": float(np.log(signals.change[index])),
        "stir": float(signals.stir()[around].sum()),
        "travel": float(signals.travel()[around].sum()),
        "light": float(np.abs(signals.lightness[around].sum())),
        "length_s": float(
            (weight[apart <= 2 * near] > 0.5 * weight[index]).sum() * np.diff(signals.glances[:2], append=0)[0]
        )
        / signals.rate,
    }
    level = (apart <= near) & (weight > 0.7 * weight[index])
    middle = round(float(np.average(signals.glances[level], weights=weight[level])))
    kind = EventKind.APPEAR if signals.polarity[index] > 0 else EventKind.DISAPPEAR
    place = {"x": float(signals.change_x[index]), "y": float(signals.change_y[index])}
    return Candidate(kind, middle, middle + 1, evidence, place)


def motions(signals: Signals, popped: list[Candidate], likely: Likely) -> Iterator[Candidate]:
    """Moves, turns, jumps, falls and shakes, outside the given appearances and disappearances."""
    seen = signals.seen.copy()
    for pop in popped:
        seen[max(0, pop.first - signals.span(POP_S)) : pop.end + signals.span(POP_S)] = False
    for first, end in runs(closed(seen, signals.span(EPISODE_GAP_S)) & ~signals.cut):
        if end - first >= 2:
            yield from _Episode(signals, seen, max(0, first - 1), end, likely).candidates()


class _Episode:
    """One uninterrupted motion of the subject."""

    def __init__(self, signals: Signals, seen: Flags, first: int, end: int, likely: Likely) -> None:
        self._signals = signals
        self._likely = likely
        self._first = first
        span = slice(first, end)
        self._dx = np.where(seen[span], signals.dx[span], 0)
        self._dy = np.where(seen[span], signals.dy[span], 0)
        self._across = swings(np.cumsum(self._dx), SWING_X)
        self._down = swings(np.cumsum(self._dy), SWING_Y)
        self._shaken = np.zeros(end - first, np.bool_)
        self._leapt = np.zeros(end - first, np.bool_)
        self._fallen = np.zeros(end - first, np.bool_)

    def candidates(self) -> Iterator[Candidate]:
        yield from self._shakes(self._across, 1.0)
        yield from self._shakes(self._down, self._signals.aspect)
        yield from self._jumps()
        yield from self._falls()
        yield from self._moves()

    def _candidate(
        self, kind: EventKind, first: int, last: int, evidence: dict[str, float], **parameters: float
    ) -> Candidate:
        span = slice(self._first + first, self._first + last + 1)
        seen = self._signals.seen[span]
        evidence |= {
            "length_s": (last - first) / self._signals.rate,
            "seen": float(seen.mean()),
            "fit": float(self._signals.fit[span][seen].mean()) if seen.any() else 0.0,
            "log_area": float(np.log(self._signals.area[span].mean() + 1e-4)),
            "stir": self._stir(first, last),
        }
        return Candidate(kind, self._first + first, self._first + last, evidence, parameters)

    def _stir(self, first: int, last: int) -> float:
        """Widths a second the camera moves meanwhile."""
        return float(self._signals.stir()[self._first + first : self._first + last + 1].mean()) * self._signals.rate

    def _aside(self, first: int, last: int) -> float:
        """Heights that the subject goes sideways."""
        return abs(float(self._dx[first + 1 : last + 1].sum())) * self._signals.aspect

    def _own(self, distance: float, first: int, last: int) -> float:
        """A distance in widths of the subject itself."""
        span = slice(self._first + first, self._first + last + 1)
        seen = self._signals.seen[span]
        return (
            distance / max(1e-3, ACROSS * float(np.median(self._signals.spread_x[span][seen]))) if seen.any() else 0.0
        )

    def _shakes(self, pieces: list[Swing], unit: float) -> Iterator[Candidate]:
        for run in _quick_runs(pieces, self._signals.rate, SHAKE_SWING * unit):
            first, last = run[0].first, run[-1].last
            sizes = np.array([abs(piece.size) for piece in run]) / unit
            evidence = {
                "size": float(sizes.mean()),
                "swings": float(len(run)),
                "even": float(sizes.std() / sizes.mean()),
            }
            calm = self._stir(first, last) <= CALM_CAMERA
            if not calm or evidence["even"] > SHAKE_EVEN or (last - first) / self._signals.rate < SHAKE_S:
                continue
            hz = len(run) / 2 * self._signals.rate / max(1, last - first)
            shake = self._candidate(EventKind.SHAKE, first, last, evidence, hz=hz, amplitude=float(sizes.mean()) / 2)
            if shake.evidence["fit"] >= SHAKE_FIT:
                self._shaken[first : last + 1] |= self._likely(shake)
                yield shake

    def _jumps(self) -> Iterator[Candidate]:
        for up, down in zip(self._down, self._down[1:], strict=False):
            length = (down.last - up.first) / self._signals.rate
            back = -down.size / up.size if up.size else 0.0
            if up.size > -JUMP_HEIGHT or back < JUMP_RETURN or not JUMP_S[0] <= length <= JUMP_S[1]:
                continue
            pull = 8 * -up.size / length**2
            calm = self._stir(up.first, down.last) <= CALM_CAMERA
            if not PULL[0] <= pull <= PULL[1] or not calm or self._aside(up.first, down.last) > JUMP_ASIDE * -up.size:
                continue
            if self._shaken[up.first : down.last].mean() < TAKEN:
                evidence = {"size": -up.size, "back": abs(np.log(back)), "log_pull": float(np.log(pull))}
                jump = self._candidate(EventKind.JUMP, up.first, down.last, evidence, height=-up.size)
                self._leapt[up.first : down.last + 1] |= self._likely(jump)
                yield jump

    def _falls(self) -> Iterator[Candidate]:
        for piece in self._down:
            length = piece.ticks / self._signals.rate
            used = self._shaken | self._leapt
            pull = 2 * piece.size / length**2
            plain = piece.size > FALL_DROP and FALL_S[0] <= length <= FALL_S[1] and self._gain(piece) >= FALL_GAIN
            plain = plain and self._aside(piece.first, piece.last) <= FALL_ASIDE * piece.size
            plain = plain and self._stir(piece.first, piece.last) <= CALM_CAMERA
            if plain and PULL[0] <= pull <= PULL[1] and used[piece.first : piece.last].mean() < TAKEN:
                evidence = {"size": piece.size, "log_pull": float(np.log(pull))}
                fall = self._candidate(EventKind.FALL, piece.first, piece.last, evidence, drop=piece.size)
                self._fallen[piece.first : piece.last + 1] |= self._likely(fall)
                yield fall

    def _gain(self, piece: Swing) -> float:
        """How much faster a swing ends than it begins."""
        steps = self._dy[piece.first + 1 : piece.last + 1]
        quarter = max(1, round(len(steps) / 4))
        return float(steps[-quarter:].mean() / max(1e-4, steps[:quarter].mean()))

    def _moves(self) -> Iterator[Candidate]:
        before: Swing | None = None
        for piece in self._across:
            if (self._shaken | self._fallen)[piece.first : piece.last].mean() >= TAKEN:
                before = None
                continue
            far = abs(piece.size) >= MOVE_DISTANCE and self._own(abs(piece.size), piece.first, piece.last) >= MOVE_OWN
            if far and piece.ticks / self._signals.rate >= MOVE_S:
                kind = EventKind.MOVE_RIGHT if piece.size > 0 else EventKind.MOVE_LEFT
                evidence = {"size": abs(piece.size)}
                yield self._candidate(kind, piece.first, piece.last, evidence, distance=abs(piece.size))
            # What twists on the spot sways a little meanwhile: that is neither side of its turn.
            if abs(piece.size) >= TURN_DISTANCE and self._own(abs(piece.size), piece.first, piece.last) >= TURN_OWN:
                if before and before.size * piece.size < 0:
                    yield from self._turn(before, piece)
                before = piece

    def _turn(self, before: Swing, after: Swing) -> Iterator[Candidate]:
        pause_s = (after.first - before.last) / self._signals.rate
        size = min(abs(before.size), abs(after.size))
        middle = (before.last + after.first) // 2
        # In the air nothing turns around: what leaps up and sways has not.
        if pause_s <= TURN_PAUSE_S and not self._leapt[middle]:
            evidence = {"size": size, "pause_s": pause_s}
            candidate = self._candidate(EventKind.TURN, before.first, after.last, evidence)
            place = self._first + middle
            yield Candidate(
                EventKind.TURN, place, place + 1, candidate.evidence, {"direction": float(np.sign(after.size))}
            )


def _quick_runs(pieces: list[Swing], rate: float, least: float) -> Iterator[list[Swing]]:
    """Runs of quick swings to and fro, the largest at least `least`."""
    run: list[Swing] = []
    for piece in [*pieces, Swing(0, 0, 0.0)]:
        quick = 0 < piece.ticks / rate <= SHAKE_HALF_S and abs(piece.size) >= least / 2
        if quick and (not run or (piece.first - run[-1].last) / rate <= SHAKE_PAUSE_S):
            run.append(piece)
            continue
        if len(run) >= SHAKE_SWINGS and max(abs(part.size) for part in run) >= least:
            yield run
        run = [piece] if quick else []


def growths(signals: Signals, popped: list[Candidate], misfits: list[Candidate]) -> Iterator[Candidate]:
    """Coming nearer and going away, outside the given appearances and disappearances.

    What fills the picture and comes nearer is fitted as the camera's motion: the given zooms that are none, because the
    border does not go along, are its growth.
    """
    ticks = np.arange(signals.ticks)
    carried = np.zeros(signals.ticks, np.bool_)
    for zoom in misfits:
        carried[zoom.first : zoom.end] = True
    seen, grows = signals.seen.copy(), signals.grows.copy()
    for pop in popped:
        seen &= np.abs(ticks - pop.first) > signals.span(POP_S)
        grows &= np.abs(signals.glances - pop.first) > signals.span(POP_S + 0.1)
    curve, weight = _growth(signals, seen, grows)
    curve = curve + np.where(carried, signals.zoom, 0)
    near = seen | carried | (np.interp(ticks, signals.glances, grows.astype(np.float64)) > 0.1)
    near &= ~widened(signals.cut, 2)
    for first, end in runs(closed(near, signals.span(GROWTH_SMOOTH_S))):
        speed = GROWTH_CORE * GROWTH_SPEED
        for piece in slides(curve[first:end], signals.rate, speed, GROWTH, GROWTH_SMOOTH_S):
            span = slice(first + piece.first, first + piece.last)
            if GROWTH_S <= piece.ticks / signals.rate <= abs(piece.size) / GROWTH_SPEED:
                if not _grows(signals, span, piece.size, carried):
                    continue
                evidence = {
                    "size": abs(piece.size),
                    "length_s": piece.ticks / signals.rate,
                    "log_weight": float(np.log(weight[span].mean() + 1)),
                    "travel": float(signals.travel()[span].mean()) * signals.rate,
                    "log_area": float(np.log(signals.area[span].mean() + 1e-4)),
                    "stir": float(signals.stir()[span].mean()) * signals.rate,
                }
                kind = EventKind.APPROACH if piece.size > 0 else EventKind.RETREAT
                yield Candidate(kind, span.start, span.stop, evidence, {"ratio": float(np.exp(piece.size))})


def _grows(signals: Signals, span: slice, size: float, carried: Flags) -> bool:
    """Whether one thing grows by `size` (log) and does not pass by, as far as it is seen enough to tell."""
    seen, carries = signals.seen[span], carried[span]
    aside, down = (
        float(step[span][seen].sum() - shift[span][carries].sum())
        for step, shift in ((signals.dx, signals.pan_x), (signals.dy, signals.pan_y))
    )
    own = ACROSS * float(np.median(signals.spread_x[span][seen])) if seen.any() else 1.0
    if np.hypot(aside, down / signals.aspect) > max(GROWTH_ASIDE, GROWTH_OWN * own) * abs(size):
        return False
    if carries.mean() > TAKEN:
        return abs(size) >= CARRIED * GROWTH
    return bool(not seen.any() or signals.fit[span][seen].mean() >= GROWTH_FIT)


def _growth(signals: Signals, seen: Flags, grows: Flags) -> tuple[Curve, Curve]:
    """Growth a tick, each measurement weighted by its doubt and all by how usual growth is, and the weight."""
    rate = signals.rate
    speed = smooth(signals.travel(), signals.span(0.2)) * rate
    hurry = smooth(speed, signals.span(2 * 0.42))[signals.glances]
    quick = _evidence(seen, signals.growth, signals.doubt * rate, speed, signals.span(GROWTH_SMOOTH_S))
    slow = _evidence(grows, signals.slow_growth, signals.slow_doubt * rate, hurry, 3)
    ticks = np.arange(signals.ticks)
    total, weight = (a + SLOW_SHARE * np.interp(ticks, signals.glances, b) for a, b in zip(quick, slow, strict=True))
    return total / (weight + 1 / USUAL_GROWTH**2), weight


def _evidence(seen: Flags, growth: Curve, doubt: Curve, speed: Curve, window: int) -> tuple[Curve, Curve]:
    """Smoothed sums of growth over its variance, and of one over the variance."""
    weight = seen / (np.square(doubt) + np.square(DOUBT_MOVING * speed) + DOUBT_FLOOR**2)
    return smooth(weight * growth, window), smooth(weight, window)
