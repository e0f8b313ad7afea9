"""A button made of ``DeviceSession``: assets, timelines, outputs; and a GATT client that talks to it in memory.

Strict: what the firmware or a Bluetooth stack would refuse is refused here.
"""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError

from custom_components.cuelight.link import commands as c
from custom_components.cuelight.link.const import (
    FIRST_UPLOADED_ASSET,
    RX_UUID,
    SERVICE_UUID,
    TX_UUID,
    AckCode,
    DeviceState,
    DoneCode,
)
from custom_components.cuelight.link.credentials import Credentials
from custom_components.cuelight.link.session import KeySlot

from .pairing_device import PairingDevice

DEV_ID = bytes.fromhex("0102030405060708")
INST_ID = bytes.fromhex("a1b2c3d4")
KEY = bytes(range(32))
ADDRESS = "C2:00:00:00:00:01"
CREDENTIALS = Credentials(DEV_ID, INST_ID, KEY)


@dataclass
class _Staged:
    announced: c.Asset
    data: bytearray = field(default_factory=bytearray)


class _Air:
    """One direction of the radio: late, but in order."""

    def __init__(self) -> None:
        self._last_at = 0.0

    def carry(self, latency_s: float, deliver: Callable[[bytes], None], frame: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._last_at = max(loop.time() + latency_s, self._last_at + 1e-6)
        loop.call_at(self._last_at, deliver, frame)


class FakeBoard:
    """One button on the air.

    Attributes:
        latency_s: how long a frame takes in each direction.
        mtu: the ATT MTU that the two stacks agreed on.
        reported_limit: what the client's stack believes it may write without response.
        performed: every command acted on, in order.
        on: the outputs that are on.
        touch: called with each frame on its way, True for those to the device; returns the frame, or None to lose it.
    """

    def __init__(self, *, key: bytes = KEY, gen: int = 0, inst_id: bytes = INST_ID) -> None:
        self.latency_s = 0.01
        self.mtu = 247
        self.reported_limit: int | None = None
        self.performed: list[c.Command] = []
        self.on: set[str] = set()
        self.assets: dict[int, bytes] = {}
        self.store_size = 100_000
        self.in_range = True
        self.connects = 0
        self.connect_error: Exception | None = None
        self.connect_s = 0.05
        self.touch: Callable[[bool, bytes], bytes | None] = lambda to_device, frame: frame
        self.written: list[bytes] = []
        self.slots = {0: KeySlot(key, gen)}
        self.session = PairingDevice(DEV_ID, inst_id, self.slots, act=self._act, rest=self._rest)
        self.client: FakeClient | None = None
        self._to_host = _Air()
        self._staged: _Staged | None = None
        self._timelines: dict[int, list[c.TimedCue]] = {}
        self._run: tuple[int, asyncio.TimerHandle] | None = None
        self._outbox: list[bytes] = []
        self._polling = False

    def device(self) -> BLEDevice | None:
        """The device as a scanner sees it."""
        return BLEDevice(ADDRESS, "Cuelight", {}) if self.in_range else None

    @property
    def state(self) -> DeviceState:
        """The board's state as of now."""
        self._poll()
        return self.session.state

    def lose_link(self) -> None:
        """The radio link breaks."""
        client, self.client = self.client, None
        self._staged = None
        self.session.link_lost()
        self._drop_run(None)
        if client is not None:
            client.lost()

    def subscribed(self) -> None:
        """The client wrote the CCCD."""
        self._drop_run(None)
        self.send(self.session.subscribed(self._now()))

    def received(self, frame: bytes) -> None:
        """A write arrived."""
        self._poll()
        frames = self.session.received(frame, self._now())
        self._flush(frames)
        if self.session.lease_end_at is not None:
            asyncio.get_running_loop().call_at(self.session.lease_end_at, self._poll)

    def press(self, button: int, kind: c.ButtonKind) -> None:
        """A contact does something."""
        if self.session.state < DeviceState.SESSION:
            self.session.keep(button, kind, self._now())
            self._flush(self.session.pressed() if (button, kind) == (0, c.ButtonKind.PRESS) else [])
            return
        self._tell(c.ButtonEvent(button, kind, self.session.clock_ms(self._now())))
        self._flush([])

    def hold(self) -> None:
        """Contact 0 is held for five seconds: the pairing window opens."""
        self._drop_run(None)
        self._flush(self.session.open_window(self._now()))
        asyncio.get_running_loop().call_at(self.session.window_end, self._window_over)

    def _window_over(self) -> None:
        under_way = self.session.under_way
        self._poll()
        if under_way and not self.session.under_way:
            self.lose_link()

    def send(self, frames: list[bytes]) -> None:
        """Notify."""
        for frame in frames:
            touched = self.touch(False, frame)
            if touched is not None and self.client is not None:
                self._to_host.carry(self.latency_s, self.client.notified, touched)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _poll(self) -> None:
        self._polling = True
        frames = self.session.poll(self._now())
        self._polling = False
        self._flush(frames)

    def _tell(self, event: c.Event) -> None:
        if self.session.state in (DeviceState.SESSION, DeviceState.ACTIVE):
            self._outbox.append(self.session.notify(event))

    def _flush(self, frames: list[bytes]) -> None:
        """Notify what waits, then these; events are numbered in the order in which they are told."""
        outbox, self._outbox = self._outbox, []
        self.send(outbox + frames)

    def _act(self, command: c.Command) -> AckCode:
        code = self._checked(command)
        if code is AckCode.OK:
            self.performed.append(command)
        return code

    def _checked(self, command: c.Command) -> AckCode:
        match command:
            case c.Play(asset_id):
                known = asset_id < 10 or asset_id in self.assets
                return self._turn_on("display") if known else AckCode.UNKNOWN_ASSET
            case c.Puppet():
                return self._turn_on("display")
            case c.Light(pattern):
                return self._turn_on("light") if pattern <= 6 else AckCode.UNSUPPORTED
            case c.Servo(channel):
                return self._turn_on(f"servo {channel}")
            case c.Cues():
                return self._store_cues(command)
            case c.Run():
                return self._start(command)
            case c.Asset():
                return self._announce(command)
            case c.Chunk():
                return self._store_chunk(command)
            case c.Commit(asset_id):
                return self._commit(asset_id)
            case _:
                return AckCode.OK

    def _turn_on(self, output: str) -> AckCode:
        self.on.add(output)
        return AckCode.OK

    def _rest(self) -> None:
        self.on.clear()
        session = getattr(self, "session", None)
        if session is not None and session.state is DeviceState.SESSION:
            self._drop_run(DoneCode.LEASE_ENDED if self._polling else DoneCode.STOPPED)

    def _store_cues(self, command: c.Cues) -> AckCode:
        if command.timeline > 1:
            return AckCode.UNSUPPORTED
        if command.first == 0:
            self._timelines[command.timeline] = []
        stored = self._timelines.get(command.timeline, [])
        if command.first != len(stored):
            return AckCode.OUT_OF_ORDER
        if len(stored) + len(command.cues) > 64:
            return AckCode.OUT_OF_RANGE
        stored.extend(command.cues)
        return AckCode.OK

    def _start(self, command: c.Run) -> AckCode:
        if command.timeline not in self._timelines:
            return AckCode.OUT_OF_ORDER
        self._drop_run(DoneCode.REPLACED)
        now_ms = self.session.clock_ms(self._now())
        start_ms = max(command.start_ms, now_ms)
        lasts_ms = sum(cue.dt_ms for cue in self._timelines[command.timeline])
        loop = asyncio.get_running_loop()
        timer = loop.call_later((start_ms - now_ms + lasts_ms) / 1000, self._drop_run, DoneCode.COMPLETED)
        self._run = (command.timeline, timer)
        self.started_at = loop.time() + (start_ms - now_ms) / 1000
        self.on.add("timeline")
        return AckCode.OK

    def _drop_run(self, code: DoneCode | None) -> None:
        if self._run is None:
            return
        (timeline, timer), self._run = self._run, None
        timer.cancel()
        if code is not None:
            self._tell(c.Done(timeline, code))
        if code is DoneCode.COMPLETED:
            self.on.clear()
            self._flush([])

    def _announce(self, command: c.Asset) -> AckCode:
        if command.asset_id < FIRST_UPLOADED_ASSET:
            return AckCode.DENIED
        stored = self.assets.get(command.asset_id)
        if stored is not None and hashlib.sha256(stored).digest() == command.sha256:
            return AckCode.ALREADY_PRESENT
        if command.length > self.store_size:
            return AckCode.STORE_FULL
        self._staged = _Staged(command)
        return AckCode.OK

    def _store_chunk(self, command: c.Chunk) -> AckCode:
        staged = self._staged
        if staged is None or staged.announced.asset_id != command.asset_id or command.offset != len(staged.data):
            return AckCode.OUT_OF_ORDER
        if command.offset + len(command.data) > staged.announced.length:
            return AckCode.OUT_OF_RANGE
        staged.data += command.data
        return AckCode.OK

    def _commit(self, asset_id: int) -> AckCode:
        staged = self._staged
        if staged is None or staged.announced.asset_id != asset_id or len(staged.data) != staged.announced.length:
            return AckCode.OUT_OF_ORDER
        self._staged = None
        if hashlib.sha256(staged.data).digest() != staged.announced.sha256:
            return AckCode.BAD_DIGEST
        self.assets[asset_id] = bytes(staged.data)
        return AckCode.OK


class FakeClient:
    """Stands in for ``BleakClientWithServiceCache``; ``board`` is set on a subclass."""

    board: FakeBoard

    def __init__(self, device: BLEDevice, *, disconnected_callback: Callable[[Any], None], **_kwargs: Any) -> None:
        self._disconnected_callback = disconnected_callback
        self._notify: Callable[[BleakGATTCharacteristic, bytearray], None] | None = None
        self._to_device = _Air()
        self.is_connected = False
        self.services = BleakGATTServiceCollection()
        handles = itertools.count(1)
        service = BleakGATTService(None, next(handles), SERVICE_UUID)
        self.services.add_service(service)
        for uuid, properties in ((RX_UUID, ["write", "write-without-response"]), (TX_UUID, ["notify"])):
            self.services.add_characteristic(
                BleakGATTCharacteristic(None, next(handles), uuid, properties, self._write_limit, service)
            )

    def _write_limit(self) -> int:
        return self.board.reported_limit or self.board.mtu - 3

    async def connect(self, **_kwargs: Any) -> bool:
        await asyncio.sleep(self.board.connect_s)
        if self.board.connect_error is not None:
            raise self.board.connect_error
        if not self.board.in_range:
            raise BleakError("device not found")
        assert self.board.client is None, "one connection at a time"
        self.board.connects += 1
        self.board.client = self
        self.is_connected = True
        return True

    async def disconnect(self) -> bool:
        if self.is_connected:
            await asyncio.sleep(self.board.latency_s)
        if self.is_connected:
            self.board.lose_link()
        return True

    async def clear_cache(self) -> bool:
        return True

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[BleakGATTCharacteristic, bytearray], None]
    ) -> None:
        self._require_link()
        assert characteristic.uuid == TX_UUID
        if self._notify is not None:
            raise BleakError("notifications are on already")
        self._notify = callback
        await self._trip()
        self.board.subscribed()
        await self._trip()

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._require_link()
        self._notify = None
        await self._trip()

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: bytes, response: bool) -> None:
        self._require_link()
        assert characteristic.uuid == RX_UUID
        if not response and len(data) > self._write_limit():
            raise BleakError("too long for a write without response")
        if len(data) > self.board.mtu - 3:
            await self._trip()
            raise BleakError("the device refuses long writes")
        self.board.written.append(bytes(data))
        touched = self.board.touch(True, bytes(data))
        if touched is not None:
            self._to_device.carry(self.board.latency_s, self._arrive, touched)
        if response:
            await self._trip()
            await self._trip()

    def lost(self) -> None:
        """The link is gone."""
        self.is_connected = False
        self._notify = None
        self._disconnected_callback(self)

    def notified(self, frame: bytes) -> None:
        """A notification arrives."""
        if self._notify is not None and self.is_connected:
            self._notify(self.services.get_characteristic(TX_UUID), bytearray(frame))

    def _arrive(self, frame: bytes) -> None:
        if self.is_connected:
            self.board.received(frame)

    async def _trip(self) -> None:
        await asyncio.sleep(self.board.latency_s)
        self._require_link()

    def _require_link(self) -> None:
        if not self.is_connected:
            raise BleakError("not connected")
