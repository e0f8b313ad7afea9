"""A house: Home Assistant, an adapter, and boards that run the real firmware under sanitizers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.bluetooth import async_ble_device_from_address
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
from tests.shell.conftest import button_entry


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
    make_board: Callable[[Air, Path, str], Board]
    folder: Path
    boards: list[Board] = field(default_factory=list)
    adapters: list[Adapter] = field(default_factory=list)

    @property
    def adapter(self) -> Adapter:
        """The first adapter, for those that need but one."""
        return self.adapters[0]

    async def add_adapter(self, *, slots: int = 8) -> Adapter:
        """Power up one more adapter or proxy."""
        number = len(self.adapters) + 1
        adapter = Adapter(self.air, f"C0:00:00:00:00:{number:02X}", slots=slots, name=f"rig {number}")
        await adapter.start(self.hass)
        self.adapters.append(adapter)
        return adapter

    async def board(self, name: str) -> Board:
        """Power up one more board."""
        board = self.make_board(self.air, self.folder, name)
        self.boards.append(board)
        await board.start()
        return board

    async def until(self, condition: Callable[[], bool], within_s: float = 30) -> None:
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

    async def add_entry(self, board: Board, **options: Any) -> ConfigEntry:
        """Set up an entry as the flow would have made it, at once."""
        await board.until(lambda: bool(board.record("boot")))
        entry = button_entry(board.dev_id, key=board.key, **options)
        inst_id = board.record("boot")[-1]["inst_id"]
        entry.add_to_hass(self.hass)
        self.hass.config_entries.async_update_entry(entry, data={**entry.data, "inst_id": inst_id}, title=board.name)
        # Waits for the advertisement: the tests that follow are about a button in range.
        await self.until(lambda: bool(async_ble_device_from_address(self.hass, board.address, connectable=True)))
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        return entry

    def entry_of(self, board: Board) -> ConfigEntry:
        """The entry of a board."""
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, board.dev_id.hex())
        assert entry is not None
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
    home = House(hass, air, make_board, tmp_path)
    await home.add_adapter()
    try:
        yield home
    finally:
        for entry in hass.config_entries.async_entries(DOMAIN):
            if entry.state is ConfigEntryState.LOADED:
                await hass.config_entries.async_unload(entry.entry_id)
        for board in home.boards:
            await board.stop()
        for adapter in home.adapters:
            await adapter.stop()
        air.close()
        _assert_no_sanitizer_report(tmp_path)


def _assert_no_sanitizer_report(folder: Path) -> None:
    for path in folder.glob("*.err"):
        text = path.read_text(errors="replace")
        assert "ERROR: " not in text, text[-4000:]
        assert "runtime error" not in text, text[-4000:]
