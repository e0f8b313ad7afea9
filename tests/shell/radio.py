"""Buttons on the air without a radio: the strict device below Home Assistant's whole Bluetooth stack."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bleak_retry_connector import Allocations
from habluetooth import BaseHaRemoteScanner, BluetoothScanningMode, HaBluetoothConnector
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth.const import UNAVAILABLE_TRACK_SECONDS
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.cuelight.link import (
    RX_UUID,
    SERVICE_UUID,
    TX_UUID,
    AckCode,
    ButtonEvent,
    ButtonKind,
    Command,
    DeviceState,
    Event,
    device_address,
)
from custom_components.cuelight.link.const import FIRMWARE_UUID, INFORMATION_UUID, MODEL_UUID
from custom_components.cuelight.link.session import KeySlot
from tests.link.pairing_device import PairingDevice

DEV_ID = bytes.fromhex("0102030405060708")
INST_ID = bytes.fromhex("0a0b0c0d")
KEY = bytes(range(32))


class FakeButton:
    """A button: the protocol's device half, what it was told to do, and whether it can be heard."""

    def __init__(self, dev_id: bytes = DEV_ID, inst_id: bytes = INST_ID, key: bytes = KEY) -> None:
        self.dev_id = dev_id
        self.inst_id = inst_id
        self.address = device_address(dev_id)
        self.slots = {0: KeySlot(key, 0)}
        self.session = PairingDevice(dev_id, inst_id, self.slots, act=self._act, rest=self._rest)
        self.commands: list[Command] = []
        self.rested = 0
        self.information = {MODEL_UUID: b"native", FIRMWARE_UUID: b"1.2.3"}
        self.answer = AckCode.OK
        self.reachable = True
        self.client: FakeClient | None = None

    def _act(self, command: Command) -> AckCode:
        self.commands.append(command)
        return self.answer

    def _rest(self) -> None:
        self.rested += 1

    def reset(self, inst_id: bytes, key: bytes = KEY) -> None:
        """Factory reset: the link goes and the instance is another."""
        self.lose_link()
        self.inst_id = inst_id
        self.slots = {0: KeySlot(key, 0)}
        self.session = PairingDevice(self.dev_id, inst_id, self.slots, act=self._act, rest=self._rest)

    def lose_link(self) -> None:
        """Let the radio fade."""
        if self.client is not None:
            self.client.lose()

    def tell(self, event: Event) -> None:
        """Notify an event within the session."""
        assert self.client is not None
        self.client.notify([self.session.notify(event)])

    def hold(self) -> None:
        """Open the pairing window, as a press of five seconds does; it advertises that from then on."""
        self._notify(self.session.open_window(time.monotonic()))

    def press(self) -> None:
        """Press it for a moment."""
        now = time.monotonic()
        if self.session.under_way:
            self._notify(self.session.pressed())
        elif self.session.state >= DeviceState.SESSION:
            self.tell(ButtonEvent(0, ButtonKind.SINGLE, self.session.clock_ms(now)))
        else:
            self.session.keep(0, ButtonKind.SINGLE, now)

    def _notify(self, frames: list[bytes]) -> None:
        if self.client is not None:
            self.client.notify(frames)

    def advertisement(self, battery: int = 80) -> dict[int, bytes]:
        """The manufacturer data."""
        now = time.monotonic()
        self.session.poll(now)
        head = 0x01 | 0x10 * self.session.pairing_open | 0x20 * self.session.press_waiting(now)
        return {0xFFFF: bytes([head]) + self.dev_id + self.inst_id + bytes([battery])}


class FakeClient(BaseBleakClient):
    """A bleak backend that reaches the fake buttons; refuses what a real one refuses."""

    def __init__(self, address_or_ble_device: BLEDevice | str, *, radio: Radio, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._radio = radio
        self._button: FakeButton | None = None
        self._callback: NotifyCallback | None = None

    @property
    def name(self) -> str:
        return "fake"

    @property
    def mtu_size(self) -> int:
        return 247

    @property
    def is_connected(self) -> bool:
        return self._button is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        self._radio.connects += 1
        button = self._radio.buttons.get(self.address)
        if button is None or not button.reachable:
            raise BleakError("no answer")
        self._radio.connecting += 1
        self._radio.most_connecting = max(self._radio.most_connecting, self._radio.connecting)
        await self._radio.may_connect.wait()
        self._radio.connecting -= 1
        self._button, button.client = button, self
        services = BleakGATTServiceCollection()
        service = BleakGATTService(None, 1, SERVICE_UUID)
        services.add_service(service)
        for handle, uuid, properties in (
            (2, RX_UUID, ["write", "write-without-response"]),
            (4, TX_UUID, ["notify"]),
        ):
            services.add_characteristic(
                BleakGATTCharacteristic(None, handle, uuid, properties, lambda: 244, service)  # type: ignore[arg-type]
            )
        about = BleakGATTService(None, 10, INFORMATION_UUID)
        services.add_service(about)
        for handle, uuid in ((11, MODEL_UUID), (13, FIRMWARE_UUID)):
            services.add_characteristic(
                BleakGATTCharacteristic(None, handle, uuid, ["read"], lambda: 244, about)  # type: ignore[arg-type]
            )
        self.services = services

    async def disconnect(self) -> None:
        self.lose()

    def lose(self) -> None:
        """End the link, as both sides see it."""
        if (button := self._button) is None:
            return
        self._button, self._callback, button.client = None, None, None
        button.session.link_lost()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    def notify(self, frames: list[bytes]) -> None:
        """Deliver notifications."""
        for frame in frames:
            if self._callback is not None:
                asyncio.get_running_loop().call_soon(self._callback, bytearray(frame))

    def _require(self) -> FakeButton:
        if self._button is None:
            raise BleakError("Not connected")
        return self._button

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        button = self._require()
        self._callback = callback
        self.notify(button.session.subscribed(time.monotonic()))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._callback = None

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        self.notify(self._require().session.received(bytes(data), time.monotonic()))

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        if "read" not in characteristic.properties:
            raise BleakError("Read not permitted")
        return bytearray(self._require().information[characteristic.uuid])

    async def read_gatt_descriptor(self, *args: Any, **kwargs: Any) -> bytearray:
        raise BleakError("Read not permitted")

    async def write_gatt_descriptor(self, *args: Any, **kwargs: Any) -> None:
        raise BleakError("Write not permitted")

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError


class _Scanner(BaseHaRemoteScanner):
    """A scanner that counts its connection slots, if the radio has a count of them."""

    __slots__ = ("radio",)
    radio: Radio

    def get_allocations(self) -> Allocations | None:
        radio = self.radio
        if radio.slots is None:
            return None
        return Allocations(self.source, radio.slots, radio.slots - len(radio.connected), radio.connected)


class Radio:
    """A Bluetooth adapter with fake buttons around it."""

    def __init__(self, hass: HomeAssistant, *, connectable: bool = True, source: str = "AA:00:00:00:00:01") -> None:
        self.hass = hass
        self.buttons: dict[str, FakeButton] = {}
        self.connects = 0
        self.connecting = 0
        self.slots: int | None = None
        self.most_connecting = 0
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        connector = HaBluetoothConnector(
            client=partial(FakeClient, radio=self),  # type: ignore[arg-type]
            source=source,
            can_connect=lambda: self.slots is None or len(self.connected) < self.slots,
        )
        self._scanner = _Scanner(
            source,
            "fake",
            connector if connectable else None,
            connectable,
            requested_mode=BluetoothScanningMode.ACTIVE,
            current_mode=BluetoothScanningMode.ACTIVE,
        )

        self._scanner.radio = self

    @property
    def connected(self) -> list[str]:
        """The addresses of the buttons that are connected."""
        return [address for address, button in self.buttons.items() if button.client is not None]

    @contextmanager
    def on(self) -> Iterator[Radio]:
        """Register with Home Assistant."""
        undo: list[Callable[[], None]] = [
            self._scanner.async_setup(),
            bluetooth.async_register_scanner(self.hass, self._scanner),
        ]
        try:
            yield self
        finally:
            for step in reversed(undo):
                step()

    def add(self, button: FakeButton) -> FakeButton:
        """Bring a button into range; it advertises once."""
        self.buttons[button.address] = button
        self.advertise(button)
        return button

    def advertise(self, button: FakeButton, battery: int = 80) -> None:
        """Let a button advertise."""
        self.say(button.address, button.advertisement(battery))

    def say(self, address: str, manufacturer_data: dict[int, bytes], name: str | None = "Cuelight") -> None:
        """Advertise anything."""
        self._scanner._async_on_advertisement(address, -60, name, [], {}, manufacturer_data, None, {}, time.monotonic())

    async def fall_silent(self, hours: float = 1.0) -> None:
        """Let time pass in which Home Assistant hears nothing."""
        later = time.monotonic() + hours * 3600
        with (
            patch("habluetooth.base_scanner.monotonic_time_coarse", return_value=later),
            patch("habluetooth.manager.monotonic_time_coarse", return_value=later),
        ):
            self._scanner._async_expire_devices()
            async_fire_time_changed(self.hass, dt_util.utcnow() + timedelta(seconds=UNAVAILABLE_TRACK_SECONDS))
            await self.hass.async_block_till_done()

    async def pass_time(self, seconds: float) -> None:
        """Let Home Assistant's timers of the next seconds fire."""
        async_fire_time_changed(self.hass, dt_util.utcnow() + timedelta(seconds=seconds))
        await self.hass.async_block_till_done()
