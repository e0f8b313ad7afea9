"""The lease's end is the timer's: it takes the outputs also from a control task that hangs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_socket

from custom_components.cuelight.link.commands import Light, Servo
from custom_components.cuelight.link.const import AckCode
from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .central import Central
from .gdb import Gdb

DRIVER = ("B", 9)
ACTIVE_LIGHT = ("B", 14)
LEASE = 2  # units of 250 ms


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture
async def debugged(image: Path, tmp_path: Path) -> AsyncIterator[tuple[QemuBoard, Gdb]]:
    """A board, and a debugger that is not connected yet."""
    air = Air()
    gdb = Gdb(image, air.folder / "gdb")
    board = QemuBoard(air, tmp_path, image, "kit", extra=gdb.arguments)
    try:
        await board.start()
        yield board, gdb
    finally:
        await board.kill()
        air.close()


async def test_a_task_that_hangs_loses_its_outputs_at_the_lease_end(debugged: tuple[QemuBoard, Gdb]) -> None:
    board, gdb = debugged
    central = Central(board.air)
    await central.device.power_on()
    async with central.session(board) as session:
        await session.open()
        assert (await session.send(Light(0, (255, 255, 255), 255, 0), LEASE)).code == AckCode.OK
        assert (await session.send(Servo(0, 900, 0), LEASE)).code == AckCode.OK
        await board.until(lambda: board.outputs()["servo"] == {0: 900})
        await gdb.open()
        await gdb.run_to("app_poll")
        await gdb.hang()
        assert await board.pin(*DRIVER)
        granted_us = board.record("safe")[-1]["device_us"]
        await gdb.run_to("board_rest")
        assert await board.pin(*DRIVER)
        assert 0 < await gdb.device_us() - granted_us <= 250_000 * LEASE + 1_000
        await gdb.run_to_hang()
        assert not await board.pin(*DRIVER)
        assert not await board.pin(*ACTIVE_LIGHT)
        assert board.outputs()["servo"] == {0: 900}  # the task has not noticed
        await gdb.unhang("app_poll")
        await gdb.let_go()
        await board.until(board.at_rest)
        assert board.outputs()["state"] == "session"
        assert (await session.send(Servo(0, 300, 0), 10 * LEASE)).code == AckCode.OK
        assert await board.pin(*DRIVER)
