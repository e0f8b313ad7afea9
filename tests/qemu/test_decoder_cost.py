"""What a picture of an animation costs the chip to decode, in instructions of the Cortex-M4, counted by QEMU."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
import pytest_socket

from custom_components.cuelight.analysis.codec import FrameKind, encode_animation
from custom_components.cuelight.link.commands import Asset, Chunk, Commit, Play
from custom_components.cuelight.link.const import AckCode
from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .central import Central, Session
from .gdb import Gdb

ASSET = 0x0300
LEASE = 60
CHUNK = 180
WORST = 50_000
"""Instructions that no picture may take: at 80 MHz, 0.6 of the 125 milliseconds that a picture is shown."""
FIRST = 5
"""Where the first picture begins."""


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


def busy() -> bytes:
    """A picture with nearly as many runs as fit before it is shorter raw."""
    rows, columns = np.mgrid[:32, :32]
    return encode_animation([(columns % 8 == 0) ^ (rows % 2 == 0)], 8)


async def _upload(session: Session, data: bytes) -> None:
    steps = [Asset(ASSET, len(data), hashlib.sha256(data).digest())]
    steps += [Chunk(ASSET, at, data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]
    for step in [*steps, Commit(ASSET)]:
        assert (await session.send(step)).code in (AckCode.OK, AckCode.ALREADY_PRESENT)


async def test_a_busy_picture_is_decoded_within_its_bound(image: Path, tmp_path: Path) -> None:
    data = busy()
    assert data[FIRST] == FrameKind.RUNS
    assert len(data) > 100
    air = Air()
    gdb = Gdb(image, air.folder / "gdb")
    board = QemuBoard(air, tmp_path, image, "busy", extra=gdb.arguments)
    try:
        await board.start()
        central = Central(air)
        await central.device.power_on()
        async with central.session(board) as session:
            await session.open()
            await _upload(session, data)
            await gdb.open()
            await session.write(session.host.command(Play(ASSET, 0), LEASE, time.monotonic()).frame)
            await gdb.run_to("animation_next")
            count = await gdb.step_over()
            await gdb.let_go()
    finally:
        await board.kill()
        air.close()
    print(f"A picture of {len(data) - FIRST} bytes: {count} instructions")
    assert 0 < count <= WORST
