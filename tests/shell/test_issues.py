"""What is told in Repairs, and that it goes when it works again; what system information tells."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.cuelight.const import DOMAIN

from .conftest import SetUp, button_entry
from .radio import FakeButton, Radio
from .test_button import LIGHT, SERVO, act

OTHER = bytes.fromhex("1112131415161718")


def issue(hass: HomeAssistant, kind: str) -> ir.IssueEntry | None:
    """The only issue there is, if it is of this kind; None if there is none."""
    issues = [found for found in ir.async_get(hass).issues.values() if found.domain == DOMAIN]
    assert [found.translation_key for found in issues] in ([], [kind])
    return issues[0] if issues else None


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """Wait for slots, and after failures, for no time."""
    with (
        patch("custom_components.cuelight.coordinator.SLOT_WAIT_S", 0.0),
        patch("custom_components.cuelight.link.backoff._FIRST_S", 0.0),
    ):
        yield


async def test_who_holds_the_slots_is_told_until_there_is_one(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    radio.slots = 1
    await set_up()
    other = radio.add(FakeButton(OTHER))
    entry = button_entry(OTHER)
    await set_up(entry)
    await act(hass, "light.turn_on", LIGHT)
    with pytest.raises(HomeAssistantError):
        await act(hass, "light.turn_on", "light.stage_left_2")
    told = issue(hass, "out_of_slots")
    assert told is not None
    assert told.translation_placeholders is not None
    assert told.translation_placeholders["holders"] == "Stage left"
    assert told.translation_placeholders["reason"]
    button.lose_link()
    await act(hass, "light.turn_on", "light.stage_left_2")
    assert other.client is not None
    assert issue(hass, "out_of_slots") is None


async def test_a_stranger_that_holds_the_slot_is_told_by_its_address(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    radio.slots = 1
    await set_up()
    stranger = radio.add(FakeButton(OTHER))
    stranger.client = object()  # type: ignore[assignment]
    with pytest.raises(HomeAssistantError):
        await act(hass, "number.set_value", SERVO, value=1)
    told = issue(hass, "out_of_slots")
    assert told is not None
    assert told.translation_placeholders is not None
    assert stranger.address in told.translation_placeholders["holders"]
    stranger.client = None


async def test_a_button_that_only_a_passive_proxy_hears_is_told(
    hass: HomeAssistant, radio: Radio, set_up: SetUp
) -> None:
    button = FakeButton()
    with Radio(hass, connectable=False, source="AA:00:00:00:00:02").on() as passive:
        passive.advertise(button)
        entry = await set_up()
        assert issue(hass, "passive_only") is None
        await radio.pass_time(61)
        assert issue(hass, "passive_only") is not None
        radio.add(button)
        # Home Assistant tells of the way by the adapter with the next advertisement that says something new.
        passive.advertise(button, 79)
        await act(hass, "light.turn_on", LIGHT)
        assert issue(hass, "passive_only") is None
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_button_that_nobody_hears_needs_no_repair(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    await set_up()
    await radio.pass_time(61)
    assert issue(hass, "passive_only") is None


async def test_unloading_takes_back_what_was_told(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    with Radio(hass, connectable=False, source="AA:00:00:00:00:02").on() as passive:
        passive.advertise(FakeButton())
        entry = await set_up()
        await radio.pass_time(61)
        assert issue(hass, "passive_only") is not None
        await hass.config_entries.async_unload(entry.entry_id)
        assert issue(hass, "passive_only") is None


async def test_system_information_counts_buttons_and_slots(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    assert await async_setup_component(hass, "system_health", {})
    radio.slots = 3
    await set_up()
    await act(hass, "light.turn_on", LIGHT)
    told = await get_system_health_info(hass, DOMAIN)
    assert told["free_slots"] == told["slots"] - 1
    assert (told["studios"], told["buttons"], told["available"], told["connected"]) == (0, 1, 1, 1)
