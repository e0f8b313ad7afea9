"""Makes a film from a prompt with a studio, without Home Assistant."""

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import _pure  # noqa: F401
from aiohttp import ClientSession
from cuelight.t2v import (
    PROVIDERS,
    FilmRequest,
    GeneratedFilm,
    InvalidRequest,
    JobHandle,
    JobStatus,
    Provider,
    T2VError,
    generate,
    is_over,
    make_provider,
    resume,
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
            line = coarse = words
        else:
            about = "~" if status.estimated else ""
            line = f"[{'#' * round(30 * status.progress):<30}] {about}{status.progress:4.0%} {words}"
            coarse = f"{about}{int(status.progress * 10) * 10} % {words}"
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif coarse != self._last:
            print(coarse, file=sys.stderr, flush=True)
        self._last = coarse

    def close(self) -> None:
        if self._terminal and self._last:
            print(file=sys.stderr)


class StoredJob:
    """The handle of a job beside the film it will become, so that a job that was cut off is not paid twice."""

    def __init__(self, film: Path) -> None:
        self.path = film.with_name(film.name + ".job")

    async def save(self, handle: JobHandle) -> None:
        partial = self.path.with_name(self.path.name + ".part")
        partial.write_text(json.dumps(handle.as_dict()))
        partial.replace(self.path)

    def load(self) -> JobHandle | None:
        try:
            return JobHandle.from_dict(json.loads(self.path.read_text()))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise InvalidRequest(f"{self.path} is no stored job ({error}); remove it.", field="handle") from error

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="generate", description="Make a film from a prompt.")
    parser.add_argument("--provider", default="storyboard", choices=list(PROVIDERS))
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--url", default="", help="address of the studio")
    parser.add_argument("--key-env", metavar="VAR", help="environment variable that holds the key")
    parser.add_argument("--model", default="")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="another field of the studio")
    parser.add_argument("--negative-prompt", default="")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    parser.add_argument("--size", default="832x480", help="WIDTHxHEIGHT")
    parser.add_argument("--deadline", type=float, help="seconds; 30 minutes for hosted studios, 60 for one's own")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the film")
    return parser.parse_args()


def request_of(options: argparse.Namespace) -> FilmRequest:
    width, _, height = options.size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise InvalidRequest(f"--size is WIDTHxHEIGHT, for example 832x480, not {options.size!r}.", field="size")
    return FilmRequest(
        options.prompt,
        negative_prompt=options.negative_prompt,
        seed=options.seed,
        duration_s=options.duration,
        width=int(width),
        height=int(height),
    )


def settings_of(options: argparse.Namespace) -> dict[str, str]:
    settings = {"base_url": options.url, "model": options.model}
    if options.key_env:
        if not os.environ.get(options.key_env):
            raise InvalidRequest(f"The environment variable {options.key_env} is empty.", field="key")
        settings["key"] = os.environ[options.key_env]
    for pair in options.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidRequest(f"--set takes FIELD=VALUE, not {pair!r}.", field="set")
        # A workflow is too long for a command line: @FILE reads it.
        settings[name] = Path(value[1:]).read_text() if value.startswith("@") else value
    return settings


async def make(options: argparse.Namespace) -> GeneratedFilm:
    """Generate, or take up the job that was cut off; on Ctrl-C or SIGTERM cancel at the studio."""
    async with ClientSession() as session:
        provider = make_provider(options.provider, session, settings_of(options))
        job = StoredJob(options.out)
        bar = ProgressBar()
        task = asyncio.ensure_future(start(provider, options, job, bar))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            film = await task
        except asyncio.CancelledError:
            bar.close()
            await cancel(provider, job)
            raise SystemExit(CANCELLED) from None
        except T2VError as error:
            handle = job.load()
            if handle and is_over(handle, error):
                job.forget()
            raise
        finally:
            bar.close()
        job.forget()
        return film


async def start(provider: Provider, options: argparse.Namespace, job: StoredJob, bar: ProgressBar) -> GeneratedFilm:
    handle = job.load()
    if handle is None:
        request = request_of(options)
        return await generate(provider, request, options.out, bar.show, job.save, options.deadline)
    if handle.provider != provider.name or handle.request.prompt != request_of(options).checked().prompt:
        raise InvalidRequest(f"{job.path} holds another job; remove it or take another --out.", field="out")
    print("generate: taking up the job that was cut off", file=sys.stderr)
    return await resume(provider, handle, options.out, bar.show, job.save, options.deadline)


async def cancel(provider: Provider, job: StoredJob) -> None:
    handle = job.load()
    outcome = "Nothing was submitted."
    if handle is not None and handle.id is not None:
        try:
            outcome = await provider.cancel(handle)
        except T2VError as error:
            outcome = error.message
    elif handle is not None:
        outcome = f"The create was under way; look at {provider.title} whether it took the job."
    job.forget()
    print(f"generate: cancelled. {outcome}", file=sys.stderr)


def tell(film: GeneratedFilm, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(film), default=str, ensure_ascii=False))
        return
    cost = "" if film.cost_usd is None else f", {film.cost_usd:.2f} USD"
    print(f"{film.path}: {film.width}x{film.height}, {film.fps:g} fps, {film.frames} frames, {film.duration_s:.2f} s")
    print(f"made by {film.provider} in {film.elapsed_s:.1f} s, seed {film.seed}{cost}")
    for note in film.notes:
        print(f"note: {note}")


def main() -> int:
    options = arguments()
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        film = asyncio.run(make(options))
    except T2VError as error:
        print(f"generate: {error.message}", file=sys.stderr)
        if StoredJob(options.out).path.exists():
            print("generate: the job is kept; the same command takes it up again.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"generate: {error.filename or options.out}: {error.strerror or error}.", file=sys.stderr)
        return 1
    tell(film, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
