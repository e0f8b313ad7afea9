"""Thousands of commands to eight buttons through two hostile proxies, and what must hold after them."""

import asyncio
import gc
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from custom_components.cuelight.coordinator import ButtonCoordinator
from custom_components.cuelight.link import (
    CommandRefused,
    InvalidArgument,
    Light,
    LightPattern,
    LinkError,
    LinkUnreachable,
    Superseded,
)
from custom_components.cuelight.link.connection import Connection
from custom_components.cuelight.link.session import HostSession
from tests.rig.adapter import RigClient
from tests.rig.board import Board

from .conftest import House
from .relays import Relay, Treatment, alter, cut, drop, duplicate, late

BUTTONS = 8
ADAPTERS = 2
SLOTS = 5
TASKS_EACH = 2
FAULTS = 0.05
_FRAMES = ("light", "ack of light")

# A colour numbers a command: each channel is a digit that the light's curve keeps apart from the others.
_DIGITS = 128
_DUTY = {(value * value + 254) // 255: value - 128 for value in range(128, 256)}


def numbered(number: int) -> Light:
    """A light that no other command shows."""
    digits = (number // _DIGITS**2, number // _DIGITS % _DIGITS, number % _DIGITS)
    red, green, blue = (128 + digit for digit in digits)
    return Light(LightPattern.SOLID, (red, green, blue), 255, 0)


def number_of(rgb: list[int]) -> int:
    """The number of the command that showed this colour."""
    red, green, blue = (_DUTY[duty] for duty in rgb)
    return (red * _DIGITS + green) * _DIGITS + blue


@dataclass
class Held:
    """What the process holds, after everything that may go has gone."""

    tasks: int
    handles: int
    links: int
    resident_kb: int

    @classmethod
    def now(cls) -> Held:
        """Count."""
        gc.collect()
        links = sum(isinstance(thing, Connection | HostSession | RigClient) for thing in gc.get_objects())
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
        return cls(len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")), links, resident)


@dataclass
class Button:
    """One button under fire: the commands it was asked for, by number, and those its record shows."""

    board: Board
    coordinator: ButtonCoordinator
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    acked: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    shown: list[int] = field(default_factory=list)
    rebooting: bool = False

    def harvest(self) -> None:
        """Take what the record shows by now, and let go of the record."""
        self.shown += [number_of(entry["rgb"]) for entry in self.board.record("light") if any(entry["rgb"])]
        self.board.forget_record()


@dataclass
class Soaked:
    """What came of it."""

    commands: int
    seconds: float
    faults: Counter[str]
    errors: Counter[str]
    acked: int
    refused: int
    unsure: int
    unsure_but_done: int
    lost: list[int]
    twice_or_late: list[int]
    done_though_refused: list[int]
    before: Held
    after: Held
    resident_kb: list[int]

    def __str__(self) -> str:
        """A few lines for a person."""
        return "\n".join(
            (
                f"{self.commands} commands in {self.seconds:.0f} s, {self.faults.total()} faults: {dict(self.faults)}",
                f"acknowledged {self.acked}, refused or not sent {self.refused}, unsure {self.unsure} (of which "
                f"{self.unsure_but_done} were done); errors: {dict(self.errors)}",
                f"acknowledged but not done {len(self.lost)}; done twice or out of order {len(self.twice_or_late)}; "
                f"done though refused {len(self.done_though_refused)}",
                f"before {self.before}",
                f"after  {self.after}",
                f"resident, KB: {self.resident_kb}",
            )
        )


class Soak:
    """Sends the commands and causes the faults."""

    def __init__(self, house: House, relay: Relay, buttons: list[Button], commands: int, seed: int) -> None:
        self._house = house
        self._relay = relay
        self._buttons = buttons
        self._commands = commands
        self._random = random.Random(seed)
        self._faults: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._left = commands

    async def run(self) -> Soaked:
        """Send every command; return when all is at rest again."""
        await self._rest()
        before, began, resident = Held.now(), time.monotonic(), []
        workers = [asyncio.create_task(self._work(button)) for button in self._buttons for _ in range(TASKS_EACH)]
        for part in range(10):
            while self._left > self._commands * (9 - part) // 10 and not all(worker.done() for worker in workers):
                await asyncio.sleep(0.1)
            for button in self._buttons:
                button.harvest()
            resident.append(Held.now().resident_kb)
        await asyncio.gather(*workers)
        seconds = time.monotonic() - began
        await self._rest()
        return self._soaked(seconds, before, Held.now(), resident)

    async def _rest(self) -> None:
        """Stop every button and let every link go."""
        for button in self._buttons:
            await button.coordinator.async_stop()
            await button.coordinator.client.disconnect()
            await button.board.until(button.board.at_rest)
            button.harvest()
        await self._house.until(lambda: not any(adapter.connections for adapter in self._house.adapters))
        # What was cancelled has to run once more to be gone.
        for _ in range(5):
            await asyncio.sleep(0)

    async def _work(self, button: Button) -> None:
        while self._left > 0:
            self._left -= 1
            if self._random.random() < FAULTS:
                await self._cause(button)
            number = next(button.numbers)
            try:
                await button.coordinator.async_send(numbered(number))
            except InvalidArgument, AssertionError:
                raise
            except (CommandRefused, Superseded, LinkUnreachable) as err:
                button.refused.add(number)
                self._errors[type(err).__name__] += 1
                await asyncio.sleep(self._random.random())
            except LinkError as err:
                button.unsure.add(number)
                self._errors[type(err).__name__] += 1
            else:
                button.acked.add(number)

    async def _cause(self, button: Button) -> None:
        """Cause one fault, now or at the next frame of a command."""
        board = button.board
        if button.rebooting or not self._relay.treated(board):
            return
        kinds: dict[str, Callable[[], Treatment]] = {
            "drop": lambda: drop,
            "delay": lambda: late(self._random.choice([0.2, 1.0, 2.4])),
            "alter": lambda: alter,
            "duplicate": lambda: duplicate,
            "link loss": lambda: cut(board),
        }
        kind = self._random.choices([*kinds, "reboot"], [4, 4, 4, 4, 4, 1])[0]
        self._faults[kind] += 1
        if kind == "reboot":
            button.rebooting = True
            await board.kill()
            await board.start()
            button.rebooting = False
        else:
            self._relay.treat(board, self._random.choice(_FRAMES), kinds[kind]())

    def _soaked(self, seconds: float, before: Held, after: Held, resident: list[int]) -> Soaked:
        lost, repeated, refused = [], [], []
        for button in self._buttons:
            shown = set(button.shown)
            lost += sorted(button.acked - shown)
            refused += sorted(button.refused & shown)
            repeated += [b for a, b in zip(button.shown, button.shown[1:], strict=False) if b <= a]
        return Soaked(
            commands=self._commands,
            seconds=seconds,
            faults=self._faults,
            errors=self._errors,
            acked=sum(len(button.acked) for button in self._buttons),
            refused=sum(len(button.refused) for button in self._buttons),
            unsure=sum(len(button.unsure) for button in self._buttons),
            unsure_but_done=sum(len(button.unsure & set(button.shown)) for button in self._buttons),
            lost=lost,
            twice_or_late=repeated,
            done_though_refused=refused,
            before=before,
            after=after,
            resident_kb=resident,
        )


async def soak(house: House, commands: int, seed: int = 1) -> Soaked:
    """Set up the buttons and the proxies, and soak them."""
    for adapter in (house.adapter, *[await house.add_adapter() for _ in range(ADAPTERS - 1)]):
        adapter.slots = SLOTS
    relay = Relay(*house.adapters)
    buttons = []
    for number in range(BUTTONS):
        board = await house.board(f"button {number}")
        entry = await house.add_entry(board, listen=False, idle_disconnect_s=300)
        buttons.append(Button(board, entry.runtime_data))
        await buttons[-1].coordinator.async_send(numbered(next(buttons[-1].numbers)))
    return await Soak(house, relay, buttons, commands, seed).run()
