"""Faults of whole things: proxies that fill up or move, buttons that restart or are replaced, hosts that come back."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from homeassistant.components.bluetooth import async_scanner_devices_by_address
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.exceptions import HomeAssistantError

from tests.rig.board import Board

from .conftest import House
from .doc_tables import table
from .soak import Held
from .test_faults_on_the_way import consistent, coordinator_of, light_up

RED = [255, 0, 0]


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """Shorten the pauses after a failure, and the wait for a slot."""
    with (
        patch("custom_components.cuelight.link.backoff._FIRST_S", 0.0),
        patch("custom_components.cuelight.link.backoff._FIRST_AFTER_REFUSAL_S", 0.0),
        patch("custom_components.cuelight.coordinator.SLOT_WAIT_S", 1.0),
    ):
        yield


def test_every_fault_of_the_table_has_its_test() -> None:
    told = {
        cell.strip("`")
        for row in table("link.md", "Faults of whole things").values()
        for cell in row["proved by"].split(", ")
    }
    names = {name for name in vars(sys.modules[__name__]) if name.startswith("test_") and "of_the_table" not in name}
    assert {name for name in told if name.startswith("test_") and ".py" not in name} == names


async def lit(house: House, board: Board) -> None:
    """Switch the light on, and off again through whatever link it came by."""
    await light_up(house, board)
    await board.until(lambda: board.outputs()["light"] == RED)
    await house.until(lambda: consistent(house, board))


async def at_rest(house: House, board: Board) -> None:
    """See every output at rest, in the record and in Home Assistant."""
    await board.until(board.at_rest, 20)
    await house.until(lambda: consistent(house, board), 20)


async def test_when_every_slot_is_taken_it_is_told_and_what_is_on_stays_on(house: House) -> None:
    house.adapter.slots = 2
    boards = [await house.board(f"button {number}") for number in range(3)]
    for board in boards:
        await house.add_entry(board, listen=False)
    await lit(house, boards[0])
    await lit(house, boards[1])
    with pytest.raises(HomeAssistantError) as caught:
        await light_up(house, boards[2])
    assert caught.value.translation_key == "out_of_slots"
    assert boards[2].at_rest()
    for board in boards[:2]:
        assert board.outputs()["light"] == RED
    await coordinator_of(house, boards[0]).async_stop()
    await lit(house, boards[2])  # a link that nothing needs any more makes room
    await at_rest(house, boards[0])


async def test_a_second_proxy_takes_over_when_the_first_is_full(house: House) -> None:
    house.adapter.slots = 1
    second = await house.add_adapter(slots=1)
    boards = [await house.board(f"button {number}") for number in range(2)]
    for board in boards:
        await house.add_entry(board, listen=False)
        await lit(house, board)
    assert [len(adapter.connections) for adapter in (house.adapter, second)] == [1, 1]


async def test_a_button_carried_to_another_proxy_rests_and_is_commanded_through_that(house: House) -> None:
    second = await house.add_adapter()
    board = await house.board("button")
    second.signal[board.address] = None
    await house.add_entry(board, listen=True)
    await lit(house, board)
    assert board.address in house.adapter.connections
    del second.signal[board.address]
    house.adapter.lose(board.address)
    await at_rest(house, board)
    await lit(house, board)
    assert board.address in second.connections


async def test_of_two_proxies_the_nearer_one_is_taken_as_the_signal_changes(house: House) -> None:
    second = await house.add_adapter()
    board = await house.board("button")
    house.adapter.signal[board.address], second.signal[board.address] = -50, -90
    await house.add_entry(board, listen=False)
    for nearer, other in ((house.adapter, second), (second, house.adapter), (house.adapter, second)):
        nearer.signal[board.address], other.signal[board.address] = -50, -90
        hears = [_rssi(house, board, adapter.address) for adapter in (nearer, other)]
        await house.until(lambda hears=hears: [hear() for hear in hears] == [-50, -90])
        await lit(house, board)
        assert board.address in nearer.connections
        await coordinator_of(house, board).async_stop()
        await coordinator_of(house, board).client.disconnect()
    await at_rest(house, board)


async def test_a_proxy_that_is_unplugged_leaves_nothing_on(house: House) -> None:
    second = await house.add_adapter()
    board = await house.board("button")
    second.signal[board.address] = -90
    await house.add_entry(board, listen=False)
    await lit(house, board)
    await house.adapters.pop(0).stop()
    await at_rest(house, board)
    second.signal[board.address] = -50
    await lit(house, board)


async def test_a_button_that_restarts_rests_and_is_commanded_again(house: House) -> None:
    board = await house.board("button")
    await house.add_entry(board, listen=False)
    for _ in range(3):
        await lit(house, board)
        await board.kill()
        await board.start()
        await at_rest(house, board)
    await lit(house, board)


@pytest.mark.parametrize("how", ["reset", "replaced"])
async def test_a_button_that_was_reset_or_replaced_asks_for_its_key_and_is_told_nothing(house: House, how: str) -> None:
    board = await house.board("button")
    entry = await house.add_entry(board, listen=False)
    await lit(house, board)
    await board.kill()
    (house.folder / "button.flash").unlink()
    if how == "replaced":  # by one that says it is the same, with another label
        board.key = bytes(reversed(board.key))
    await board.start()
    await at_rest(house, board)
    with pytest.raises(HomeAssistantError) as caught:
        await light_up(house, board)
    assert caught.value.translation_key == "wrong_instance"
    (flow,) = entry.async_get_active_flows(house.hass, {SOURCE_REAUTH})
    assert "session" not in {state["state"] for state in board.record("state", board.record("boot")[-1]["t_us"])}
    await house.hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "key"})
    result = await house.hass.config_entries.flow.async_configure(flow["flow_id"], {"key": board.key.hex()})
    assert result["reason"] == "reauth_successful", result
    await house.until(lambda: entry.state is ConfigEntryState.LOADED)
    await house.hass.async_block_till_done()
    await lit(house, board)


async def test_a_host_restored_from_an_old_backup_rolls_its_key_forward(house: House) -> None:
    board = await house.board("button")
    entry = await house.add_entry(board, listen=False)
    kept = dict(entry.data)
    for _ in range(3):
        await coordinator_of(house, board).async_rotate_key()
    newest = entry.data["key"]
    await house.hass.config_entries.async_unload(entry.entry_id)
    house.hass.config_entries.async_update_entry(entry, data=kept)
    await house.hass.config_entries.async_setup(entry.entry_id)
    await lit(house, board)
    assert (entry.data["key"], entry.data["gen"]) == (newest, 3)


async def test_an_entry_reloaded_a_hundred_times_leaks_nothing(house: House) -> None:
    board = await house.board("button")
    entry = await house.add_entry(board, listen=True)
    held = []
    for number in range(101):
        await house.hass.config_entries.async_reload(entry.entry_id)
        if number % 10 == 0:  # not each time waits for the link, so that reloads meet it in every state
            await lit(house, board)
        if number in (1, 100):
            await house.hass.config_entries.async_unload(entry.entry_id)
            await house.until(lambda: not house.adapter.connections)
            await board.until(board.at_rest)
            await asyncio.sleep(0)
            held.append(Held.now())
            await house.hass.config_entries.async_setup(entry.entry_id)
    first, last = held
    assert (last.tasks, last.handles) <= (first.tasks, first.handles)
    assert last.links <= first.links


def _rssi(house: House, board: Board, source: str) -> Callable[[], int | None]:
    """Return what tells how well an adapter hears a board."""

    def hear() -> int | None:
        found = async_scanner_devices_by_address(house.hass, board.address, True)
        return next((f.advertisement.rssi for f in found if f.scanner.source == source), None)

    return hear
