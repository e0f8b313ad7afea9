"""Makes a film from a prompt with a studio, without Home Assistant."""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import _pure  # noqa: F401
from cuelight.t2v import (
    FilmRequest,
    GeneratedFilm,
    JobHandle,
    JobStatus,
    Provider,
    StoryboardProvider,
    T2VError,
    generate,
)

CANCELLED = 130


class ProgressBar:
    """One line on standard error, redrawn in place on a terminal and printed by tenths elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def show(self, status: JobStatus) -> None:
        words = status.message or status.state.value
        if status.progress is None:
            line = words
        else:
            about = "~" if status.estimated else ""
            line = f"[{'#' * round(30 * status.progress):<30}] {about}{status.progress:4.0%} {words}"
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
            return
        coarse = words if status.progress is None else f"{int(status.progress * 10) * 10} % {words}"
        if coarse != self._last:
            print(coarse, file=sys.stderr, flush=True)
        self._last = coarse

    def close(self) -> None:
        if self._terminal:
            print(file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="generate", description="Make a film from a prompt.")
    parser.add_argument("--provider", default="storyboard", choices=["storyboard"])
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    parser.add_argument("--size", default="832x480", help="WIDTHxHEIGHT")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the film")
    return parser.parse_args()


def request_of(options: argparse.Namespace) -> FilmRequest:
    width, _, height = options.size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise SystemExit(f"generate: --size is WIDTHxHEIGHT, for example 832x480, not {options.size!r}.")
    return FilmRequest(
        options.prompt, seed=options.seed, duration_s=options.duration, width=int(width), height=int(height)
    )


async def make(provider: Provider, request: FilmRequest, out: Path) -> GeneratedFilm:
    """Generate; on Ctrl-C or SIGTERM cancel at the studio and say what that achieved."""
    bar = ProgressBar()
    handles: list[JobHandle] = []

    async def remember(handle: JobHandle) -> None:
        handles[:] = [handle]

    task = asyncio.ensure_future(generate(provider, request, out, bar.show, remember))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        outcome = await provider.cancel(handles[0]) if handles else "Nothing was submitted."
        print(f"\ngenerate: cancelled. {outcome}", file=sys.stderr)
        raise SystemExit(CANCELLED) from None
    finally:
        bar.close()


def tell(film: GeneratedFilm, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(film), default=str, ensure_ascii=False))
        return
    print(f"{film.path}: {film.width}x{film.height}, {film.fps:g} fps, {film.frames} frames, {film.duration_s:.2f} s")
    print(f"made by {film.provider} in {film.elapsed_s:.1f} s, seed {film.seed}")
    for note in film.notes:
        print(f"note: {note}")


def main() -> int:
    options = arguments()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        film = asyncio.run(make(StoryboardProvider(), request_of(options), options.out))
    except T2VError as error:
        print(f"generate: {error.message}", file=sys.stderr)
        return 1
    tell(film, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
