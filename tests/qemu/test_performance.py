"""A prompt performed by the ARM image: what its LED matrix shows meanwhile is what was sent."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.conftest import House, house
from tests.e2e.test_scene import generate
from tests.rig.air import Air
from tests.rig.board import Board
from tests.rig.qemu import QemuBoard, matrix_of

__all__ = ["house"]  # the fixture
LATELY = 12  # changes: the matrix shows what was so up to a tenth of a second ago


@pytest.fixture(scope="session")
def make_board(image: Path) -> Callable[[Air, Path, str], Board]:
    """Make a board that runs the ARM image."""
    return lambda air, folder, name: QemuBoard(air, folder, image, name)


def _may_show(board: QemuBoard) -> list[list[list[tuple[int, int, int]]]]:
    """The pictures that the record of the last changes allows."""
    frames = [entry["frame"] for entry in board.record("display") if entry["frame"]][-LATELY:]
    lights = [[0, 0, 0], *(entry["rgb"] for entry in board.record("light"))][-LATELY:]
    return [matrix_of(frame, light) for frame in frames for light in lights]


async def test_the_matrix_shows_the_performance(house: House, tmp_path: Path) -> None:
    await house.add_studio()
    board = cast(QemuBoard, await house.board("kit"))
    await house.add_button(board)
    performing = asyncio.create_task(generate(house, [board]))
    await board.until(lambda: len(board.record("display")) > 10, 60)
    async with asyncio.timeout(5):
        while await board.screenshot(tmp_path / "matrix.png") not in _may_show(board):
            await asyncio.sleep(0.05)
    result = await performing
    (performer,) = result["performers"]
    assert performer["outcome"] in ("performed", "partial"), performer  # on a busy machine the emulator may fall behind
    await board.until(board.at_rest)
