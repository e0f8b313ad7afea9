"""The link's benches: delay, skew, reconnection, set-up and idle load, each beside a baseline of the same run."""

import asyncio
import hashlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bleak_retry_connector
from bleak.backends.device import BLEDevice
from bumble import gatt_client, hci
from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.host import Host
from cuelight.link import RX_UUID, TX_UUID, Credentials, Light, LightPattern, LinkClient
from cuelight.link.session import HostSession

from script.demo import add_buttons, add_studio, table
from tests.rig.adapter import Adapter, RigClient
from tests.rig.air import Air
from tests.rig.board import Board, address_of, build
from tests.rig.hass import Hass
from tests.rig.qemu import QemuBoard, QemuMissing
from tests.rig.qemu import build as build_image

LEASE = 60  # units of 250 ms
WRITES = 200
PROMPT_MS = 10
"""What a button may take to answer."""
RECONNECTS = 30
MANY = 50
QUIET_S = 40
"""How long Home Assistant has after its start before its idle load is measured, and how long that takes."""


class Bare:
    """A board driven by bare Bumble and the sans-IO session: what the radio path itself costs."""

    def __init__(self, make: Callable[[Air], Board]) -> None:
        self.air = Air()
        self.board = make(self.air)

    async def start(self) -> None:
        """Power up, connect and authenticate."""
        await self.board.start()
        controller = Controller("bench", link=self.air.link, public_address="C0:00:00:00:00:09")
        host = Host()
        host.controller = controller
        self.device = Device(name="bench", address=hci.Address("C0:00:00:00:00:09"), host=host)
        await self.device.power_on()
        address = hci.Address(self.board.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        self.connection = await self.device.connect(address)
        peer = Peer(self.connection)
        await peer.request_mtu(247)
        await peer.discover_all()
        self.rx = peer.get_characteristics_by_uuid(UUID(RX_UUID))[0]
        transmit = peer.get_characteristics_by_uuid(UUID(TX_UUID))[0]
        self.session = HostSession(Credentials(self.board.dev_id, None, self.board.key, 0, 0), time.monotonic())
        ready = asyncio.Event()

        def heard(frame: bytes) -> None:
            now = time.monotonic()
            if not self.session.authenticated and frame[0] == 0x40:
                self.authenticating = asyncio.ensure_future(self.rx.write_value(self.session.greet(frame, now)))
            else:
                self.session.receive(frame, now)
                ready.set()

        await transmit.subscribe(heard)
        async with asyncio.timeout(10):
            await ready.wait()

    async def light(self, level: int) -> None:
        """Write one signed light command."""
        command = Light(LightPattern.SOLID, (level, 0, 0), 255, 0)
        await self.rx.write_value(self.session.command(command, LEASE, time.monotonic()).frame)

    async def stop(self) -> None:
        """Let the link go and power down."""
        await self.connection.disconnect()
        await self.device.power_off()
        await self.board.stop()
        self.air.close()


async def _delays(board: Board, light: Callable[[int], Awaitable[object]]) -> list[float]:
    """Return, for many writes, the milliseconds from the call to the firmware's own record of the output."""
    delays = []
    for number in range(WRITES):
        # Two levels in turn: each write changes the output, so that each leaves a line.
        before = time.monotonic_ns() // 1000
        await light(255 if number % 2 else 40)
        entry = None
        while entry is None:
            entry = next((e for e in board.record("light", before)), None)
            if entry is None:
                await asyncio.sleep(0.001)
        delays.append((entry["t_us"] - before) / 1000)
    return delays


def _spread(values: Sequence[float]) -> tuple[str, str]:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.2f} ms", f"{ordered[int(len(ordered) * 0.99) - 1]:.2f} ms"


async def _bare_delays(make: Callable[[Air], Board]) -> list[float]:
    bare = Bare(make)
    await bare.start()
    try:
        return await _delays(bare.board, bare.light)
    finally:
        await bare.stop()


async def emulated() -> None:
    """From a signed write to the output of the ARM image in QEMU, beside the same firmware as a process."""
    with tempfile.TemporaryDirectory(prefix="cuelight-bench-") as name:
        folder = Path(name)
        try:
            image = build_image()
        except QemuMissing as err:
            print(f"The ARM image in QEMU: {err}\n")
            return
        process = await _bare_delays(lambda air: Board(air, folder, build(), "process"))
        emulator = await _bare_delays(lambda air: QemuBoard(air, folder, image, "qemu"))
    ratio = statistics.median(emulator) / statistics.median(process)
    rows = [
        (name, *_spread(delays), f"{sum(delay < PROMPT_MS for delay in delays) / len(delays):.1%}", times)
        for name, delays, times in (("process", process, "1.00"), ("ARM image in QEMU", emulator, f"{ratio:.1f}"))
    ]
    head = ("firmware", "median", "99th", f"under {PROMPT_MS} ms", "ratio")
    print(table(f"Signed write to output, {WRITES} writes by bare Bumble", head, rows))


async def call() -> None:
    """From an action's call on a warm link to the firmware's output, beside the same write made with bare Bumble."""
    folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
    try:
        baseline = await _bare_delays(lambda air: Board(air, folder, build(), "bare"))
        board = Board(None, folder, build(), "one")
        async with Hass(folder, [board]) as hass:
            await add_buttons(hass, [board])
            entity = await _light_of(hass)

            async def light(level: int) -> None:
                data = {"entity_id": entity, "rgb_color": [level, 0, 0], "brightness": 255}
                await hass.command(
                    "call_service", domain="light", service="turn_on", service_data=data, return_response=False
                )

            await light(255)
            ours = await _delays(board, light)
        rows = [("bare Bumble", *_spread(baseline), "1.00")]
        ratio = statistics.median(ours) / statistics.median(baseline)
        rows.append(("action over WebSocket", *_spread(ours), f"{ratio:.2f}"))
        print(table(f"Call to output, {WRITES} writes, warm link", ("path", "median", "99th", "ratio"), rows))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _light_of(hass: Hass) -> str:
    async with asyncio.timeout(30):
        while True:
            for entity in await hass.command("config/entity_registry/list"):
                if entity["platform"] == "cuelight" and entity["entity_id"].startswith("light."):
                    return str(entity["entity_id"])
            await asyncio.sleep(0.05)


async def skew() -> None:
    """How far apart 2 and 8 buttons start one scene, by their own records, beside their start against the plan."""
    rows = []
    for count in (2, 8):
        folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
        boards = [Board(None, folder, build(), f"button {number + 1}") for number in range(count)]
        try:
            async with Hass(folder, boards) as hass:
                await add_studio(hass)
                devices = await add_buttons(hass, boards)
                answer = await hass.call(
                    "cuelight.generate_scene",
                    {"prompt": "a cat jumps", "duration": 2, "seed": 1},
                    target={"device_id": list(devices.values())},
                )
            planned = next(p["planned_start_us"] for p in answer["performers"])
            starts = [e["t_us"] for b in boards for e in b.record("timeline") if e["event"] == "start"]
            late = [(start - planned) / 1000 for start in starts]
            rows.append((count, len(starts), f"{max(late) - min(late):.2f} ms", f"{max(late, key=abs):+.2f} ms"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(table("Start of one scene", ("buttons", "started", "first to last", "worst against plan"), rows))


async def reconnect() -> None:
    """From a lost link to the first command's ack, beside a bare GATT reconnection and write; their round trips."""
    folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
    try:
        bare = await _reconnections(folder, "bare", _bare_reconnection)
        ours = await _reconnections(folder, "ours", _our_reconnection)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = []
    for path, (times, trips) in (("bare Bumble", bare), ("LinkClient", ours)):
        ratio = statistics.median(times) / statistics.median(bare[0])
        rows.append((path, *_spread(times), f"{ratio:.2f}", trips, trips - bare[1]))
    head = ("path", "median", "99th", "ratio", "round trips", "more")
    print(table(f"Reconnection and first command, {RECONNECTS} times, link lost before each", head, rows))


type Reconnect = Callable[[Adapter, Board], Awaitable[tuple[Callable[[int], Awaitable[None]], Callable[[], None]]]]


async def _reconnections(folder: Path, name: str, prepare: Reconnect) -> tuple[list[float], int]:
    """Return milliseconds of each reconnection with a first command, and how often one of them waits for an answer."""
    air = Air()
    board = Board(air, folder, build(), name)
    adapter = Adapter(air)
    await adapter.device.power_on()
    await board.start()
    trips = 0
    send_request = gatt_client.Client.send_request

    async def counted(client: gatt_client.Client, request: Any) -> Any:
        nonlocal trips
        trips += 1
        return await send_request(client, request)

    def relay(_address: str, frame: bytes) -> list[bytes | float]:
        nonlocal trips
        trips += 1  # AUTH and each command wait for a notification
        return [frame]

    adapter.relay_write = relay
    times, counts = [], []
    with patch.object(gatt_client.Client, "send_request", counted):
        command, close = await prepare(adapter, board)
        for number in range(RECONNECTS):
            board.lose_link()
            await board.until(board.at_rest)
            # A button advertises again within its interval, which both paths would wait for.
            trips, before = 0, time.monotonic()
            await command(number + 1)
            times.append((time.monotonic() - before) * 1000)
            counts.append(trips)
        close()
    await adapter.device.power_off()
    await board.stop()
    air.close()
    return times, max(counts)


async def _bare_reconnection(adapter: Adapter, board: Board) -> Any:
    """Connect as any GATT client would and write with response; the write is no valid frame and does nothing."""
    device = BLEDevice(board.address, board.name, {})

    async def command(_number: int) -> None:
        client = RigClient(device, adapter=adapter, timeout=20.0)
        await client.connect(False)
        characteristic = client.services.get_characteristic(RX_UUID)
        assert characteristic is not None
        await client._require(characteristic).write_value(b"", with_response=True)

    return command, lambda: None


async def _our_reconnection(adapter: Adapter, board: Board) -> Any:
    """The link's client, over the same connection code."""
    device = BLEDevice(board.address, board.name, {})

    class Backend(RigClient):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options, adapter=adapter)

    class Client(bleak_retry_connector.BleakClientWithServiceCache):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options, backend=Backend)

    replaced = patch.object(bleak_retry_connector, "BleakClientWithServiceCache", Client)
    replaced.start()
    client = LinkClient(board.address, board.name, Credentials(board.dev_id, None, board.key), lambda: device)

    async def command(number: int) -> None:
        client.forget_failures()
        await client.send(Light(LightPattern.SOLID, (number, 0, 255), 255, 0))

    await command(0)
    return command, replaced.stop


def _advertised(number: int) -> tuple[str, bytes, dict[str, Any]]:
    """A button that only advertises: its address, its advertisement, its entry."""
    dev_id = hashlib.sha256(bytes([number])).digest()[:8]
    manufacturer = bytes([0xFF, 0xFF, 0xFF, 1]) + dev_id + bytes(4) + bytes([80])
    advertisement = bytes([2, 1, 6, len(manufacturer)]) + manufacturer + bytes([9, 9]) + b"Cuelight"
    address = address_of(dev_id)
    data = {"kind": "button", "address": address, "dev_id": dev_id.hex(), "inst_id": "00000000", "key": "11" * 32}
    data |= {"slot": 0, "gen": 0, "pending_key": None}
    options = {"listen": False, "idle_disconnect_s": 30}
    return (
        address,
        advertisement,
        {"title": f"Button {number}", "unique_id": dev_id.hex(), "data": data, "options": options},
    )


async def _with_many(integration: bool) -> tuple[float, float, float]:
    """Return Home Assistant's start, the integration's set-up and the idle load in cores, with many buttons about."""
    folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
    many = [_advertised(number) for number in range(MANY)]
    hass = Hass(
        folder,
        [],
        advertisers={address: data for address, data, _ in many},
        entries=[entry for *_, entry in many] if integration else (),
        integration=integration,
    )
    try:
        before = time.monotonic()
        async with hass:
            whole = time.monotonic() - before
            times = {item["domain"]: item.get("seconds") for item in await hass.command("integration/setup_info")}
            if integration:
                await _all_available(hass)
            await asyncio.sleep(QUIET_S)
            used, since = hass.cpu_s(), time.monotonic()
            await asyncio.sleep(QUIET_S)
            load = (hass.cpu_s() - used) / (time.monotonic() - since)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return whole, times.get("cuelight") or 0.0, load


async def _all_available(hass: Hass) -> None:
    async with asyncio.timeout(60):
        while True:
            states = await hass.command("get_states")
            lights = [state for state in states if state["entity_id"].startswith("light.")]
            if len(lights) == MANY and all(state["state"] != "unavailable" for state in lights):
                return
            await asyncio.sleep(0.5)


async def idle() -> None:
    """Set-up of 50 buttons, and the load of 50 that advertise at 1 Hz, beside the same without the integration."""
    whole, _, base = await _with_many(False)
    rows = [("without", f"{whole:.1f} s", "", f"{base * 100:.2f} %", "")]
    whole, ours, load = await _with_many(True)
    more = f"{(load - base) * 100:+.2f} %"
    rows.append(("with", f"{whole:.1f} s", f"{ours * 1000:.0f} ms", f"{load * 100:.2f} %", more))
    head = ("integration", "start", "its set-up", "one core", "more")
    print(table(f"{MANY} buttons that advertise at 1 Hz, nothing to do", head, rows))


PARTS: dict[str, Callable[[], Awaitable[None]]] = {
    "call": call,
    "emulated": emulated,
    "reconnect": reconnect,
    "skew": skew,
    "idle": idle,
}


async def link() -> None:
    """All of the link's: call, emulated, reconnect, skew and idle."""
    for work in PARTS.values():
        await work()
