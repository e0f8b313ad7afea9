"""What a central finds on a board: advertisement, services, values, errors; Bumble is the judge of the host's ATT."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from bumble.att import ATT_Error, ErrorCode
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement

from tests.rig.board import Board

from .conftest import RX, SERVICE, TX, Central, Centrals


async def advertisements(central: Central, board: Board, count: int, within_s: float = 10) -> list[bytes]:
    """The next advertisements of a board."""
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    def on_advertisement(advertisement: Advertisement) -> None:
        if str(advertisement.address).split("/")[0] == board.address:
            seen.put_nowait(advertisement.data_bytes)

    central.device.on("advertisement", on_advertisement)
    await central.device.start_scanning(legacy=True, active=True)
    try:
        async with asyncio.timeout(within_s):
            return [await seen.get() for _ in range(count)]
    finally:
        await central.device.stop_scanning()
        central.device.remove_listener("advertisement", on_advertisement)


async def test_the_advertisement_says_who_the_board_is(board: Board, central: Central) -> None:
    (data,) = await advertisements(central, board, 1)
    (boot,) = board.record("boot")
    assert len(data) == 31
    parsed = AdvertisingData.from_bytes(data)
    assert parsed.get(AdvertisingData.Type.FLAGS, raw=True) == b"\x06"
    assert parsed.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME, raw=True) == b"Cuelight"
    maker = parsed.get(AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA, raw=True)
    assert maker == b"\xff\xff\x01" + board.dev_id + bytes.fromhex(boot["inst_id"]) + b"\x4b"


async def test_the_scan_response_names_the_service(board: Board, central: Central) -> None:
    await advertisements(central, board, 1)
    assert board.radio is not None
    assert board.radio.controller is not None
    response = AdvertisingData.from_bytes(board.radio.controller.le_legacy_advertiser.scan_response_data)
    (service,) = response.get(AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
    assert service == SERVICE


async def test_the_battery_is_in_the_advertisement_and_in_its_service(board: Board, central: Central) -> None:
    link = await central.connect(board)
    (level,) = link.peer.get_characteristics_by_uuid(UUID.from_16_bits(0x2A19))
    told: asyncio.Queue[bytes] = asyncio.Queue()
    await level.subscribe(told.put_nowait)
    assert await level.read_value() == bytes([75])
    assert board.process is not None
    assert board.process.stdin is not None
    board.process.stdin.write(b"battery 3300\n")
    async with asyncio.timeout(5):
        assert await told.get() == bytes([25])
    assert await level.read_value() == bytes([25])
    assert (await advertisements(central, board, 1))[0][20] == 25


async def test_every_service_is_discovered(board: Board, central: Central) -> None:
    link = await central.connect(board)
    found = {
        service.uuid.to_hex_str(): [(item.uuid.to_hex_str(), int(item.properties)) for item in service.characteristics]
        for service in link.peer.services
    }
    assert found == {
        "1800": [("2A00", 2), ("2A01", 2)],
        "8F4B1E0052C64F0A9D3B6375656C6967": [
            ("8F4B1E0152C64F0A9D3B6375656C6967", 0x0C),
            ("8F4B1E0252C64F0A9D3B6375656C6967", 0x10),
        ],
        "180A": [("2A29", 2), ("2A24", 2), ("2A26", 2)],
        "180F": [("2A19", 0x12)],
    }


@pytest.mark.parametrize("mtu", [23, 64, 185, 247, 517])
async def test_discovery_works_at_every_mtu(board: Board, central: Central, mtu: int) -> None:
    link = await central.connect(board, mtu)
    assert link.connection.att_mtu == min(mtu, 247)
    assert sum(len(service.characteristics) for service in link.peer.services) == 8
    assert [item.type for item in link.characteristic(TX).descriptors] == [UUID.from_16_bits(0x2902)]


async def test_one_service_is_found_by_its_uuid(board: Board, central: Central) -> None:
    link = await central.connect(board)
    (service,) = await link.peer.discover_service(SERVICE)
    assert (service.handle, service.end_group_handle) == (6, 11)
    assert await link.peer.discover_service(UUID.from_16_bits(0x1812)) == []


async def test_device_information_names_board_and_version(board: Board, central: Central) -> None:
    link = await central.connect(board)
    values = [
        await link.peer.get_characteristics_by_uuid(UUID.from_16_bits(number))[0].read_value()
        for number in (0x2A29, 0x2A24, 0x2A26, 0x2A00)
    ]
    (boot,) = board.record("boot")
    assert values == [b"Cuelight", b"native", boot["version"].encode(), b"Cuelight"]


async def test_errors_reach_the_central_as_what_they_are(board: Board, central: Central) -> None:
    link = await central.connect(board)
    client = link.connection.gatt_client
    rx, tx = link.characteristic(RX), link.characteristic(TX)

    async def error(awaitable: Awaitable[Any]) -> int:
        with pytest.raises(ATT_Error) as caught:
            await awaitable
        return caught.value.error_code

    assert await error(rx.read_value()) == ErrorCode.READ_NOT_PERMITTED
    assert await error(tx.write_value(b"x", with_response=True)) == ErrorCode.WRITE_NOT_PERMITTED
    assert await error(client.read_value(99)) == ErrorCode.INVALID_HANDLE
    assert await error(tx.descriptors[0].write_value(b"\x01", with_response=True)) == ErrorCode.INVALID_ATTRIBUTE_LENGTH


async def test_two_centrals_are_served_at_once(board: Board, new_central: Centrals) -> None:
    links = [await (await new_central()).connect(board) for _ in range(2)]
    hellos = [await link.subscribe() for link in links]
    assert hellos[0][6:] != hellos[1][6:]
    assert [entry["link"] for entry in board.record("hello")] == [0, 1]


async def test_a_board_is_on_the_air_while_a_link_is_free(board: Board, new_central: Centrals) -> None:
    watcher = await new_central()
    links = [await (await new_central()).connect(board) for _ in range(2)]
    with pytest.raises(TimeoutError):
        await advertisements(watcher, board, 1, within_s=0.5)
    await links[0].connection.disconnect()
    assert await advertisements(watcher, board, 1)


async def test_the_board_is_on_the_air_again_after_each_connection(board: Board, central: Central) -> None:
    for _ in range(3):
        link = await central.connect(board)
        await link.connection.disconnect()
    assert await advertisements(central, board, 2)


async def test_advertising_is_fast_after_boot(board: Board, central: Central) -> None:
    await advertisements(central, board, 1)
    assert board.radio is not None
    assert board.radio.controller is not None
    assert board.radio.controller.le_legacy_advertiser.advertising_interval_min == 96
