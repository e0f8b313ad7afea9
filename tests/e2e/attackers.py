"""What stands between Home Assistant and a button, or beside it, and means harm."""

import asyncio
import time
from typing import Any

from bumble import hci
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host

from custom_components.cuelight.link import commands
from custom_components.cuelight.link.const import RX_UUID, SERVICE_UUID, TX_UUID
from custom_components.cuelight.link.session import DeviceSession, KeySlot
from tests.firmware.conftest import Central, Link
from tests.rig.adapter import Adapter
from tests.rig.air import Air
from tests.rig.board import Board

from .relays import Watch


class Eavesdropper:
    """A proxy that keeps every frame of one button, by name, and can speak for both sides."""

    def __init__(self, adapter: Adapter, board: Board) -> None:
        self.to_button: list[tuple[str, bytes]] = []
        self.to_host: list[tuple[str, bytes]] = []
        self._adapter = adapter
        self._board = board
        self._watch = Watch()
        adapter.relay_write = self._write
        adapter.relay_notify = self._notify

    def _write(self, _address: str, frame: bytes) -> list[bytes | float]:
        self.to_button.append((self._watch.write(frame), frame))
        return [frame]

    def _notify(self, _address: str, frame: bytes) -> list[bytes | float]:
        self.to_host.append((self._watch.notification(frame), frame))
        return [frame]

    def heard(self, name: str) -> bytes:
        """The latest frame of this name, in either direction."""
        return next(frame for heard, frame in reversed(self.to_button + self.to_host) if heard == name)

    async def inject(self, frame: bytes) -> None:
        """Write to the button on the host's connection."""
        await self._adapter.clients[self._board.address].forge_write(RX_UUID, frame)

    def tell(self, frame: bytes) -> None:
        """Notify the host."""
        self._adapter.clients[self._board.address].forge_notification(TX_UUID, frame)


async def stranger(air: Air, board: Board, number: int = 1) -> Link:
    """Someone else's connection to the button."""
    central = Central(air, f"C0:00:00:00:66:{number:02X}")
    await central.device.power_on()
    return await central.connect(board)


class Impostor:
    """A peripheral at a button's address with the button's service and identity, and a key of its own."""

    def __init__(self, air: Air, board: Board, inst_id: bytes, key: bytes) -> None:
        self.heard: list[bytes] = []
        self._air = air
        self._session = DeviceSession(board.dev_id, inst_id, {0: KeySlot(key, 0)})
        self._data = b"\xff\xff\x01" + board.dev_id + inst_id + b"\x50"
        self._controller = Controller("impostor", link=air.link)
        host = Host()
        host.controller = self._controller
        self._device = Device(name="Cuelight", address=hci.Address(board.address), host=host)
        self._tx = Characteristic[bytes](TX_UUID, Characteristic.Properties.NOTIFY, Characteristic.READABLE)
        rx = Characteristic[Any](
            RX_UUID,
            Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=self._written),
        )
        self._device.add_service(Service(SERVICE_UUID, [rx, self._tx]))
        self._tx.on("subscription", self._subscribed)

    async def start(self) -> None:
        """Come on the air."""
        await self._device.power_on()
        data = AdvertisingData([(AdvertisingData.MANUFACTURER_SPECIFIC_DATA, self._data)])
        await self._device.start_advertising(advertising_data=bytes(data), auto_restart=True)

    def _subscribed(self, *_arguments: Any) -> None:
        self._notify(self._session.subscribed(time.monotonic()))

    def _written(self, _connection: Any, frame: bytes) -> None:
        """Let anybody in; what it cannot do is prove that it holds the button's key."""
        self.heard.append(bytes(frame))
        status = commands.encode_event(self._session.status(time.monotonic()))
        self._notify([b"\x5c\x00" + bytes([len(self.heard) - 1]) + status + bytes(8)])

    def _notify(self, frames: list[bytes]) -> None:
        for frame in frames:
            asyncio.ensure_future(self._device.notify_subscribers(self._tx, frame))  # noqa: RUF006

    async def stop(self) -> None:
        """Leave the air."""
        for connection in list(self._controller.le_connections.values()):
            self._air.end(self._controller, connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        await self._device.stop_advertising()
        await self._device.power_off()
        self._air.link.remove_controller(self._controller)
