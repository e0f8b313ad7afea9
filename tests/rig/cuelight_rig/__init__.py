"""The rig inside a real ``hass``: starts the boards of the configuration and one adapter over the air between them."""

import asyncio
import logging
from pathlib import Path

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, ServiceCall
from homeassistant.helpers.typing import ConfigType

from tests.rig.adapter import Adapter
from tests.rig.air import Air
from tests.rig.board import Board

DOMAIN = "cuelight_rig"

_LOGGER = logging.getLogger(__name__)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Power up the boards and the adapter, and let them be pressed; power all down when Home Assistant stops."""
    logging.getLogger("bumble").setLevel(logging.ERROR)
    air = Air()
    boards = [
        Board(
            air,
            Path(board["folder"]),
            Path(board["program"]),
            board["name"],
            bytes.fromhex(board["dev_id"]),
            bytes.fromhex(board["key"]),
        )
        for board in config[DOMAIN]["boards"]
    ]
    adapter = Adapter(air, slots=max(8, len(boards)))
    await adapter.start(hass)
    for board in boards:
        await board.start()
    advertisers = {address: bytes.fromhex(data) for address, data in config[DOMAIN]["advertisers"].items()}
    if advertisers:
        hass.async_create_background_task(_advertise(air, advertisers), f"{DOMAIN} advertise")

    async def hold(call: ServiceCall) -> None:
        await next(board for board in boards if board.name == call.data["board"]).hold(call.data["seconds"])

    hass.services.async_register(DOMAIN, "hold", hold)

    async def stop(_event: Event) -> None:
        await adapter.stop()
        for board in boards:
            await board.stop()
        await hass.async_add_executor_job(air.close)

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    return True


async def _advertise(air: Air, advertisers: dict[str, bytes]) -> None:
    """Let those who do nothing but advertise be heard once a second each."""
    senders = [air.inject(address, data) for address, data in advertisers.items()]
    while True:
        for send in senders:
            await asyncio.sleep(1 / len(senders))
            send()
