"""The one pass from a film to its analysis."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import batched, groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import distil, subject
from .camera import Motion
from .cutout import Shot
from .decode import FilmReader, SmallPicture
from .exceptions import AnalysisCancelled, AnalysisTimeout
from .ink import Frame
from .models import Analysis, Curves, EventKind
from .palette import PaletteMaker
from .prompt import Expectation
from .rules import find_events
from .signals import Signals
from .subject import LEAST_FIT, MIN_AREA, Change, Glance, Sighting, glance, observe
from .window import Window

DEFAULT_LIMIT_S = 300.0
"""Wall-clock limit of one analysis: a Raspberry Pi needs about the film's length for 720p, and scenes last seconds."""
CHUNK = 32
"""Ticks worked on at once: enough to share numpy's overhead, few enough for a processor's second-level cache."""
PROGRESS_S = 0.1
"""Least time between two reports of progress."""
CURVE_HZ = 10
"""Values a second of the brightness and motion curves."""
STEADYING = 7
"""Ticks together with which what moves is measured, to know where it is."""
FULL_MOTION = 40.0
"""Grey levels of unexplained difference, averaged over the picture, that count as a motion energy of one."""


def analyze_film(
    path: str | Path,
    *,
    prompt: str | None = None,
    on_progress: Callable[[float], None] | None = None,
    cancelled: threading.Event | None = None,
    limit_s: float = DEFAULT_LIMIT_S,
) -> Analysis:
    """Analyse a film; blocking, so an event loop runs it in an executor.

    `prompt` only weighs what the pictures show. `on_progress` is called on this thread with 0..1 at most ten times a
    second. Setting `cancelled` ends the call within about 100 ms, also while it distils.

    Raises FilmUnreadable, FilmTooLarge, AnalysisTimeout after `limit_s` seconds, AnalysisCancelled.
    """
    film = Path(path)
    with FilmReader(film) as reader:
        watch = _Watch(film, reader.expected_s, on_progress, cancelled, limit_s)
        look = _Look(reader.rate, reader.size, watch.check)
        for pictures in batched(watch.over(reader.pictures(), reader.rate), CHUNK, strict=False):
            look.at(pictures)
        look.finish()
        return look.analysis(reader, prompt)


def measure_film(path: Path) -> Signals:
    """What is measured at every tick of a film, before the rules judge it: for fitting the rules, and comparing.

    Raises FilmUnreadable, FilmTooLarge.
    """
    with FilmReader(path) as reader:
        look = _Look(reader.rate, reader.size)
        for pictures in batched(reader.pictures(), CHUNK, strict=False):
            look.at(pictures)
        look.finish()
        return look.signals()


class _Watch:
    """Deadline, cancellation and progress of one analysis."""

    def __init__(
        self,
        path: Path,
        expected_s: float | None,
        on_progress: Callable[[float], None] | None,
        cancelled: threading.Event | None,
        limit_s: float,
    ) -> None:
        self._path = path
        self._expected_s = expected_s
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._limit_s = limit_s
        self._deadline = time.monotonic() + limit_s
        self._next_report = 0.0

    def over(self, pictures: Iterator[SmallPicture], rate: float) -> Iterator[SmallPicture]:
        for picture in pictures:
            self.check()
            self._report(picture.index / rate)
            yield picture

    def check(self) -> None:
        if self._cancelled is not None and self._cancelled.is_set():
            raise AnalysisCancelled(self._path)
        if time.monotonic() > self._deadline:
            raise AnalysisTimeout(self._path, self._limit_s)

    def _report(self, time_s: float) -> None:
        now = time.monotonic()
        if self._on_progress and self._expected_s and now >= self._next_report:
            self._next_report = now + PROGRESS_S
            self._on_progress(min(1.0, time_s / self._expected_s))


class _Look:
    """Everything seen so far."""

    def __init__(self, rate: float, size: tuple[int, int], check: Callable[[], None] = lambda: None) -> None:
        """Begin with nothing; `check` is called before each piece of work and may raise."""
        self._rate = rate
        self._check = check
        self._width, self._height = size[0] / 2, size[1] / 2
        self._window = Window(rate)
        self._palette = PaletteMaker(rate)
        self._seen_until = 0
        self._glanced_until = 0
        self._far = subject.reach(rate)
        self._slow = max(subject.slow_reach(rate), 2 * self._far)
        self._step = subject.glance_step(rate)
        self._path = np.zeros((0, 2))
        self._stirred = np.zeros(0, np.bool_)
        self._glances: list[Glance] = []
        self._sightings: list[Sighting] = []
        self._changes: list[Change] = []
        self._kept: list[SmallPicture] = []

    def at(self, pictures: tuple[SmallPicture, ...]) -> None:
        for picture in pictures:
            due = len(self._kept) / distil.FPS
            if picture.index >= due * self._rate and due < distil.MAX_S:
                self._kept.append(picture)
        self._window.extend(pictures)
        self._observe(final=False)

    def finish(self) -> None:
        self._observe(final=True)

    def _observe(self, *, final: bool) -> None:
        window = self._window
        window.align(final=final)
        self._check()
        until = window.done if final else window.done - 2 * self._far
        if until <= self._seen_until:
            return
        for tick in range(self._seen_until, until):
            held = tick - window.first
            self._palette.look(tick, int(window.shot.rows[tick]), window.planes[held])
        sight, change = observe(window, np.arange(self._seen_until, until))
        self._sightings.append(sight)
        self._changes.append(change)
        steps = np.stack((sight.dx, sight.dy), axis=1) * (sight.fit > LEAST_FIT)[:, None]
        start = self._path[-1] if self._path.size else np.zeros(2)
        self._path = np.concatenate((self._path, start + steps.cumsum(axis=0)))
        self._stirred = np.concatenate((self._stirred, sight.stirred > 0))
        self._seen_until = until
        self._check()
        self._glance(final=final)
        window.forget(min(until - 2 * self._far, self._glanced_until - self._slow) - 1)

    def _glance(self, *, final: bool) -> None:
        until = self._seen_until if final else self._seen_until - self._slow
        ticks = np.arange(self._glanced_until, until, self._step)
        if ticks.size:
            self._glances.append(glance(self._window, ticks, self._path, self._stirred))
            self._glanced_until = int(ticks[-1]) + self._step

    def analysis(self, reader: FilmReader, prompt: str | None) -> Analysis:
        self._check()
        sight = _joined(self._sightings)
        signals = self.signals()
        film = reader.film()
        events = find_events(signals, Expectation.of(prompt))
        cuts = {round(event.start_s * self._rate) for event in events if event.kind is EventKind.CUT}
        distilled = distil.distil(self._shots(sight, signals), check=self._check)
        return Analysis(
            film=film,
            events=tuple(events),
            palette=self._palette.palettes(self._window.end, cuts),
            curves=self._curves(sight),
            animation=distilled.animation,
            sprite=distilled.sprite,
        )

    def signals(self) -> Signals:
        """What was measured at every tick."""
        sight, slow, change = _joined(self._sightings), _joined(self._glances), _joined(self._changes)
        window = self._window
        motion, bright = window.motion.rows, window.brightness.rows
        shot, blind = window.shot.rows, window.blind.rows
        before = np.concatenate((bright[:1], bright[:-1]))
        after = np.exp(motion[:, 3]) * before + motion[:, 4]
        lightness = np.log(np.maximum(1.0, after - 16) / np.maximum(1.0, before - 16))
        cut = np.concatenate(([False], np.diff(shot) > 0))
        lightness[cut | blind | np.concatenate(([False], blind[:-1]))] = 0
        lit_from = np.maximum.accumulate(np.where(blind, 0, np.arange(len(blind))))
        width, height = self._width, self._height
        return Signals(
            rate=self._rate,
            aspect=width / height,
            pan_x=-motion[:, 0] / width,
            pan_y=-motion[:, 1] / height,
            zoom=motion[:, 2],
            lightness=np.clip(lightness, -0.5, 0.5),
            cut=cut,
            flash=blind,
            glow=(bright - bright[lit_from]) / 255,
            changed=window.changed.rows,
            area=sight.area / (width * height),
            spread_x=sight.width / width,
            spread_y=sight.height / height,
            dx=sight.dx / width,
            dy=sight.dy / height,
            growth=sight.growth,
            doubt=sight.doubt,
            fit=sight.fit,
            seen=(sight.area >= MIN_AREA) & (sight.fit > LEAST_FIT) & ~blind,
            glances=slow.tick,
            slow_growth=slow.growth,
            slow_doubt=slow.doubt,
            grows=(slow.area >= MIN_AREA) & (slow.fit > LEAST_FIT),
            change=slow.lively * change.area / (width * height),
            change_x=change.x / width + 0.5,
            change_y=change.y / height + 0.5,
            steady=change.steady,
            polarity=change.polarity,
            solid=change.solid,
            rim=slow.rim / 255,
            rim_left=slow.rim_left / 255,
        )

    def _curves(self, sight: Sighting) -> Curves:
        ticks = len(sight.energy)
        places = np.minimum((np.arange(0, ticks / self._rate, 1 / CURVE_HZ) * self._rate).astype(np.intp), ticks - 1)
        energy = sight.energy + np.hypot(*self._window.motion.rows[:, :2].T)
        bright = np.clip((self._window.brightness.rows[places] - 16) / 219, 0, 1)
        motion = np.clip(energy[places] / FULL_MOTION, 0, 1)
        return Curves(CURVE_HZ, tuple(bright.round(3).tolist()), tuple(motion.round(3).tolist()))

    def _shots(self, sight: Sighting, signals: Signals) -> list[Shot]:
        """The kept pictures by shot, each shot with a frame that holds the path of what moves in it."""
        width, height = 2 * self._width, 2 * self._height
        shots = self._window.shot.rows
        out: list[Shot] = []
        for shot, pictures in groupby(self._kept, lambda picture: int(shots[picture.index])):
            together = list(pictures)
            seen = np.flatnonzero((shots == shot) & signals.seen)
            luma, chroma = (np.stack(planes) for planes in zip(*((p.luma, p.chroma) for p in together), strict=True))
            ticks = np.array([picture.index for picture in together])
            motion = self._window.relative(np.full_like(ticks, ticks[len(ticks) // 2]), ticks)
            camera = np.stack((motion.x, motion.y, motion.zoom), axis=1)
            there = self._window.relative(np.full_like(seen, ticks[len(ticks) // 2]), seen)
            boxes = _boxes(sight, seen, there, ticks) if seen.size else None
            out.append(Shot(luma, chroma, _framed(sight, seen, width, height), camera, boxes))
        return out


def _boxes(
    sight: Sighting, seen: npt.NDArray[np.intp], there: Motion, ticks: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Where what moves was last seen before each tick, and where it is seen next (`Shot.subject`); it rests between."""
    zoom = np.exp(there.zoom)
    x, y = sight.x[seen] * zoom + there.x, sight.y[seen] * zoom + there.y
    # As it comes to rest less and less of it is seen to move.
    first = np.clip(np.arange(len(seen)) - STEADYING // 2, 0, max(0, len(seen) - STEADYING))
    beside = np.minimum(first[:, None] + np.arange(STEADYING), len(seen) - 1)
    sizes = distil.EXTENT * zoom * np.stack((sight.width[seen], sight.height[seen]))
    across, down = np.maximum(sizes, np.median(sizes[:, beside], axis=2))
    boxes = np.stack((x - across, x + across, y - down, y + down), axis=1)
    last = np.maximum(np.searchsorted(seen, ticks, side="right") - 1, 0)
    following = np.minimum(np.searchsorted(seen, ticks), len(seen) - 1)
    return np.stack((boxes[last], boxes[following]), axis=1)


def _framed(sight: Sighting, seen: npt.NDArray[np.intp], width: float, height: float) -> Frame:
    shorter = min(width, height)
    if not seen.size:
        return Frame((width - 1) / 2, (height - 1) / 2, shorter)
    low_x, high_x = _extent(sight.x[seen], sight.width[seen])
    low_y, high_y = _extent(sight.y[seen], sight.height[seen])
    side = distil.WHOLE_MARGIN * 2 * max(high_x - low_x, high_y - low_y)
    side = min(max(side, distil.WHOLE_LEAST * shorter), shorter)
    x, y = (low_x + high_x) + width / 2, (low_y + high_y) + height / 2
    return Frame(min(max(x, side / 2), width - side / 2) - 0.5, min(max(y, side / 2), height - side / 2) - 0.5, side)


def _extent(place: npt.NDArray[np.floating], spread: npt.NDArray[np.float32]) -> tuple[float, float]:
    low = np.percentile(place - distil.EXTENT * spread, 10)
    return float(low), float(np.percentile(place + distil.EXTENT * spread, 90))


def _joined[Part: (Sighting, Glance, Change)](parts: list[Part]) -> Part:
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(kind)))
