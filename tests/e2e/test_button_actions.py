"""The actions on buttons, the device page, the image and a removal, with the real firmware as the judge."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from homeassistant.components.image import async_get_image
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNKNOWN
from homeassistant.helpers import device_registry as dr
from PIL import Image

from custom_components.cuelight.analysis.codec import decode_animation
from custom_components.cuelight.animations import BUILT_IN
from custom_components.cuelight.const import DOMAIN
from tests.rig.board import Board

from .conftest import House


def shown(board: Board) -> bytes | None:
    """The display's pixels now, 1 bit each."""
    frame = board.outputs()["display"]
    return None if frame is None else bytes.fromhex(frame)


async def call(house: House, action: str, board: Board, *, respond: bool = False, **data: Any) -> Any:
    """Call one of our actions on a board."""
    data["device_id"] = house.device(board)
    return await house.hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=respond)


async def test_the_device_page_tells_the_boards_model_and_firmware(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    boot = board.record("boot")[0]

    def told() -> tuple[str | None, str | None]:
        device = dr.async_get(house.hass).async_get(house.device(board))
        assert isinstance(device, dr.DeviceEntry)
        return device.model, device.sw_version

    await house.until(lambda: told() == (boot["board"], boot["version"]))


async def test_a_built_in_animation_is_shown_as_the_image_has_it(house: House) -> None:
    board = await house.board("one")
    await house.add_button(board)
    select = house.entity(board, "select", "animation")
    await house.hass.services.async_call(
        "select", "select_option", {ATTR_ENTITY_ID: select, "option": "jump"}, blocking=True
    )
    pictures = {np.packbits(picture).tobytes() for picture in decode_animation(BUILT_IN["jump"])[2]}
    await board.until(lambda: shown(board) in pictures)
    image = await async_get_image(house.hass, house.entity(board, "image", "display"))
    with Image.open(BytesIO(image.content)) as gif:
        assert gif.n_frames > 1
    # The last picture stays to the end of the lease, and that is what is told.
    await board.until(board.at_rest, 40)
    await house.until(lambda: house.hass.states.get(select).state == STATE_UNKNOWN, 40)


async def test_an_uploaded_picture_is_shown_pixel_by_pixel(house: House) -> None:
    hass = house.hass
    hass.config.allowlist_external_dirs = {str(house.folder)}
    path: Path = house.folder / "half.png"
    picture = Image.new("L", (32, 32), 0)
    picture.paste(255, (0, 0, 16, 32))
    picture.save(path)
    board = await house.board("one")
    await house.add_button(board)
    answer = await call(house, "upload_animation", board, respond=True, media=str(path))
    assert board.at_rest()
    await call(house, "play_animation", board, animation=answer["animation"], duration=5)
    await board.until(lambda: shown(board) == b"\xff\xff\x00\x00" * 32)
    await call(house, "stop", board)
    await board.until(board.at_rest)


async def test_a_servo_is_turned_and_a_rotated_key_works(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await call(house, "set_servo", board, angle=45, transition=0.2)
    await board.until(lambda: board.outputs()["servo"].get(0) == 450)
    before = entry.data["key"]
    await call(house, "rotate_key", board)
    await board.until(board.at_rest)
    assert entry.data["key"] != before
    await call(house, "set_servo", board, angle=90)
    await board.until(lambda: board.outputs()["servo"].get(0) == 900)


async def test_a_removed_button_rests(house: House) -> None:
    board = await house.board("one")
    entry = await house.add_button(board)
    await call(house, "set_servo", board, angle=90)
    await board.until(lambda: board.outputs()["servo"].get(0) == 900)
    await house.hass.config_entries.async_remove(entry.entry_id)
    await board.until(board.at_rest)
