"""A removed button is at rest, or the user is told that it could not be reached."""

import asyncio
from unittest.mock import patch

import pytest
from homeassistant.components.persistent_notification import _async_get_or_create_notifications
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.link import AckCode
from custom_components.cuelight.link.session import KeySlot

from .conftest import SetUp, button_entry
from .radio import FakeButton, Radio
from .test_button import LIGHT, act

OTHER_KEY = bytes(reversed(range(32)))


def in_slot(slot: int) -> MockConfigEntry:
    """An entry of a button that was paired by press and hold."""
    entry = button_entry(key=OTHER_KEY)
    data = {**entry.data, "slot": slot}
    return MockConfigEntry(
        domain=DOMAIN, unique_id=entry.unique_id, title=entry.title, data=data, options=entry.options
    )


def notes(hass: HomeAssistant) -> list[str]:
    """What the user finds among the notifications."""
    return [note["message"] for note in _async_get_or_create_notifications(hass).values()]


async def test_a_removed_button_is_stopped_and_let_go(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    rested = button.rested
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert radio.connects == 1
    assert button.rested > rested
    assert button.client is None
    assert notes(hass) == []


async def test_a_button_that_shines_rests_when_it_is_removed(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    await hass.config_entries.async_remove(entry.entry_id)
    assert button.rested
    assert notes(hass) == []


async def test_a_removed_button_out_of_range_is_told_and_nothing_is_tried(
    hass: HomeAssistant, radio: Radio, set_up: SetUp
) -> None:
    entry = await set_up()
    await hass.config_entries.async_remove(entry.entry_id)
    [note] = notes(hass)
    assert "Stage left was removed" in note
    assert "not in range" in note
    assert radio.connects == 0


async def test_a_removed_button_forgets_this_houses_key(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    button.slots[2] = KeySlot(OTHER_KEY, 0)
    entry = await set_up(in_slot(2))
    await act(hass, "light.turn_on", LIGHT)
    await hass.config_entries.async_remove(entry.entry_id)
    assert list(button.slots) == [0]
    assert button.client is None
    assert notes(hass) == []
    entry = await set_up(in_slot(2))
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "light.turn_on", LIGHT)
    assert caught.value.translation_key == "authentication_failed"


async def test_a_button_that_cannot_forget_is_told(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    button.slots[2] = KeySlot(OTHER_KEY, 0)
    entry = await set_up(in_slot(2))
    with patch.object(button.session, "_forget", return_value=AckCode.UNSUPPORTED):
        await hass.config_entries.async_remove(entry.entry_id)
    [note] = notes(hass)
    assert "hold its button for ten seconds" in note


async def test_a_removed_button_whose_label_key_was_changed_is_told_how_to_get_it_back(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await entry.runtime_data.async_rotate_key()
    await hass.config_entries.async_remove(entry.entry_id)
    [note] = notes(hass)
    assert "the key on its label no longer works" in note


async def test_a_removed_button_with_another_key_is_told(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(key=bytes(reversed(range(32)))))
    await hass.config_entries.async_remove(entry.entry_id)
    assert len(notes(hass)) == 1


async def test_a_removal_does_not_wait_for_ever(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    radio.may_connect.clear()
    with patch("custom_components.cuelight.removal.LIMIT_S", 0.05):
        async with asyncio.timeout(5):
            await hass.config_entries.async_remove(entry.entry_id)
    radio.may_connect.set()
    assert len(notes(hass)) == 1


async def test_an_entry_whose_key_is_none_can_be_removed(hass: HomeAssistant, button: FakeButton) -> None:
    entry = button_entry(key=b"short")
    entry.add_to_hass(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    assert len(notes(hass)) == 1
