"""The last words to a button whose entry is removed: stop, and forget this house's key."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components import persistent_notification
from homeassistant.components.bluetooth import async_address_present, async_ble_device_from_address
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_DEV_ID, DOMAIN, LABEL_SLOT
from .coordinator import credentials_of
from .link import LinkClient, LinkError, LinkTimeout, LinkUnreachable, UnreachableReason

LIMIT_S: Final = 10.0
"""How long a removal waits for the button."""


async def async_say_farewell(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Put the button at rest and have it forget this house; what cannot be done the user is told, and what to do."""
    try:
        await async_forget_key(hass, entry.title, entry.data)
    except (LinkError, ValueError) as err:
        _tell(hass, entry, "removed_unreached", str(err))
    else:
        credentials = credentials_of(entry.data)
        if credentials.slot == LABEL_SLOT and credentials.gen:
            _tell(hass, entry, "removed_label_key_changed")


async def async_forget_key(hass: HomeAssistant, name: str, data: Mapping[str, Any]) -> None:
    """Stop a button and have it erase the key of an entry's data; that of the label cannot be erased, only changed.

    Raises:
        LinkError: the button did not confirm it.
        ValueError: the stored key is none.
    """
    try:
        async with asyncio.timeout(LIMIT_S):
            await _async_forget_key(hass, name, data)
    except TimeoutError as err:
        raise LinkTimeout("stop", LIMIT_S) from err


async def _async_forget_key(hass: HomeAssistant, name: str, data: Mapping[str, Any]) -> None:
    address = data[CONF_ADDRESS]
    if not async_address_present(hass, address, connectable=True):
        raise LinkUnreachable(UnreachableReason.NOT_IN_RANGE, "It is not in range.")
    credentials = credentials_of(data)
    client = LinkClient(
        address,
        name,
        credentials,
        lambda: async_ble_device_from_address(hass, address, connectable=True),
    )
    try:
        await client.connect()
        if not await client.stop():
            raise client.last_error or LinkTimeout("stop", LIMIT_S)
        if credentials.slot != LABEL_SLOT:
            await client.forget_key()
    finally:
        await client.disconnect()


def _tell(hass: HomeAssistant, entry: ConfigEntry, key: str, error: str = "") -> None:
    """Leave a note; a sentence of the translations, as errors are."""
    sentence = HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"name": entry.title, "error": error},
    )
    persistent_notification.async_create(hass, str(sentence), "Cuelight", f"{DOMAIN}_removed_{entry.data[CONF_DEV_ID]}")
