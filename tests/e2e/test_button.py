"""One button: discovered, paired, commanded, disturbed; the firmware's own record is the judge."""

import asyncio
import time
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.light import ATTR_RGB_COLOR
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import ATTR_ENTITY_ID, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.cuelight.const import DOMAIN
from tests.firmware.test_pairing import shown_code
from tests.rig.board import Board

from .conftest import House

RED = (255, 0, 0)


async def turn_on(house: House, board: Board) -> None:
    """Turn the button's light on, red, and see it in the record."""
    light = house.entity(board, "light", "light")
    data = {ATTR_ENTITY_ID: light, ATTR_RGB_COLOR: RED}
    await house.hass.services.async_call("light", "turn_on", data, blocking=True)
    assert house.hass.states.get(light).state == STATE_ON
    await board.until(lambda: board.outputs()["light"][0] > 0)


async def test_a_discovered_button_is_added_with_its_key_and_lights_up(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    await turn_on(house, board)
    assert board.outputs()["light"][1:] == [0, 0]
    assert board.outputs()["state"] == "active"

    light = house.entity(board, "light", "light")
    await house.hass.services.async_call("light", "turn_off", {ATTR_ENTITY_ID: light}, blocking=True)
    await board.until(board.at_rest)


async def test_a_wrong_key_is_refused_in_the_flow_and_the_right_one_then_taken(house: House) -> None:
    board = await house.board("one")
    flow_id = await house.discovered(board)
    await house.hass.config_entries.flow.async_configure(flow_id, {"next_step_id": "key"})
    result = await house.hass.config_entries.flow.async_configure(flow_id, {"key": "00" * 32})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"key": "invalid_auth"}
    result = await house.hass.config_entries.flow.async_configure(flow_id, {"key": board.key.hex()})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_press_reaches_the_event_entity(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    entity = house.entity(board, "event", "contact")
    seen: list[str] = []

    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and state.state != STATE_UNAVAILABLE and "event_type" in state.attributes:
            seen.append(str(state.attributes["event_type"]))

    async_track_state_change_event(house.hass, entity, note)
    await board.until(lambda: board.outputs()["state"] == "session")
    await board.press()
    await house.until(lambda: "press_start" in seen)
    await board.release()
    await house.until(lambda: "multi_press_end" in seen)
    assert seen.index("press_start") < seen.index("press_end") <= seen.index("multi_press_end")


async def test_a_press_without_a_link_is_fetched_and_the_link_let_go(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    house.hass.config_entries.async_update_entry(entry, options={"listen": False, "idle_disconnect_s": 30})
    await house.hass.config_entries.async_reload(entry.entry_id)
    await board.until(lambda: board.outputs()["state"] == "safe")
    event = house.entity(board, "event", "contact")

    def fetched() -> bool:
        return house.hass.states.get(event).attributes.get("event_type") == "multi_press_end"

    with patch("custom_components.cuelight.coordinator.PRESS_LINGER_S", 0.1):
        await board.hold(0.1)
        await board.skip(0.5)
        await house.until(fetched)
        assert house.hass.states.get(event).attributes["multi_press_count"] == 1
        await house.until(lambda: not house.adapter.connections)


async def test_a_reset_button_asks_for_a_key_and_gets_one_by_press_and_hold(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await turn_on(house, board)
    await board.hold(10.1)
    await board.until(board.at_rest)
    await house.until(lambda: bool(list(entry.async_get_active_flows(house.hass, {SOURCE_REAUTH}))), 30)
    flow = next(iter(entry.async_get_active_flows(house.hass, {SOURCE_REAUTH})))
    flows = house.hass.config_entries.flow
    await flows.async_configure(flow["flow_id"], {"next_step_id": "hold"})

    async def after_work() -> dict[str, Any]:
        async with asyncio.timeout(20):
            while (step := await flows.async_configure(flow["flow_id"]))["type"] is FlowResultType.SHOW_PROGRESS:
                await asyncio.sleep(0.05)
        return step

    await board.hold(5.1)
    step = await after_work()
    assert step["description_placeholders"]["code"].replace(" ", "") == await shown_code(board)
    await flows.async_configure(flow["flow_id"], {"digits": "same"})
    await board.hold(0.1)
    assert (await after_work())["reason"] == "reauth_successful"
    await house.hass.async_block_till_done()
    assert entry.data["slot"] == 1
    await turn_on(house, board)


async def test_a_brightness_limit_bounds_the_light_and_outlives_a_power_cut(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    limit = house.entity(board, "number", "light_cap")
    data = {ATTR_ENTITY_ID: limit, "value": 20}
    await house.hass.services.async_call("number", "set_value", data, blocking=True)
    assert house.hass.states.get(limit).state == "20"
    await turn_on(house, board)
    capped = board.outputs()["light"][0]
    assert 0 < capped <= 51
    await board.kill()
    await board.start()
    await board.until(lambda: board.outputs()["state"] == "session", 30)
    await turn_on(house, board)
    assert board.outputs()["light"][0] == capped


async def test_a_frame_altered_on_the_way_is_refused_and_the_button_goes_safe(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    await turn_on(house, board)
    since = time.monotonic_ns() // 1000

    def flip(_address: str, data: bytes) -> list[bytes | float]:
        return [data[:-1] + bytes([data[-1] ^ 1])]

    house.adapter.relay_write = flip
    data = {ATTR_ENTITY_ID: house.entity(board, "light", "light"), ATTR_RGB_COLOR: (0, 255, 0)}
    with pytest.raises(HomeAssistantError):
        await house.hass.services.async_call("light", "turn_on", data, blocking=True)
    await board.until(board.at_rest)
    assert {"bad_mac"} <= {entry["fault"] for entry in board.record("safe", since)}
    assert not any(entry["rgb"][1] for entry in board.record("light", since)), "the altered command was obeyed"

    del house.adapter.relay_write
    house.adapter.relay_write = lambda _address, data: [data]
    await house.until(lambda: board.outputs()["state"] == "session")
    await turn_on(house, board)


async def test_when_nothing_gets_through_the_outputs_rest_at_the_end_of_the_lease(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    await turn_on(house, board)
    house.adapter.relay_write = lambda _address, _data: []  # the link stays up; not one more frame arrives
    silent_us = time.monotonic_ns() // 1000
    await board.until(board.at_rest, within_s=40)
    off = next(entry for entry in board.record("light", silent_us) if entry["rgb"] == [0, 0, 0])
    assert off["t_us"] - silent_us < 16_000_000, "the lease of at most 15 s did not bound the light"
    light = house.entity(board, "light", "light")
    await house.until(lambda: house.hass.states.get(light).state != STATE_ON)


async def test_a_lost_link_puts_the_outputs_at_rest_at_once_and_the_button_comes_back(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    await turn_on(house, board)
    lost_us = time.monotonic_ns() // 1000
    board.lose_link()
    await board.until(board.at_rest)
    assert board.record("safe", lost_us)[0]["fault"] == "link_loss"
    await board.until(lambda: board.outputs()["state"] == "session", within_s=30)
    await turn_on(house, board)


async def test_a_killed_and_restarted_board_recovers_without_a_reload(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await turn_on(house, board)
    await board.kill()
    light = house.entity(board, "light", "light")
    await house.until(lambda: house.hass.states.get(light).state != STATE_ON)
    await board.start()
    await board.until(lambda: board.outputs()["state"] == "session", within_s=30)
    await turn_on(house, board)
    assert not list(entry.async_get_active_flows(house.hass, {SOURCE_REAUTH}))


async def test_a_key_that_stopped_fitting_asks_for_a_new_one(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await house.hass.config_entries.async_unload(entry.entry_id)
    house.hass.config_entries.async_update_entry(entry, data={**entry.data, "key": "11" * 32})
    await house.hass.config_entries.async_setup(entry.entry_id)
    data = {ATTR_ENTITY_ID: house.entity(board, "light", "light")}

    async def refused_until_asked() -> None:
        while not list(entry.async_get_active_flows(house.hass, {SOURCE_REAUTH})):
            with pytest.raises(HomeAssistantError):
                await house.hass.services.async_call("light", "turn_on", data, blocking=True)

    async with asyncio.timeout(60):
        with patch("custom_components.cuelight.link.backoff._FIRST_AFTER_REFUSAL_S", 0.1):
            await refused_until_asked()
    assert board.at_rest()

    flow = next(iter(entry.async_get_active_flows(house.hass, {SOURCE_REAUTH})))
    await house.hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "key"})
    result = await house.hass.config_entries.flow.async_configure(flow["flow_id"], {"key": board.key.hex()})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await house.hass.async_block_till_done()
    await turn_on(house, board)


async def test_a_lying_advertisement_changes_nothing(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    before = dict(entry.data)

    def advertisement(dev_id: bytes, inst_id: bytes) -> bytes:
        body = bytes([0xFF, 0xFF, 0xFF, 1]) + dev_id + inst_id + bytes([50])
        return bytes([2, 1, 6, len(body)]) + body + bytes([9, 9]) + b"Cuelight"

    # Someone claims to be our button from an address that is not its own; then its address names another instance.
    house.air.inject("C1:22:33:44:55:66", advertisement(board.dev_id, b"\x01\x02\x03\x04"))
    house.air.inject(board.address, advertisement(board.dev_id, b"\xff\xff\xff\xff"))
    await asyncio.sleep(0)
    await house.hass.async_block_till_done()
    await turn_on(house, board)
    assert dict(entry.data) == before
    assert not house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)


async def test_unloading_stops_the_button(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await turn_on(house, board)
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    await board.until(board.at_rest)
    assert board.radio is not None
    await house.until(lambda: not house.adapter.connections)
