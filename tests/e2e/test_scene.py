"""The whole path: a prompt, a film, its events, cues, and boards that act them out."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from custom_components.cuelight.const import DOMAIN
from tests.rig.board import Board

from .conftest import House

PROMPT = "a cat waits, then jumps and turns around"


async def generate(house: House, boards: list[Board], **data: Any) -> Mapping[str, Any]:
    """Call the action on these boards and return its response."""
    response = await house.hass.services.async_call(
        DOMAIN,
        "generate_scene",
        {"prompt": PROMPT, "seed": 7, **data},
        target={"device_id": [house.device(board) for board in boards]},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    return response


async def two_buttons(house: House) -> list[Board]:
    """A studio and two paired boards."""
    await house.add_studio()
    boards = [await house.board("one"), await house.board("two")]
    for board in boards:
        await house.add_button(board)
    return boards


def acted(board: Board, since_us: int) -> dict[str, int]:
    """How many changes each kind of output made after a moment."""
    return {what: len(board.record(what, since_us)) for what in ("display", "light", "servo")}


async def test_a_prompt_becomes_a_performance_on_two_buttons(house: House) -> None:
    boards = await two_buttons(house)
    since = time.monotonic_ns() // 1000
    result = await generate(house, boards)

    assert result["provider"] == "storyboard"
    assert (result["film"]["width"], result["film"]["height"], result["film"]["frames"]) == (832, 480, 81)
    kinds = [event["kind"] for event in result["events"]]
    assert "jump" in kinds
    assert "turn" in kinds
    assert kinds.index("jump") < kinds.index("turn")
    assert [(p["outcome"], p["reason"]) for p in result["performers"]] == [("performed", None)] * 2

    for board, performer in zip(boards, result["performers"], strict=True):
        await board.until(board.at_rest)
        moved = acted(board, since)
        assert moved["display"] > 20, moved
        assert moved["light"] > 2, moved
        assert moved["servo"] > 10, moved
        start = next(e for e in board.record("timeline", since) if e["event"] == "start")
        assert start["t_us"] >= since
        cues = [e for e in board.record("timeline", since) if e["event"] == "cue"]
        assert len(cues) == performer["acked_cues"] > 0


async def test_a_link_lost_in_the_middle_leaves_that_button_safe_and_the_other_performing(house: House) -> None:
    boards = await two_buttons(house)
    since = time.monotonic_ns() // 1000
    scene = asyncio.ensure_future(generate(house, boards))

    def started(board: Board) -> bool:
        return any(e["event"] == "start" for e in board.record("timeline", since))

    await boards[0].until(lambda: started(boards[0]), within_s=60)
    lost_us = time.monotonic_ns() // 1000
    boards[0].lose_link()
    await boards[0].until(boards[0].at_rest)
    assert boards[0].record("safe", lost_us)[0]["t_us"] - lost_us < 1_000_000
    result = await scene
    outcomes = {p["name"]: p["outcome"] for p in result["performers"]}
    assert sorted(outcomes.values()) == ["partial", "performed"]
    for board in boards:
        await board.until(board.at_rest)


async def test_stopping_in_the_middle_puts_every_button_at_rest(house: House) -> None:
    boards = await two_buttons(house)
    since = time.monotonic_ns() // 1000
    scene = asyncio.ensure_future(generate(house, boards))
    for board in boards:
        await board.until(
            lambda board=board: any(e["event"] == "start" for e in board.record("timeline", since)), within_s=60
        )
    await house.hass.services.async_call(DOMAIN, "stop", {}, blocking=True)
    for board in boards:
        await board.until(board.at_rest)
    result = await asyncio.wait_for(scene, 30)
    assert all(p["outcome"] != "performed" for p in result["performers"])


async def test_a_button_out_of_range_fails_alone_with_a_reason(house: House) -> None:
    boards = await two_buttons(house)
    await boards[1].kill()
    result = await asyncio.wait_for(generate(house, boards), 120)
    outcome = {p["device_id"]: p for p in result["performers"]}
    assert outcome[house.device(boards[0])]["outcome"] == "performed"
    assert outcome[house.device(boards[1])]["outcome"] == "failed"
    assert outcome[house.device(boards[1])]["reason"]
