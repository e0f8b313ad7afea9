"""What travels between the studio's client and its caller."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from .exceptions import InvalidRequest

MAX_PROMPT = 4000
MAX_SEED = 2**31 - 1


class JobState(StrEnum):
    """Where a job stands; failure is an exception, not a state."""

    SUBMITTED = "submitted"
    QUEUED = "queued"
    RUNNING = "running"
    FETCHING = "fetching"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """One film as the user wants it."""

    prompt: str
    negative_prompt: str = ""
    seed: int | None = None
    duration_s: float = 5.0
    width: int = 832
    height: int = 480
    fps: int = 16

    @property
    def frames(self) -> int:
        """Number of frames, the last one at ``duration_s``, as Wan counts them (81 for 5 s at 16 fps)."""
        return round(self.duration_s * self.fps) + 1

    @property
    def size(self) -> str:
        """``832x480``."""
        return f"{self.width}x{self.height}"

    def checked(self) -> Self:
        """Return the request with a clean prompt.

        Raises:
            InvalidRequest: the prompt is empty, or a number is out of every studio's range.
        """
        prompt = clean_prompt(self.prompt)
        if not prompt:
            raise InvalidRequest("The prompt is empty: describe a subject and what it does.", field="prompt")
        limits: tuple[tuple[str, float, float, float], ...] = (
            ("duration_s", self.duration_s, 0.5, 60),
            ("width", self.width, 64, 4096),
            ("height", self.height, 64, 4096),
            ("fps", self.fps, 4, 60),
            ("seed", self.seed or 0, 0, MAX_SEED),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise InvalidRequest(f"{name} is {value:g}; it must be between {low:g} and {high:g}.", field=name)
        if self.width % 2 or self.height % 2:
            raise InvalidRequest(f"The size {self.size} must be even in both directions.", field="size")
        return replace(self, prompt=prompt, negative_prompt=clean_prompt(self.negative_prompt))

    def as_dict(self) -> dict[str, Any]:
        """Return the request as JSON-able data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` wrote."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


@dataclass(frozen=True, slots=True)
class JobHandle:
    """All that is needed to find a job again after a restart. JSON-able through `as_dict`.

    ``id`` is None while the answer to the create is awaited: a handle found so was interrupted in the create.
    """

    provider: str
    request: FilmRequest
    created_at: float
    base_url: str = ""
    id: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the handle as JSON-able data; it holds no secret."""
        return {
            "provider": self.provider,
            "request": self.request.as_dict(),
            "created_at": self.created_at,
            "base_url": self.base_url,
            "id": self.id,
            "urls": dict(self.urls),
            "model": self.model,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` wrote.

        Raises:
            InvalidRequest: the data is not a handle.
        """
        try:
            return cls(
                provider=str(data["provider"]),
                request=FilmRequest.from_dict(data["request"]),
                created_at=float(data["created_at"]),
                base_url=str(data["base_url"]),
                id=None if data["id"] is None else str(data["id"]),
                urls={str(name): str(url) for name, url in data["urls"].items()},
                model=str(data["model"]),
                notes=tuple(str(note) for note in data["notes"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidRequest(f"This is no stored job: {error!r}.", field="handle") from error


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job is.

    ``progress`` runs from 0 to 1 and is None when the studio does not tell; ``result`` is the provider's own;
    ``recognised`` is false for a state this client has never heard of.
    """

    state: JobState
    progress: float | None = None
    message: str = ""
    estimated: bool = False
    retry_after_s: float | None = None
    recognised: bool = True
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GeneratedFilm:
    """A film on disk that was checked to decode, and what it really is beside what was asked for."""

    path: Path
    provider: str
    seed: int | None
    notes: tuple[str, ...] = ()
    model: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frames: int = 0
    duration_s: float = 0.0
    elapsed_s: float = 0.0
    cost_usd: float | None = None


type OnProgress = Callable[[JobStatus], None]
type OnHandle = Callable[[JobHandle], Awaitable[None]]


def clean_prompt(text: str) -> str:
    """Return the text without control characters and with single spaces, cut at 4000 characters."""
    kept = "".join(" " if character.isspace() else character for character in text if _printable(character))
    return re.sub(r" +", " ", kept).strip()[:MAX_PROMPT].rstrip()


def prompt_notes(text: str) -> tuple[str, ...]:
    """Return what `clean_prompt` does to this text, in sentences."""
    notes = []
    removed = sum(not _printable(character) for character in text)
    if removed:
        notes.append(f"{removed} control characters were removed from the prompt.")
    if len(text) > MAX_PROMPT:
        notes.append(f"The prompt has {len(text)} characters; only the first {MAX_PROMPT} are used.")
    return tuple(notes)


def _printable(character: str) -> bool:
    """Tell control characters from text; the joiner and the variation selector belong to emoji."""
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
