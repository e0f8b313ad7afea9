"""Each attack of the protocol's threat table, against the real firmware and the real host.

The table of docs/link.md names a test for each row, and this file holds it to that.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator
from unittest.mock import patch

import pytest
from bumble.att import ATT_Error
from homeassistant.core import Event, EventStateChangedData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.cuelight.coordinator import ButtonCoordinator
from custom_components.cuelight.link import CommandRefused, LinkError, Run, TimedCue
from tests.firmware.conftest import RX, TX
from tests.rig.board import Board

from .attackers import Eavesdropper, Impostor, stranger
from .conftest import House
from .doc_tables import table
from .relays import late, name_of_write
from .test_faults_on_the_way import CUES, coordinator_of, light_up

THREATS = table("link.md", "Threats")
RED = [255, 0, 0]
ERR = 0x60


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """Shorten the pauses after a failure."""
    with (
        patch("custom_components.cuelight.link.backoff._FIRST_S", 0.0),
        patch("custom_components.cuelight.link.backoff._FIRST_AFTER_REFUSAL_S", 0.0),
    ):
        yield


@pytest.fixture
async def board(house: House) -> AsyncIterator[Board]:
    """A button that is set up and still works when the attack is over."""
    board = await house.board("button")
    await house.add_entry(board, listen=False)
    yield board
    for adapter in house.adapters:
        adapter.relay_write = adapter.relay_notify = lambda _address, frame: [frame]
    await lit(house, board)
    await coordinator_of(house, board).async_stop()
    await board.until(board.at_rest)


@pytest.fixture
def ear(house: House, board: Board) -> Eavesdropper:
    """A hostile proxy."""
    return Eavesdropper(house.adapter, board)


async def lit(house: House, board: Board) -> None:
    """Switch the light on, with an attempt more if the link was just cut."""
    try:
        await light_up(house, board)
    except HomeAssistantError:
        await light_up(house, board)
    await board.until(lambda: board.outputs()["light"] == RED)


async def refused(board: Board, since_us: int, fault: str) -> None:
    """See the button at rest for this reason, and having obeyed nothing."""
    await board.until(board.at_rest)
    await board.until(lambda: fault in {entry["fault"] for entry in board.record("state", since_us)})
    assert not [entry for entry in board.record("light", since_us) if any(entry["rgb"])]


def now_us() -> int:
    """The record's clock."""
    return time.monotonic_ns() // 1000


def test_every_threat_of_the_table_has_its_test() -> None:
    names = {name for name in vars(sys.modules[__name__]) if name.startswith("test_") and "threat" not in name}
    told = {
        cell.strip("`") for row in THREATS.values() for cell in row["proved by"].split(", ") if cell.startswith("`")
    }
    assert told == names


async def test_keys_never_travel_in_clear(house: House, board: Board, ear: Eavesdropper) -> None:
    coordinator = coordinator_of(house, board)
    await light_up(house, board)
    await coordinator.async_rotate_key()
    await light_up(house, board)
    heard = b"|".join(frame for _, frame in ear.to_button + ear.to_host)
    assert "rekey" in {name for name, _ in ear.to_button}
    for key in (board.key, coordinator.client.credentials.key):
        assert not any(key[at : at + 8] in heard for at in range(len(key) - 8))
    # What was heard is readable: that the content is not secret is part of the promise.
    assert bytes([0x43, 255, 0, 0]) in ear.heard("light")


@pytest.mark.parametrize("what", ["first byte", "counter", "tick", "array", "operation", "colour", "lease", "tag"])
async def test_an_altered_byte_ends_the_session(house: House, board: Board, what: str) -> None:
    at = {"first byte": 0, "counter": 1, "tick": 2, "array": 3, "operation": 4, "colour": 7, "lease": -9, "tag": -8}[
        what
    ]

    def alter(_address: str, frame: bytes) -> list[bytes | float]:
        if frame[0] == 0x48 or name_of_write(frame) != "light":
            return [frame]
        changed = bytearray(frame)
        changed[at] ^= 0x02 if at == 0 else 0x01
        return [bytes(changed)]

    house.adapter.relay_write = alter
    since = now_us()
    with pytest.raises(HomeAssistantError):
        await light_up(house, board)
    await refused(board, since, "bad_mac")


async def test_an_injected_command_ends_the_session(house: House, board: Board, ear: Eavesdropper) -> None:
    await coordinator_of(house, board).async_connect()
    since = now_us()
    await light_up(house, board)
    frame = ear.heard("light")
    await coordinator_of(house, board).async_stop()
    await board.until(board.at_rest)
    since = now_us()
    await ear.inject(bytes([frame[0], ear.heard("stop")[1] + 1]) + frame[2:-8] + secrets.token_bytes(8))
    await refused(board, since, "bad_mac")


async def test_a_guess_costs_a_handshake(house: House, board: Board) -> None:
    link = await stranger(house.air, board)
    nonces = set()
    for _ in range(20):
        hello = await link.subscribe()
        nonces.add(hello[6:])
        guess = bytes([0x48, 0, 0]) + secrets.token_bytes(16)
        await link.write(guess)
        await link.write(guess[:-1] + bytes([guess[-1] ^ 1]))  # not looked at any more
        assert await link.frame() == bytes([ERR, 1, 0])
        await link.peer.discover_services()  # a round trip: whatever else was said would be here by now
        assert link.frames.empty()
        await link.characteristic(TX).unsubscribe(force=True)
    assert len(nonces) == 20
    assert not board.record("light")
    await link.connection.disconnect()


async def test_a_replay_within_the_session_is_refused(house: House, board: Board, ear: Eavesdropper) -> None:
    coordinator = coordinator_of(house, board)
    await coordinator.async_connect()
    await coordinator.client.prepare(0, [TimedCue(60_000, CUES[0].command)])
    await coordinator.async_send(Run(0, 0))
    since = now_us()
    await ear.inject(ear.heard("run"))
    await refused(board, since, "bad_mac")
    assert not [entry for entry in board.record("timeline", since) if entry["event"] == "start"]


@pytest.mark.parametrize("after", ["another session", "power loss", "factory reset", "restore"])
async def test_a_replay_into_another_session_is_refused(
    house: House, board: Board, ear: Eavesdropper, after: str
) -> None:
    coordinator = coordinator_of(house, board)
    entry = house.entry_of(board)
    kept = dict(entry.data)
    await light_up(house, board)
    auth, light = ear.heard("auth"), ear.heard("light")
    if after == "restore":
        await coordinator.async_rotate_key()
    await coordinator.client.disconnect()
    if after in ("power loss", "factory reset"):
        await board.kill()
        flash = board.folder / f"{board.name}.flash"
        before = flash.read_bytes()
        if after == "factory reset":
            flash.unlink()
        await board.start()
    if after == "restore":
        await house.hass.config_entries.async_unload(entry.entry_id)
        house.hass.config_entries.async_update_entry(entry, data=kept)
        await house.hass.config_entries.async_setup(entry.entry_id)
        await light_up(house, board)  # the key rolls forward to the button's
        await coordinator_of(house, board).client.disconnect()
    await board.until(board.at_rest)
    since = now_us()
    link = await stranger(house.air, board)
    await link.subscribe()
    await link.write(auth)
    await link.write(light)
    assert (await link.frame())[0] == ERR
    await refused(board, since, "wrong_gen" if after == "restore" else "bad_mac")
    await link.connection.disconnect()
    if after == "factory reset":  # and back, for the entry knows the instance from before
        await board.kill()
        flash.write_bytes(before)
        await board.start()


async def test_a_replayed_press_is_not_heard(house: House, board: Board, ear: Eavesdropper) -> None:
    coordinator = coordinator_of(house, board)
    pressed: list[str] = []

    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and state.attributes.get("event_type"):
            pressed.append(state.state)

    async_track_state_change_event(house.hass, house.entity(board, "event", "contact"), note)
    await coordinator.async_connect()
    await board.press()
    await house.until(lambda: bool(pressed))
    await board.release()
    await house.until(lambda: any(name == "button" for name, _ in ear.to_host))
    frame = next(frame for name, frame in ear.to_host if name == "button")
    await asyncio.sleep(0.6)  # until the press is told to be a single one
    for fresh_session in (False, True):
        if fresh_session:
            await coordinator.client.disconnect()
        await coordinator.async_connect()
        heard = len(pressed)
        ear.tell(frame)
        await house.until(lambda: not coordinator.client.connected)
        assert len(pressed) == heard


async def test_a_reflected_frame_is_refused(house: House, board: Board, ear: Eavesdropper) -> None:
    coordinator = coordinator_of(house, board)
    for shape in (lambda frame: frame, lambda frame: b"\x5c\x00" + frame[1:]):
        await lit(house, board)
        await coordinator.client.query()
        ear.tell(shape(ear.heard("query")))
        await house.until(lambda: not coordinator.client.connected)
        await board.until(board.at_rest)
    for shape, fault in ((lambda frame: frame, "wrong_type"), (lambda frame: b"\x54" + frame[1:], "bad_mac")):
        await lit(house, board)
        await coordinator.async_stop()
        await board.until(board.at_rest)
        since = now_us()
        await ear.inject(shape(ear.heard("ack of stop")))
        await refused(board, since, fault)


async def test_a_command_held_for_more_than_two_seconds_is_refused(house: House, board: Board) -> None:
    await coordinator_of(house, board).async_connect()
    house.adapter.relay_write = lambda _address, frame: (
        [*late(2.3)(frame)] if name_of_write(frame) == "light" else [frame]
    )
    since = now_us()
    with pytest.raises(HomeAssistantError) as caught:
        await light_up(house, board)
    assert caught.value.translation_key == "stale"
    assert not [entry for entry in board.record("light", since) if any(entry["rgb"])]
    assert board.at_rest()


@pytest.mark.parametrize("held_s", [0.0, 1.5])
async def test_a_held_command_lasts_no_longer_than_a_prompt_one(house: House, board: Board, held_s: float) -> None:
    await coordinator_of(house, board).async_connect()
    house.adapter.relay_write = lambda _address, frame: (
        late(held_s)(frame) if name_of_write(frame) == "light" else [frame]
    )
    with patch("custom_components.cuelight.link.channel.LEASE_UNITS", 12):  # 3 s, over before it would be renewed
        since = now_us()
        await light_up(house, board)
    assert not board.at_rest()
    await board.until(board.at_rest)
    assert board.outputs()["state"] == "session"
    off = next(entry["t_us"] for entry in board.record("light", since) if not any(entry["rgb"]))
    assert off - since < 3_200_000


@pytest.mark.parametrize("how", ["cut", "silence"])
async def test_a_link_that_is_cut_or_silent_leaves_nothing_on(house: House, board: Board, how: str) -> None:
    with patch("custom_components.cuelight.link.channel.LEASE_UNITS", 8):  # 2 s
        await light_up(house, board)
    if how == "cut":
        board.lose_link()
    else:
        house.adapter.relay_write = house.adapter.relay_notify = lambda _address, _frame: []
    await board.until(board.at_rest, 3)
    assert board.outputs()["safe"] is True


async def test_an_impostor_is_told_nothing(house: House, board: Board) -> None:
    coordinator = coordinator_of(house, board)
    await coordinator.client.disconnect()
    await board.kill()
    impostor = Impostor(house.air, board, bytes.fromhex(house.entry_of(board).data["inst_id"]), secrets.token_bytes(32))
    await impostor.start()
    with pytest.raises(HomeAssistantError) as caught:
        await light_up(house, board)
    await impostor.stop()
    assert caught.value.translation_key == "authentication_failed"
    assert {frame[0] for frame in impostor.heard} == {0x48}
    await board.start()


async def test_silent_strangers_on_both_links_are_sent_away(house: House, board: Board) -> None:
    links = [await stranger(house.air, board, number) for number in (1, 2)]
    for link in links:
        await link.subscribe()
    command = asyncio.create_task(lit(house, board))
    async with asyncio.timeout(10):
        while not all(link.ended for link in links):
            assert board.at_rest()
            await asyncio.sleep(0.05)
    await command


async def test_writes_of_wrong_lengths_end_the_session(house: House, board: Board, ear: Eavesdropper) -> None:
    coordinator = coordinator_of(house, board)
    for size in (0, 1, 2, 9, 10, 11, 19, 20, 23, 100, 243, 244):
        await coordinator.async_connect()
        since = now_us()
        await ear.inject(b"\x52" * size)
        await board.until(lambda since=since: bool(board.record("state", since)))
        assert board.record("state", since)[0]["fault"] in ("malformed", "bad_mac")
        await house.until(lambda: not coordinator.client.connected)
    link = await stranger(house.air, board)
    for size in (245, 400, 512):
        with pytest.raises(ATT_Error):
            await link.peer.gatt_client.write_value(link.characteristic(RX), b"\x52" * size, with_response=True)
    await link.connection.disconnect()
    assert not board.record("light")


async def test_the_key_of_one_button_opens_no_other(house: House, board: Board) -> None:
    other = await house.board("other")
    entry = await house.add_entry(other, listen=False)
    coordinator: ButtonCoordinator = entry.runtime_data
    await coordinator.async_connect()
    await coordinator.client.disconnect()
    await house.hass.config_entries.async_unload(entry.entry_id)
    house.hass.config_entries.async_update_entry(entry, data={**entry.data, "key": board.key.hex()})
    await house.hass.config_entries.async_setup(entry.entry_id)
    with pytest.raises(LinkError) as caught:
        await entry.runtime_data.async_connect()
    assert not isinstance(caught.value, CommandRefused)
    assert other.at_rest()
