"""What Settings, System, Repairs, System information tells of the buttons."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.components.bluetooth import async_current_scanners
from homeassistant.core import HomeAssistant, callback

from .const import CONF_KIND, DOMAIN, EntryKind


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register what is told."""
    register.async_register_info(async_info)


async def async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return how many buttons there are, here and connected, and what slots are left; nothing is sent for it."""
    loaded = hass.config_entries.async_loaded_entries(DOMAIN)
    buttons = [entry.runtime_data for entry in loaded if entry.data[CONF_KIND] == EntryKind.BUTTON]
    told = [scanner.get_allocations() for scanner in async_current_scanners(hass) if scanner.connectable]
    slots = [allocations for allocations in told if allocations is not None]
    return {
        "studios": len(loaded) - len(buttons),
        "buttons": len(buttons),
        "available": sum(button.available for button in buttons),
        "connected": sum(button.client.connected for button in buttons),
        "free_slots": sum(one.free for one in slots),
        "slots": sum(one.slots for one in slots),
    }
