"""As much of a debugger as it takes to count instructions between two places in the image.

QEMU's ``-icount shift=4`` makes an instruction last 16 ns of virtual time, which SysTick counts at 80 MHz.
"""

import asyncio
import subprocess
from pathlib import Path

from tests.rig.qemu import tool

CYCLES_PER_INSTRUCTION = 80e6 * 16e-9
CYCLES_PER_TICK = 80_000
SYSTICK_CSR, SYSTICK_CVR = 0xE000E010, 0xE000E018
NVIC_ISER1, NVIC_ICER1, USART1_IRQ = 0xE000E104, 0xE000E184, 1 << 37 % 32
PC = 15


def symbols(image: Path) -> dict[str, int]:
    """Addresses of the image's functions and variables."""
    listed = subprocess.run([tool("arm-none-eabi-nm"), image], capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) & ~1 for address, _, name in map(str.split, listed.splitlines())}


class Gdb:
    """A connection to QEMU's debug stub."""

    def __init__(self, image: Path, path: Path) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._symbols = symbols(image)
        self._places: dict[int, str] = {}
        self._path = path
        self.arguments = ("-gdb", f"unix:{path},server=on,wait=off")

    async def open(self) -> None:
        """Connect. The chip stops."""
        self._reader, self._writer = await asyncio.open_unix_connection(self._path)
        await self._ask("?")

    async def _ask(self, packet: str) -> str:
        await self._send(packet)
        return await self._answer()

    async def _send(self, packet: str) -> None:
        assert self._writer is not None
        self._writer.write(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())

    async def _answer(self) -> str:
        assert self._reader is not None
        assert self._writer is not None
        async with asyncio.timeout(10):
            await self._reader.readuntil(b"$")
            packet = await self._reader.readuntil(b"#")
            await self._reader.readexactly(2)
        self._writer.write(b"+")
        return packet[:-1].decode()

    async def stop_at(self, function: str) -> None:
        """Stop whenever a function is entered."""
        self._places[self._symbols[function]] = function
        assert await self._ask(f"Z0,{self._symbols[function]:x},2") == "OK"

    async def run(self) -> str:
        """Let the chip run until it enters one of those functions; return which."""
        await self._step_over()
        await self._ask("c")
        return self._places[await self._pc()]

    async def _pc(self) -> int:
        registers = bytes.fromhex(await self._ask("g"))
        return int.from_bytes(registers[4 * PC : 4 * PC + 4], "little")

    async def _step_over(self) -> None:
        """Leave the place where the chip stopped, which would stop it again at once."""
        pc = await self._pc()
        if pc in self._places:
            await self._ask(f"z0,{pc:x},2")
            await self._ask("s")
            await self._ask(f"Z0,{pc:x},2")

    async def instructions(self) -> float:
        """How many instructions SysTick has had time for since it last turned over, every CYCLES_PER_TICK."""
        left = int.from_bytes(bytes.fromhex(await self._ask(f"m{SYSTICK_CVR:x},4")), "little")
        return (CYCLES_PER_TICK - left) / CYCLES_PER_INSTRUCTION

    async def interrupts(self, on: bool) -> None:
        """Let the tick and the USART interrupt the program, or keep them pending."""
        await self._write(SYSTICK_CSR, 7 if on else 5)
        await self._write(NVIC_ISER1 if on else NVIC_ICER1, USART1_IRQ)

    async def _write(self, address: int, word: int) -> None:
        assert await self._ask(f"M{address:x},4:{word.to_bytes(4, 'little').hex()}") == "OK"

    async def let_go(self) -> None:
        """Let the chip run on, and leave."""
        assert self._writer is not None
        await self._ask("D")
        self._writer.close()
