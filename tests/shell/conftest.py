"""A Home Assistant with a radio and a button."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN

from .radio import DEV_ID, INST_ID, KEY, FakeButton, Radio
from .stage import film, media, slow_studio, studio  # noqa: F401

MANIFEST = Path(__file__).resolve().parents[2] / "custom_components" / DOMAIN / "manifest.json"

type SetUp = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture
def mock_bluetooth_matchers() -> Iterator[None]:
    """Let only Cuelight answer to discoveries: others that match company 0xFFFF have requirements of their own."""
    manifest = json.loads(MANIFEST.read_text())
    matchers = [{"domain": DOMAIN, **matcher} for matcher in manifest["bluetooth"]]
    with patch("homeassistant.components.bluetooth.async_get_bluetooth", return_value=matchers):
        yield


@pytest.fixture
async def bluetooth(mock_bluetooth_matchers: None, enable_bluetooth: None) -> None:
    """Home Assistant's Bluetooth, with nothing in it that can connect."""


@pytest.fixture
async def radio(hass: HomeAssistant, bluetooth: None) -> AsyncIterator[Radio]:
    """A connectable adapter; nothing in range yet."""
    with Radio(hass).on() as radio:
        yield radio


@pytest.fixture
def button(radio: Radio) -> FakeButton:
    """A button in range."""
    return radio.add(FakeButton())


def button_entry(dev_id: bytes = DEV_ID, *, key: bytes = KEY, **options: Any) -> MockConfigEntry:
    """An entry for a button, as the flow makes it; it does not listen for presses unless told to."""
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=dev_id.hex(),
        title="Stage left",
        data={
            "kind": "button",
            "address": FakeButton(dev_id).address,
            "dev_id": dev_id.hex(),
            "inst_id": INST_ID.hex(),
            "key": key.hex(),
            "slot": 0,
            "gen": 0,
            "pending_key": None,
        },
        options={"listen": False, "idle_disconnect_s": 30, **options},
    )


@pytest.fixture
async def set_up(hass: HomeAssistant, radio: Radio) -> AsyncIterator[SetUp]:
    """Set up an entry; unloaded again at the end."""
    entries: list[MockConfigEntry] = []

    async def set_up(entry: MockConfigEntry | None = None) -> MockConfigEntry:
        entry = entry or button_entry()
        entry.add_to_hass(hass)
        entries.append(entry)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        return entry

    yield set_up
    for entry in entries:
        if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
            await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
