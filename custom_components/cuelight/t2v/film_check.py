"""Whether a file is a film: it is decoded, within bounds, before anything else may use it."""

import time
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from .exceptions import BadFilm

_MOST_FRAMES = 7200
_MOST_PIXELS = 7680 * 4320
_LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What a film really is."""

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float


def check_film(path: Path, limit_s: float = _LONGEST_S) -> FilmFacts:
    """Decode the film from end to end and return its facts. Blocks.

    Raises:
        BadFilm: it is none, it is cut off, or it is larger than anything a studio makes.
    """
    started = time.monotonic()
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BadFilm("The fetched file has no picture.", reason="no video stream")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            stream.codec_context.skip_frame = "DEFAULT"
            if stream.width * stream.height > _MOST_PIXELS:
                raise BadFilm(
                    f"The fetched film is {stream.width}x{stream.height}, too large.", reason="too large", final=1
                )
            declared = stream.frames
            fps = float(stream.average_rate or 0)
            frames = 0
            for _ in container.decode(stream):
                frames += 1
                if frames > _MOST_FRAMES or time.monotonic() - started > limit_s:
                    raise BadFilm("The fetched film is longer than any film asked for.", reason="too long", final=1)
            facts = FilmFacts(stream.width, stream.height, fps, frames, frames / fps if fps else 0.0)
    except (FFmpegError, OSError, ValueError) as error:
        raise BadFilm(f"The fetched file does not decode as a film ({error}).", reason=str(error)) from error
    if not facts.frames or (declared and facts.frames < declared * 0.97):
        raise BadFilm(
            f"The fetched film is cut off: {facts.frames} of {declared} frames are there.", reason="truncated"
        )
    return facts
