"""Cuelight: a text prompt becomes a performance in the room."""

from homeassistant.components import bluetooth
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .button_services import async_setup_button_services
from .const import BUTTON_PLATFORMS, CONF_KIND, DOMAIN, EntryKind
from .coordinator import ButtonConfigEntry, ButtonCoordinator
from .memory import Memory
from .removal import async_say_farewell
from .services import async_setup_services
from .studio import async_remove_studio, async_setup_studio, async_unload_studio

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions; they are there also when no entry is loaded."""
    async_setup_services(hass)
    async_setup_button_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up a studio or a button."""
    if entry.data[CONF_KIND] == EntryKind.STUDIO:
        return await async_setup_studio(hass, entry)
    return await _async_setup_button(hass, entry)


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload a studio or a button; a button is stopped first."""
    if entry.data[CONF_KIND] == EntryKind.STUDIO:
        return await async_unload_studio(hass, entry)
    return await hass.config_entries.async_unload_platforms(entry, BUTTON_PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget a studio's jobs; take leave of a removed button, and let it be discovered again."""
    if entry.data[CONF_KIND] == EntryKind.STUDIO:
        await async_remove_studio(hass, entry)
    else:
        await async_say_farewell(hass, entry)
        await Memory(hass, entry.entry_id).async_remove()
        bluetooth.async_rediscover_address(hass, entry.data[CONF_ADDRESS])


async def _async_setup_button(hass: HomeAssistant, entry: ButtonConfigEntry) -> bool:
    """Set up a button without connecting to it: it may be out of range, and start-up must not wait for it."""
    memory = Memory(hass, entry.entry_id)
    await memory.async_load()
    try:
        coordinator = ButtonCoordinator(hass, entry, memory)
    except ValueError as err:
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="stored_key_invalid") from err
    entry.runtime_data = coordinator
    entry.async_on_unload(coordinator.async_shutdown)
    await hass.config_entries.async_forward_entry_setups(entry, BUTTON_PLATFORMS)
    coordinator.async_start()
    return True
