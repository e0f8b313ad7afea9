"""A central without Home Assistant: Bumble's host, and the host's half of a CLP/1 session over it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from bumble import hci
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.host import Host

from custom_components.cuelight.link.commands import Ack, Command, Event, Status
from custom_components.cuelight.link.const import RX_UUID, TX_UUID
from custom_components.cuelight.link.credentials import Credentials
from custom_components.cuelight.link.session import HostSession
from tests.rig.air import Air
from tests.rig.board import Board

ADDRESS = "C0:00:00:00:00:02"


class Session:
    """A signed session with one board."""

    def __init__(self, connection: Connection, board: Board) -> None:
        self.connection = connection
        self.host = HostSession(Credentials(board.dev_id, None, board.key), time.monotonic())
        self._rx: CharacteristicProxy[bytes] | None = None
        self._tx: CharacteristicProxy[bytes] | None = None
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self) -> Status:
        """Subscribe and authenticate; return the status that proves the board's key."""
        await self.write(self.host.greet(await self.subscribe(), time.monotonic()))
        status = await self.event()
        assert isinstance(status, Status)
        return status

    async def subscribe(self) -> bytes:
        """Turn notifications on, also if they are; return HELLO."""
        if self._tx is None:
            peer = Peer(self.connection)
            await peer.request_mtu(247)
            await peer.discover_all()
            self._rx = peer.get_characteristics_by_uuid(UUID(RX_UUID))[0]
            self._tx = peer.get_characteristics_by_uuid(UUID(TX_UUID))[0]
            await self._tx.subscribe(lambda value: self._frames.put_nowait(bytes(value)))
        else:
            await self._tx.descriptors[0].write_value(b"\x01\x00", with_response=True)
        return await self.frame()

    async def frame(self) -> bytes:
        """The next notification."""
        async with asyncio.timeout(5):
            return await self._frames.get()

    async def write(self, frame: bytes) -> None:
        """Write bytes to RX."""
        assert self._rx is not None
        await self._rx.write_value(frame, with_response=False)

    async def event(self) -> Event | None:
        """The next verified event."""
        return self.host.receive(await self.frame(), time.monotonic())

    async def send(self, command: Command, lease_units: int | None = None) -> Ack:
        """Sign and write a command; return its ack."""
        sent = self.host.command(command, lease_units, time.monotonic())
        await self.write(sent.frame)
        while True:
            event = await self.event()
            if isinstance(event, Ack) and event.counter == sent.counter:
                return event

    async def next_event[E: Event](self, kind: type[E]) -> E:
        """The next event of a kind; others are passed over."""
        while not isinstance(event := await self.event(), kind):
            pass
        return cast(E, event)


class Central:
    """A powered central on the air."""

    def __init__(self, air: Air) -> None:
        self.controller = Controller("central", link=air.link, public_address=ADDRESS)
        host = Host()
        host.controller = self.controller
        self.device = Device(name="central", address=hci.Address(ADDRESS), host=host)

    async def advertisement(self, address: str) -> bytes:
        """What a board advertises."""
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def on_advertisement(advertisement: Advertisement) -> None:
            if str(advertisement.address).split("/")[0] == address and not heard.done():
                heard.set_result(advertisement.data_bytes)

        self.device.on("advertisement", on_advertisement)
        await self.device.start_scanning(legacy=True, active=True)
        try:
            async with asyncio.timeout(10):
                return await heard
        finally:
            await self.device.stop_scanning(legacy=True)
            self.device.remove_listener("advertisement", on_advertisement)

    @asynccontextmanager
    async def session(self, board: Board) -> AsyncIterator[Session]:
        """A session with a board, from connection to disconnection."""
        await self.advertisement(board.address)
        address = hci.Address(board.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        session = Session(await self.device.connect(address, timeout=10), board)
        try:
            yield session
        finally:
            if session.connection.handle in self.device.connections:
                await session.connection.disconnect()


def manufacturer_data(advertisement: bytes) -> bytes:
    """The manufacturer's field, company identifier first."""
    field = AdvertisingData.from_bytes(advertisement).get(AdvertisingData.MANUFACTURER_SPECIFIC_DATA, raw=True)
    assert isinstance(field, bytes)
    return field
