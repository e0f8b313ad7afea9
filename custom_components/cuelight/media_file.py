"""The files that users name: media items and paths."""

from pathlib import Path
from typing import Any

from homeassistant.components.media_source import Unresolvable, async_resolve_media
from homeassistant.components.media_source.const import URI_SCHEME
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .const import DOMAIN


async def async_media_file(hass: HomeAssistant, media: str | dict[str, Any]) -> Path:
    """Return the file of a media item, or of a path that Home Assistant may read.

    Raises:
        ServiceValidationError: there is none, or it must not be read.
    """
    name = media if isinstance(media, str) else media["media_content_id"]
    if name.startswith(URI_SCHEME):
        try:
            found = (await async_resolve_media(hass, name, None)).path
        except Unresolvable as err:
            raise _error("film_not_found", name) from err
        if found is None:
            raise _error("film_not_local", name)
        path = found
    else:
        path = Path(name)
        if not await hass.async_add_executor_job(hass.config.is_allowed_path, name):
            raise _error("film_not_allowed", name)
    if not await hass.async_add_executor_job(path.is_file):
        raise _error("film_not_found", name)
    return path


def _error(key: str, name: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders={"film": name}
    )
