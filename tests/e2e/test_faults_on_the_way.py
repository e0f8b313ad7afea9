"""A fault at every frame of a handshake, a command, an upload and a performance, each against a button of its own.

The tables of docs/link.md say what comes of each; the firmware's record and the entities must agree that it came.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from unittest.mock import patch

import pytest
from homeassistant.const import ATTR_ENTITY_ID, STATE_ON
from homeassistant.exceptions import HomeAssistantError

from custom_components.cuelight.animations import BUILT_IN
from custom_components.cuelight.coordinator import _TURNS, ButtonCoordinator, _Turns
from custom_components.cuelight.errors import error_key
from custom_components.cuelight.link import Light, LightPattern, Limits, LinkError, TimedCue
from tests.rig.board import Board

from .conftest import House
from .doc_tables import table
from .relays import Relay, Treatment, alter, cut, drop, duplicate, late, swap

COMMAND = table("link.md", "A fault at one frame of a command")
PERFORMANCE = table("link.md", "A fault at one frame of a performance")
RED = (255, 0, 0)
ASSET = BUILT_IN["jump"]  # two chunks
ASSET_IDS = count(0x0200)  # a button that has an asset is not sent it again
CUES = (TimedCue(0, Light(LightPattern.SOLID, RED, 255, 0)), TimedCue(200, Light(LightPattern.SOLID, RED, 128, 0)))

type Fault = Callable[[Relay, Board, str], Treatment]

HALF_RED = (65, 0, 0)
RESTS = ", then at rest"
FAULTS: dict[str, Fault] = {
    "the link is lost": lambda relay, board, name: cut(board),
    "lost": lambda relay, board, name: drop,
    "twice": lambda relay, board, name: duplicate,
    "altered": lambda relay, board, name: alter,
    "1 s late": lambda relay, board, name: late(1.0),
    "3.3 s late": lambda relay, board, name: late(3.3),
    "after the next": lambda relay, board, name: swap(relay, board, name),
}


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """Shorten the pauses after a failure and the longest deadlines: how long they are is not what is tested here."""
    with (
        patch("custom_components.cuelight.link.backoff._FIRST_S", 0.0),
        patch("custom_components.cuelight.link.backoff._FIRST_AFTER_REFUSAL_S", 0.0),
        patch("custom_components.cuelight.link.client._DONE_MARGIN_S", 4.0),
        patch("custom_components.cuelight.link.client.Limits", partial(Limits, commit_s=6.0)),
    ):
        yield


async def light_up(house: House, board: Board) -> None:
    """Switch the light on, from no link at all."""
    data = {ATTR_ENTITY_ID: house.entity(board, "light", "light"), "rgb_color": RED, "brightness": 255}
    await house.hass.services.async_call("light", "turn_on", data, blocking=True)


async def perform(house: House, board: Board) -> None:
    """Upload an asset and perform two cues, on a link that is up."""
    coordinator = coordinator_of(house, board)
    await coordinator.async_perform(CUES, {next(ASSET_IDS): ASSET}, house.hass.loop.time() + 0.3, 0.3)


def coordinator_of(house: House, board: Board) -> ButtonCoordinator:
    """The button's coordinator."""
    coordinator = house.entry_of(board).runtime_data
    assert isinstance(coordinator, ButtonCoordinator)
    return coordinator


async def outcome_of(work: Awaitable[None]) -> str | None:
    """What the caller was told: None, or the error's name in the translations."""
    try:
        await work
    except HomeAssistantError as err:
        return err.translation_key
    except LinkError as err:
        return error_key(err)
    return None


def consistent(house: House, board: Board) -> bool:
    """Whether what Home Assistant shows is what the firmware's record says."""
    outputs = board.outputs()
    lit = house.hass.states.get(house.entity(board, "light", "light")).state == STATE_ON
    unsafe = house.hass.states.get(house.entity(board, "binary_sensor", "safety")).state == STATE_ON
    return lit is (outputs["light"] != [0, 0, 0]) and unsafe is not outputs["safe"]


@dataclass(frozen=True)
class Cell:
    """One cell of the tables."""

    fault: str
    frame: str
    performing: bool
    end: str


CELLS = [
    Cell(fault, frame, performing, end)
    for performing, rows in ((False, COMMAND), (True, PERFORMANCE))
    for fault, cells in rows.items()
    for frame, end in cells.items()
]


async def prove(house: House, relay: Relay, board: Board, cell: Cell) -> str:
    """Cause one fault, check that all is as it should be after it, and return what the caller was told."""
    name, _, nth = cell.frame.partition(" no. ")
    relay.treat(board, name, FAULTS[cell.fault](relay, board, name), int(nth or 1))
    sessions = len(board.record("hello"))
    told = await outcome_of((perform if cell.performing else light_up)(house, board))
    assert relay.treated(board), f"{name} never came by: {told}"
    lit = told is None and not cell.performing and RESTS not in cell.end
    await board.until(lambda: board.at_rest() is not lit, 20)
    await house.until(lambda: consistent(house, board), 25)
    if told is None:
        told = "again" if len(board.record("hello")) > sessions + (not cell.performing) else "done"
        told += RESTS if RESTS in cell.end else ""
    # And nothing of it lasts: the next command works, and the button rests when told to.
    await light_up(house, board)
    await board.until(lambda: board.outputs()["light"] == [255, 0, 0])
    await coordinator_of(house, board).async_stop()
    await board.until(board.at_rest)
    await coordinator_of(house, board).client.disconnect()
    assert {tuple(entry["rgb"]) for entry in board.record("light")} <= {(0, 0, 0), RED, HALF_RED}
    return told


async def test_each_fault_at_each_frame_ends_as_the_tables_say(house: House) -> None:
    for _ in range(2):
        await house.add_adapter()
    relay = Relay(*house.adapters)
    turns = house.hass.data[_TURNS] = _Turns()
    turns.all = asyncio.Semaphore(100)  # buttons that wait out a fault must not keep the others waiting

    async def prove_all(board: Board, frame: str, performing: bool) -> list[Cell]:
        """Every fault of one column, one after the other, on one button."""
        wrong = []
        for cell in CELLS:
            if (cell.frame, cell.performing) != (frame, performing):
                continue
            try:
                if performing:
                    await coordinator_of(house, board).async_connect()
                end = await prove(house, relay, board, cell)
            except (AssertionError, TimeoutError, HomeAssistantError, LinkError) as err:
                end = repr(err)
            if end not in cell.end.split(" / "):
                wrong.append(replace(cell, end=end))
        return wrong

    columns = list(dict.fromkeys((cell.frame, cell.performing) for cell in CELLS))
    boards = [await house.board(f"button {number}") for number in range(len(columns))]
    for board in boards:
        await house.add_entry(board, listen=False)
    found = await asyncio.gather(*(prove_all(board, *column) for board, column in zip(boards, columns, strict=True)))
    assert "\n".join(str(cell) for wrong in found for cell in wrong) == ""
