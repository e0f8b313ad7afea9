"""Proxies that do something to one frame: they read what passes, for nothing of it is secret."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from tests.rig.adapter import Adapter
from tests.rig.board import Board

_COMMANDS = {
    **{1: "play", 2: "light", 3: "servo", 4: "cues", 5: "run", 6: "stop", 7: "renew"},
    **{8: "asset", 9: "chunk", 10: "commit", 11: "query", 12: "rekey", 13: "identify", 14: "puppet"},
}
_TAG = 8

type Parts = list[bytes | float]
type Treatment = Callable[[bytes], Parts]
"""What becomes of a frame: what is passed on in its place, and pauses."""


def name_of_write(frame: bytes) -> str:
    """What the host sends: auth, or a command's name."""
    if frame[0] == 0x48:
        return "auth"
    operation = payload_of_command(frame)[1]
    return _COMMANDS.get(operation, f"operation {operation}")


def payload_of_command(frame: bytes) -> bytes:
    """A command's payload."""
    return frame[2 + (frame[0] >> 2 & 1) + (frame[0] >> 1 & 1) : -_TAG]


class Watch:
    """Names the frames of one link as they pass, in both directions: hello, auth, status, light, ack of light …"""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._sent: dict[int, str] = {}

    def write(self, frame: bytes) -> str:
        """Name a frame to the button."""
        name = name_of_write(frame)
        if name != "auth":
            self._sent[frame[1]] = name
        self.passed.append(name)
        return name

    def notification(self, frame: bytes) -> str:
        """Name a frame from the button."""
        self.passed.append(name := self._notification(frame))
        return name

    def _notification(self, frame: bytes) -> str:
        if frame[0] == 0x40:
            self._sent.clear()
            return "hello"
        if frame[0] == 0x60:
            return "err"
        payload = frame[3:-_TAG]
        match payload[2]:
            case 32:
                return "button"
            case 33:
                return "status"
            case kind if kind != 34:
                return "done" if kind == 35 else f"event {kind}"
            case _:
                # The counter is the second item; its last byte tells commands of a short session apart.
                size = {0x18: 1, 0x19: 2, 0x1A: 4}.get(payload[3], 0)
                counter = payload[3 + size] if size else payload[3]
                return f"ack of {self._sent.get(counter, 'nothing')}"


class Relay:
    """Stands between adapters and the radio; each link may have one frame treated."""

    def __init__(self, *adapters: Adapter) -> None:
        self.watches: defaultdict[str, Watch] = defaultdict(Watch)
        self._treatments: dict[str, tuple[str, int, Treatment]] = {}
        self._after: dict[str, Callable[[str, bytes], Parts]] = {}
        for adapter in adapters:
            adapter.relay_write = self._write
            adapter.relay_notify = self._notify

    def treat(self, board: Board, name: str, treatment: Treatment, nth: int = 1) -> None:
        """Treat the ``nth`` frame of this name that passes from now on."""
        self._treatments[board.address] = (name, nth, treatment)

    def treated(self, board: Board) -> bool:
        """Whether the frame has come by."""
        return board.address not in self._treatments

    def next_in_the_same_direction(self, board: Board, name: str, treatment: Treatment) -> None:
        """Treat the next frame in the direction that frames of this name have."""
        self._after[board.address + _direction(name)] = lambda _name, frame: treatment(frame)

    def _write(self, address: str, frame: bytes) -> Parts:
        return self._pass(address, "to button", self.watches[address].write(frame), frame)

    def _notify(self, address: str, frame: bytes) -> Parts:
        return self._pass(address, "to host", self.watches[address].notification(frame), frame)

    def _pass(self, address: str, direction: str, name: str, frame: bytes) -> Parts:
        if name == "hello":  # what was held back went with the link before
            for any_direction in ("to button", "to host"):
                self._after.pop(address + any_direction, None)
        if (after := self._after.pop(address + direction, None)) is not None:
            return after(name, frame)
        if address not in self._treatments or self._treatments[address][0] != name:
            return [frame]
        wanted, nth, treatment = self._treatments[address]
        if nth > 1:
            self._treatments[address] = (wanted, nth - 1, treatment)
            return [frame]
        del self._treatments[address]
        return treatment(frame)


def _direction(name: str) -> str:
    return "to button" if name == "auth" or name in _COMMANDS.values() else "to host"


def drop(_frame: bytes) -> Parts:
    """Swallow it."""
    return []


def duplicate(frame: bytes) -> Parts:
    """Pass it on twice."""
    return [frame, frame]


def alter(frame: bytes) -> Parts:
    """Flip the last bit."""
    return [frame[:-1] + bytes([frame[-1] ^ 1])]


def late(seconds: float) -> Treatment:
    """Hold it, and what follows, for some seconds."""
    return lambda frame: [seconds, frame]


def cut(board: Board) -> Treatment:
    """Lose the link in its place."""

    def lose(_frame: bytes) -> Parts:
        asyncio.get_running_loop().call_soon(board.lose_link)
        return []

    return lose


def swap(relay: Relay, board: Board, name: str) -> Treatment:
    """Pass it on after the next frame in its direction."""

    def hold(frame: bytes) -> Parts:
        relay.next_in_the_same_direction(board, name, lambda following: [following, frame])
        return []

    return hold
