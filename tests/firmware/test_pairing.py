"""Pairing over the air: the client that Home Assistant uses, the real firmware, and whoever stands in between."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import bleak_retry_connector
import pytest
from bleak import BleakClient
from bleak.backends.device import BLEDevice
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from custom_components.cuelight.link import (
    CommandRefused,
    Credentials,
    Light,
    LinkClient,
    LinkError,
    LinkLost,
    PairingClient,
    PairingClosed,
    PairingFailed,
    SettingKey,
    UnknownKeySlot,
    WrongInstance,
    parse_advertisement,
)
from custom_components.cuelight.link.pairing import Step, Transcript, pack
from tests.rig.adapter import Adapter, RigClient
from tests.rig.air import Air
from tests.rig.board import Board

# Five by seven, as the firmware draws them: rows of bits.
_NUMERALS = [
    (14, 17, 17, 17, 17, 17, 14), (4, 12, 4, 4, 4, 4, 14), (14, 17, 1, 2, 4, 8, 31), (14, 17, 1, 6, 1, 17, 14),
    (2, 6, 10, 18, 31, 2, 2), (31, 16, 30, 1, 1, 17, 14), (6, 8, 16, 30, 17, 17, 14), (31, 1, 2, 4, 8, 8, 8),
    (14, 17, 17, 14, 17, 17, 14), (14, 17, 17, 15, 1, 2, 12),
]  # fmt: skip
_COLUMNS = (0, 2, 4, 5, 7)


def digits_of(frame: str) -> str:
    """The six digits in a picture of the display, read as a person would: dot by dot."""
    rows = [int(frame[8 * y : 8 * y + 8], 16) for y in range(32)]

    def digit(x: int, y: int) -> str:
        seen = tuple(
            sum((rows[y + 2 * row] >> (31 - x - column) & 1) << (4 - n) for n, column in enumerate(_COLUMNS))
            for row in range(7)
        )
        return str(_NUMERALS.index(seen))

    return "".join(digit(11 * (n % 3), 1 + 16 * (n // 3)) for n in range(6))


def digit_of(frame: str) -> tuple[int, str]:
    """Place and digit on a display of 8x8, which shows one at a time: dots at the edge count the place."""
    rows = [int(frame[32 * y : 32 * y + 8], 16) for y in range(7)]
    dots = [[row >> (31 - 4 * column) & 1 for column in range(8)] for row in rows]
    seen = tuple(sum(bit << (4 - n) for n, bit in enumerate(row[1:6])) for row in dots)
    return sum(row[7] for row in dots) - 1, str(_NUMERALS.index(seen))


@pytest.fixture
async def adapter(air: Air) -> AsyncIterator[Adapter]:
    """An adapter that bleak's clients go through, without Home Assistant."""
    adapter = Adapter(air)
    await adapter.device.power_on()

    class Backend(RigClient):
        def __init__(self, device: BLEDevice, **kwargs: Any) -> None:
            super().__init__(device, adapter=adapter, **kwargs)

    class Client(BleakClient):
        def __init__(self, device: BLEDevice, **kwargs: Any) -> None:
            super().__init__(device, backend=Backend, **kwargs)

        async def clear_cache(self) -> bool:
            return True

    with patch.object(bleak_retry_connector, "BleakClientWithServiceCache", Client):
        yield adapter
    await adapter.stop()


def device_of(board: Board) -> BLEDevice:
    return BLEDevice(board.address, "Cuelight", {})


def pairing_with(board: Board) -> PairingClient:
    return PairingClient(board.address, "Desk", board.dev_id, lambda: device_of(board))


def link_to(board: Board, credentials: Credentials) -> LinkClient:
    return LinkClient(board.address, "Desk", credentials, lambda: device_of(board))


def label_of(board: Board) -> Credentials:
    return Credentials(board.dev_id, None, board.key)


async def open_window(board: Board) -> None:
    await board.hold(5.1)
    await board.until(lambda: board.outputs()["display"] is not None)


async def shown_code(board: Board) -> str:
    """The digits on the display, once it shows them, all at once or one after another."""
    since = time.monotonic_ns() // 1000

    def code() -> str | None:
        with contextlib.suppress(ValueError):
            return digits_of(board.outputs()["display"] or "")
        places = {}
        for entry in board.record("display", since):
            with contextlib.suppress(ValueError):
                place, digit = digit_of(entry["frame"] or "")
                places[place] = digit
        return "".join(places[place] for place in range(6)) if len(places) == 6 else None

    await board.until(lambda: code() is not None, 30)
    shown = code()
    assert shown is not None
    return shown


async def press(board: Board) -> None:
    await board.press()
    await board.skip(0.1)
    await board.release()


async def pair(board: Board) -> Credentials:
    await open_window(board)
    pairing = pairing_with(board)
    assert await pairing.begin() == await shown_code(board)
    confirmed = asyncio.ensure_future(pairing.confirm(10))
    await press(board)
    return await confirmed


async def test_a_button_is_paired_used_set_and_forgotten(board: Board, adapter: Adapter) -> None:
    credentials = await pair(board)
    assert (credentials.slot, credentials.gen) == (1, 0)
    assert board.at_rest()
    client = link_to(board, credentials)
    await client.send(Light(0, (255, 0, 0), 255, 0))
    await board.until(lambda: board.outputs()["light"] == [255, 0, 0])
    assert await client.setting(SettingKey.KEY_SLOTS) == 0b11
    assert await client.setting(SettingKey.STORE_FREE) > 1000
    await client.set_setting(SettingKey.LIGHT_CAP, 40)
    await board.until(lambda: 0 < board.outputs()["light"][0] < 40)
    await client.disconnect()
    await board.kill()
    await board.start()
    client = link_to(board, credentials)
    assert await client.setting(SettingKey.LIGHT_CAP) == 40
    with pytest.raises(CommandRefused):
        await client.set_setting(SettingKey.LIGHT_CAP, 0)
    await client.forget_key()
    await client.query()
    await client.disconnect()
    with pytest.raises(UnknownKeySlot):
        await client.connect()
    await client.disconnect()


async def test_held_for_five_real_seconds_the_window_opens(board: Board, adapter: Adapter) -> None:
    await board.press()
    await asyncio.sleep(4.0)
    assert board.outputs()["display"] is None
    with pytest.raises(PairingClosed):
        await pairing_with(board).begin()
    await board.until(lambda: board.outputs()["display"] is not None)
    await board.release()
    pairing = pairing_with(board)
    assert await pairing.begin() == await shown_code(board)
    await pairing.cancel()
    await board.until(lambda: board.outputs()["display"] is None)


async def test_a_factory_reset_makes_another_instance_and_refuses_the_old_key(board: Board, adapter: Adapter) -> None:
    credentials = await pair(board)
    client = link_to(board, credentials)
    await client.set_setting(SettingKey.LIGHT_CAP, 40)
    assert credentials.inst_id is not None
    await board.hold(10.1)
    await board.until(lambda: not client.connected)
    with pytest.raises(LinkError):
        await client.query()
    await client.disconnect()
    again = link_to(board, credentials)
    with pytest.raises(WrongInstance):
        await again.connect()
    await again.disconnect()
    anyone = link_to(board, Credentials(board.dev_id, None, credentials.key, credentials.slot))
    with pytest.raises(UnknownKeySlot):
        await anyone.connect()
    await anyone.disconnect()
    label = link_to(board, label_of(board))
    await label.connect()
    assert label.credentials.inst_id != credentials.inst_id
    assert await label.setting(SettingKey.LIGHT_CAP) == 255
    assert await label.setting(SettingKey.KEY_SLOTS) == 1
    await label.disconnect()
    await board.skip(2)
    await board.until(lambda: board.outputs()["display"] is None)
    assert (await pair(board)).inst_id == label.credentials.inst_id


async def test_a_window_that_nobody_uses_closes(board: Board, adapter: Adapter) -> None:
    await open_window(board)
    await board.skip(60)
    await board.until(lambda: board.outputs()["display"] is None)
    with pytest.raises(PairingClosed):
        await pairing_with(board).begin()


async def test_a_button_that_is_not_pressed_gives_no_key(board: Board, adapter: Adapter) -> None:
    await open_window(board)
    pairing = pairing_with(board)
    await pairing.begin()
    confirmed = asyncio.ensure_future(pairing.confirm(10))
    await asyncio.sleep(0.2)
    await board.skip(60)
    with pytest.raises(PairingFailed, match="not pressed"):
        await confirmed
    client = link_to(board, label_of(board))
    assert await client.setting(SettingKey.KEY_SLOTS) == 1
    await client.disconnect()


class InTheMiddle:
    """A proxy with keys and nonces of its own towards both sides."""

    def __init__(self, adapter: Adapter, board: Board) -> None:
        self._dev_id = board.dev_id
        self._inst_id = b""
        self._public = X25519PrivateKey.generate().public_key().public_bytes_raw()
        self._nonce = bytes(range(16))
        self._host_key = b""
        adapter.relay_write = self._write
        adapter.relay_notify = self._notify

    def _write(self, _address: str, frame: bytes) -> list[bytes | float]:
        match frame[:2]:
            case b"\x68\x01":
                self._host_key = frame[2:]
                return [pack(Step.HOST_KEY, self._public)]
            case b"\x68\x03":
                return [pack(Step.HOST_NONCE, self._nonce)]
        return [frame]

    def _notify(self, _address: str, frame: bytes) -> list[bytes | float]:
        if frame[0] == 0x40:
            self._inst_id = frame[2:6]
        match frame[:2]:
            case b"\x68\x02":
                context = self._dev_id + self._inst_id + frame[2:3]
                seen = Transcript(context, self._host_key, self._public, device_nonce=self._nonce)
                return [pack(Step.DEVICE_KEY, frame[2:3] + self._public + seen.commitment)]
            case b"\x68\x04":
                return [pack(Step.DEVICE_NONCE, self._nonce)]
        return [frame]


async def test_whoever_stands_in_between_shows_in_the_digits(board: Board, adapter: Adapter) -> None:
    InTheMiddle(adapter, board)
    await open_window(board)
    pairing = pairing_with(board)
    at_the_host = await pairing.begin()
    assert at_the_host != await shown_code(board)  # by chance they agree once in a million times
    # Even a person who does not look gets no key: the tags differ, too.
    await press(board)
    with pytest.raises((PairingFailed, LinkLost)):
        await pairing.confirm(5)
    adapter.relay_write = adapter.relay_notify = lambda address, frame: [frame]
    client = link_to(board, label_of(board))
    assert await client.setting(SettingKey.KEY_SLOTS) == 1
    await client.disconnect()


@pytest.mark.parametrize("step", [2, 4])
async def test_an_altered_answer_is_noticed_by_the_host(board: Board, adapter: Adapter, step: int) -> None:
    def alter(_address: str, frame: bytes) -> list[bytes | float]:
        return [frame[:10] + bytes((frame[10] ^ 1,)) + frame[11:] if frame[:2] == bytes((0x68, step)) else frame]

    adapter.relay_notify = alter
    await open_window(board)
    with pytest.raises(PairingFailed):
        await pairing_with(board).begin()
    await board.until(lambda: board.outputs()["display"] is None)


async def test_a_host_that_changes_its_mind_on_the_nonce_is_refused(board: Board, adapter: Adapter) -> None:
    adapter.relay_write = lambda _address, frame: [frame, frame] if frame[:2] == b"\x68\x03" else [frame]
    await open_window(board)
    pairing = pairing_with(board)

    async def go_on() -> None:
        await pairing.begin()
        await pairing.confirm(5)

    with pytest.raises((PairingFailed, LinkLost)):
        await go_on()
    await board.until(lambda: board.outputs()["display"] is None)


async def test_the_last_word_may_be_lost(board: Board, adapter: Adapter) -> None:
    def cut(_address: str, frame: bytes) -> list[bytes | float]:
        if frame[:2] != b"\x68\x06":
            return [frame]
        asyncio.get_running_loop().call_soon(board.lose_link)
        return []

    adapter.relay_notify = cut
    credentials = await pair(board)
    client = link_to(board, credentials)
    await client.query()
    await client.disconnect()


async def test_the_advertisement_tells_of_the_window_and_of_a_press(board: Board, adapter: Adapter) -> None:
    seen: list[tuple[bool, bool]] = []

    def heard(advertisement: Any) -> None:
        data = bytes(advertisement.data_bytes)
        at = data.find(b"\x11\xff\xff\xff")
        found = parse_advertisement({0xFFFF: data[at + 4 : at + 18]}) if at >= 0 else None
        if found is not None:
            seen.append((found.pairing, found.press_waiting))

    adapter.device.on("advertisement", heard)
    await adapter.device.start_scanning(legacy=True, active=True)
    await board.until(lambda: (False, False) in seen)
    await press(board)
    await board.until(lambda: (False, True) in seen)
    await board.hold(5.1)
    await board.until(lambda: (True, False) in seen)
    seen.clear()
    await board.skip(60)
    await board.until(lambda: (False, False) in seen)
