"""What a command costs the chip, in instructions of the Cortex-M4, counted by QEMU: the same on every machine."""

import time
from pathlib import Path

import pytest
import pytest_socket

from custom_components.cuelight.link.commands import Command, Servo
from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .central import Central
from .gdb import Gdb

LEASE = 8
VERIFY_AND_DECODE = 13_000
WRITE_TO_OUTPUT = 30_000
SERVO = Servo(0, 900, 0)


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


async def _count(image: Path, folder: Path, command: Command, first: str, last: str | None) -> int:
    """Instructions from the first time a function is entered after a command was written until another one is.

    Without another: until the interrupt is over that it belongs to.
    """
    air = Air()
    gdb = Gdb(image, air.folder / "gdb")
    board = QemuBoard(air, folder, image, first, extra=gdb.arguments)
    try:
        await board.start()
        central = Central(air)
        await central.device.power_on()
        async with central.session(board) as session:
            await session.open()
            await gdb.open()
            await session.write(session.host.command(command, LEASE, time.monotonic()).frame)
            await gdb.run_to(first)
            count = await gdb.step_to(last) if last else await gdb.step_out()
            await gdb.let_go()
    finally:
        await board.kill()
        air.close()
    print(f"{first} to {last or 'the end of its interrupt'}: {count} instructions")
    return count


async def test_a_servo_command_is_verified_and_decoded(image: Path, tmp_path: Path) -> None:
    assert await _count(image, tmp_path, SERVO, "cuelight_received", "execute") <= VERIFY_AND_DECODE


async def test_a_command_acts_after_the_turn_of_the_task_in_which_its_last_byte_comes(
    image: Path, tmp_path: Path
) -> None:
    turn = await _count(image, tmp_path, SERVO, "app_poll", "watchdog_feed")
    acted = await _count(image, tmp_path, SERVO, "att_received", "board_servo")
    last_byte = await _count(image, tmp_path, SERVO, "usart_handler", None)
    assert last_byte > 0
    assert last_byte + turn + acted <= WRITE_TO_OUTPUT
