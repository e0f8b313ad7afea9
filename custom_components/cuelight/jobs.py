"""A studio's jobs: each one task from the prompt to the end of the performance, and none lost by a restart."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import Store
from homeassistant.util.ulid import ulid_now

from .analysis import Analysis, AnalysisError, AnalysisTimeout, FilmTooLarge, FilmUnreadable, analyze_film
from .books import Books
from .const import DOMAIN
from .cues import CueMap, CueSheet, Shape, make_cue_sheet
from .film_maker import FilmMaker
from .job import Job, Stage, StudioSettings
from .library import FILM_FILE, Library, SceneNotFound
from .performance import PerformanceResult, Performances, error
from .scene_file import Scene, cue_as_dict, event_as_dict, film_as_dict
from .t2v import AuthenticationFailed, InvalidRequest, JobHandle, JobStatus, T2VError, is_over
from .targets import Target, async_resolve_target, is_ready

_LOGGER = logging.getLogger(__name__)

EVENT_SCENE_FINISHED: Final = f"{DOMAIN}_scene_finished"
EVENT_SCENE_PROGRESS: Final = f"{DOMAIN}_scene_progress"
PROGRESS_STEP: Final = 10
"""Percent between two progress events of one stage; the sensor shows every percent."""

MAX_JOBS: Final = 10
"""Jobs at work in one studio at a time; more is a runaway automation."""

ANALYSIS_LIMIT_S: Final = 300.0
LATE_PAUSE_S: Final = 600.0
LATE_LIMIT_S: Final = 86400.0
"""How often, and for how long after it was asked for, a film that did not come in time is looked for again: no studio
keeps a film longer than a day."""

HOUSE_LIMIT_S: Final = 30.0
HOUSE_PAUSE_S: Final = 0.25
"""How long after a start a performance waits for its buttons to be heard, and how often it looks."""

CANCEL_LIMIT_S: Final = 10.0
"""How long a studio may take to answer that it stops."""


class JobManager:
    """The jobs of one studio."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        library: Library,
        performances: Performances,
        books: Books,
        settings: Callable[[ConfigEntry], StudioSettings],
    ) -> None:
        """Begin with no job; `async_resume` takes up those from before a restart."""
        self.hass = hass
        self._entry = entry
        self._library = library
        self._performances = performances
        self._books = books
        self._settings = partial(settings, entry)
        self._films = FilmMaker(hass, entry, settings, self._async_save)
        self._store = _store(hass, entry)
        self._running: dict[str, _Running] = {}
        self._last: Job | None = None
        self._listeners: set[Callable[[], None]] = set()
        self._analysing = asyncio.Semaphore(1)

    @property
    def shown(self) -> Job | None:
        """The job a person is most likely to wait for: the newest at work, else the last one that ended."""
        at_work = [running.job for running in self._running.values() if not running.job.late]
        return at_work[-1] if at_work else self._last

    @property
    def spent_today_usd(self) -> float:
        """What the studio's films have cost since midnight."""
        return self._books.spent_today_usd

    @callback
    def async_listen(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back whenever a job gets on."""
        self._listeners.add(listener)
        return partial(self._listeners.discard, listener)

    # Life

    async def async_resume(self) -> None:
        """Take up the jobs that a restart has interrupted."""
        stored = await self._store.async_load() or {}
        jobs = [Job.from_dict(job) for job in stored.get("jobs", ())]
        for job in jobs:
            self._begin(job, None, resumed=True)
        await self._library.async_sweep(job.scene_id for job in jobs)

    async def async_start(self, job: Job, context: Context | None = None) -> None:
        """Begin a job; it is on disk when this returns.

        Raises:
            ServiceValidationError: the prompt cannot be used, or too many jobs are at work.
        """
        if sum(not running.job.late for running in self._running.values()) >= MAX_JOBS:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="too_many_jobs",
                translation_placeholders={"studio": self._entry.title, "count": str(MAX_JOBS)},
            )
        if job.made_here:
            try:
                job.film_key = self._films.key_of(job)
            except InvalidRequest as err:
                raise self._translated(err) from err
            await self._async_reuse(job)
        self._begin(job, context)
        await self._async_save()

    async def _async_reuse(self, job: Job) -> None:
        """Let a stored scene do, where its film is of the very same request."""
        record = None if job.fresh else self._library.find(self._entry.entry_id, job.film_key)
        if record is None:
            return
        try:
            scene = await self._library.async_get(record.scene_id)
        except SceneNotFound:
            return
        if not await self.hass.async_add_executor_job(scene.film.exists):
            return
        job.scene_id, job.stage = record.scene_id, Stage.UPLOAD
        job.stored = job.replay = job.cached = True
        job.estimate_usd = job.cost_usd = 0.0

    async def async_replay(
        self,
        scene_id: str,
        target: Mapping[str, Any] | None = None,
        context: Context | None = None,
        display: Shape = Shape.AUTO,
    ) -> Job:
        """Begin to perform a scene of the library, on whom it was made for unless a target is given.

        Raises:
            HomeAssistantError: the scene is gone.
        """
        scene = await self._async_stored(scene_id)
        job = Job(
            job_id=ulid_now().lower(),
            scene_id=scene_id,
            prompt=scene.prompt,
            target=scene.target if target is None else target,
            display=display,
            stored=True,
            replay=True,
            stage=Stage.UPLOAD,
        )
        await self.async_start(job, context)
        return job

    async def async_wait(self, job: Job) -> dict[str, Any]:
        """Return what became of the job; a caller that gives up waiting does not end it.

        Raises:
            HomeAssistantError: the job failed or was cancelled.
        """
        assert job.answer is not None
        return await asyncio.shield(job.answer)

    async def async_cancel(self, job_id: str | None = None) -> int:
        """End one job or all, at the provider too as far as it lets us; return how many there were."""
        chosen = [running for key, running in self._running.items() if job_id in (None, key)]
        for running in chosen:
            running.cancelled = True
            running.task.cancel()
        if chosen:
            await asyncio.wait([running.task for running in chosen])
        return len(chosen)

    @callback
    def _begin(self, job: Job, context: Context | None, after_s: float = 0.0, resumed: bool = False) -> None:
        job.answer = self.hass.loop.create_future()
        # Nobody may be waiting for the answer, and then a failure is told by the event alone.
        job.answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        running = _Running(job, context, resumed)
        self._running[job.job_id] = running
        running.task = self._entry.async_create_background_task(
            self.hass, self._async_run(running, after_s), f"{DOMAIN} job {job.job_id}", eager_start=False
        )
        self._tell()

    async def _async_run(self, running: _Running, after_s: float) -> None:
        """Run a job to its end; only unloading and a restart leave it as it is, to be resumed."""
        job = running.job
        try:
            await asyncio.sleep(after_s)
            answer = await self._async_stages(running)
        except asyncio.CancelledError:
            if not running.cancelled:
                assert job.answer is not None
                job.answer.set_exception(error("studio_unloaded", studio=self._entry.title))
                raise
            await self._async_end(running, Stage.CANCELLED, failure=await self._async_cancelled(job))
        except T2VError as err:
            await self._async_end(running, Stage.FAILED, failure=self._translated(err, job), late=_late(job, err))
        except (AnalysisError, HomeAssistantError) as err:
            await self._async_end(running, Stage.FAILED, failure=self._translated(err))
        except Exception as err:
            _LOGGER.exception("Unexpected error in job %s", job.job_id)
            await self._async_end(running, Stage.FAILED, failure=self._translated(err))
        else:
            await self._async_end(running, Stage.FINISHED, answer=answer)

    async def _async_end(
        self,
        running: _Running,
        stage: Stage,
        answer: dict[str, Any] | None = None,
        failure: HomeAssistantError | None = None,
        late: Job | None = None,
    ) -> None:
        job = running.job
        job.stage, job.progress, job.estimated = stage, 100.0, False
        job.message = None if failure is None else str(failure)
        del self._running[job.job_id]
        if late is not None:
            self._begin(late, None, LATE_PAUSE_S)
        await self._async_save()
        if late is None and not job.stored and not await self.hass.async_add_executor_job(self._film(job).exists):
            await self._library.async_discard(job.scene_id)
        assert job.answer is not None
        if failure is None:
            job.answer.set_result(answer or {})
        else:
            job.answer.set_exception(failure)
            if job.late:
                # It has been told of already, when it did not come in time.
                return
        self._last = job
        self._tell()
        self.hass.bus.async_fire(
            EVENT_SCENE_FINISHED,
            {
                "job_id": job.job_id,
                "scene_id": job.scene_id,
                "studio": self._entry.entry_id,
                "prompt": job.prompt,
                "status": stage.value,
                "reason": job.message,
                "provider": (answer or job.generated or {}).get("provider"),
                "cost_usd": job.cost_usd,
                "performers": (answer or {}).get("performers", []),
            },
            context=running.context,
        )

    async def _async_cancelled(self, job: Job) -> HomeAssistantError:
        """Tell the provider, best effort, and return what to tell the user."""
        said = ""
        if job.handle is not None and job.generated is None:
            try:
                async with asyncio.timeout(CANCEL_LIMIT_S):
                    said = await self._films.async_cancel(job)
            except (T2VError, TimeoutError) as err:
                said = f"{self._entry.title} could not be told to stop: {err or 'no answer'}."
        return error("job_cancelled", said=said)

    # Stages

    async def _async_stages(self, running: _Running) -> dict[str, Any]:
        job = running.job
        if job.stored and not job.replay:
            # Whoever asked for it has left the room; a performance must not begin by itself.
            raise error("interrupted")
        watch = _Watch(self.hass.loop)
        if job.replay:
            scene = await self._async_stored(job.scene_id)
            targets = async_resolve_target(self.hass, job.target)
            if not job.perform:
                return _answer(job, scene, PerformanceResult(await self._async_sheet(job, scene, targets)), watch)
            return await self._async_perform(running, scene, targets, watch)
        film = Path(job.film) if job.film else await self._async_film(job)
        watch.split(Stage.GENERATE)
        if running.resumed and job.perform:
            await self._async_house_up(job)
        targets = async_resolve_target(self.hass, job.target)
        async with self._performances.async_warm(targets if job.perform else ()):
            scene = self._scene(job, await self._async_analyse(job, film))
            sheet = await self._async_sheet(job, scene, targets)
            await self._library.async_add(scene, sheet, job.film_key, job.cost_usd)
            job.stored = True
            await self._library.async_prune(self._entry.entry_id, self._settings().retention, (job.scene_id,))
            watch.split(Stage.ANALYSE)
            if not job.perform:
                return _answer(job, scene, PerformanceResult(sheet), watch)
            return await self._async_perform(running, scene, targets, watch)

    async def _async_house_up(self, job: Job) -> None:
        """Wait until Home Assistant has started, and a moment for the buttons to be heard again."""
        started = asyncio.Event()
        forget = async_at_started(self.hass, callback(lambda _hass: started.set()))
        try:
            await started.wait()
        finally:
            forget()
        for _ in range(round(HOUSE_LIMIT_S / HOUSE_PAUSE_S)):
            if all(map(is_ready, async_resolve_target(self.hass, job.target))):
                return
            await asyncio.sleep(HOUSE_PAUSE_S)

    async def _async_stored(self, scene_id: str) -> Scene:
        try:
            return await self._library.async_get(scene_id)
        except SceneNotFound as err:
            raise error("scene_gone", scene=scene_id) from err

    async def _async_film(self, job: Job) -> Path:
        """Have the film made, or go on where a restart came in between."""
        destination = self._film(job)
        if job.generated is not None and await self.hass.async_add_executor_job(destination.exists):
            return destination
        self._at(job, Stage.GENERATE)
        await self._library.async_make_folder(job.scene_id)

        def report(status: JobStatus) -> None:
            if status.progress is not None:
                self._at(job, Stage.GENERATE, status.progress, status.estimated)

        await self._films.async_make(job, destination, report)
        return destination

    async def _async_analyse(self, job: Job, film: Path) -> Analysis:
        """Analyse in a thread, one film at a time; the rest of the house needs the machine too."""
        self._at(job, Stage.ANALYSE)
        cancelled = threading.Event()

        def report(share: float) -> None:
            self.hass.loop.call_soon_threadsafe(self._at, job, Stage.ANALYSE, share)

        async with self._analysing:
            work = self.hass.async_add_executor_job(
                partial(
                    analyze_film,
                    film,
                    prompt=job.prompt if job.made_here else None,
                    on_progress=report,
                    cancelled=cancelled,
                    limit_s=ANALYSIS_LIMIT_S,
                )
            )
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                cancelled.set()
                await asyncio.wait([work])
                raise

    def _cue_map(self, job: Job) -> CueMap:
        return self._settings().cue_map.shown_as(job.display)

    async def _async_sheet(self, job: Job, scene: Scene, targets: Sequence[Target]) -> CueSheet:
        performers = [target.performer for target in targets]
        return await self.hass.async_add_executor_job(make_cue_sheet, scene.analysis, self._cue_map(job), performers)

    async def _async_perform(
        self, running: _Running, scene: Scene, targets: Sequence[Target], watch: _Watch
    ) -> dict[str, Any]:
        job = running.job
        # From here on a restart ends the job.
        self._at(job, Stage.UPLOAD)
        await self._async_save()
        result = await self._performances.async_perform(
            scene,
            targets,
            self._cue_map(job),
            lambda stage, share: self._at(job, Stage(stage), share),
            running.context,
        )
        return _answer(job, scene, result, watch)

    # Helpers

    def _scene(self, job: Job, analysis: Analysis) -> Scene:
        generated = job.generated or {"provider": "", "seed": None, "notes": ()}
        return Scene(
            scene_id=job.scene_id,
            studio=self._entry.entry_id,
            prompt=job.prompt,
            provider=generated["provider"],
            seed=generated["seed"],
            notes=tuple(generated["notes"]),
            target=job.target,
            created_at=job.created_at,
            analysis=analysis,
        )

    def _film(self, job: Job) -> Path:
        return self._library.folder(job.scene_id) / FILM_FILE

    @callback
    def _at(self, job: Job, stage: Stage, share: float = 0.0, estimated: bool = False) -> None:
        """Note where the job is; tell only what one can see."""
        percent = round(100 * share)
        if (job.stage, job.progress) == (stage, percent) or job.job_id not in self._running:
            return
        stepped = (stage, percent // PROGRESS_STEP) != (job.stage, job.progress // PROGRESS_STEP)
        job.stage, job.progress, job.estimated = stage, percent, estimated
        self._tell()
        if stepped:
            data = {
                "job_id": job.job_id,
                "scene_id": job.scene_id,
                "studio": self._entry.entry_id,
                "stage": stage.value,
                "progress": percent,
                "estimated": estimated,
            }
            self.hass.bus.async_fire(EVENT_SCENE_PROGRESS, data, context=self._running[job.job_id].context)

    @callback
    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    async def _async_save(self) -> None:
        jobs = [running.job.as_dict() for running in self._running.values() if not running.job.replay]
        await self._store.async_save({"jobs": jobs})

    def _translated(self, err: Exception, job: Job | None = None) -> HomeAssistantError:
        """Return a failure as a sentence that says what to do."""
        if isinstance(err, HomeAssistantError):
            return err
        kind = ServiceValidationError if isinstance(err, InvalidRequest) else HomeAssistantError
        return kind(
            translation_domain=DOMAIN,
            translation_key=error_key(err),
            translation_placeholders={"studio": self._title(job), "error": str(err)},
        )

    def _title(self, job: Job | None) -> str:
        """Return the name of the studio that the job is at."""
        maker = job and job.maker and self.hass.config_entries.async_get_entry(job.maker)
        return (maker or self._entry).title


def _store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    return Store(hass, 1, f"{DOMAIN}.jobs.{entry.entry_id}", atomic_writes=True)


async def async_forget_jobs(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete what is stored of a studio's jobs."""
    await _store(hass, entry).async_remove()


@dataclass(slots=True)
class _Running:
    """A job at work."""

    job: Job
    context: Context | None
    resumed: bool
    task: asyncio.Task[None] = field(init=False)
    cancelled: bool = False


class _Watch:
    """How long each stage took."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._since = loop.time()
        self.seconds = {stage.value: 0.0 for stage in (Stage.GENERATE, Stage.ANALYSE, Stage.UPLOAD, Stage.PERFORM)}

    def split(self, stage: Stage) -> None:
        """Note the end of a stage."""
        now = self._loop.time()
        self.seconds[stage.value] = round(now - self._since, 3)
        self._since = now


def error_key(err: Exception) -> str:
    """Return the translation key of a failure, under ``exceptions``."""
    match err:
        case T2VError():
            return f"film_{err.code}"
        case FilmUnreadable():
            return "film_unreadable"
        case FilmTooLarge():
            return "film_too_large"
        case AnalysisTimeout():
            return "analysis_timeout"
    return "job_error"


def _late(job: Job, err: T2VError) -> Job | None:
    """Return the job that looks for the film later, where there may be one and it may be paid for."""
    if job.handle is None:
        return None
    handle = JobHandle.from_dict(job.handle)
    # A key can die while a film is made; with a new one the film is still there.
    waits = isinstance(err, AuthenticationFailed) and handle.id is not None
    if is_over(handle, err) and not waits:
        return None
    if time.time() - job.created_at > LATE_LIMIT_S:
        return None
    return replace(job, perform=False, late=True, stage=Stage.GENERATE, progress=0.0, message=None, answer=None)


def _answer(job: Job, scene: Scene, result: PerformanceResult, watch: _Watch) -> dict[str, Any]:
    """Return what the actions answer with."""
    return {
        "job_id": job.job_id,
        "scene_id": scene.scene_id,
        "prompt": scene.prompt,
        "provider": scene.provider or None,
        "seed": scene.seed,
        "notes": list(scene.notes),
        "cached": job.cached,
        "estimate_usd": job.estimate_usd,
        "cost_usd": job.cost_usd,
        "film": film_as_dict(scene.analysis.film),
        "events": [event_as_dict(event) for event in scene.analysis.events],
        "display": None if result.sheet.display is None else result.sheet.display.as_dict(),
        "cues": [cue_as_dict(cue) for cue in result.sheet.cues],
        "performers": [performer.as_dict() for performer in result.performers],
        "stages_s": watch.seconds | dict(result.stages_s),
    }
