"""Home Assistant as a process that is killed and started again; the boards lose their host and rest."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from script.demo import add_buttons, add_studio, job_sensor
from tests.rig.board import Board, build
from tests.rig.hass import Hass, HassError

PROMPT = "a cat waits, then jumps and turns around"


@pytest.fixture
async def home(tmp_path: Path, socket_enabled: None) -> AsyncIterator[tuple[Hass, list[Board], str]]:
    """A ``hass`` process with a studio and two paired boards."""
    boards = [Board(None, tmp_path, build(sanitize=True), name) for name in ("one", "two")]
    async with Hass(tmp_path, boards) as hass:
        await add_studio(hass)
        await add_buttons(hass, boards)
        # Home Assistant writes its registries some seconds late; a stop writes them at once.
        await hass.stop()
        await hass.start()
        yield hass, boards, await job_sensor(hass)


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 60) -> None:
    """Ask until something is so."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def stage(hass: Hass, sensor: str) -> str:
    """The job's stage as the sensor shows it."""
    return next(s["state"] for s in await hass.command("get_states") if s["entity_id"] == sensor)


async def start(hass: Hass, boards: list[Board]) -> None:
    """Ask for a scene on both boards and do not wait for it."""
    devices = [
        device["id"]
        for device in await hass.command("config/device_registry/list")
        if device["serial_number"] in {board.dev_id.hex() for board in boards}
    ]
    await hass.call("cuelight.generate_scene", {"prompt": PROMPT, "wait": False}, target={"device_id": devices})


def performing(board: Board) -> bool:
    """Whether a timeline runs."""
    events = [entry["event"] for entry in board.record("timeline") if entry["event"] != "cue"]
    return bool(events) and events[-1] == "start"


async def test_a_home_assistant_killed_in_a_performance_leaves_nothing_on_and_comes_back(home) -> None:
    hass, boards, sensor = home
    await start(hass, boards)

    async def both_perform() -> bool:
        return all(performing(board) and not board.at_rest() for board in boards)

    await until(both_perform)
    await hass.kill()
    for board in boards:
        await board.until(board.at_rest)
        assert board.record("safe")[-1]["safe"] is True

    await hass.start()

    async def idle() -> bool:
        return await stage(hass, sensor) not in ("generate", "analyse", "upload", "perform")

    await until(idle)
    await start(hass, boards)
    await until(both_perform)
    await until(idle)
    for board in boards:
        await board.until(board.at_rest)


async def test_a_job_under_way_when_home_assistant_is_killed_goes_on_after_the_restart(home) -> None:
    hass, boards, sensor = home
    await start(hass, boards)

    async def generating() -> bool:
        return await stage(hass, sensor) == "generate"

    await until(generating)
    await hass.kill()
    assert all(board.at_rest() for board in boards)
    await hass.start()

    async def both_performed() -> bool:
        return all([e["event"] for e in board.record("timeline")][-1:] == ["end"] for board in boards)

    await until(both_performed, 120)
    for board in boards:
        await board.until(board.at_rest)


async def test_home_assistant_reports_a_refusal_as_a_sentence(home) -> None:
    hass, _, _ = home
    with pytest.raises(HassError, match="prompt"):
        await hass.call("cuelight.generate_scene", {"prompt": "   "})
