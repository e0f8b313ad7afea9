"""The last word to a button whose entry is removed."""

import asyncio
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.components.bluetooth import async_address_present, async_ble_device_from_address
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_DEV_ID, DOMAIN
from .coordinator import credentials_of
from .link import LinkClient, LinkError, LinkTimeout, LinkUnreachable, UnreachableReason

LIMIT_S: Final = 15.0
"""How long a removal waits for the button."""


async def async_say_farewell(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Stop the button for the last time; when that cannot be confirmed, tell the user what follows from it."""
    try:
        async with asyncio.timeout(LIMIT_S):
            await _async_stop(hass, entry)
    except TimeoutError:
        _tell(hass, entry, LinkTimeout("stop", LIMIT_S))
    except (LinkError, ValueError) as err:
        _tell(hass, entry, err)


async def _async_stop(hass: HomeAssistant, entry: ConfigEntry) -> None:
    address = entry.data[CONF_ADDRESS]
    if not async_address_present(hass, address, connectable=True):
        raise LinkUnreachable(UnreachableReason.NOT_IN_RANGE, "It is not in range.")
    client = LinkClient(
        address,
        entry.title,
        credentials_of(entry.data),
        lambda: async_ble_device_from_address(hass, address, connectable=True),
    )
    try:
        await client.connect()
        if not await client.stop():
            raise client.last_error or LinkTimeout("stop", LIMIT_S)
    finally:
        await client.disconnect()


def _tell(hass: HomeAssistant, entry: ConfigEntry, err: Exception) -> None:
    """Leave a note; a sentence of the translations, as errors are."""
    sentence = HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="removed_unreached",
        translation_placeholders={"name": entry.title, "error": str(err)},
    )
    persistent_notification.async_create(hass, str(sentence), "Cuelight", f"{DOMAIN}_removed_{entry.data[CONF_DEV_ID]}")
