"""A studio, films and performers for the tests of scenes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import Event, HomeAssistant, ServiceCall, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.link import AckCode, Asset, Command, Cues, Done, DoneCode, Run, TimedCue
from custom_components.cuelight.t2v import (
    PROVIDERS,
    FilmRequest,
    GeneratedFilm,
    JobHandle,
    JobState,
    JobStatus,
    Provider,
    ProviderInfo,
)
from custom_components.cuelight.t2v.models import OnProgress
from custom_components.cuelight.t2v.storyboard import draw_film

from .radio import DEV_ID, FakeButton

FILM_S = 0.75


class StageButton(FakeButton):
    """A fake button that performs: it holds a timeline, runs it by its own clock and says when it is done."""

    def __init__(self, dev_id: bytes = DEV_ID, **options: Any) -> None:
        super().__init__(dev_id, **options)
        self.timeline: list[TimedCue] = []
        self.started_at: list[float] = []
        self.refused: dict[type[Command], AckCode] = {}
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def uploads(self) -> int:
        """How many uploads were begun."""
        return sum(isinstance(command, Asset) for command in self.commands)

    def _act(self, command: Command) -> AckCode:
        super()._act(command)
        if type(command) in self.refused:
            return self.refused[type(command)]
        if isinstance(command, Cues):
            self.timeline[command.first :] = command.cues
        if isinstance(command, Run):
            now = time.monotonic()
            start_at = max(now, now + (command.start_ms - self.session.clock_ms(now)) / 1000)
            loop = asyncio.get_running_loop()
            self._timers = [
                loop.call_later(start_at - now, lambda: self.started_at.append(time.monotonic())),
                loop.call_later(start_at - now + sum(cue.dt_ms for cue in self.timeline) / 1000, self._done),
            ]
        return AckCode.OK

    def _done(self) -> None:
        if self.client is not None:
            self.tell(Done(0, DoneCode.COMPLETED))

    def _rest(self) -> None:
        super()._rest()
        for timer in self._timers:
            timer.cancel()


class SlowStudio(Provider):
    """A studio elsewhere: it takes a job once, works until it is let go, and remembers what it was asked."""

    name = "slow"
    title = "Slow studio"
    first_poll_s = 0.01
    slowest_poll_s = 0.01

    creates = 0
    polls = 0
    cancelled: list[str] = []  # noqa: RUF012
    finished = False
    failure: Exception | None = None
    film: Path

    async def validate(self) -> None:
        """Be there."""

    async def create(self, intent: JobHandle) -> JobHandle:
        """Take the job."""
        cls = type(self)
        cls.creates += 1
        return JobHandle(
            self.name, intent.request, intent.created_at, intent.base_url, id=f"job-{cls.creates}", notes=intent.notes
        )

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Tell how far the job is."""
        cls = type(self)
        cls.polls += 1
        if cls.failure is not None:
            raise cls.failure
        if cls.finished:
            return JobStatus(JobState.FINISHED)
        return JobStatus(JobState.RUNNING, 0.4)

    async def fetch(
        self, handle: JobHandle, status: JobStatus, destination: Path, on_progress: OnProgress
    ) -> GeneratedFilm:
        """Hand the film over."""
        await asyncio.to_thread(lambda: destination.write_bytes(type(self).film.read_bytes()))
        return GeneratedFilm(destination, self.name, handle.request.seed, ("A note.",))

    async def cancel(self, handle: JobHandle) -> str:
        """Stop the job."""
        type(self).cancelled.append(str(handle.id))
        return "The studio stopped it."


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short film in which something happens, as the storyboard draws it."""
    path = tmp_path_factory.mktemp("films") / "flash.mp4"
    draw_film(
        FilmRequest("a star, a flash of lightning", seed=3, duration_s=FILM_S, width=208, height=120).checked(), path
    )
    return path


@pytest.fixture
def slow_studio(film: Path) -> Iterator[type[SlowStudio]]:
    """A provider that works elsewhere, new for each test."""
    kind = type("SlowStudioOfThisTest", (SlowStudio,), {"film": film, "cancelled": []})
    with patch.dict(PROVIDERS, {"slow": ProviderInfo(kind.title, kind)}):
        yield kind


@pytest.fixture
def media(hass: HomeAssistant, tmp_path: Path, film: Path, hass_storage: dict[str, Any]) -> Path:
    """The media folder, and leave to read the film."""
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    hass.config.allowlist_external_dirs = {str(film.parent), str(tmp_path)}
    return tmp_path / "media"


def studio_entry(provider: str = "storyboard", **options: Any) -> MockConfigEntry:
    """An entry for a studio, as the flow makes it."""
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=provider,
        title=PROVIDERS[provider].title,
        data={"kind": "studio", "provider": provider},
        options=options,
    )


@pytest.fixture
async def studio(hass: HomeAssistant, media: Path, bluetooth: None) -> AsyncIterator[MockConfigEntry]:
    """A storyboard studio, loaded."""
    entry = await load(hass, studio_entry())
    yield entry
    await unload(hass, entry)


async def load(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Load an entry."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        entry.add_to_hass(hass)
    await async_setup_component(hass, "media_source", {})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Unload an entry that is loaded."""
    if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def call(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Call one of Cuelight's actions and return its answer."""
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


def device_of(hass: HomeAssistant, button: FakeButton) -> str:
    """The device of a button that has an entry."""
    [entry] = [one for one in hass.config_entries.async_entries(DOMAIN) if one.unique_id == button.dev_id.hex()]
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


def calls_of(hass: HomeAssistant, domain: str, service: str) -> list[ServiceCall]:
    """Note every call of an action from now on, in place of what it did before."""
    calls: list[ServiceCall] = []
    hass.services.async_register(domain, service, calls.append)
    return calls


def events_of(hass: HomeAssistant, name: str) -> list[dict[str, Any]]:
    """Note every event of a name from now on."""
    events: list[dict[str, Any]] = []

    @callback
    def note(event: Event) -> None:
        events.append(dict(event.data))

    hass.bus.async_listen(name, note)
    return events


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Let the loop run until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)
