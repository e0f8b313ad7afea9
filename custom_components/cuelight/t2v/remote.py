"""What all studios on the network share: settings, the fetch of a film, and its check."""

import asyncio
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Self

from aiohttp import ClientSession

from .base import Provider
from .download import Downloader, Limits
from .exceptions import BadFilm, InvalidRequest, LinkExpired, StudioUnreachable, T2VError
from .film_check import FilmFacts, check_film
from .http import StudioHttp, Timeouts
from .models import GeneratedFilm, JobHandle, JobState, JobStatus, OnProgress


class FieldKind(StrEnum):
    """How a setting is entered."""

    TEXT = "text"
    URL = "url"
    SECRET = "secret"
    CHOICE = "choice"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a studio, for a form to ask. ``suggestions`` of a TEXT are no limits, those of a CHOICE are."""

    name: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    default: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tuning:
    """Time limits; the defaults are right for studios, tests use shorter ones."""

    first_poll_s: float = 5.0
    slowest_poll_s: float = 15.0
    fetch_attempts: int = 4
    fetch_pause_s: float = 3.0
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user entered for a studio."""

    base_url: str = ""
    key: str = ""
    model: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the settings from a form's answers; what is no common setting goes to ``extra``."""
        base_url, key, model = (str(data.get(name) or "").strip() for name in ("base_url", "key", "model"))
        known = ("base_url", "key", "model")
        extra = {name: str(value) for name, value in data.items() if name not in known and value is not None}
        return cls(base_url, key, model, extra)


class RemoteProvider(Provider):
    """A studio on the network."""

    fields: ClassVar[tuple[Field, ...]] = ()
    default_base: ClassVar[str] = ""

    def __init__(self, session: ClientSession, settings: Settings, tuning: Tuning | None = None) -> None:
        """Take the caller's session; nothing is sent yet.

        Raises:
            InvalidRequest: the address is none.
        """
        self.session = session
        self.settings = settings
        self.tuning = tuning or Tuning()
        self.base_url = normal_base(settings.base_url or self.default_base, self.title)
        default = next((field.default for field in self.fields if field.name == "model"), "")
        self.model = settings.model or default
        self.first_poll_s = self.tuning.first_poll_s
        self.slowest_poll_s = self.tuning.slowest_poll_s
        self.http = StudioHttp(session, self.title, self.auth_headers(), self.tuning.timeouts)

    def auth_headers(self) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Bearer {self.settings.key}"} if self.settings.key else {}

    def identity(self) -> dict[str, str]:
        """Return what of the settings makes a different film; never the key."""
        return super().identity() | dict(self.settings.extra)

    @abstractmethod
    def sources(self, handle: JobHandle, status: JobStatus) -> list[str]:
        """Return where the finished film can be fetched, best first."""

    def cost_of(self, status: JobStatus) -> float | None:
        """Return what the studio says the film cost, in US dollars."""
        return None

    def seed_of(self, handle: JobHandle, status: JobStatus) -> int | None:
        """Return the seed that was really used."""
        return handle.request.seed

    async def fetch(
        self, handle: JobHandle, status: JobStatus, destination: Path, on_progress: OnProgress
    ) -> GeneratedFilm:
        """Download, check that it decodes, move into place at once.

        Raises:
            BadFilm: nothing that decodes came.
            LinkExpired: the film is no longer there.
            StudioUnreachable: it could not be fetched after several attempts.
        """
        partial = destination.with_name(destination.name + ".part")
        try:
            facts = await self._fetch_checked(handle, status, partial, on_progress)
            await asyncio.to_thread(partial.replace, destination)
        finally:
            await asyncio.to_thread(partial.unlink, True)
        film = GeneratedFilm(
            path=destination,
            provider=self.name,
            seed=self.seed_of(handle, status),
            model=handle.model,
            width=facts.width,
            height=facts.height,
            fps=facts.fps,
            frames=facts.frames,
            duration_s=round(facts.duration_s, 3),
            cost_usd=self.cost_of(status),
        )
        return replace(film, notes=_differences(handle, film))

    async def _fetch_checked(
        self, handle: JobHandle, status: JobStatus, partial: Path, on_progress: OnProgress
    ) -> FilmFacts:
        """Try each source, each several times: the film is paid for."""
        downloader = Downloader(self.session, self.title, self.base_url, self.http.headers, self.tuning.limits)

        def report(share: float | None) -> None:
            message = "fetching" if share is None else f"fetching {share:.0%}"
            on_progress(JobStatus(JobState.FETCHING, None, message))

        failure: T2VError = BadFilm(f"{self.title} finished the job and gives no film.", reason="no address")
        for attempt in range(self.tuning.fetch_attempts):
            if attempt:
                await asyncio.sleep(self.tuning.fetch_pause_s * attempt)
            for source in self.sources(handle, status):
                try:
                    await downloader.fetch(source, partial, report)
                    return await asyncio.to_thread(check_film, partial)
                except (StudioUnreachable, LinkExpired, BadFilm) as error:
                    failure = error
            if failure.fields.get("final"):
                break
        raise failure


def cut(text: str, longest: int, what: str, notes: list[str]) -> str:
    """Return the text as long as the studio takes it, and note what was cut."""
    if len(text) > longest:
        notes.append(f"The {what} has {len(text)} characters; the studio takes the first {longest}.")
    return text[:longest]


def progress_of_log(log: str) -> float | None:
    """Return the last percentage of a progress bar that a studio's log shows, as a share."""
    found = re.findall(r"(\d{1,3})%\s*\|", log)
    return min(int(found[-1]), 99) / 100 if found else None


def _differences(handle: JobHandle, film: GeneratedFilm) -> tuple[str, ...]:
    """Return in sentences where the film is not what was asked for."""
    request = handle.request
    notes = []
    if (film.width, film.height) != (request.width, request.height):
        notes.append(f"Asked for {request.size}, got {film.width}x{film.height}.")
    if abs(film.fps - request.fps) > 0.5:
        notes.append(f"Asked for {request.fps} frames per second, got {film.fps:g}.")
    if abs(film.duration_s - request.duration_s) > 0.5:
        notes.append(f"Asked for {request.duration_s:g} s, got {film.duration_s:.1f} s.")
    return tuple(notes)


def normal_base(address: str, title: str) -> str:
    """Return the address without what users paste after it.

    Raises:
        InvalidRequest: it is no http or https address.
    """
    base = address.strip().rstrip("/")
    if (
        not base.startswith(("http://", "https://"))
        or len(base.partition("//")[2]) < 1
        or any(c.isspace() for c in base)
    ):
        raise InvalidRequest(
            f"The address of {title} must start with http:// or https://, for example http://192.168.1.20:8091.",
            field="base_url",
        )
    return base
