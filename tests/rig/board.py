"""A board: the project's firmware running as a process, and the record it keeps of every output."""

import asyncio
import hashlib
import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .air import Air, BoardController

ROOT = Path(__file__).resolve().parents[2]


def build(sanitize: bool = False, tests: bool = False) -> Path:
    """Build the firmware for this machine, with its C tests if wanted; return the program."""
    folder = ROOT / "build" / "firmware" / ("native-asan" if sanitize else "native")
    configure = ["cmake", "-S", str(ROOT / "firmware"), "-B", str(folder), "-DBOARD=native"]
    if sanitize:
        configure.append("-DSANITIZE=ON")
    if tests:
        configure.append("-DTESTS=ON")
    for command in (configure, ["cmake", "--build", str(folder), "-j2"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return folder / "cuelight-native"


def address_of(dev_id: bytes) -> str:
    """The static random address that a board derives from its dev_id."""
    tail = bytearray(hashlib.sha256(dev_id).digest()[-6:])
    tail[0] |= 0xC0
    return ":".join(f"{byte:02X}" for byte in tail)


type Entry = Mapping[str, Any]


@dataclass
class Board:
    """One simulated button: its identity, its flash file, its process, its record.

    The flash outlives the process, as on a board whose power is cut. Without an air the board cannot be started here,
    but described to a process that has one, and its record read.
    """

    air: Air | None
    folder: Path
    program: Path
    name: str
    dev_id: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    process: asyncio.subprocess.Process | None = None
    radio: BoardController | None = None
    boots: int = 0
    _entries: list[Entry] = field(default_factory=list, repr=False)
    _read_to: int = field(default=0, repr=False)

    @property
    def address(self) -> str:
        """Bluetooth address, upper case."""
        return address_of(self.dev_id)

    @property
    def record_path(self) -> Path:
        """The JSON lines of every boot, one file."""
        return self.folder / f"{self.name}.jsonl"

    def described(self) -> dict[str, str]:
        """What another process needs to run this board: name, folder, program, dev_id, key."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "program": str(self.program),
            "dev_id": self.dev_id.hex(),
            "key": self.key.hex(),
        }

    async def start(self) -> None:
        """Power up."""
        assert self.process is None, "already running"
        assert self.air is not None, "this board runs in another process"
        self.boots += 1
        socket = self.air.folder / f"{self.name}.{self.boots}"
        self.radio = BoardController(self.air, socket)
        await self.radio.open()
        errors = await asyncio.to_thread((self.folder / f"{self.name}.err").open, "ab")
        self.process = await asyncio.create_subprocess_exec(
            str(self.program),
            *("--hci", str(socket)),
            *("--flash", str(self.folder / f"{self.name}.flash")),
            *("--record", str(self.record_path)),
            *("--dev-id", self.dev_id.hex()),
            *("--key", self.key.hex()),
            stdin=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        errors.close()
        async with asyncio.timeout(10):
            await self.radio.connected.wait()

    async def _end(self, how: Callable[[], None]) -> None:
        process, self.process = self.process, None
        if process is not None:
            try:
                with suppress(ProcessLookupError):
                    how()
                async with asyncio.timeout(10):
                    await process.wait()
            finally:
                if process.stdin is not None:
                    process.stdin.close()
        if self.radio is not None:
            await self.radio.close()
            self.radio = None

    async def stop(self) -> None:
        """Switch off in good order."""
        if self.process is not None:
            await self._end(self.process.terminate)

    async def kill(self) -> None:
        """Cut the power: SIGKILL, no last words."""
        if self.process is not None:
            await self._end(self.process.kill)

    def lose_link(self) -> None:
        """Let the radio fade: both sides see a supervision time-out."""
        assert self.radio is not None
        self.radio.lose_links()

    async def _say(self, line: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def press(self, button: int = 0) -> None:
        """Close the button's contact."""
        await self._say(f"press {button}")

    async def release(self, button: int = 0) -> None:
        """Open the button's contact."""
        await self._say(f"release {button}")

    async def skip(self, seconds: float) -> None:
        """Let time pass on the board at once; only a board that is a process of this machine can."""
        await self._say(f"skip {round(seconds * 1000)}")

    async def hold(self, seconds: float, button: int = 0) -> None:
        """Hold the button's contact closed for a time, which passes at once."""
        await self.press(button)
        await self.skip(seconds)
        await self.release(button)

    def record(self, what: str | None = None, since_us: int = 0) -> list[Entry]:
        """What the firmware wrote of itself, in order; a torn last line is left out."""
        if self.record_path.exists():
            with self.record_path.open("rb") as file:
                file.seek(self._read_to)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read_to += len(whole)
            self._entries += map(json.loads, whole.splitlines())
        return [entry for entry in self._entries if entry["t_us"] >= since_us and what in (None, entry["what"])]

    def forget_record(self) -> None:
        """Let go of what was read; the file stays. What is on by then must be at rest or told again."""
        self._entries.clear()

    def outputs(self) -> dict[str, Any]:
        """The outputs as they stand: display frame or None, light, servo channels, the safe line, state."""
        now: dict[str, Any] = {"display": None, "light": [0, 0, 0], "servo": {}, "safe": True, "state": "boot"}
        for entry in self.record():
            match entry["what"]:
                case "boot":
                    now = {"display": None, "light": [0, 0, 0], "servo": {}, "safe": True, "state": "boot"}
                case "display":
                    now["display"] = entry["frame"]
                case "light":
                    now["light"] = entry["rgb"]
                case "servo":
                    now["servo"][entry["channel"]] = entry["decidegrees"] if entry["enabled"] else None
                case "safe":
                    now["safe"] = entry["safe"]
                case "state":
                    now["state"] = entry["state"]
        return now

    def at_rest(self) -> bool:
        """Whether every output is off: display, light and servos."""
        now = self.outputs()
        driven = [channel for channel, angle in now["servo"].items() if angle is not None]
        return now["display"] is None and now["light"] == [0, 0, 0] and not driven

    async def until(self, condition: Callable[[], bool], within_s: float = 10) -> None:
        """Wait until the record satisfies a condition.

        Raises:
            TimeoutError: It did not within ``within_s`` seconds; the message ends with the record's last lines.
        """
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            last = "\n".join(str(entry) for entry in self.record()[-12:])
            raise TimeoutError(f"{self.name} did not get there within {within_s} s; its record ends:\n{last}") from None
