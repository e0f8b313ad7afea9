"""Measures what the project promises about size, cost and time, beside a baseline taken in the same run."""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import _pure  # noqa: E402, F401
from bumble import hci  # noqa: E402
from bumble.controller import Controller  # noqa: E402
from bumble.core import UUID  # noqa: E402
from bumble.device import Device, Peer  # noqa: E402
from bumble.host import Host  # noqa: E402
from cuelight.link import (  # noqa: E402
    RX_UUID,
    TX_UUID,
    Commit,
    Credentials,
    Identify,
    Light,
    LightPattern,
    Motion,
    Play,
    Puppet,
    Query,
    Renew,
    Run,
    Servo,
    Stop,
)
from cuelight.link.session import HostSession  # noqa: E402

from script._cost import measure as measure_cost  # noqa: E402
from script.demo import add_buttons, add_studio, table  # noqa: E402
from tests.rig.air import Air  # noqa: E402
from tests.rig.board import Board, build  # noqa: E402
from tests.rig.hass import Hass  # noqa: E402

LEASE = 60  # units of 250 ms
WRITES = 200


def wire() -> None:
    """Size of each command on the wire beside the same command as JSON with a hexadecimal HMAC-SHA256."""
    commands = [
        *(Play(1, 5000), Light(LightPattern.BREATHE, (255, 160, 40), 200, 2000), Servo(0, 900, 250)),
        *(
            Puppet(0x100, Motion.JUMP, 80, 800, 4000),
            Run(0, 1500),
            Renew(),
            Stop(),
            Query(),
            Identify(3000),
            Commit(700),
        ),
    ]
    session = HostSession(Credentials(bytes(8), bytes(4), bytes(32), 0, 0), 0.0)
    session.greet(bytes.fromhex("4001") + bytes(12), 0.0)
    rows = []
    for command in commands:
        sent = session.command(command, LEASE if command.leased else None, 114.0)
        fields = {name: getattr(command, name) for name in command.__dataclass_fields__}
        body = {"op": type(command).__name__.lower(), **fields, "counter": sent.counter, "mac": "0" * 64}
        if command.leased:
            body |= {"tick": 456, "lease": LEASE}
        text = json.dumps(body, separators=(",", ":"))
        rows.append((body["op"], len(sent.frame), len(text), f"{len(sent.frame) / len(text):.2f}"))
    print(table("Commands on the wire, bytes", ("command", "CLP/1", "JSON + HMAC", "ratio"), rows))


def analysis() -> None:
    """What the analysis of a film costs."""
    measure_cost(table)


class Bare:
    """A board driven by bare Bumble and the sans-IO session: what the radio path itself costs."""

    def __init__(self, folder: Path) -> None:
        self.air = Air()
        self.board = Board(self.air, folder, build(), "bare")

    async def start(self) -> None:
        """Power up, connect and authenticate."""
        await self.board.start()
        controller = Controller("bench", link=self.air.link, public_address="C0:00:00:00:00:09")
        host = Host()
        host.controller = controller
        self.device = Device(name="bench", address=hci.Address("C0:00:00:00:00:09"), host=host)
        await self.device.power_on()
        address = hci.Address(self.board.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        connection = await self.device.connect(address)
        peer = Peer(connection)
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
        """Power down."""
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


async def link() -> None:
    """From the action call on a warm link to the firmware's output, beside the same write made with bare Bumble."""
    folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
    try:
        bare = Bare(folder)
        await bare.start()
        baseline = await _delays(bare.board, bare.light)
        await bare.stop()
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


async def setup() -> None:
    """Set-up time of the integration beside Home Assistant's whole start."""
    rows = []
    for count in (0, 2):
        folder = Path(tempfile.mkdtemp(prefix="cuelight-bench-"))
        boards = [Board(None, folder, build(), f"button {number + 1}") for number in range(count)]
        try:
            hass = Hass(folder, boards)
            async with hass:
                await add_studio(hass)
                await add_buttons(hass, boards)
                await hass.stop()
                before = time.monotonic()
                await hass.start()
                whole = time.monotonic() - before
                times = {i["domain"]: i.get("seconds") for i in await hass.command("integration/setup_info")}
            ours = times.get("cuelight") or 0.0
            rows.append((count, f"{whole:.1f} s", f"{ours * 1000:.0f} ms", f"{ours / whole:.3f}"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(table("Start-up", ("buttons", "Home Assistant", "Cuelight's set-up", "ratio"), rows))


BENCHES: dict[str, Callable[[], object]] = {
    "wire": wire,
    "analysis": analysis,
    "link": link,
    "skew": skew,
    "setup": setup,
}


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, []], help="default: all")
    for name in parser.parse_args().bench or BENCHES:
        work = BENCHES[name]()
        if asyncio.iscoroutine(work):
            asyncio.run(work)


if __name__ == "__main__":
    main()
