"""A board running the real firmware under sanitizers, and bare centrals that speak to it without Home Assistant."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bumble import hci
from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.host import Host

from custom_components.cuelight.link.commands import Ack, Command, Event
from custom_components.cuelight.link.credentials import Credentials
from custom_components.cuelight.link.session import HostSession
from tests.rig.air import Air
from tests.rig.board import Board, build

SERVICE = UUID("8F4B1E00-52C6-4F0A-9D3B-6375656C6967")
RX = UUID("8F4B1E01-52C6-4F0A-9D3B-6375656C6967")
TX = UUID("8F4B1E02-52C6-4F0A-9D3B-6375656C6967")


@dataclass
class Link:
    """A connection of a bare central to a board."""

    connection: Connection
    peer: Peer
    frames: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    ended: list[int] = field(default_factory=list)
    session: HostSession | None = None

    def characteristic(self, uuid: UUID) -> CharacteristicProxy[bytes]:
        """The one characteristic with this UUID."""
        (found,) = self.peer.get_characteristics_by_uuid(uuid)
        return found

    async def subscribe(self) -> bytes:
        """Turn TX's notifications on; return HELLO."""
        await self.characteristic(TX).subscribe(lambda value: self.frames.put_nowait(bytes(value)))
        return await self.frame()

    async def frame(self) -> bytes:
        """The next notification."""
        async with asyncio.timeout(5):
            return await self.frames.get()

    async def write(self, data: bytes, response: bool = False) -> None:
        """Write to RX."""
        await self.characteristic(RX).write_value(data, with_response=response)

    async def open(self, board: Board, key: bytes | None = None, slot: int = 0, gen: int = 0) -> None:
        """Start a session, with the board's label key unless told otherwise."""
        credentials = Credentials(board.dev_id, None, key or board.key, slot, gen)
        self.session = HostSession(credentials, time.monotonic())
        await self.write(self.session.greet(await self.subscribe(), time.monotonic()))
        await self.event()

    async def event(self) -> Event | None:
        """The next event of the session."""
        assert self.session is not None
        return self.session.receive(await self.frame(), time.monotonic())

    async def send(self, command: Command, lease_units: int | None = None) -> None:
        """Write a signed command."""
        assert self.session is not None
        await self.write(self.session.command(command, lease_units, time.monotonic()).frame)

    async def rekey(self, slot: int, gen: int, key: bytes) -> None:
        """Store a pending key."""
        assert self.session is not None
        await self.write(self.session.rekey(slot, gen, key, time.monotonic()).frame)
        assert await self.event() == Ack(counter=1, code=0)


class Central:
    """A Bumble central on the air."""

    def __init__(self, air: Air, address: str) -> None:
        self.controller = Controller(address, link=air.link, public_address=address)
        host = Host()
        host.controller = self.controller
        self.device = Device(name="central", address=hci.Address(address), host=host)

    async def connect(self, board: Board, mtu: int = 247) -> Link:
        """Connect to a board and discover everything."""
        address = hci.Address(board.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        connection = await self.device.connect(address, timeout=5)
        link = Link(connection, Peer(connection))
        connection.on("disconnection", link.ended.append)
        if mtu != 23:
            await link.peer.request_mtu(mtu)
        await link.peer.discover_all()
        return link


@pytest.fixture(scope="session")
def program() -> Path:
    """The firmware for this machine, built with the address and undefined-behaviour sanitizers."""
    return build(sanitize=True)


@pytest.fixture
async def air() -> AsyncIterator[Air]:
    """Empty air."""
    air = Air()
    yield air
    air.close()


@pytest.fixture
async def board(air: Air, program: Path, tmp_path: Path) -> AsyncIterator[Board]:
    """A board that is up; whatever a test does to it, no sanitizer may have complained."""
    board = Board(air, tmp_path, program, "button")
    await board.start()
    yield board
    await board.stop()
    assert (tmp_path / "button.err").read_text() == ""


type Centrals = Callable[[], Awaitable[Central]]


@pytest.fixture
async def new_central(air: Air) -> Centrals:
    """Makes centrals, each with an address of its own."""
    count = 0

    async def make() -> Central:
        nonlocal count
        count += 1
        central = Central(air, f"C0:00:00:00:00:{count:02X}")
        await central.device.power_on()
        return central

    return make


@pytest.fixture
async def central(new_central: Centrals) -> Central:
    """One central."""
    return await new_central()
