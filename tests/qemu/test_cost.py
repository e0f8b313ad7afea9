"""What a command costs the chip, in instructions of the Cortex-M4, counted by QEMU: the same on every machine."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytest_socket

from custom_components.cuelight.link.commands import Command, Light, Servo
from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .central import Central
from .gdb import CYCLES_PER_INSTRUCTION, CYCLES_PER_TICK, Gdb

LEASE = 8
VERIFY_AND_DECODE = 13_000
WRITE_TO_OUTPUT = 30_000
SERVOS = [Servo(channel, 900, 0) for channel in range(4)]  # each has something to change at once
LIGHTS = [Light(0, (255, 255, 255), brightness, 0) for brightness in (60, 120, 180, 240)]


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


async def _count(image: Path, folder: Path, commands: Sequence[Command], first: str, last: str) -> float:
    """Instructions between the entries of two functions as commands are written.

    The least of many: while QEMU goes on after a stop, virtual time already passes, by up to some hundred instructions.
    """
    air = Air()
    gdb = Gdb(image, air.folder / "gdb")
    board = QemuBoard(air, folder, image, first, extra=gdb.arguments)
    counts: list[float] = []
    try:
        await board.start()
        central = Central(air)
        await central.device.power_on()
        async with central.session(board) as session:
            await session.open()
            await gdb.open()
            await gdb.stop_at(first)
            await gdb.stop_at(last)
            for command in commands:
                await session.write(session.host.command(command, LEASE, time.monotonic()).frame)
                counts.append(await _between(gdb, first))
            await gdb.let_go()
    finally:
        await board.kill()
        air.close()
    print(f"{first} to {last}: {min(counts):.0f} instructions of {[round(count) for count in counts]}")
    return min(counts)


async def _between(gdb: Gdb, first: str) -> float:
    """Instructions from the next entry of a function to that of the other one, without interrupts."""
    while await gdb.run() != first:
        pass
    await gdb.interrupts(False)
    began = await gdb.instructions()
    while await gdb.run() == first:
        began = await gdb.instructions()
    ended = await gdb.instructions()
    await gdb.interrupts(True)
    return (ended - began) % (CYCLES_PER_TICK / CYCLES_PER_INSTRUCTION)


async def test_a_servo_command_is_verified_and_decoded(image: Path, tmp_path: Path) -> None:
    assert 0 < await _count(image, tmp_path, SERVOS * 6, "cuelight_received", "execute") <= VERIFY_AND_DECODE


@pytest.mark.parametrize(
    ("commands", "output"), [(SERVOS, "board_servo"), (LIGHTS, "board_light")], ids=["servo", "light"]
)
async def test_a_command_acts_after_the_turn_of_the_task_in_which_its_last_byte_comes(
    image: Path, tmp_path: Path, commands: Sequence[Command], output: str
) -> None:
    turn = await _count(image, tmp_path, commands, "app_poll", "watchdog_feed")
    acted = await _count(image, tmp_path, commands, "att_received", output)
    assert 0 < turn + acted <= WRITE_TO_OUTPUT
