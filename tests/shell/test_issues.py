"""What is told in Repairs, and that it goes when it works again; what system information tells."""

import asyncio
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.cuelight.const import DOMAIN, FIRMWARE
from custom_components.cuelight.link import AckCode, Done, DoneCode, LinkClient, Play, Run, TimedCue
from custom_components.cuelight.link.const import FIRMWARE_UUID

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


@pytest.mark.parametrize("version", ["0.0.9", "0.0.1-rc1"])
async def test_firmware_too_old_is_told_until_it_is_newer(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, version: str
) -> None:
    await set_up()
    button.information[FIRMWARE_UUID] = version.encode()
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    told = issue(hass, "firmware_old")
    assert told is not None
    assert told.translation_placeholders is not None
    assert told.translation_placeholders["version"] == version
    assert told.translation_placeholders["reason"]
    button.lose_link()
    button.information[FIRMWARE_UUID] = FIRMWARE.encode()
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue(hass, "firmware_old") is None


@pytest.mark.parametrize("version", [b"mine", b"", b"99.0", b"\xff"])
async def test_firmware_of_ones_own_needs_no_repair(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, version: bytes
) -> None:
    await set_up()
    button.information[FIRMWARE_UUID] = version
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue(hass, "firmware_old") is None


async def test_commands_that_come_too_late_in_a_row_are_told_until_one_is_in_time(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    button.answer = AckCode.STALE
    for late in range(1, 4):
        with pytest.raises(HomeAssistantError):
            await act(hass, "light.turn_on", LIGHT)
        assert (issue(hass, "late") is None) is (late < 3)
    button.answer = AckCode.OK
    await act(hass, "light.turn_on", LIGHT)
    assert issue(hass, "late") is None


async def test_a_clock_that_is_off_is_told_until_a_performance_starts_in_time(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = (await set_up()).runtime_data

    async def perform(drift_s: float) -> None:
        await coordinator.async_load((TimedCue(0, Play(1, 100)),), {})
        running = hass.async_create_task(coordinator.async_run(hass.loop.time(), 5.0))
        async with asyncio.timeout(5):
            while not any(isinstance(command, Run) for command in button.commands):
                await asyncio.sleep(0.005)
        button.commands.clear()
        zero_at = coordinator.client.clock_offset
        assert zero_at is not None
        with patch.object(LinkClient, "clock_offset", zero_at + drift_s):
            button.tell(Done(0, DoneCode.COMPLETED))
            await running

    await perform(0.6)
    told = issue(hass, "clock_off")
    assert told is not None
    assert told.translation_placeholders is not None
    assert told.translation_placeholders["skew"] == "0.6"
    await perform(0.0)
    assert issue(hass, "clock_off") is None


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
