"""A studio in Home Assistant: its provider, its jobs and what it keeps."""

import logging
from dataclasses import dataclass
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ServiceValidationError
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from .books import async_forget_books, async_get_books
from .const import CONF_KIND, DOMAIN, MANUFACTURER, EntryKind
from .cues import DEFAULT_CUE_MAP, CueMap, CueMapError, parse_cue_map
from .film_maker import studio_provider
from .job import StudioSettings
from .jobs import JobManager, async_forget_jobs
from .library import Library, Retention, async_get_library
from .performance import async_get_performances
from .t2v import InvalidRequest

_LOGGER = logging.getLogger(__name__)

STUDIO_PLATFORMS: Final = [Platform.SCENE, Platform.SENSOR]

CUE_MAP_SUBENTRY: Final = "cue_map"
CONF_RULES: Final = "rules"
CONF_DEADLINE: Final = "deadline_s"
CONF_PRICE: Final = "usd_per_second"
CONF_BUDGET: Final = "budget_usd"
CONF_FALLBACK: Final = "fallback"
CONF_PROMPT_HELP: Final = "prompt_help"
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
    try:
        studio_provider(hass, entry)
    except InvalidRequest as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="studio_invalid",
            translation_placeholders={"studio": entry.title, "error": str(err)},
        ) from err
    library = await async_get_library(hass)
    performances = async_get_performances(hass)
    books = await async_get_books(hass, entry.entry_id)
    jobs = JobManager(hass, entry, library, performances, books, studio_settings)
    entry.runtime_data = Studio(jobs, library)
    await hass.config_entries.async_forward_entry_setups(entry, STUDIO_PLATFORMS)
    await jobs.async_resume()
    await library.async_prune(entry.entry_id, studio_settings(entry).retention)
    return True


async def async_unload_studio(hass: HomeAssistant, entry: StudioConfigEntry) -> bool:
    """Unload a studio; its jobs stay on disk and go on when it is loaded again."""
    return await hass.config_entries.async_unload_platforms(entry, STUDIO_PLATFORMS)


async def async_remove_studio(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget a studio that is removed: its jobs, its scenes and their files."""
    library = await async_get_library(hass)
    await library.async_remove(record.scene_id for record in library.records(entry.entry_id))
    await async_forget_jobs(hass, entry)
    await async_forget_books(hass, entry.entry_id)


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


def studio_settings(entry: ConfigEntry) -> StudioSettings:
    """Return what the user has set, as it is now."""
    options = entry.options
    return StudioSettings(
        cue_map=_cue_map(entry),
        retention=Retention(
            quota_bytes=int(options.get(CONF_QUOTA, DEFAULT_QUOTA_MB) * 1_000_000),
            max_age_s=float(options.get(CONF_RETENTION, DEFAULT_RETENTION_DAYS) * 86400),
        ),
        deadline_s=options.get(CONF_DEADLINE),
        usd_per_second=options.get(CONF_PRICE),
        budget_usd=options.get(CONF_BUDGET),
        fallback=options.get(CONF_FALLBACK),
        prompt_help=options.get(CONF_PROMPT_HELP),
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
