"""A film as a stream of small pictures at a uniform clock, with bounded memory and stated limits."""

import gc
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from .exceptions import FilmTooLarge, FilmUnreadable
from .models import Film

MAX_DURATION_S = 900.0
"""Longest film analysed. Scenes last seconds; a quarter of an hour keeps the per-frame records under 10 MB."""
MAX_PIXELS = 4096 * 2304
"""Largest picture analysed (4K). A decoder holds up to 17 pictures, at 8K some 800 MB, more than a Raspberry Pi has."""
MAX_TICK_RATE = 33.0
"""Pictures a second looked at: hosted models give up to 32; of 50 or 60 every second one says as much."""
MIN_TICK_RATE = 8.0
"""Below this the clock is finer than the film, so that a slide show is a film of holds."""
USUAL_RATE = 25.0
"""Assumed where the container states no frame rate."""
READ_LIMIT_S = 20.0
"""Seconds that FFmpeg may look for the beginning or the next packet of a film before it is given up as unreadable."""
MAX_BAD_PACKETS = 250
"""Damaged packets in a row before the rest is given up: ten seconds of film that nothing could be made of."""
EARLY = 0.25
"""Ticks by which a frame may come late and still be the tick's: time stamps in milliseconds jitter."""
LUMA_AREA = 128 * 72
"""Pixels of the small picture. At 64x36 of motion and 128x72 of luma the errors are a tenth of a pixel, and libswscale
spends as much on a smaller one, for it reads every source row either way."""
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,gif,h264,hevc,ivf,asf"
"""Single-file containers. Playlists and scripts that make FFmpeg open other files or addresses are refused."""

type Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """One tick of the clock: luma (h, w) and the two colour planes (2, h/2, w/2), 8 bits each.

    `fresh` is false where the film shows the same frame as at the tick before.
    """

    index: int
    luma: Plane
    chroma: Plane
    fresh: bool


class FilmReader:
    """Reads one film once, as a context manager; `rate` ticks a second, `size` the small luma's (width, height)."""

    def __init__(self, path: Path) -> None:
        """Open the film; raises FilmUnreadable or FilmTooLarge from what the container says of itself."""
        self._path = path
        self._container = _open(path)
        try:
            self._stream = self._video_stream()
            self._check_limits()
        except BaseException:
            self._container.close()
            raise
        self.rate = _tick_rate(float(self._stream.average_rate or self._stream.guessed_rate or USUAL_RATE))
        self._frame_size = (self._stream.codec_context.width, self._stream.codec_context.height)
        self.size = _small_size(*self._frame_size)
        self._reformatter = VideoReformatter()
        self._frames = 0
        self._end_s = 0.0

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the film and give its pictures' memory back.

        PyAV's container, stream and decoder refer to each other, so that only the collector frees the decoder's
        pictures, 6 MB of them at 480p; being young, they cost it a tenth of a millisecond.
        """
        self._container.close()
        del self._container, self._stream
        gc.collect(1)

    @property
    def expected_s(self) -> float | None:
        """Duration as the container states it, if it does."""
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        if self._container.duration is not None:
            return self._container.duration / av.time_base
        return None

    def film(self) -> Film:
        """The film's facts, as decoded so far."""
        fps = self._frames / self._end_s if self._end_s else 0.0
        return Film(self._path, *self._frame_size, round(fps, 3), self._frames, round(self._end_s, 3))

    def pictures(self) -> Iterator[SmallPicture]:
        """Yield one picture for each tick: the frame the film shows then, whatever its frames' spacing.

        Raises FilmUnreadable if not one frame decodes, FilmTooLarge past the limits.
        """
        held: VideoFrame | None = None
        held_tick = 0
        for frame, time_s in self._timed_frames():
            tick = math.ceil(time_s * self.rate - EARLY)
            if held is not None:
                yield from self._emit(held, held_tick, tick)
            held, held_tick = frame, max(tick, held_tick)
        if held is None:
            raise FilmUnreadable(self._path, "not one picture of it can be decoded")
        yield from self._emit(held, held_tick, max(held_tick + 1, round(self._end_s * self.rate)))

    def _emit(self, frame: VideoFrame, first: int, end: int) -> Iterator[SmallPicture]:
        if first >= end:
            return
        width, height = self.size
        # Left to itself libswscale shares each picture between threads, whose waking costs more than they save.
        small = self._reformatter.reformat(frame, width, height, "yuv420p", interpolation=Interpolation.AREA, threads=1)
        luma = _plane(small, 0)
        chroma = np.stack((_plane(small, 1), _plane(small, 2)))
        for tick in range(first, end):
            yield SmallPicture(tick, luma, chroma, tick == first)

    def _timed_frames(self) -> Iterator[tuple[VideoFrame, float]]:
        """Yield frames with seconds since the first, never decreasing."""
        step_s = 1.0 / float(self._stream.average_rate or USUAL_RATE)
        origin: float | None = None
        time_s = -step_s
        for frame in self._decoded():
            if frame.width * frame.height > MAX_PIXELS:
                raise FilmTooLarge(self._path, "a picture's pixel count", frame.width * frame.height, MAX_PIXELS)
            if frame.time is None:
                time_s += step_s
            else:
                origin = frame.time if origin is None else origin
                time_s = max(time_s, frame.time - origin, 0.0)
            self._frames += 1
            length_s = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else step_s
            self._end_s = time_s + length_s
            if self._end_s > MAX_DURATION_S:
                raise FilmTooLarge(self._path, "its duration in seconds", self._end_s, MAX_DURATION_S)
            yield frame, time_s

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield what can be decoded; damaged packets are passed over, and reading goes on after a damaged stretch."""
        bad = 0
        packets = self._container.demux(self._stream)
        while bad < MAX_BAD_PACKETS:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                return
            except av.error.EOFError:
                return
            except av.error.FFmpegError, OSError, ValueError:
                bad += 1
                packets = self._container.demux(self._stream)
                continue
            bad = 0
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    yield frame

    def _video_stream(self) -> VideoStream:
        for stream in self._container.streams.video:
            if not stream.disposition & stream.disposition.attached_pic:
                break
        else:
            raise FilmUnreadable(self._path, "it holds no moving pictures")
        if stream.codec_context is None:
            raise FilmUnreadable(self._path, "its pictures are coded in a way that is not known here")
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"skip_loop_filter": "all"}
        return stream

    def _check_limits(self) -> None:
        context = self._stream.codec_context
        if context.width <= 0 or context.height <= 0:
            raise FilmUnreadable(self._path, "its pictures have no size")
        if context.width * context.height > MAX_PIXELS:
            raise FilmTooLarge(self._path, "a picture's pixel count", context.width * context.height, MAX_PIXELS)
        if (self.expected_s or 0.0) > MAX_DURATION_S:
            raise FilmTooLarge(self._path, "its duration in seconds", self.expected_s or 0.0, MAX_DURATION_S)


def _open(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise FilmUnreadable(path, "the file is empty")
    except OSError as error:
        raise FilmUnreadable(path, error.strerror or "the file cannot be opened") from error
    try:
        return av.open(
            str(path),
            options={"protocol_whitelist": "file", "format_whitelist": DEMUXERS},
            timeout=READ_LIMIT_S,
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise FilmUnreadable(path, "it is no film, or a damaged one") from error


def _tick_rate(film_rate: float) -> float:
    return max(MIN_TICK_RATE, film_rate / math.ceil(film_rate / MAX_TICK_RATE))


def _small_size(width: int, height: int) -> tuple[int, int]:
    """Width and height with the film's proportions and LUMA_AREA pixels, both multiples of four."""
    aspect = min(4.0, max(0.25, width / height))
    across = 4 * round(math.sqrt(LUMA_AREA * aspect) / 4)
    return across, 4 * round(LUMA_AREA / across / 4)


def _plane(frame: VideoFrame, index: int) -> Plane:
    plane = frame.planes[index]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width].copy()
