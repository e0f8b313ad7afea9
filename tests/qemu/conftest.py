"""The ARM image of ``b_l475e_iot01a`` in QEMU, and a central in the same air."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rig.air import Air
from tests.rig.qemu import QemuBoard, QemuMissing, build

from .central import Central


@pytest.fixture(scope="session")
def image() -> Path:
    """The ARM image, as it would be flashed."""
    try:
        return build()
    except QemuMissing as err:
        pytest.skip(str(err))


@pytest.fixture
async def board(image: Path, tmp_path: Path) -> AsyncIterator[QemuBoard]:
    """One board, switched on."""
    air = Air()
    board = QemuBoard(air, tmp_path, image, "kit")
    try:
        await board.start()
        yield board
    finally:
        await board.stop()
        air.close()


@pytest.fixture
async def central(board: QemuBoard) -> Central:
    """A central in the board's air, switched on."""
    assert board.air is not None
    central = Central(board.air)
    await central.device.power_on()
    return central
