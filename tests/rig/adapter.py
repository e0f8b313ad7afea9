"""An adapter: what Home Assistant sees as a Bluetooth adapter or proxy, with Bumble as its host."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bleak_retry_connector import Allocations
from bumble import core, hci
from bumble.controller import Controller
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.host import Host as BumbleHost
from habluetooth import BaseHaRemoteScanner, BluetoothScanningMode, HaBluetoothConnector
from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant

from .air import Air

MTU = 247
_PROPERTIES = ("broadcast", "read", "write-without-response", "write", "notify", "indicate")  # by bit, from bit 0

type Relay = Callable[[str, bytes], list[bytes | float]]
"""What a hostile proxy makes of one frame: the frames it passes on, and pauses in seconds between them.

A pause holds up what follows in the same direction too, for a link keeps the order of what it carries.
"""


def pass_on(_address: str, data: bytes) -> list[bytes | float]:
    """The honest relay."""
    return [data]


class Host(BumbleHost):
    """Sees every HCI command through: Bumble's stumbles over the answer to one whose caller gave up."""

    async def _send_command(self, command: Any, response_timeout: float | None = None) -> Any:
        return await asyncio.shield(super()._send_command(command, response_timeout))


class Adapter:
    """A Bumble central on the air, registered with Home Assistant as a connectable scanner.

    ``relay_write`` and ``relay_notify`` stand for an untrusted proxy between Home Assistant and the radio. ``signal``
    says how well each address is received, in dBm: None is out of reach, and what it does not name is near.
    """

    def __init__(self, air: Air, address: str = "C0:00:00:00:00:01", *, slots: int = 8, name: str = "rig") -> None:
        self.address = address
        self.name = name
        self.slots = slots
        self.signal: dict[str, int | None] = {}
        self.relay_write: Relay = pass_on
        self.relay_notify: Relay = pass_on
        self.connects = 0
        self.connecting = asyncio.Lock()
        self.connections: dict[str, Connection] = {}
        self.clients: dict[str, RigClient] = {}
        self._air = air
        self._controller = Controller(f"adapter {address}", link=air.link, public_address=address)
        host = Host()
        host.controller = self._controller
        self.device = Device(name=name, address=hci.Address(address), host=host)
        self._scanner: _Scanner | None = None
        self._undo: list[Callable[[], None]] = []

    async def start(self, hass: HomeAssistant, *, connectable: bool = True) -> None:
        """Power up and register with Home Assistant's Bluetooth manager."""
        await self.device.power_on()
        connector = HaBluetoothConnector(
            client=partial(RigClient, adapter=self),  # type: ignore[arg-type]
            source=self.address,
            can_connect=lambda: len(self.connections) < self.slots,
        )
        self._scanner = _Scanner(self, connector if connectable else None, connectable)
        self._undo = [self._scanner.async_setup(), bluetooth.async_register_scanner(hass, self._scanner)]
        self.device.on("advertisement", self._on_advertisement)
        await self.device.start_scanning(legacy=True, active=True)

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        assert self._scanner is not None
        address = str(advertisement.address).split("/")[0]
        rssi = self.signal.get(address, advertisement.rssi)
        if rssi is not None:
            self._scanner._async_on_raw_advertisement(address, rssi, advertisement.data_bytes, {}, time.monotonic())

    def lose(self, address: str) -> None:
        """Let an address get out of reach: it is not heard, cannot be connected to, and its link times out."""
        self.signal[address] = None
        self._end(address)

    def tidy(self, address: str) -> None:
        """Take back what an attempt that was given up has left: the request, or a link that came of it after all.

        Bumble's controller would keep the one and refuse the next, and wait for ever where there is the other.
        """
        self._controller.pending_le_connection = None
        if address not in self.connections:
            self._end(address)

    def _end(self, address: str) -> None:
        connection = self._controller.le_connections.get(hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS))
        if connection is not None:
            self._air.end(self._controller, connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def allocations(self) -> Allocations:
        """Connection slots, as a proxy reports them."""
        return Allocations(self.address, self.slots, self.slots - len(self.connections), list(self.connections))

    async def stop(self) -> None:
        """Unregister, cut every connection and leave the air."""
        for undo in reversed(self._undo):
            undo()
        self._undo = []
        for connection in list(self._controller.le_connections.values()):
            self._air.end(self._controller, connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        await self.device.power_off()
        if self._controller in self._air.link.controllers:
            self._air.link.remove_controller(self._controller)


class _Scanner(BaseHaRemoteScanner):
    """A scanner fed by the adapter's Bumble host."""

    __slots__ = ("_rig_adapter",)

    def __init__(self, adapter: Adapter, connector: HaBluetoothConnector | None, connectable: bool) -> None:
        super().__init__(
            adapter.address,
            adapter.name,
            connector,
            connectable,
            requested_mode=BluetoothScanningMode.ACTIVE,
            current_mode=BluetoothScanningMode.ACTIVE,
        )
        self._rig_adapter = adapter

    def get_allocations(self) -> Allocations | None:
        return self._rig_adapter.allocations()


class RigClient(BaseBleakClient):
    """A bleak backend over Bumble; refuses what BlueZ refuses: no connection, unknown attribute, over-long write."""

    def __init__(self, address_or_ble_device: BLEDevice | str, *, adapter: Adapter, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._adapter = adapter
        self._connection: Connection | None = None
        self._mtu = 23
        self._notifying: dict[int, NotifyCallback] = {}
        self._relaying: list[asyncio.Task[None]] = []
        self._notified_at = 0.0
        self._late: list[asyncio.TimerHandle] = []

    @property
    def name(self) -> str:
        """The peer's address; a name needs a read."""
        return self.address

    @property
    def mtu_size(self) -> int:
        """The negotiated ATT MTU in bytes."""
        return self._mtu

    @property
    def is_connected(self) -> bool:
        """Whether the connection is up."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect, agree on an MTU and discover every service."""
        adapter = self._adapter
        if len(adapter.connections) >= adapter.slots:
            raise BleakError("out of connection slots")
        adapter.connects += 1
        if adapter.signal.get(self.address, 0) is None:
            raise BleakError(f"{self.address} does not answer")
        try:
            async with asyncio.timeout(self._timeout), adapter.connecting:
                peer = await self._establish()
        except (TimeoutError, core.BaseBumbleError, hci.HCI_Error) as err:
            raise BleakError(f"connection to {self.address} failed: {err or type(err).__name__}") from err
        if self._connection is None:
            raise BleakError(f"{self.address} went away while its services were read")
        self.services = self._collection(peer)

    async def _establish(self) -> Peer:
        """Connect and discover; whatever ends it early, also a caller that gives up, leaves nothing half open."""
        adapter = self._adapter
        address = hci.Address(self.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        adapter.tidy(self.address)
        try:
            connection = await adapter.device.connect(address, timeout=self._timeout)
            adapter.connections[self.address] = connection
            connection.on("disconnection", self._on_disconnection)
            self._connection = connection
            adapter.clients[self.address] = self
            peer = Peer(connection)
            self._mtu = await self._att(peer.request_mtu(MTU))
            await self._att(peer.discover_all())
        except BaseException:
            adapter.tidy(self.address)
            await self.disconnect()
            raise
        return peer

    def _collection(self, peer: Peer) -> BleakGATTServiceCollection:
        collection = BleakGATTServiceCollection()
        for service in peer.services:
            added = BleakGATTService(service, service.handle, _uuid(service.uuid))
            collection.add_service(added)
            for item in service.characteristics:
                properties = [name for bit, name in enumerate(_PROPERTIES) if item.properties & (1 << bit)]
                characteristic = BleakGATTCharacteristic(
                    item,
                    item.handle,
                    _uuid(item.uuid),
                    properties,
                    lambda: self._mtu - 3,
                    added,  # type: ignore[arg-type]
                )
                collection.add_characteristic(characteristic)
                for descriptor in item.descriptors:
                    collection.add_descriptor(
                        BleakGATTDescriptor(descriptor, descriptor.handle, _uuid(descriptor.type), characteristic)
                    )
        return collection

    def _on_disconnection(self, _reason: int) -> None:
        connection, self._connection = self._connection, None
        self._notifying.clear()
        for waiting in (*self._relaying, *self._late):
            waiting.cancel()
        self._late.clear()
        if self._adapter.connections.get(self.address) is connection:
            del self._adapter.connections[self.address]
            del self._adapter.clients[self.address]
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        """Disconnect; fine when already gone."""
        if (connection := self._connection) is None:
            return
        try:
            async with asyncio.timeout(5):
                await connection.disconnect()
        except TimeoutError, core.BaseBumbleError, hci.HCI_Error:
            self._on_disconnection(0)

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Never needed: the link authenticates itself."""
        raise NotImplementedError

    async def unpair(self) -> None:
        """Never needed: the link authenticates itself."""
        raise NotImplementedError

    def _require(self, characteristic: BleakGATTCharacteristic) -> CharacteristicProxy[bytes]:
        if self._connection is None:
            raise BleakError("Not connected")
        proxy = characteristic.obj
        assert isinstance(proxy, CharacteristicProxy)
        return proxy

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Read a characteristic."""
        proxy = self._require(characteristic)
        return bytearray(await self._att(proxy.read_value()))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Read a descriptor."""
        if self._connection is None:
            raise BleakError("Not connected")
        return bytearray(await self._att(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        """Write a characteristic, through whatever the relay makes of it."""
        proxy = self._require(characteristic)
        data = bytes(data)
        if len(data) > self._mtu - 3:
            raise BleakError(f"a write of {len(data)} bytes does not fit the MTU of {self._mtu}")
        parts = self._adapter.relay_write(self.address, data)
        before = self._relaying[-1] if self._relaying else None
        relayed = asyncio.ensure_future(self._relay(proxy, parts, response, before))
        self._relaying.append(relayed)
        relayed.add_done_callback(self._relayed)
        held_up = before is not None or any(isinstance(part, float) for part in parts)
        if response or not held_up:  # otherwise the proxy has taken it, and the caller goes on
            try:
                await asyncio.shield(relayed)
            except asyncio.CancelledError:
                if relayed.cancelled():
                    raise BleakError("the link was lost") from None
                raise

    def _relayed(self, done: asyncio.Task[None]) -> None:
        self._relaying.remove(done)
        if not done.cancelled():
            done.exception()  # whoever waits for it hears of it

    async def _relay(
        self,
        proxy: CharacteristicProxy[bytes],
        parts: list[bytes | float],
        response: bool,
        before: asyncio.Task[None] | None,
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        for part in parts:
            if isinstance(part, float):
                await asyncio.sleep(part)
            elif self._connection is None:
                raise BleakError("Not connected")
            else:
                await self._att(proxy.write_value(part, with_response=response))

    async def forge_write(self, uuid: str, data: bytes) -> None:
        """Write what nobody asked for, as a hostile proxy can."""
        characteristic = self.services.get_characteristic(uuid)
        assert characteristic is not None
        await self._att(self._require(characteristic).write_value(data, with_response=False))

    def forge_notification(self, uuid: str, data: bytes) -> None:
        """Tell the host what no peer sent."""
        characteristic = self.services.get_characteristic(uuid)
        assert characteristic is not None
        self._notifying[characteristic.handle](bytearray(data))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        """Write a descriptor."""
        if self._connection is None:
            raise BleakError("Not connected")
        await self._att(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        """Subscribe, through whatever the relay makes of each notification."""
        proxy = self._require(characteristic)

        def deliver(part: bytes) -> None:
            if self._notifying.get(characteristic.handle) is callback:
                callback(bytearray(part))

        def on_value(value: bytes) -> None:
            loop = asyncio.get_running_loop()
            for part in self._adapter.relay_notify(self.address, bytes(value)):
                if isinstance(part, float):
                    self._notified_at = max(self._notified_at, loop.time()) + part
                elif self._notified_at > loop.time():
                    self._late.append(loop.call_at(self._notified_at, deliver, part))
                    self._notified_at += 1e-6  # timers of one moment fire in any order
                else:
                    deliver(part)

        self._notifying[characteristic.handle] = callback
        await self._att(proxy.subscribe(on_value))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        proxy = self._require(characteristic)
        self._notifying.pop(characteristic.handle, None)
        await self._att(proxy.unsubscribe(force=True))

    async def _att(self, awaitable: Any) -> Any:
        """Run one ATT procedure; its failure or the link's end is a BleakError, as with every bleak backend."""
        lost = asyncio.get_running_loop().create_future()

        def on_lost(_reason: int) -> None:
            if not lost.done():
                lost.set_exception(BleakError("the link was lost"))

        connection = self._connection
        assert connection is not None
        connection.on("disconnection", on_lost)
        task = asyncio.ensure_future(awaitable)
        try:
            await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
            if lost.done():
                lost.result()  # Bumble cancels what waits for an answer then, as if the caller had been cancelled
            if task.done():
                return task.result()
            raise BleakError("the peer did not answer within 30 s")
        except (core.BaseBumbleError, hci.HCI_Error, TimeoutError) as err:
            raise BleakError(str(err) or type(err).__name__) from err
        finally:
            gone = lost.done()
            lost.cancel()
            connection.remove_listener("disconnection", on_lost)
            if gone or self._connection is None:
                task.cancel()
            elif not task.done():
                # An ATT procedure runs to its end though nobody waits for it; Bumble stumbles over an answer to none.
                connection.on("disconnection", lambda _reason: task.cancel())
                task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _uuid(uuid: core.UUID) -> str:
    """The 128-bit lower-case text form that bleak uses."""
    raw = uuid.to_bytes(force_128=True)[::-1].hex()
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
