"""A studio in Home Assistant: its provider, its jobs and what it keeps."""

import logging
from dataclasses import dataclass
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from .config_flow import PROVIDERS
from .const import CONF_KIND, CONF_PROVIDER, DOMAIN, MANUFACTURER, EntryKind
from .cues import DEFAULT_CUE_MAP, CueMap, CueMapError, parse_cue_map
from .jobs import JobManager, StudioSettings
from .library import Library, Retention, async_get_library
from .performance import async_get_performances

_LOGGER = logging.getLogger(__name__)

STUDIO_PLATFORMS: Final = [Platform.SCENE, Platform.SENSOR]

CUE_MAP_SUBENTRY: Final = "cue_map"
CONF_RULES: Final = "rules"
CONF_DEADLINE: Final = "deadline_s"
CONF_QUOTA: Final = "quota_mb"
CONF_RETENTION: Final = "retention_days"
DEFAULT_QUOTA_MB: Final = 500
DEFAULT_RETENTION_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Studio:
    """What a loaded studio entry holds."""

    jobs: JobManager
    library: Library


type StudioConfigEntry = ConfigEntry[Studio]


async def async_setup_studio(hass: HomeAssistant, entry: StudioConfigEntry) -> bool:
    """Set up a studio; jobs that a restart has interrupted go on."""
    library = await async_get_library(hass)
    settings = _settings(entry)
    provider = PROVIDERS[entry.data[CONF_PROVIDER]]()
    jobs = JobManager(hass, entry, provider, library, async_get_performances(hass), settings)
    entry.runtime_data = Studio(jobs, library)
    await hass.config_entries.async_forward_entry_setups(entry, STUDIO_PLATFORMS)
    await jobs.async_resume()
    await library.async_prune(entry.entry_id, settings.retention)
    return True


async def async_unload_studio(hass: HomeAssistant, entry: StudioConfigEntry) -> bool:
    """Unload a studio; its jobs stay on disk and go on when it is loaded again."""
    return await hass.config_entries.async_unload_platforms(entry, STUDIO_PLATFORMS)


def studio_device(entry: ConfigEntry) -> DeviceInfo:
    """Return the device that a studio's entities belong to."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        entry_type=DeviceEntryType.SERVICE,
    )


@callback
def async_find_studio(hass: HomeAssistant, entry_id: str | None) -> StudioConfigEntry:
    """Return the studio asked for; without a wish, the first that is loaded.

    Raises:
        ServiceValidationError: there is none.
    """
    studios = [entry for entry in hass.config_entries.async_loaded_entries(DOMAIN) if _is_studio(entry)]
    found = next((entry for entry in studios if entry_id in (None, entry.entry_id)), None)
    if found is None:
        key = "no_studio" if entry_id is None else "studio_not_loaded"
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key=key, translation_placeholders={"studio": entry_id or ""}
        )
    return found


def _is_studio(entry: ConfigEntry) -> bool:
    return bool(entry.data[CONF_KIND] == EntryKind.STUDIO)


def _settings(entry: ConfigEntry) -> StudioSettings:
    options = entry.options
    return StudioSettings(
        cue_map=_cue_map(entry),
        retention=Retention(
            quota_bytes=int(options.get(CONF_QUOTA, DEFAULT_QUOTA_MB) * 1_000_000),
            max_age_s=float(options.get(CONF_RETENTION, DEFAULT_RETENTION_DAYS) * 86400),
        ),
        deadline_s=options.get(CONF_DEADLINE),
    )


def _cue_map(entry: ConfigEntry) -> CueMap:
    """Return the default rules under the user's own; a map that is broken is left out and told of."""
    cue_map = DEFAULT_CUE_MAP
    for subentry in entry.subentries.values():
        if subentry.subentry_type != CUE_MAP_SUBENTRY:
            continue
        try:
            cue_map = parse_cue_map({"name": subentry.title, "rules": subentry.data[CONF_RULES]}).over(cue_map)
        except CueMapError as err:
            _LOGGER.error("The cue map %s of %s is not used: %s", subentry.title, entry.title, err)
    return cue_map
