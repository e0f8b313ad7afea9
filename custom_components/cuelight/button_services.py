"""The actions on buttons: play an animation, upload one, turn a servo, rotate the key."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .analysis import AnalysisError, Animation, analyze_film
from .analysis.still import animate_still, is_still
from .animations import LAST_ASSET, NAMES, asset_id_of, write_gif
from .const import DOMAIN, SERVO_CHANNELS
from .coordinator import ButtonCoordinator
from .errors import translated
from .library import async_get_library
from .link import LinkError
from .media_file import async_media_file
from .targets import ButtonTarget, async_resolve_target

ATTR_ANIMATION: Final = "animation"
ATTR_DURATION: Final = "duration"
ATTR_SERVO: Final = "servo"
ATTR_ANGLE: Final = "angle"
ATTR_TRANSITION: Final = "transition"
ATTR_MEDIA: Final = "media"
ATTR_PLAY: Final = "play"

PREVIEWS: Final = "previews"
PREVIEWS_KEPT: Final = 20
LONGEST_S: Final = 65.0

_TARGET_KEYS: Final = tuple(str(key) for key in cv.TARGET_FIELDS)
_SECONDS: Final = probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=LONGEST_S))

PLAY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(ATTR_ANIMATION): probatio.Any(
            probatio.In(NAMES), probatio.All(probatio.Coerce(int), probatio.Range(min=0, max=LAST_ASSET))
        ),
        probatio.Optional(ATTR_DURATION, default=0.0): _SECONDS,
        **cv.TARGET_FIELDS,
    }
)
SERVO_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_SERVO, default=1): probatio.All(
            probatio.Coerce(int), probatio.Range(min=1, max=SERVO_CHANNELS)
        ),
        probatio.Required(ATTR_ANGLE): probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=180)),
        probatio.Optional(ATTR_TRANSITION, default=0.0): _SECONDS,
        **cv.TARGET_FIELDS,
    }
)
UPLOAD_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(ATTR_MEDIA): probatio.Any(
            cv.string, probatio.Schema({probatio.Required("media_content_id"): cv.string}, extra=probatio.ALLOW_EXTRA)
        ),
        probatio.Optional(ATTR_PLAY, default=False): cv.boolean,
        **cv.TARGET_FIELDS,
    }
)
ROTATE_SCHEMA: Final = probatio.Schema({**cv.TARGET_FIELDS})


@callback
def async_setup_button_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    optional = SupportsResponse.OPTIONAL
    hass.services.async_register(DOMAIN, "play_animation", _async_play_animation, PLAY_SCHEMA)
    hass.services.async_register(DOMAIN, "set_servo", _async_set_servo, SERVO_SCHEMA)
    hass.services.async_register(DOMAIN, "upload_animation", _async_upload_animation, UPLOAD_SCHEMA, optional)
    hass.services.async_register(DOMAIN, "rotate_key", _async_rotate_key, ROTATE_SCHEMA, optional)


async def _async_play_animation(call: ServiceCall) -> None:
    """Show an animation that the button has built in or stored."""
    animation = call.data[ATTR_ANIMATION]
    asset_id = NAMES.index(animation) if isinstance(animation, str) else animation
    duration_ms = round(call.data[ATTR_DURATION] * 1000)
    await _async_each(call.hass, _buttons(call), lambda button: button.async_play(asset_id, duration_ms))


async def _async_set_servo(call: ServiceCall) -> None:
    """Turn a servo."""
    channel, decidegrees = call.data[ATTR_SERVO] - 1, round(call.data[ATTR_ANGLE] * 10)
    ramp_ms = round(call.data[ATTR_TRANSITION] * 1000)
    await _async_each(call.hass, _buttons(call), lambda button: button.async_servo(channel, decidegrees, ramp_ms))


async def _async_upload_animation(call: ServiceCall) -> ServiceResponse:
    """Distil an animation and store it on the buttons; the answer tells its id and where the preview is."""
    hass = call.hass
    buttons = _buttons(call)
    path = await async_media_file(hass, call.data[ATTR_MEDIA])
    animation = await _async_distil(hass, path)
    asset_id = asset_id_of(animation.data)
    preview = (await async_get_library(hass)).root / PREVIEWS / f"{asset_id:04x}.gif"
    await hass.async_add_executor_job(_write_preview, animation, preview)

    async def store(button: ButtonCoordinator) -> None:
        await button.async_upload({asset_id: animation.data}, title=path.stem)
        if call.data[ATTR_PLAY]:
            await button.async_play(asset_id, 0)

    await _async_each(hass, buttons, store)
    return {
        ATTR_ANIMATION: asset_id,
        "preview": str(preview),
        "bytes": len(animation.data),
        "frames": animation.frames,
        "fps": animation.fps,
    }


async def _async_rotate_key(call: ServiceCall) -> ServiceResponse:
    """Give each button the next key of its ratchet."""
    generations: dict[str, Any] = {}

    async def rotate(button: ButtonCoordinator) -> None:
        generations[button.title] = await button.async_rotate_key()

    await _async_each(call.hass, _buttons(call), rotate)
    return {"generations": generations}


def _buttons(call: ServiceCall) -> list[ButtonCoordinator]:
    """Return the buttons that are meant.

    Raises:
        ServiceValidationError: none is, or one is not set up.
    """
    target = {key: list(call.data[key]) for key in _TARGET_KEYS if call.data.get(key)}
    meant = [one for one in async_resolve_target(call.hass, target) if isinstance(one, ButtonTarget)]
    if not meant:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_button")
    for one in meant:
        if one.coordinator is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="button_not_loaded",
                translation_placeholders={"name": one.performer.name},
            )
    return [one.coordinator for one in meant if one.coordinator is not None]


async def _async_each(
    hass: HomeAssistant, buttons: list[ButtonCoordinator], act: Callable[[ButtonCoordinator], Awaitable[object]]
) -> None:
    """Act on all at once; when some fail, the others get through first, then it is told.

    Raises:
        HomeAssistantError: one sentence for each button that failed.
    """
    failed: list[HomeAssistantError] = []

    async def one(button: ButtonCoordinator) -> None:
        try:
            await act(button)
        except LinkError as err:
            failed.append(translated(hass, button, err))

    async with asyncio.TaskGroup() as group:
        for button in buttons:
            group.create_task(one(button))
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={"errors": " ".join(str(err) for err in failed)},
        )


async def _async_distil(hass: HomeAssistant, path: Path) -> Animation:
    def distil() -> Animation:
        return animate_still(path) if is_still(path) else analyze_film(path).animation

    try:
        return await hass.async_add_executor_job(distil)
    except AnalysisError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="film_unreadable",
            translation_placeholders={"error": str(err)},
        ) from err


def _write_preview(animation: Animation, path: Path) -> None:
    """Write the preview and forget the oldest ones, so that they never fill the disk."""
    write_gif(animation, path)
    others = sorted(path.parent.glob("*.gif"), key=lambda other: other.stat().st_mtime, reverse=True)
    for old in others[PREVIEWS_KEPT:]:
        old.unlink(missing_ok=True)
