"""The life of a job at any studio: create once, persist, poll with patience, fetch, check."""

import asyncio
import hashlib
import json
import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from .exceptions import (
    AuthenticationFailed,
    BudgetExceeded,
    CreateUnconfirmed,
    DeadlineExceeded,
    JobFailed,
    Moderated,
    QuotaExceeded,
    StudioUnreachable,
    T2VError,
)
from .models import (
    MAX_SEED,
    FilmRequest,
    GeneratedFilm,
    JobHandle,
    JobState,
    JobStatus,
    OnHandle,
    OnProgress,
    prompt_notes,
)

FIRST_POLL_S = 5.0
SLOWEST_POLL_S = 15.0
LONGEST_RETRY_AFTER_S = 300.0
UNKNOWN_STATE_S = 600.0
RECONCILE_ATTEMPTS = 3


class Provider(ABC):
    """One studio. Holds no job: everything about a job is in its handle."""

    name: ClassVar[str]
    title: ClassVar[str]
    default_deadline_s: ClassVar[float] = 1800.0
    first_poll_s: float = FIRST_POLL_S
    slowest_poll_s: float = SLOWEST_POLL_S
    unknown_state_s: float = UNKNOWN_STATE_S

    base_url: str = ""
    model: str = ""

    @abstractmethod
    async def validate(self) -> None:
        """Check address and key with one cheap call.

        Raises:
            T2VError: what is wrong with them.
        """

    @abstractmethod
    async def create(self, intent: JobHandle) -> JobHandle:
        """Submit the job, once, and return the handle that finds it again.

        Raises:
            CreateUnconfirmed: bytes were sent and no answer came; the job may exist.
            T2VError: the studio refused; no job exists.
        """

    @abstractmethod
    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once how far the job is.

        Raises:
            StudioUnreachable, QuotaExceeded: ask again later.
            T2VError: the job ended without a film.
        """

    @abstractmethod
    async def fetch(
        self, handle: JobHandle, status: JobStatus, destination: Path, on_progress: OnProgress
    ) -> GeneratedFilm:
        """Bring the finished film to ``destination``, checked and moved into place at once."""

    async def cancel(self, handle: JobHandle) -> str:
        """Ask the studio to stop, best effort; return one sentence saying what that achieved."""
        return f"{self.title} cannot cancel a job; it may go on there."

    async def reconcile(self, intent: JobHandle) -> JobHandle | None:
        """Look for the job of a create whose answer was lost; None when the studio cannot tell."""
        return None

    @property
    def free(self) -> bool:
        """Whether nobody sends a bill for a film."""
        return False

    def identity(self) -> dict[str, str]:
        """Return what of the settings makes a different film; never the key."""
        return {"provider": self.name, "base_url": self.base_url, "model": self.model}

    def intend(self, request: FilmRequest) -> JobHandle:
        """Return the handle to persist before the create."""
        return JobHandle(
            provider=self.name,
            request=request,
            created_at=time.time(),
            base_url=self.base_url,
            model=self.model,
        )


async def _forget(handle: JobHandle) -> None:
    """Persist nothing: for callers that do not outlive their job."""


def _silent(status: JobStatus) -> None:
    """Show nothing."""


async def generate(
    provider: Provider,
    request: FilmRequest,
    destination: Path,
    on_progress: OnProgress = _silent,
    on_handle: OnHandle = _forget,
    deadline_s: float | None = None,
    expected_s: float | None = None,
) -> GeneratedFilm:
    """Make one film.

    Args:
        provider: the studio.
        request: what to make; a missing seed is chosen here, so that it is known.
        destination: where the film goes.
        on_progress: called in the event loop at every change.
        on_handle: awaited before the create and again before the first poll; what it stored resumes the job.
        deadline_s: seconds for everything together; the studio's own default when None.
        expected_s: how long such a job took before, to estimate progress where the studio tells none.

    Raises:
        T2VError: every failure. Cancelling the task leaves the job at the studio as it is; see `Provider.cancel`.
    """
    checked = request.checked()
    if checked.seed is None:
        checked = replace(checked, seed=random.randrange(MAX_SEED + 1))
    intent = provider.intend(checked)
    intent = replace(intent, notes=prompt_notes(request.prompt) + intent.notes)
    async with _deadline(provider, deadline_s):
        await on_handle(intent)
        on_progress(JobStatus(JobState.SUBMITTED))
        try:
            handle = await provider.create(intent)
        except CreateUnconfirmed as error:
            handle = await _reconciled(provider, intent, error)
        await on_handle(handle)
        return await _follow(provider, handle, destination, on_progress, expected_s)


async def resume(
    provider: Provider,
    handle: JobHandle,
    destination: Path,
    on_progress: OnProgress = _silent,
    on_handle: OnHandle = _forget,
    deadline_s: float | None = None,
    expected_s: float | None = None,
) -> GeneratedFilm:
    """Take up a job where a restart left it; never creates one.

    Raises:
        CreateUnconfirmed: the restart came in the middle of the create and the studio cannot tell what became of it.
        T2VError: every other failure.
    """
    async with _deadline(provider, deadline_s):
        if handle.id is None:
            interrupted = CreateUnconfirmed(
                f"Cuelight was interrupted while submitting to {provider.title}; "
                "look there whether a film was made, and ask again if not.",
                provider=provider.title,
            )
            handle = await _reconciled(provider, handle, interrupted)
            await on_handle(handle)
        return await _follow(provider, handle, destination, on_progress, expected_s)


def is_over(handle: JobHandle, error: T2VError) -> bool:
    """Tell whether a stored job can be forgotten after an error; if not, `resume` may still bring its film."""
    if handle.id is None:
        return not isinstance(error, DeadlineExceeded) and not error.fields.get("undecided")
    return not isinstance(error, (DeadlineExceeded, StudioUnreachable)) and error.code != QuotaExceeded.code


def falls_back(error: T2VError) -> bool:
    """Tell whether another studio should be tried: this one took no job, and not because the request is wrong."""
    return isinstance(
        error, (StudioUnreachable, QuotaExceeded, BudgetExceeded, AuthenticationFailed, Moderated)
    ) and not isinstance(error, CreateUnconfirmed)


def film_key(provider: Provider, request: FilmRequest) -> str:
    """Return what tells films apart: same key, same studio and model, same request, seed and all.

    A request without a seed has a key too: who asks twice without one is content with any film.
    """
    checked = request.checked()
    parts = {"studio": provider.identity(), "request": checked.as_dict()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@asynccontextmanager
async def _deadline(provider: Provider, seconds: float | None) -> AsyncIterator[None]:
    """Limit the time of what runs inside, and tell the end of it as `DeadlineExceeded`."""
    limit = provider.default_deadline_s if seconds is None else seconds
    try:
        async with asyncio.timeout(limit) as scope:
            yield
    except TimeoutError as error:
        if not scope.expired():
            raise
        raise DeadlineExceeded(
            f"{provider.title} did not finish the film within {limit:g} s.", provider=provider.title, seconds=limit
        ) from error


async def _reconciled(provider: Provider, intent: JobHandle, lost: CreateUnconfirmed) -> JobHandle:
    """Return the job of a create whose answer was lost, giving the studio a moment to list it; else raise ``lost``."""
    for attempt in range(RECONCILE_ATTEMPTS):
        if attempt:
            await asyncio.sleep(provider.first_poll_s)
        try:
            found = await provider.reconcile(intent)
        except StudioUnreachable, QuotaExceeded:
            lost.fields["undecided"] = 1
        else:
            lost.fields.pop("undecided", None)
            if found is not None:
                return found
    raise lost


async def _follow(
    provider: Provider,
    handle: JobHandle,
    destination: Path,
    on_progress: OnProgress,
    expected_s: float | None,
) -> GeneratedFilm:
    report = _monotonic(on_progress, expected_s)
    status = await _wait(provider, handle, report)
    film = await provider.fetch(handle, status, destination, report)
    film = replace(film, notes=handle.notes + film.notes, elapsed_s=round(time.time() - handle.created_at, 3))
    on_progress(JobStatus(JobState.FINISHED, 1.0))
    return film


async def _wait(provider: Provider, handle: JobHandle, report: OnProgress) -> JobStatus:
    """Poll until the film is ready; one failed poll never fails a paid render."""
    interval = provider.first_poll_s
    last_recognised = time.monotonic()
    while True:
        pause = interval
        try:
            status = await provider.poll(handle)
        except T2VError as error:
            pause = max(_patience(error), interval)
        else:
            if status.state is JobState.FINISHED:
                return status
            if status.recognised:
                last_recognised = time.monotonic()
            elif time.monotonic() - last_recognised > provider.unknown_state_s:
                raise JobFailed(f"{provider.title} reports for too long: {status.message}.", provider=provider.title)
            report(status)
            pause = max(interval, min(status.retry_after_s or 0, LONGEST_RETRY_AFTER_S))
        await asyncio.sleep(pause)
        interval = min(interval * 1.25, provider.slowest_poll_s)


def _patience(error: T2VError) -> float:
    """Return the seconds to wait after a poll that failed in passing; raise what is final."""
    if isinstance(error, QuotaExceeded) and error.code == "quota":
        return min(error.retry_after_s or 0, LONGEST_RETRY_AFTER_S)
    if isinstance(error, StudioUnreachable):
        return 0
    raise error


def _monotonic(on_progress: OnProgress, expected_s: float | None) -> Callable[[JobStatus], None]:
    """Keep the shown progress from running backwards, and estimate it where the studio tells none."""
    started = time.monotonic()
    best = 0.0

    def report(status: JobStatus) -> None:
        nonlocal best
        if status.progress is None and expected_s:
            guess = 1 - math.exp(-1.6 * (time.monotonic() - started) / expected_s)
            status = replace(status, progress=min(guess, 0.95), estimated=True)
        if status.progress is not None:
            best = max(best, min(max(status.progress, 0.0), 1.0))
            status = replace(status, progress=best)
        on_progress(status)

    return report
