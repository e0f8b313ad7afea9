"""From a job to its film: help with the prompt, the budget, the studio, and the studios that stand in for it."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .books import Books, async_get_books, day_began
from .const import CONF_KIND, CONF_PROVIDER, DOMAIN, EntryKind
from .job import Job, StudioSettings
from .prompt_help import async_worded
from .t2v import (
    AuthenticationFailed,
    CreateUnconfirmed,
    DeadlineExceeded,
    GeneratedFilm,
    JobHandle,
    JobLost,
    JobStatus,
    Provider,
    T2VError,
    estimate_usd,
    falls_back,
    film_key,
    generate,
    is_over,
    kind_of,
    make_provider,
    resume,
)


def studio_provider(hass: HomeAssistant, entry: ConfigEntry) -> Provider:
    """Return the provider of a studio, loaded or not.

    Raises:
        InvalidRequest: its settings cannot be used.
    """
    return make_provider(entry.data[CONF_PROVIDER], async_get_clientsession(hass), entry.data)


class FilmMaker:
    """Has the films of one studio made."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        settings: Callable[[ConfigEntry], StudioSettings],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        """Make nothing yet; `save` is awaited whenever a job has to be on disk before it goes on."""
        self.hass = hass
        self._entry = entry
        self._settings = settings
        self._save = save

    def key_of(self, job: Job, maker: ConfigEntry | None = None) -> str:
        """Return what tells the job's film from others: the studio, how it is asked, and for what.

        Raises:
            InvalidRequest: nobody can be asked for this.
        """
        key = film_key(studio_provider(self.hass, maker or self._entry), job.wish)
        helper = self._settings(self._entry).prompt_help
        return f"{key} {helper}" if helper else key

    def maker_of(self, job: Job) -> ConfigEntry:
        """Return the studio that the job is at.

        Raises:
            JobLost: it was removed.
        """
        if job.maker is None:
            return self._entry
        if (entry := self.hass.config_entries.async_get_entry(job.maker)) is None:
            raise JobLost("The studio that had taken the job was removed.", provider=self._entry.title)
        return entry

    async def async_make(self, job: Job, destination: Path, on_progress: Callable[[JobStatus], None]) -> None:
        """Bring the job's film to its place, from the first studio that makes it.

        Raises:
            T2VError: none did; the error is that of the last one asked.
        """
        await self._async_word(job)
        while True:
            maker = self.maker_of(job)
            books = await async_get_books(self.hass, maker.entry_id)
            try:
                film = await self._async_ask(job, maker, books, destination, on_progress)
            except T2VError as err:
                await self._async_refused(job, maker, books, err)
            else:
                break
        books.async_made_film()
        books.ledger.settle(job.job_id, film.cost_usd)
        await books.async_save()
        job.cost_usd = job.estimate_usd if film.cost_usd is None else film.cost_usd
        job.generated = {"provider": film.provider, "seed": film.seed, "notes": [*job.notes, *film.notes]}
        await self._save()

    async def async_cancel(self, job: Job) -> str:
        """Ask the studio to stop, best effort; return what that achieved, in a sentence.

        Raises:
            T2VError: it could not be asked.
        """
        assert job.handle is not None
        return await studio_provider(self.hass, self.maker_of(job)).cancel(JobHandle.from_dict(job.handle))

    async def _async_word(self, job: Job) -> None:
        """Have a short prompt worded better, once, where the user wants that."""
        helper = self._settings(self._entry).prompt_help
        if helper is None or job.wording is not None or job.handle is not None:
            return
        if wording := await async_worded(self.hass, helper, job.prompt, job.request.duration_s):
            job.wording = wording
            job.notes.append(f"{helper} worded the prompt: {wording}")

    async def _async_ask(
        self,
        job: Job,
        maker: ConfigEntry,
        books: Books,
        destination: Path,
        on_progress: Callable[[JobStatus], None],
    ) -> GeneratedFilm:
        """Have one studio make the film, or go on where a restart came in between."""
        provider = studio_provider(self.hass, maker)
        settings = self._settings(maker)
        kind = kind_of(provider, job.request)

        async def keep(handle: JobHandle) -> None:
            job.handle = handle.as_dict()
            await self._save()

        options = (destination, on_progress, keep, settings.deadline_s, books.pace.expected_s(kind))
        if job.handle is not None:
            return await resume(provider, JobHandle.from_dict(job.handle), *options)
        job.estimate_usd = estimate_usd(provider, job.request.checked(), settings.usd_per_second)
        # A restart may have come between the entry and the create.
        books.ledger.release(job.job_id)
        books.ledger.reserve(job.job_id, time.time(), job.estimate_usd, settings.budget_usd, day_began(), maker.title)
        await books.async_save()
        film = await generate(provider, job.request, *options)
        books.pace.learn(kind, film)
        return film

    async def _async_refused(self, job: Job, maker: ConfigEntry, books: Books, err: T2VError) -> None:
        """Go on to the studio that stands in, or raise the error where there is none or it would be paid twice."""
        books.async_failed(maker, err)
        handle = None if job.handle is None else JobHandle.from_dict(job.handle)
        if (handle is None or handle.id is None) and not isinstance(err, (CreateUnconfirmed, DeadlineExceeded)):
            books.ledger.release(job.job_id)
            await books.async_save()
        # A key that dies after the create leaves a job behind that a new key finds.
        left = handle is not None and handle.id is not None and isinstance(err, AuthenticationFailed)
        over = handle is None or (is_over(handle, err) and not left)
        stand_in = self._stand_in(job, maker) if over and falls_back(err) and not job.late else None
        if stand_in is None:
            raise err
        job.hand_over(
            maker.entry_id, stand_in.entry_id, f"{maker.title} made no film: {err} {stand_in.title} was asked instead."
        )
        job.film_key = self.key_of(job, stand_in)
        await self._save()

    def _stand_in(self, job: Job, maker: ConfigEntry) -> ConfigEntry | None:
        """Return who stands in for a studio, None where nobody is named who has not been asked."""
        named = self._settings(maker).fallback
        entry = None if named is None else self.hass.config_entries.async_get_entry(named)
        if entry is None or entry.domain != DOMAIN or entry.data[CONF_KIND] != EntryKind.STUDIO:
            return None
        if entry.disabled_by is not None or entry.entry_id in (*job.tried, maker.entry_id):
            return None
        return entry
