"""Other ways to measure a film, before the same rules: OpenCV's dense optical flow, and PySceneDetect's cuts.

Runs in an environment of its own (script/requirements/others.txt) and prints a JSON line for each film: the events, and
the processor's seconds; then one with the process' peak memory. The plainest adapter that is fair: flow at 320 pixels
across, a similarity fitted to it is the camera, the largest part that departs from it the subject.

    _fronts.py FRONT FILM…      FRONT: bare, cuelight, dis, farneback, adaptive, content
"""

import gc
import itertools
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import _pure  # noqa: F401
import av
import cv2
import numpy as np
from cuelight.analysis import analyze_film
from cuelight.analysis.prompt import Expectation
from cuelight.analysis.rules import find_events
from cuelight.analysis.signals import Signals

ACROSS = 320
"""Pixels across that flow is measured at; more costs more and was no better."""
GRID = 8
"""Pixels from one sample of the flow to the next when the camera is fitted."""
DEPARTS = 0.7
"""Pixels a tick that the subject departs from the camera's motion by, beyond three times the median."""
LEAST_AREA = 60
"""Pixels of the smallest subject."""
REACH_S = 0.19
FLASH_S = 0.35
CHANGED = 20.0
"""Grey levels by which a block of another scene differs."""
CUT_BLOCKS = 0.4
SAME = 10.0
"""Mean grey levels by which two pictures of one scene differ at most."""
FLASH_LEVELS = 12.0
GLANCE_HZ = 8.0
BLOCKS = (6, 8)

type Found = list[tuple[str, float, float]]
type Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]


def main() -> None:
    """Run one front end over the films named."""
    cv2.setNumThreads(1)
    front = FRONTS[sys.argv[1]]
    for name in sys.argv[2:]:
        before = time.process_time()
        found = front(Path(name))
        print(json.dumps({"events": found, "seconds": time.process_time() - before}), flush=True)
        gc.collect()  # PyAV's decoder and its frames refer to each other
    lines = Path("/proc/self/status").read_text().splitlines()
    print(json.dumps({"memory": next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))}))


def _bare(path: Path) -> Found:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        for _ in container.decode(video=0):
            pass
    return []


def _cuelight(path: Path) -> Found:
    return [(event.kind.value, event.start_s, event.end_s) for event in analyze_film(path).events]


def _scenes(name: str) -> Callable[[Path], Found]:
    def cuts(path: Path) -> Found:
        import scenedetect

        detector = getattr(scenedetect, name)()
        starts = [scene[0].seconds for scene in scenedetect.detect(str(path), detector)[1:]]
        return [("cut", start, start) for start in starts]

    return cuts


def _flow(make: Callable[[], Flow]) -> Callable[[Path], Found]:
    def events(path: Path) -> Found:
        signals = _signals(path, make())
        found = find_events(signals, Expectation())
        return [(event.kind.value, event.start_s, event.end_s) for event in found]

    return events


def _dis() -> Flow:
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return lambda one, other: flow.calc(one, other, None)


def _farneback() -> Flow:
    return lambda one, other: cv2.calcOpticalFlowFarneback(one, other, None, 0.5, 3, 15, 3, 5, 1.2, 0)


@dataclass(slots=True)
class _Step:
    """What one tick shows."""

    camera: tuple[float, float, float] = (0.0, 0.0, 0.0)
    changed: float = 0.0
    area: float = 0.0
    spread: tuple[float, float] = (0.0, 0.0)
    moved: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    fit: float = 0.0


def _pictures(path: Path) -> tuple[float, list[np.ndarray]]:
    """Ticks a second, and the film's grey pictures, ACROSS pixels across."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        rate = float(stream.average_rate or 25)
        down = round(ACROSS * stream.height / stream.width / 4) * 4
        grey = [frame.reformat(ACROSS, down, "gray").to_ndarray() for frame in container.decode(video=0)]
    return rate, grey


def _signals(path: Path, flow: Flow) -> Signals:
    """What the rules need, from the flow between each picture and the next."""
    rate, grey = _pictures(path)
    height, width = grey[0].shape
    steps = [_Step()] + [_step(one, other, flow(one, other)) for one, other in itertools.pairwise(grey)]
    bright = np.array([picture.mean() for picture in grey], np.float64)
    cut, flash = _breaks(grey, bright, np.array([step.changed for step in steps]), max(1, round(FLASH_S * rate)))
    lit = np.log(np.maximum(1, bright[1:] - 16) / np.maximum(1, bright[:-1] - 16))
    lightness = np.concatenate(([0.0], lit))
    lightness[cut | flash | np.concatenate(([False], flash[:-1]))] = 0
    lit_from = np.maximum.accumulate(np.where(flash, 0, np.arange(len(grey))))
    camera = np.array([step.camera for step in steps])
    camera[cut] = 0
    moved = np.array([step.moved for step in steps]) / (width, height)
    growth, fit = np.array([step.growth for step in steps]), np.array([step.fit for step in steps])
    area = np.array([step.area for step in steps])
    spread = np.array([step.spread for step in steps]) / (width, height)
    seen = (area >= LEAST_AREA) & ~cut & ~flash
    glances, change = _changes(grey, rate, cut | flash)
    return Signals(
        rate=rate,
        aspect=width / height,
        pan_x=-camera[:, 0] / width,
        pan_y=-camera[:, 1] / height,
        zoom=camera[:, 2],
        lightness=np.clip(lightness, -0.5, 0.5),
        cut=cut,
        flash=flash,
        glow=(bright - bright[lit_from]) / 255,
        changed=np.array([step.changed for step in steps]),
        area=area / (width * height),
        spread_x=spread[:, 0],
        spread_y=spread[:, 1],
        dx=moved[:, 0],
        dy=moved[:, 1],
        growth=growth,
        doubt=np.full(len(grey), 0.1 / rate),
        fit=fit,
        seen=seen,
        glances=glances,
        slow_growth=growth[glances],
        slow_doubt=np.full(len(glances), 0.1 / rate),
        grows=seen[glances],
        change=change[0] / (width * height),
        change_x=change[1] / width,
        change_y=change[2] / height,
        steady=change[3],
        polarity=change[4],
        solid=change[5],
        rim=np.zeros(len(glances)),
        rim_left=np.zeros(len(glances)),
    )


def _step(one: np.ndarray, other: np.ndarray, flow: np.ndarray) -> _Step:
    height, width = one.shape
    rows, columns = np.mgrid[GRID // 2 : height : GRID, GRID // 2 : width : GRID]
    start = np.stack((columns.ravel(), rows.ravel()), axis=1).astype(np.float32)
    end = start + flow[rows, columns].reshape(-1, 2)
    fitted, _ = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if fitted is None:
        fitted = np.eye(2, 3)
    middle = np.array((width / 2, height / 2))
    shift = fitted[:, :2] @ middle + fitted[:, 2] - middle
    scale = max(1e-3, float(np.hypot(fitted[0, 0], fitted[1, 0])))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    departs = flow - np.stack(
        (
            fitted[0, 0] * x + fitted[0, 1] * y + fitted[0, 2] - x,
            fitted[1, 0] * x + fitted[1, 1] * y + fitted[1, 2] - y,
        ),
        axis=2,
    )
    moved = cv2.warpAffine(one, fitted, (width, height), borderMode=cv2.BORDER_REPLICATE)
    level = float(other.mean()) - float(moved.mean())
    apart = np.abs(other.astype(np.float32) - moved - level)
    step = _Step((float(shift[0]), float(shift[1]), float(np.log(scale))), _share(apart))
    size = np.hypot(departs[..., 0], departs[..., 1])
    mask = (size > DEPARTS + 3 * np.median(size)).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3)))
    )
    if count < 2:
        return step
    chosen = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    inside = labels == chosen
    step.area = float(stats[chosen, cv2.CC_STAT_AREA])
    return _subject(step, departs[inside], np.stack((x[inside], y[inside]), axis=1) - centres[chosen])


def _subject(step: _Step, motion: np.ndarray, place: np.ndarray) -> _Step:
    """How the subject's pixels move together: a shift and a growth."""
    shift = np.median(motion, axis=0)
    away = motion - shift
    step.growth = float((away * place).sum() / max(1.0, float(np.square(place).sum())))
    step.spread = (float(place[:, 0].std()), float(place[:, 1].std()))
    step.moved = (float(shift[0]), float(shift[1]))
    step.fit = float((np.hypot(*(away - step.growth * place).T) < 1).mean())
    return step


def _share(apart: np.ndarray) -> float:
    return float((cv2.resize(apart, BLOCKS[::-1], interpolation=cv2.INTER_AREA) > CHANGED).mean())


def _breaks(
    grey: list[np.ndarray], bright: np.ndarray, changed: np.ndarray, flash: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which ticks begin another scene, and which are lit up: the picture is soon as before."""
    cut, lit = np.zeros((2, len(grey)), np.bool_)
    for tick in range(1, len(grey)):
        if lit[tick] or not (changed[tick] >= CUT_BLOCKS or abs(bright[tick] - bright[tick - 1]) > FLASH_LEVELS):
            continue
        before = grey[tick - 1].astype(np.float32)
        later = range(tick + 1, min(len(grey), tick + 1 + flash))
        back = next((other for other in later if np.abs(grey[other] - before).mean() < SAME), None)
        if back is None:
            cut[tick] = changed[tick] >= CUT_BLOCKS
        else:
            lit[tick:back] = True
    return cut, lit


def _changes(grey: list[np.ndarray], rate: float, broken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area, place, steadiness, polarity and solidity of what is otherwise after than before, the camera at rest."""
    far = max(1, round(REACH_S * rate))
    glances = np.arange(0, len(grey), max(1, round(rate / GLANCE_HZ)))
    out = np.zeros((6, len(glances)))
    for index, tick in enumerate(glances.tolist()):
        around = (tick - 2 * far, tick - far, tick + far, tick + 2 * far)
        if around[0] < 0 or around[3] >= len(grey) or broken[around[0] : around[3]].any():
            continue
        first, past, future, last = (grey[place].astype(np.float32) for place in around)
        mask = cv2.morphologyEx((np.abs(future - past) > CHANGED).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
        area = float(mask.sum())
        if area < LEAST_AREA:
            continue
        same = (np.abs(first - past) < CHANGED) & (np.abs(future - last) < CHANGED)
        rim = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
        more, less = (float(np.abs(cv2.Laplacian(picture, cv2.CV_32F))[rim].sum()) for picture in (future, past))
        y, x = np.nonzero(mask)
        solid = area / max(1.0, 4 * np.pi * float(x.std() * y.std()))
        out[:, index] = area, x.mean(), y.mean(), same[mask > 0].mean(), (more - less) / (more + less + 1), solid
    return glances, out


FRONTS: dict[str, Callable[[Path], Found]] = {
    "bare": _bare,
    "cuelight": _cuelight,
    "dis": _flow(_dis),
    "farneback": _flow(_farneback),
    "adaptive": _scenes("AdaptiveDetector"),
    "content": _scenes("ContentDetector"),
}


if __name__ == "__main__":
    main()
