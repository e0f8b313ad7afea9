"""A board in QEMU: the ARM image of ``b_l475e_iot01a``, with the interface of :class:`tests.rig.board.Board`.

The image keeps its store in RAM that the emulated chip has to spare, because QEMU has no flash controller. Here it is
saved when the power goes and put back before the next start, so that it outlives a power cut as flash does.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from script._identity import PAGES, identity_page, intel_hex

from .air import BoardController
from .board import ROOT, Board

MODEL = "b_l475e_iot01a"
STORE = (0x20000000, 96 * 1024)
_BUTTON = ("/machine/soc/gpioc unnamed-gpio-in", 13)
CYCLES_PER_US = 80
PATIENCE_S = 60
SLOWER = 4
_POINT = 100  # pixels of a screenshot for each point of the matrix


class QemuMissing(Exception):
    """The ARM toolchain or QEMU cannot be had here; the message is the sentence that says why."""


def tool(name: str) -> str:
    """The path of a program of the toolchain, from PATH or as ``script/toolchain`` unpacked it."""
    unpacked = ROOT / ".tools" / "arm" / "usr" / "bin" / name
    return str(unpacked) if unpacked.exists() else shutil.which(name) or name


def build() -> Path:
    """Build the image; return it.

    Raises:
        QemuMissing: There is no toolchain.
        RuntimeError: The build failed.
    """
    got = subprocess.run([ROOT / "script" / "toolchain"], capture_output=True, text=True, check=False)
    if got.returncode:
        raise QemuMissing(got.stderr.strip().splitlines()[-1])
    folder = ROOT / "build" / "firmware" / MODEL
    configure = [
        "cmake",
        "-S",
        str(ROOT / "firmware"),
        "-B",
        str(folder),
        f"-DBOARD={MODEL}",
        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
    ]
    for command in (configure, ["cmake", "--build", str(folder), "-j2"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return folder / f"cuelight-{MODEL}"


@cache
def symbols(image: Path) -> dict[str, int]:
    """Addresses of the image's functions and variables."""
    listed = subprocess.run([tool("arm-none-eabi-nm"), image], capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) & ~1 for address, _, name in map(str.split, listed.splitlines())}


class _Wire:
    """One of QEMU's control sockets: a line out, a line back."""

    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._lock = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self.theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=self._ours)

    async def ask(self, line: str, is_answer: Callable[[str], bool]) -> str:
        assert self._reader is not None
        assert self._writer is not None
        async with self._lock, asyncio.timeout(PATIENCE_S):
            self._writer.write(line.encode() + b"\n")
            while True:
                answer = (await self._reader.readline()).decode()
                if not answer:
                    raise ConnectionError("QEMU is gone")
                if is_answer(answer):
                    return answer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


@dataclass
class QemuBoard(Board):
    """One button in QEMU: ``program`` is the ARM image. Without a key it is a board that was given no identity."""

    extra: Sequence[str] = ()
    """More arguments for QEMU."""
    _qmp: _Wire | None = field(default=None, repr=False)
    _qtest: _Wire | None = field(default=None, repr=False)
    _stamp: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def _store_path(self) -> Path:
        return self.folder / f"{self.name}.flash"

    def _flashed(self) -> list[str]:
        """What a programmer would have put on the board beside the firmware, as QEMU's arguments."""
        files = []
        if self.key:
            files.append(self.folder / f"{self.name}.identity.hex")
            files[0].write_text(intel_hex(PAGES[MODEL], identity_page(self.dev_id, self.key)))
        if self._store_path.exists():
            store = self.folder / f"{self.name}.store.hex"
            store.write_text(intel_hex(STORE[0], self._store_path.read_bytes()))
            files.append(store)
        return [argument for file in files for argument in ("-device", f"loader,file={file}")]

    def _command(self, hci: Path) -> list[str]:
        assert self._qmp is not None
        assert self._qtest is not None
        qmp, qtest = self._qmp.theirs.fileno(), self._qtest.theirs.fileno()
        return [
            tool("qemu-system-arm"),
            *("-M", "b-l475e-iot01a", "-nodefaults", "-display", "none", "-icount", "shift=4"),
            *("-kernel", str(self.program), *self._flashed()),
            *("-serial", f"unix:{hci}"),
            *("-chardev", "stdio,id=console,signal=off"),
            *("-semihosting-config", "enable=on,target=native,chardev=console"),
            *("-chardev", f"socket,id=qmp,fd={qmp}", "-mon", "chardev=qmp,mode=control"),
            *("-chardev", f"socket,id=qtest,fd={qtest}", "-object", "qtest,id=pins,chardev=qtest,log=/dev/null"),
            *self.extra,
        ]

    async def start(self) -> None:
        """Power up."""
        assert self.process is None, "already running"
        assert self.air is not None, "this board runs in another process"
        self.boots += 1
        hci = self.air.folder / f"{self.name}.{self.boots}"
        self.radio = BoardController(self.air, hci)
        await self.radio.open()
        self._qmp, self._qtest = _Wire(), _Wire()
        lines, console = os.pipe()
        try:
            self._stamp = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(Path(__file__).with_name("stamp.py")), str(self.record_path)), stdin=lines
            )
            with (self.folder / f"{self.name}.err").open("ab") as errors:
                self.process = await asyncio.create_subprocess_exec(
                    *self._command(hci),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=console,
                    stderr=errors,
                    pass_fds=(self._qmp.theirs.fileno(), self._qtest.theirs.fileno()),
                )
        finally:
            os.close(lines)
            os.close(console)
        await self._qmp.open()
        await self._qtest.open()
        await self.qmp("qmp_capabilities")
        async with asyncio.timeout(PATIENCE_S):
            await self.radio.connected.wait()

    async def qmp(self, command: str, **arguments: Any) -> Any:
        """Run one QMP command; return its result.

        Raises:
            RuntimeError: QEMU refused.
        """
        assert self._qmp is not None
        request = json.dumps({"execute": command, "arguments": arguments})
        answer = json.loads(await self._qmp.ask(request, lambda line: line.startswith(('{"return"', '{"error"'))))
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    async def memory(self, address: int, size: int) -> bytes:
        """Bytes of the chip's memory."""
        file = self.folder / f"{self.name}.memory"
        await self.qmp("pmemsave", val=address, size=size, filename=str(file))
        return file.read_bytes()

    async def pin(self, port: str, number: int) -> bool:
        """Whether the chip drives an output pin high."""
        register = 0x48000000 + 0x400 * (ord(port) - ord("A")) + 0x14  # ODR: RM0351 8.5.6
        said = await self.qmp("human-monitor-command", **{"command-line": f"xp /1wx {register:#x}"})
        return bool(int(said.split(":")[1], 16) >> number & 1)

    async def _power_off(self) -> None:
        """Freeze the chip, keep what its flash would keep, and end QEMU."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ConnectionError):
                await self.qmp("stop")
                self._store_path.write_bytes(await self.memory(*STORE))
            self.process.kill()
        if self.process is not None:
            await self.process.wait()
            self.process = None
        if self._stamp is not None:
            await self._stamp.wait()
            self._stamp = None
        for wire in (self._qmp, self._qtest):
            if wire is not None:
                wire.close()
        self._qmp = self._qtest = None
        if self.radio is not None:
            await self.radio.close()
            self.radio = None

    async def stop(self) -> None:
        """Switch off. A board has no other way than losing its power."""
        await self._power_off()

    async def kill(self) -> None:
        """Cut the power."""
        await self._power_off()

    async def reset(self) -> None:
        """Press the reset button: RAM stays as it is, the program starts anew."""
        await self.qmp("system_reset")

    async def _pin(self, level: int) -> None:
        assert self._qtest is not None
        name, number = _BUTTON
        answer = await self._qtest.ask(
            f"set_irq_in {name} {number} {level}", lambda line: line.startswith(("OK", "FAIL"))
        )
        assert answer.startswith("OK"), answer

    async def press(self, button: int = 0) -> None:
        """Press the blue button; it is the only one."""
        assert button == 0, "this board has one button"
        await self._pin(0)

    async def release(self, button: int = 0) -> None:
        """Let go of the blue button."""
        assert button == 0, "this board has one button"
        await self._pin(1)

    async def until(self, condition: Callable[[], bool], within_s: float = 10) -> None:
        """Wait as for any board, and longer: an emulator on a busy machine falls behind."""
        await super().until(condition, SLOWER * within_s)

    async def clock_us(self) -> int:
        """The board's own clock, as its last timer interrupt left it: at most a fifth of a second old."""
        return int.from_bytes(await self.memory(symbols(self.program)["base"], 8), "little") // CYCLES_PER_US

    async def skip(self, seconds: float) -> None:
        """Let time pass on the board's own clock, which cannot be hurried."""
        end_us = await self.clock_us() + 1_000_000 * seconds
        while await self.clock_us() < end_us:
            await asyncio.sleep(0.05)

    async def screenshot(self, file: Path) -> list[list[tuple[int, int, int]]]:
        """Photograph the LED matrix into a PNG file; return the colour of each point, row by row."""
        await self.qmp("screendump", filename=str(file), format="png")
        with Image.open(file) as image:
            pixels = np.asarray(image.convert("RGB"))[_POINT // 2 :: _POINT, _POINT // 2 :: _POINT]
        return [[(int(r), int(g), int(b)) for r, g, b in row] for row in pixels]


def matrix_of(frame: str | None, rgb: Sequence[int]) -> list[list[tuple[int, int, int]]]:
    """What the matrix shows for a display frame and a light, as ``firmware/boards/b_l475e_iot01a/matrix.h`` says.

    A point is as bright in white as pixels of its 4x4 are lit, over the light's colour, which is at a quarter behind a
    picture. The driver's 6-bit correction, fully open, takes one part in 64.
    """
    pixels = bytes.fromhex(frame) if frame else bytes(128)
    behind = [channel // 4 if frame else channel for channel in rgb]

    def point(y: int, x: int) -> tuple[int, int, int]:
        nibbles = (pixels[4 * (4 * y + line) + x // 2] >> (0 if x % 2 else 4) & 15 for line in range(4))
        ink = sum(nibble.bit_count() for nibble in nibbles)
        red, green, blue = ((255 * ink + channel * (16 - ink)) // 16 * 63 // 64 for channel in behind)
        return red, green, blue

    return [[point(y, x) for x in range(8)] for y in range(8)]
