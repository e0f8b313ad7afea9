"""The built-in studio: draws a simple film from the prompt on this machine. It is no AI model and says so."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from .base import Provider
from .beats import parse_prompt
from .drawing.picture import Picture
from .exceptions import InvalidRequest, JobCancelled
from .models import FilmRequest, GeneratedFilm, JobHandle, JobState, JobStatus, OnProgress

DISCLAIMER = "Drawn by the built-in storyboard from a list of words it knows; no AI model was used."
_LARGEST_PIXELS = 1920 * 1080
_LONGEST_S = 30.0


class StoryboardProvider(Provider):
    """Draws films with no network, no account and no cost; deterministic for a seed."""

    name = "storyboard"
    title = "Storyboard"
    default_deadline_s = 300.0
    first_poll_s = 0.0

    @property
    def free(self) -> bool:
        """Nothing leaves the house."""
        return True

    async def validate(self) -> None:
        """Find nothing wrong: there is nothing to connect to."""

    async def create(self, intent: JobHandle) -> JobHandle:
        """Accept the job. Drawing happens in `fetch`, so a resumed job is simply drawn again, to the same film."""
        request = intent.request
        if request.width * request.height > _LARGEST_PIXELS or request.duration_s > _LONGEST_S:
            raise InvalidRequest(
                f"The storyboard draws films up to 1920x1080 and {_LONGEST_S:g} s, not {request.size} and "
                f"{request.duration_s:g} s.",
                field="size",
            )
        return replace(intent, id=f"storyboard-{request.seed}")

    async def reconcile(self, intent: JobHandle) -> JobHandle:
        """Accept the job again: nothing was paid, and the film is the same."""
        return await self.create(intent)

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Be ready at once."""
        return JobStatus(JobState.FINISHED)

    async def fetch(
        self, handle: JobHandle, status: JobStatus, destination: Path, on_progress: OnProgress
    ) -> GeneratedFilm:
        """Draw the film in a thread; cancelling the task ends the drawing and leaves no file."""
        loop = asyncio.get_running_loop()
        cancelled = threading.Event()

        def report(progress: float) -> None:
            drawing = JobStatus(JobState.RUNNING, progress, "drawing")
            loop.call_soon_threadsafe(on_progress, drawing)

        work = asyncio.ensure_future(asyncio.to_thread(draw_film, handle.request, destination, report, cancelled))
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            # The thread cannot be interrupted, only asked; it must be gone before the caller goes on.
            cancelled.set()
            await asyncio.wait([work])
            work.exception()
            raise
        notes = work.result()
        request = handle.request
        return GeneratedFilm(
            path=destination,
            provider=self.name,
            seed=request.seed,
            notes=notes,
            width=request.width,
            height=request.height,
            fps=float(request.fps),
            frames=request.frames,
            duration_s=request.frames / request.fps,
            cost_usd=0.0,
        )

    async def cancel(self, handle: JobHandle) -> str:
        """Say that the drawing ends with its task."""
        return "The drawing was stopped."


def draw_film(
    request: FilmRequest,
    destination: Path,
    on_progress: Callable[[float], None] = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> tuple[str, ...]:
    """Draw and encode the film: H.264, yuv420p, an MP4 whose index comes first. Blocks for seconds.

    Returns:
        What the user should know about the film, in sentences.

    Raises:
        JobCancelled: ``cancelled`` was set.
    """
    beats = parse_prompt(request.prompt)
    picture = Picture(request, beats)
    partial = destination.with_name(destination.name + ".part")
    try:
        _encode(partial, request, _counted(picture.frames(), request.frames, on_progress, cancelled))
        partial.replace(destination)
    finally:
        partial.unlink(missing_ok=True)
    return (DISCLAIMER, *beats.notes, *picture.notes)


def _counted(
    frames: Iterator[np.ndarray],
    total: int,
    on_progress: Callable[[float], None],
    cancelled: threading.Event | None,
) -> Iterator[np.ndarray]:
    for index, frame in enumerate(frames, 1):
        if cancelled is not None and cancelled.is_set():
            raise JobCancelled("The drawing was cancelled.")
        yield frame
        on_progress(index / total)


def _encode(path: Path, request: FilmRequest, frames: Iterator[np.ndarray]) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["title"] = request.prompt[:120]
        container.metadata["comment"] = DISCLAIMER
        stream = container.add_stream("libx264", rate=request.fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = request.width, request.height, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        codec = stream.codec_context
        codec.time_base = Fraction(1, request.fps)
        codec.gop_size = request.fps * 2
        # One thread: the same film on every machine.
        codec.thread_count = 1
        codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range = 1, 1, 1, 1
        for index, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = index, Fraction(1, request.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
