"""The actions: generate a scene, perform one, stop, cancel."""

from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.util.ulid import ulid_now

from .const import DOMAIN
from .cues import Shape
from .job import Job
from .jobs import JobManager
from .library import Library
from .media_file import async_media_file
from .performance import Outcome, async_get_performances, error
from .studio import async_find_studio
from .t2v.models import MAX_SEED
from .targets import async_resolve_target

ATTR_PROMPT: Final = "prompt"
ATTR_STUDIO: Final = "studio"
ATTR_SEED: Final = "seed"
ATTR_DURATION: Final = "duration"
ATTR_WAIT: Final = "wait"
ATTR_FRESH: Final = "fresh"
ATTR_DISPLAY: Final = "display"
ATTR_PERFORM: Final = "perform"
ATTR_SCENE: Final = "scene"
ATTR_FILM: Final = "film"
ATTR_JOB: Final = "job_id"

_TARGET_KEYS: Final = tuple(str(key) for key in cv.TARGET_FIELDS)
_SHAPE: Final = {probatio.Optional(ATTR_DISPLAY, default=Shape.AUTO): probatio.Coerce(Shape)}
_MEDIA: Final = {probatio.Required("media_content_id"): cv.string}

GENERATE_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(ATTR_PROMPT): cv.string,
        probatio.Optional(ATTR_STUDIO): cv.string,
        probatio.Optional(ATTR_SEED): probatio.All(probatio.Coerce(int), probatio.Range(min=0, max=MAX_SEED)),
        probatio.Optional(ATTR_DURATION): probatio.All(probatio.Coerce(float), probatio.Range(min=0.5, max=60)),
        probatio.Optional(ATTR_WAIT, default=True): cv.boolean,
        probatio.Optional(ATTR_PERFORM, default=True): cv.boolean,
        probatio.Optional(ATTR_FRESH, default=False): cv.boolean,
        **_SHAPE,
        **cv.TARGET_FIELDS,
    }
)
PERFORM_SCHEMA: Final = probatio.All(
    probatio.Schema(
        {
            probatio.Exclusive(ATTR_SCENE, "what"): cv.string,
            probatio.Exclusive(ATTR_FILM, "what"): probatio.Any(
                cv.string, probatio.Schema(_MEDIA, extra=probatio.ALLOW_EXTRA)
            ),
            probatio.Optional(ATTR_STUDIO): cv.string,
            probatio.Optional(ATTR_WAIT, default=True): cv.boolean,
            **_SHAPE,
            **cv.TARGET_FIELDS,
        }
    ),
    cv.has_at_least_one_key(ATTR_SCENE, ATTR_FILM),
)
STOP_SCHEMA: Final = probatio.Schema({**cv.TARGET_FIELDS})
CANCEL_SCHEMA: Final = probatio.Schema(
    {probatio.Optional(ATTR_STUDIO): cv.string, probatio.Optional(ATTR_JOB): cv.string}
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    optional = SupportsResponse.OPTIONAL
    hass.services.async_register(DOMAIN, "generate_scene", _async_generate_scene, GENERATE_SCHEMA, optional)
    hass.services.async_register(DOMAIN, "perform", _async_perform, PERFORM_SCHEMA, optional)
    hass.services.async_register(DOMAIN, "stop", _async_stop, STOP_SCHEMA)
    hass.services.async_register(DOMAIN, "cancel", _async_cancel, CANCEL_SCHEMA, optional)


async def _async_generate_scene(call: ServiceCall) -> ServiceResponse:
    """Have a film made, and perform it."""
    jobs = async_find_studio(call.hass, call.data.get(ATTR_STUDIO)).runtime_data.jobs
    target = _target(call)
    async_resolve_target(call.hass, target)
    job = Job(
        job_id=ulid_now().lower(),
        scene_id=Library.new_scene_id(),
        prompt=call.data[ATTR_PROMPT],
        target=target,
        perform=call.data[ATTR_PERFORM],
        seed=call.data.get(ATTR_SEED),
        duration_s=call.data.get(ATTR_DURATION),
        display=call.data[ATTR_DISPLAY],
        fresh=call.data[ATTR_FRESH],
    )
    await jobs.async_start(job, call.context)
    return await _async_answer(call, jobs, job)


async def _async_perform(call: ServiceCall) -> ServiceResponse:
    """Perform a scene of the library, or a film that is there already."""
    target = _target(call)
    async_resolve_target(call.hass, target)
    if (scene := call.data.get(ATTR_SCENE)) is not None:
        scene_id, studio = _stored(call.hass, scene)
        jobs = async_find_studio(call.hass, call.data.get(ATTR_STUDIO) or studio).runtime_data.jobs
        job = await jobs.async_replay(scene_id, target or None, call.context, call.data[ATTR_DISPLAY])
    else:
        jobs = async_find_studio(call.hass, call.data.get(ATTR_STUDIO)).runtime_data.jobs
        film = await async_media_file(call.hass, call.data[ATTR_FILM])
        job = Job(
            job_id=ulid_now().lower(),
            scene_id=Library.new_scene_id(),
            prompt=film.stem,
            target=target,
            display=call.data[ATTR_DISPLAY],
            film=str(film),
        )
        await jobs.async_start(job, call.context)
    return await _async_answer(call, jobs, job)


async def _async_stop(call: ServiceCall) -> None:
    """Put performers at rest, in a performance or not."""
    performances = async_get_performances(call.hass)
    target = _target(call)
    targets = async_resolve_target(call.hass, target)
    await performances.async_stop(targets if target else None)
    await performances.async_rest(targets)


async def _async_cancel(call: ServiceCall) -> ServiceResponse:
    """End a studio's jobs."""
    jobs = async_find_studio(call.hass, call.data.get(ATTR_STUDIO)).runtime_data.jobs
    job_id = call.data.get(ATTR_JOB)
    cancelled = await jobs.async_cancel(job_id)
    if job_id is not None and not cancelled:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="unknown_job", translation_placeholders={"job": job_id}
        )
    return {"cancelled": cancelled}


async def _async_answer(call: ServiceCall, jobs: JobManager, job: Job) -> ServiceResponse:
    """Return what became of the job, or at once how to find it again."""
    if not call.data[ATTR_WAIT]:
        return {"job_id": job.job_id, "scene_id": job.scene_id}
    answer = await jobs.async_wait(job)
    performers = answer["performers"]
    if not call.return_response and performers and all(one["outcome"] == Outcome.FAILED for one in performers):
        # Nobody reads the answer, so this is the only way to tell.
        reasons = " ".join(f"{one['name']}: {one['reason']}" for one in performers)
        raise error("nobody_performed", reasons=reasons)
    return answer


def _target(call: ServiceCall) -> dict[str, Any]:
    return {key: list(call.data[key]) for key in _TARGET_KEYS if call.data.get(key)}


def _stored(hass: HomeAssistant, scene: str) -> tuple[str, str | None]:
    """Return the scene's id and its studio, for a scene entity or an id as the actions answer with."""
    entry = er.async_get(hass).async_get(scene)
    if entry is not None and entry.platform == DOMAIN and entry.domain == "scene":
        return entry.unique_id, entry.config_entry_id
    return scene, None
