"""A button is paired by press and hold in a real ``hass``, over REST as a browser does it, and forgotten again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.test_pairing import shown_code
from tests.rig.board import Board, build
from tests.rig.hass import Hass, HassError

FLOW = "/api/config/config_entries/flow"
ENTRY = "/api/config/config_entries/entry"
STORED = Path(".storage") / "core.config_entries"
PRESS_S = 0.1  # what is shorter is bouncing


@pytest.fixture
async def home(tmp_path: Path, socket_enabled: None) -> AsyncIterator[tuple[Hass, Board]]:
    """A ``hass`` process and a board that nobody has paired."""
    board = Board(None, tmp_path, build(sanitize=True), "one")
    async with Hass(tmp_path, [board]) as hass:
        yield hass, board


async def discovered(hass: Hass) -> str:
    """The flow of the discovered button."""
    async with asyncio.timeout(30):
        while True:
            for flow in await hass.command("config_entries/flow/progress"):
                if flow["handler"] == "cuelight":
                    return str(flow["flow_id"])
            await asyncio.sleep(0.05)


async def after_work(hass: Hass, flow_id: str) -> dict[str, Any]:
    """Follow a flow that is at work to what it leads to."""
    async with asyncio.timeout(30):
        while (step := await hass.request("GET", f"{FLOW}/{flow_id}"))["type"] == "progress":
            await asyncio.sleep(0.05)
    assert isinstance(step, dict)
    return step


async def entries(hass: Hass) -> list[str]:
    """The ids of our entries."""
    return [entry["entry_id"] for entry in await hass.command("config_entries/get", domain="cuelight")]


async def stored_entries(hass: Hass, board: Board) -> str:
    """What Home Assistant keeps of its entries, once it has written down the board's, which it does some time later."""

    def read() -> str:
        path = hass.config / STORED
        return path.read_text() if path.exists() else ""

    async with asyncio.timeout(30):
        while board.dev_id.hex() not in (text := await asyncio.to_thread(read)):
            await asyncio.sleep(0.1)
    return text


async def turn_on(hass: Hass, board: Board) -> None:
    """Turn the button's light on and see it in the record."""
    states = await hass.command("get_states")
    [light] = [state["entity_id"] for state in states if state["entity_id"].startswith("light.")]
    await hass.command("call_service", domain="light", service="turn_on", target={"entity_id": light})
    await board.until(lambda: board.outputs()["light"] != [0, 0, 0])


async def test_a_button_is_paired_by_press_and_hold_and_its_key_erased_when_it_is_removed(home) -> None:
    hass, board = home

    async def hold(seconds: float) -> None:
        data = {"board": board.name, "seconds": seconds}
        await hass.command("call_service", domain="cuelight_rig", service="hold", service_data=data)

    flow_id = await discovered(hass)
    assert (await hass.request("GET", f"{FLOW}/{flow_id}"))["menu_options"] == ["hold", "key"]
    assert (await hass.flow(flow_id, next_step_id="hold"))["progress_action"] == "hold"
    await hold(5.1)
    step = await after_work(hass, flow_id)
    assert step["step_id"] == "compare"
    assert await shown_code(board) == step["description_placeholders"]["code"].replace(" ", "")
    assert board.outputs()["light"] == [0, 0, 0]

    assert (await hass.flow(flow_id, digits="same"))["progress_action"] == "press"
    assert await entries(hass) == []
    await hold(PRESS_S)
    assert (await after_work(hass, flow_id))["type"] == "create_entry"
    await board.until(lambda: board.outputs()["state"] == "session", 30)
    await turn_on(hass, board)

    with_the_key = await stored_entries(hass, board)
    [entry_id] = await entries(hass)
    await hass.request("DELETE", f"{ENTRY}/{entry_id}")
    await board.until(board.at_rest)

    # A backup brings the entry back; its key is none any more.
    await hass.stop()
    await asyncio.to_thread((hass.config / STORED).write_text, with_the_key)
    await hass.start()
    with pytest.raises(HassError, match="does not accept the key"):
        await turn_on(hass, board)
    assert board.at_rest()
