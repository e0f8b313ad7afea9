"""Pairing on the ARM image: what X25519 costs the chip, counted by QEMU, and the key that comes of it."""

import asyncio
import time
from pathlib import Path

import pytest
import pytest_socket

from custom_components.cuelight.link.pairing import HostPairing
from custom_components.cuelight.link.session import HostSession
from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .central import Central
from .gdb import Gdb

MULTIPLICATION = 1_400
"""Of two numbers modulo 2^255 - 19. A step of X25519's ladder is ten of them and little else."""


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


async def test_the_board_is_paired_and_a_multiplication_costs_so_many_instructions(image: Path, tmp_path: Path) -> None:
    air = Air()
    gdb = Gdb(image, air.folder / "gdb")
    board = QemuBoard(air, tmp_path, image, "pairing", extra=gdb.arguments)
    try:
        await board.start()
        await gdb.open()
        await board.press()
        await gdb.run_to("multiply")  # held for five seconds, the window opens and its key is made
        count = await gdb.step_over()
        await gdb.let_go()
        await board.release()
        await _pair(board, Central(air))
    finally:
        await board.kill()
        air.close()
    print(f"multiply: {count} instructions")
    assert count <= MULTIPLICATION


async def _pair(board: QemuBoard, central: Central) -> None:
    await central.device.power_on()
    async with central.session(board) as session:
        pairing = HostPairing(board.dev_id)
        frame: bytes | None = pairing.greet(await session.subscribe())
        while frame is not None:
            await session.write(frame)
            frame = pairing.receive(await session.frame())
        await session.write(pairing.confirm())
        await asyncio.sleep(0.1)  # a press is what is longer than bouncing
        await board.press()
        pairing.receive(await session.frame())
        await board.release()
        assert pairing.credentials is not None
        session.host = HostSession(pairing.credentials, time.monotonic())
        await session.write(session.host.greet(await session.subscribe(), time.monotonic()))
        await session.event()
        assert session.host.authenticated
