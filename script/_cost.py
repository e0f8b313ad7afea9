"""What the analysis of a film costs: processor time and memory beside bare decoding, delay of an event loop, size.

Every ratio is taken against bare single-threaded decoding of the same film in the same run.
"""

import asyncio
import gc
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import numpy as np
from av.video.stream import VideoStream
from cuelight.analysis import AnalysisCancelled, analyze_film, pipeline
from cuelight.analysis.codec import decode_animation
from cuelight.t2v import FilmRequest
from cuelight.t2v.storyboard import draw_film
from homeassistant.util.executor import InterruptibleThreadPoolExecutor

from tests.analysis.films import make_film

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT / ".tools/clips"
SIZES = {"480p": (832, 480), "720p": (1280, 720)}
SEEDS = range(200, 206)
"""Films of the project's generator, as they come: some with the noise of a sensor, some without."""
STORIES = (
    "a cat waits, then jumps and turns around",
    "a dog falls, then a flash",
    "a bird approaches, the camera pans left",
)
TIMES = 3
LONG_TIMES = 12
LINES = 480
TICK_S = 0.005
CANCELS = 24
EXECUTOR_THREADS = 64
"""As Home Assistant's own."""
MEGABYTE = 1024.0

DECODE = "c = av.open(path); c.streams.video[0].thread_type = 'NONE'\nfor _ in c.decode(video=0): pass\nc.close()"
ANALYSE = "analyze_film(path)"

type Row = tuple[object, ...]
type Table = Callable[[str, tuple[str, ...], list[Row]], str]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of decoding and of analysing one film, its frames, and megabytes that analysing takes more."""

    bare: float
    ours: float
    frames: int
    memory: float


def measure(table: Table) -> None:
    """Print all tables; takes about two minutes."""
    folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
    try:
        sets = dict(_films(folder))
        print(table(
            f"Analysis: CPU time (best of {TIMES}) and peak memory beside bare decoding of the same films",
            ("films", "decoding a frame", "analysis a frame", "ratio", "lowest and highest", "memory over bare, most"),
            [_cost_row(name, films) for name, films in sets.items()],
        ))  # fmt: skip
        film = sets["generated 720p"][0]
        print(table(
            "Delay of an event loop while a 720p film is worked on in its executor",
            ("meanwhile", "median", "99th", "most"),
            asyncio.run(_delays(film)),
        ))  # fmt: skip
        print(table(
            "Analysis of a 720p film, cancelled: how long it goes on",
            ("moment", "stopped", "median", "most"),
            _cancelled(film),
        ))  # fmt: skip
        print(table(
            "The distilled animation, bytes",
            ("film", "pictures", "animation", "XOR + zlib", "PackBits", "raw", "of raw"),
            [_bytes_row(film) for name in ("generated 480p", "storyboard 480p") for film in sets[name]],
        ))  # fmt: skip
    finally:
        shutil.rmtree(folder)


def _films(folder: Path) -> Iterable[tuple[str, list[Path]]]:
    for name, size in SIZES.items():
        films = [folder / f"{name}-{seed}.mp4" for seed in SEEDS]
        for film, seed in zip(films, SEEDS, strict=True):
            make_film(film, seed, size)
            gc.collect()
        yield f"generated {name}", films
    for name, (width, height) in SIZES.items():
        films = [folder / f"{name}-story-{index}.mp4" for index in range(len(STORIES))]
        for film, prompt in zip(films, STORIES, strict=True):
            draw_film(FilmRequest(prompt, seed=3, width=width, height=height), film)
        yield f"storyboard {name}", films
    clips = sorted(path for path in CLIPS.glob("*") if path.suffix in (".mp4", ".avi"))
    large = [clip for clip in clips if _lines(clip) >= LINES]
    for kind, some in ((f"of {LINES} lines and more", large), ("smaller", [c for c in clips if c not in large])):
        if some:
            yield f"real, {kind}", some
    yield f"one 480p film {LONG_TIMES} times over", [_repeated(folder / "480p-200.mp4", folder / "long.mp4")]


def _lines(film: Path) -> int:
    with av.open(str(film)) as container:
        return container.streams.video[0].height


def _repeated(film: Path, long: Path) -> Path:
    """The same film over and over, its packets copied."""
    with av.open(str(long), "w") as out:
        stream: VideoStream | None = None
        start = 0
        for _ in range(LONG_TIMES):
            with av.open(str(film)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = out.add_stream_from_template(video)
                end = start
                for packet in source.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue
                    end = max(end, start + packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts = start + packet.pts, start + packet.dts
                    packet.stream = stream
                    out.mux(packet)
                start = end
    return long


def _cost_row(name: str, films: list[Path]) -> Row:
    costs = [_cost(film) for film in films]
    bare, ours, frames = (sum(getattr(cost, part) for cost in costs) for part in ("bare", "ours", "frames"))
    ratios = [cost.ours / cost.bare for cost in costs]
    times = (f"{bare / frames:.2f} ms", f"{ours / frames:.2f} ms", f"{ours / bare:.2f}")
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return name, *times, spread, f"{max(cost.memory for cost in costs):+.0f} MB"


def _cost(film: Path) -> Cost:
    (bare, least), (ours, most) = _measured(film, DECODE), _measured(film, ANALYSE)
    with av.open(str(film)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    return Cost(1000 * bare, 1000 * ours, frames, most - least)


def _measured(film: Path, work: str) -> tuple[float, float]:
    """Return the least CPU seconds of several runs in a process of its own, and its peak memory in MB after the first.

    After more of them PyAV's reference cycles would add up.
    """
    program = f"""
import sys, time; sys.path.insert(0, {str(ROOT / "script")!r})
import _pure, av, numpy
from pathlib import Path
from cuelight.analysis import analyze_film
path = Path({str(film)!r})
best, peak = 1e9, None
status = Path("/proc/self/status")  # ru_maxrss would carry the parent's peak over the exec
for _ in range({TIMES}):
    before = time.process_time()
{"".join(f"    {line}" + chr(10) for line in work.splitlines())}
    best = min(best, time.process_time() - before)
    if peak is None:
        lines = status.read_text().splitlines() if status.exists() else []
        peak = next((int(line.split()[1]) / {MEGABYTE} for line in lines if line.startswith("VmHWM")), 0.0)
print(best, peak)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


async def _delays(film: Path) -> list[Row]:
    """A ticker's lateness: alone, beside bare decoding, and beside an analysis, each in the loop's executor."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(InterruptibleThreadPoolExecutor(max_workers=EXECUTOR_THREADS))
    works: dict[str, Callable[[], object]] = {
        "nothing": partial(time.sleep, 2),
        "bare decoding": partial(_decode, film),
        "analysis": partial(analyze_film, film),
    }
    rows: list[Row] = []
    for name, work in works.items():
        late: list[float] = []
        for _ in range(3 if name != "nothing" else 1):
            running = loop.run_in_executor(None, work)
            while not running.done():
                before = time.perf_counter()
                await asyncio.sleep(TICK_S)
                late.append(1000 * (time.perf_counter() - before - TICK_S))
            await running
        late.sort()
        shares = (late[len(late) // 2], late[int(0.99 * len(late))], late[-1])
        rows.append((name, *(f"{value:.1f} ms" for value in shares)))
    return rows


def _decode(film: Path) -> None:
    with av.open(str(film)) as container:
        container.streams.video[0].thread_type = "NONE"
        for _ in container.decode(video=0):
            pass


def _cancelled(film: Path) -> list[Row]:
    """Milliseconds from the request to the end: at random moments, and while it distils."""
    began = time.perf_counter()
    analyze_film(film)
    whole_s = time.perf_counter() - began
    moments = random.Random(1)
    anywhere = [_cancel_after(film, moments.uniform(0, whole_s)) for _ in range(CANCELS)]
    late = [_cancel_after(film, moments.uniform(0, 0.15 * whole_s), distilling=True) for _ in range(CANCELS)]
    return [_cancel_row("any", anywhere), _cancel_row("while it distils", late)]


def _cancel_row(name: str, delays: list[float | None]) -> Row:
    stopped = sorted(delay for delay in delays if delay is not None)
    if not stopped:
        return name, 0, "–", "–"
    return name, len(stopped), f"{stopped[len(stopped) // 2]:.1f} ms", f"{stopped[-1]:.1f} ms"


def _cancel_after(film: Path, seconds: float, *, distilling: bool = False) -> float | None:
    """How long an analysis goes on once it is cancelled, so long after it began (to distil); None if it was over."""
    cancelled = threading.Event()
    asked: list[float] = []

    def cancel() -> None:
        asked.append(time.perf_counter())
        cancelled.set()

    timer = threading.Timer(seconds, cancel)
    distil = pipeline.distil.distil

    def begun(*args: Any, **options: Any) -> Any:
        if distilling:
            timer.start()
        return distil(*args, **options)

    with patch.object(pipeline.distil, "distil", begun):
        if not distilling:
            timer.start()
        try:
            analyze_film(film, cancelled=cancelled)
        except AnalysisCancelled:
            return 1000 * (time.perf_counter() - asked[0])
        finally:
            timer.cancel()
    return None


def _bytes_row(film: Path) -> Row:
    animation = analyze_film(film).animation
    pictures = [np.packbits(picture) for picture in decode_animation(animation.data)[2]]
    raw = b"".join(picture.tobytes() for picture in pictures)
    before = [np.zeros_like(pictures[0]), *pictures[:-1]]
    changes = b"".join((picture ^ last).tobytes() for picture, last in zip(pictures, before, strict=True))
    packed = sum(_packbits(picture.tobytes()) for picture in pictures)
    sizes = (len(animation.data), len(zlib.compress(changes, 9)), packed, len(raw))
    return film.stem, len(pictures), *sizes, f"{100 * sizes[0] / len(raw):.0f} %"


def _packbits(data: bytes) -> int:
    """Bytes that a picture takes in PackBits (Apple, 1984): runs of 2 to 128 equal bytes, or as many literal ones."""
    size = at = literal = 0
    while at < len(data):
        run = 1
        while at + run < len(data) and run < 128 and data[at + run] == data[at]:
            run += 1
        if run >= 2 + (literal > 0):
            size, literal, at = size + 2, 0, at + run
        else:
            if literal in (0, 128):
                size, literal = size + 1, 0
            size, literal, at = size + 1, literal + 1, at + 1
    return size
