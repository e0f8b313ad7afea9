"""A house: Home Assistant, an adapter, and boards that run the real firmware under sanitizers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.cuelight.const import DOMAIN
from tests.rig import qemu
from tests.rig.adapter import Adapter
from tests.rig.air import Air
from tests.rig.board import Board, build


@pytest.fixture(scope="session")
def make_board(request: pytest.FixtureRequest) -> Callable[[Air, Path, str], Board]:
    """Make a board: a process with the address and undefined-behaviour sanitizers, or the ARM image in QEMU."""
    if request.config.getoption("--board") == "native":
        program = build(sanitize=True)
        return lambda air, folder, name: Board(air, folder, program, name)
    image = qemu.build()
    return lambda air, folder, name: qemu.QemuBoard(air, folder, image, name)


@dataclass
class House:
    """What a test acts on."""

    hass: HomeAssistant
    air: Air
    adapter: Adapter
    make_board: Callable[[Air, Path, str], Board]
    folder: Path
    boards: list[Board] = field(default_factory=list)

    async def board(self, name: str) -> Board:
        """Power up one more board."""
        board = self.make_board(self.air, self.folder, name)
        self.boards.append(board)
        await board.start()
        return board

    async def until(self, condition: Callable[[], bool], within_s: float = 15) -> None:
        """Let Home Assistant run until something is so."""
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)

    async def discovered(self, board: Board) -> str:
        """Wait until the board's discovery waits for the user; return the flow."""

        def flow() -> str | None:
            for progress in self.hass.config_entries.flow.async_progress_by_handler(DOMAIN):
                if progress["context"].get("unique_id") == board.dev_id.hex():
                    return str(progress["flow_id"])
            return None

        await self.until(lambda: flow() is not None)
        found = flow()
        assert found is not None
        return found

    async def add_button(self, board: Board, key: bytes | None = None) -> ConfigEntry:
        """Confirm a board's discovery with its label's key, as a user does."""
        flow_id = await self.discovered(board)
        await self.hass.config_entries.flow.async_configure(flow_id, {"next_step_id": "key"})
        result = await self.hass.config_entries.flow.async_configure(flow_id, {"key": (key or board.key).hex()})
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        entry = result["result"]
        await self.until(lambda: entry.state is ConfigEntryState.LOADED)
        return entry

    async def add_studio(self) -> ConfigEntry:
        """Add the storyboard studio, as a user does."""
        flows = self.hass.config_entries.flow
        result = await flows.async_init(DOMAIN, context={"source": "user"})
        result = await flows.async_configure(result["flow_id"], {"next_step_id": "studio"})
        result = await flows.async_configure(result["flow_id"], {"provider": "storyboard"})
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        await self.hass.async_block_till_done()
        return result["result"]

    def device(self, board: Board) -> str:
        """The device's id of a board that has an entry."""
        (device,) = dr.async_get(self.hass).async_get_devices(identifiers={(DOMAIN, board.dev_id.hex())})
        return device.id

    def entity(self, board: Board, domain: str, key: str) -> str:
        """The entity's id with this domain and unique-id suffix."""
        entity_id = er.async_get(self.hass).async_get_entity_id(domain, DOMAIN, f"{board.dev_id.hex()}-{key}")
        assert entity_id is not None, f"no {domain} {key}"
        return entity_id


@pytest.fixture
async def house(
    hass: HomeAssistant, enable_bluetooth: None, make_board: Callable[[Air, Path, str], Board], tmp_path: Path
) -> AsyncIterator[House]:
    """A house with Bluetooth, no boards and no entries."""
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    await async_setup_component(hass, "homeassistant", {})
    air = Air()
    adapter = Adapter(air)
    await adapter.start(hass)
    home = House(hass, air, adapter, make_board, tmp_path)
    try:
        yield home
    finally:
        for entry in hass.config_entries.async_entries(DOMAIN):
            if entry.state is ConfigEntryState.LOADED:
                await hass.config_entries.async_unload(entry.entry_id)
        for board in home.boards:
            await board.stop()
        await adapter.stop()
        air.close()
        _assert_no_sanitizer_report(tmp_path)


def _assert_no_sanitizer_report(folder: Path) -> None:
    for path in folder.glob("*.err"):
        text = path.read_text(errors="replace")
        assert "ERROR: " not in text, text[-4000:]
        assert "runtime error" not in text, text[-4000:]
