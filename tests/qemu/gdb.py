"""As much of a debugger as it takes to count instructions between two places, and to hang the control task."""

import asyncio
from pathlib import Path

from tests.rig.qemu import CYCLES_PER_US, symbols

LINK = 14
PC = 15
XPSR = 25
EXCEPTION = 0x1FF  # the number of the one that runs, in XPSR; 0 in the control task
FLASH = 0x08000000
BRANCH_TO_ITSELF = b"\xfe\xe7"


class Gdb:
    """A connection to QEMU's debug stub."""

    def __init__(self, image: Path, path: Path) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._image = image
        self._symbols = symbols(image)
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

    async def run_to(self, function: str) -> None:
        """Let the chip run until it enters a function."""
        await self._run_to(self._symbols[function])

    async def _run_to(self, address: int) -> None:
        place = f"{address:x},2"
        assert await self._ask(f"Z0,{place}") == "OK"
        await self._ask("c")
        assert await self._ask(f"z0,{place}") == "OK"

    async def step_to(self, function: str) -> int:
        """Step until the chip enters a function; return how many instructions it took. No interrupt comes between."""
        steps = 0
        while await self._register(PC) != self._symbols[function]:
            await self._ask("s")
            steps += 1
        return steps

    async def hang(self) -> None:
        """Let what runs now run round and round on the spot; interrupts go on."""
        await self._write_pc(self._trap())

    async def step_out(self) -> int:
        """Step until no exception runs any more; return how many instructions it took."""
        steps = 0
        while await self._register(XPSR) & EXCEPTION:
            await self._ask("s")
            steps += 1
        return steps

    async def step_over(self) -> int:
        """Step until the function that was just entered returns; return how many instructions it took."""
        back = await self._register(LINK) & ~1
        steps = 0
        while await self._register(PC) != back:
            await self._ask("s")
            steps += 1
        return steps

    async def run_to_hang(self) -> None:
        """Let the interrupt end that came over what hangs."""
        await self._run_to(self._trap())

    async def unhang(self, function: str) -> None:
        """Let what hangs run on from the start of a function."""
        await self._write_pc(self._symbols[function])

    def _trap(self) -> int:
        code = self._image.with_name(f"{self._image.name}.bin").read_bytes()
        return FLASH + next(at for at in range(0, len(code), 2) if code[at : at + 2] == BRANCH_TO_ITSELF)

    async def _write_pc(self, address: int) -> None:
        assert await self._ask(f"P{PC:x}={address.to_bytes(4, 'little').hex()}") == "OK"

    async def device_us(self) -> int:
        """The board's own clock, as its last timer interrupt left it: microseconds."""
        cycles = await self._ask(f"m{self._symbols['base']:x},8")
        return int.from_bytes(bytes.fromhex(cycles), "little") // CYCLES_PER_US

    async def _register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(await self._ask(f"p{number:x}")), "little")

    async def let_go(self) -> None:
        """Let the chip run on, and leave."""
        assert self._writer is not None
        await self._ask("D")
        self._writer.close()
