"""A host that dies without a word while a light is on and a servo is turned: no button is left actuating."""

import asyncio
from pathlib import Path

from script.demo import add_buttons
from tests.rig.board import Board, build
from tests.rig.hass import Hass


async def entity(hass: Hass, device: str, domain: str, key: str) -> str:
    """The entity of a device with this domain and unique-id suffix; it may be on its way still."""
    async with asyncio.timeout(30):
        while True:
            for entry in await hass.command("config/entity_registry/list"):
                if entry["device_id"] == device and entry["entity_id"].startswith(f"{domain}."):
                    found = await hass.command("config/entity_registry/get", entity_id=entry["entity_id"])
                    if found["unique_id"].endswith(f"-{key}"):
                        return str(entry["entity_id"])
            await asyncio.sleep(0.05)


async def test_a_home_assistant_killed_with_a_light_on_and_a_servo_turned_leaves_both_at_rest(
    tmp_path: Path, socket_enabled: None
) -> None:
    board = Board(None, tmp_path, build(sanitize=True), "one")
    async with Hass(tmp_path, [board]) as hass:
        devices = await add_buttons(hass, [board])
        light = await entity(hass, devices["one"], "light", "light")
        servo = await entity(hass, devices["one"], "number", "servo")
        await hass.command(
            "call_service",
            domain="light",
            service="turn_on",
            service_data={"rgb_color": [255, 0, 0], "brightness": 255},
            target={"entity_id": light},
        )
        await hass.command(
            "call_service",
            domain="number",
            service="set_value",
            service_data={"value": 90},
            target={"entity_id": servo},
        )
        await board.until(lambda: board.outputs()["light"] != [0, 0, 0] and board.outputs()["servo"].get(0) == 900)
        assert board.outputs()["safe"] is False
        await hass.kill()
        # Whichever comes first: the link's loss, or the end of the lease of 15 s.
        await board.until(board.at_rest, 20)
        resting = board.outputs()
        assert (resting["light"], resting["servo"][0], resting["safe"]) == ([0, 0, 0], None, True)
