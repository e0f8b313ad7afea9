"""What pairing costs the chip, in instructions of the Cortex-M4, counted by QEMU: the same on every machine."""

from pathlib import Path

import pytest
import pytest_socket

from tests.rig.air import Air
from tests.rig.qemu import QemuBoard

from .gdb import Gdb

MULTIPLICATION = 1_400
"""Of two numbers modulo 2^255 - 19. A step of X25519's ladder is ten of them and little else."""


@pytest.fixture(autouse=True)
def _debugger_allowed() -> None:
    """Home Assistant's test plugin lets nobody connect to a unix socket."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


async def test_x25519_multiplies_in_so_many_instructions(image: Path, tmp_path: Path) -> None:
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
    finally:
        await board.kill()
        air.close()
    print(f"multiply: {count} instructions")
    assert count <= MULTIPLICATION
