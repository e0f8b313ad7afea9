"""A film acted by a puppet: what the real firmware shows is what the house drew when it judged the likeness."""

import asyncio
import time
from pathlib import Path

import numpy as np

from custom_components.cuelight.analysis import Analysis, analyze_film
from custom_components.cuelight.analysis.codec import decode_sprite
from custom_components.cuelight.cues.motion_engine import draw, phase
from custom_components.cuelight.cues.puppet import Puppet, make_puppet

from .conftest import House
from .test_scene import generate

PROMPT = "a cat jumps"
STEP_MS = 40


def frames_of(puppet: Puppet) -> set[str]:
    """Every picture that the puppet's acts can show, as the board writes them."""
    shown = set()
    for act in puppet.acts:
        period_ms, duration_ms = round(1000 * act.period_s), round(1000 * act.duration_s)
        at = [phase(period_ms, duration_ms, t_ms) for t_ms in [*range(0, duration_ms, STEP_MS), duration_ms]]
        for frame in draw(decode_sprite(puppet.poses[act.pose]), act.motion, act.amplitude, at):
            shown.add(np.packbits(frame).tobytes().hex())
    return shown


async def test_the_button_shows_the_puppet_that_the_house_drew(house: House) -> None:
    await house.add_studio()
    board = await house.board("one")
    await house.add_button(board)
    since = time.monotonic_ns() // 1000

    result = await generate(house, [board], prompt=PROMPT, duration=3, display="puppet")

    assert [p["outcome"] for p in result["performers"]] == ["performed"]
    assert result["display"]["shape"] == "puppet"
    assert result["display"]["puppet_bytes"] < result["display"]["clip_bytes"]
    await board.until(board.at_rest)
    film = Path(result["film"]["path"])
    analysis: Analysis = await asyncio.to_thread(analyze_film, film, prompt=PROMPT)
    puppet = make_puppet(analysis)
    assert puppet is not None
    start = next(e["t_us"] for e in board.record("timeline", since) if e["event"] == "start")
    shown = {e["frame"] for e in board.record("display", start) if e["frame"]}
    assert len(shown) > 10, "it moves"
    assert shown <= frames_of(puppet)
