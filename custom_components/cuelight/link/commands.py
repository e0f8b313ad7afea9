"""Commands and events: typed values, their ranges and their CBOR payloads.

A payload is a positional array: operation, arguments, lease last. The ranges are those of ``firmware/link.cddl``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Protocol, Self, get_type_hints

from . import cbor
from .cbor import Item
from .const import MAX_CHUNK, MAX_CUES_PER_COMMAND, ButtonKind, DeviceState
from .exceptions import InvalidArgument, MalformedPayload, UnknownOperation

MAX_LEASE_UNITS = 0xFF
_MAX_OPERATION = 0xFFFF_FFFF


class _Wire(Protocol):
    """How one field looks on the wire."""

    def check(self, name: str, value: object) -> None: ...
    def pack(self, value: Any) -> Item: ...
    def unpack(self, name: str, item: Item) -> object: ...


@dataclass(frozen=True, slots=True)
class _Uint:
    high: int
    enum: type[IntEnum] | None = None

    def check(self, name: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= self.high:
            raise InvalidArgument(name, f"{name} is {value!r}; it must be a whole number from 0 to {self.high}.")

    def pack(self, value: int) -> Item:
        return int(value)

    def unpack(self, name: str, item: Item) -> object:
        self.check(name, item)
        assert isinstance(item, int)
        return item if self.enum is None else self.enum(item)


@dataclass(frozen=True, slots=True)
class _Bytes:
    low: int
    high: int

    def check(self, name: str, value: object) -> None:
        if not isinstance(value, bytes) or not self.low <= len(value) <= self.high:
            wanted = self.low if self.low == self.high else f"{self.low} to {self.high}"
            raise InvalidArgument(name, f"{name} must be {wanted} bytes.")

    def pack(self, value: bytes) -> Item:
        return value

    def unpack(self, name: str, item: Item) -> object:
        self.check(name, item)
        return item


class _Colour:
    def check(self, name: str, value: object) -> None:
        if not isinstance(value, tuple) or len(value) != 3:
            raise InvalidArgument(name, f"{name} must be three numbers.")
        for part in value:
            _Uint(0xFF).check(name, part)

    def pack(self, value: tuple[int, int, int]) -> Item:
        return bytes(value)

    def unpack(self, name: str, item: Item) -> object:
        _Bytes(3, 3).check(name, item)
        assert isinstance(item, bytes)
        return tuple(item)


_U8 = Annotated[int, _Uint(0xFF)]
_U16 = Annotated[int, _Uint(0xFFFF)]
_U32 = Annotated[int, _Uint(0xFFFF_FFFF)]
_Channel = Annotated[int, _Uint(3)]
_Decidegrees = Annotated[int, _Uint(1800)]
_Rgb = Annotated[tuple[int, int, int], _Colour()]
_Digest = Annotated[bytes, _Bytes(32, 32)]
_ChunkData = Annotated[bytes, _Bytes(1, MAX_CHUNK)]
_Kind = Annotated[ButtonKind, _Uint(4, ButtonKind)]
_State = Annotated[DeviceState, _Uint(4, DeviceState)]


_wires_of: dict[type[_Payload], tuple[tuple[str, _Wire], ...]] = {}


def _wires(payload_type: type[_Payload]) -> tuple[tuple[str, _Wire], ...]:
    if payload_type not in _wires_of:
        hints = get_type_hints(payload_type, include_extras=True)
        _wires_of[payload_type] = tuple((item.name, hints[item.name].__metadata__[0]) for item in fields(payload_type))
    return _wires_of[payload_type]


@dataclass(frozen=True, slots=True)
class _Payload:
    operation: ClassVar[int]

    def __post_init__(self) -> None:
        for name, wire in _wires(type(self)):
            wire.check(name, getattr(self, name))

    def _pack(self) -> list[Item]:
        return [wire.pack(getattr(self, name)) for name, wire in _wires(type(self))]

    @classmethod
    def _unpack(cls, items: Sequence[Item]) -> Self:
        wires = _wires(cls)
        if len(items) != len(wires):
            raise MalformedPayload(f"A {cls.__name__.lower()} payload has {len(items)} arguments, not {len(wires)}.")
        try:
            return cls(*(wire.unpack(name, item) for (name, wire), item in zip(wires, items, strict=True)))
        except InvalidArgument as err:
            raise MalformedPayload(str(err)) from err


@dataclass(frozen=True, slots=True)
class Command(_Payload):
    """What a host asks of a button.

    Raises:
        InvalidArgument: on construction, when a field is out of its range.
    """

    leased: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Play(Command):
    """Show a stored animation, looping until the duration is over; duration 0 plays it once."""

    operation = 1
    leased = True
    asset_id: _U16
    duration_ms: _U16


@dataclass(frozen=True, slots=True)
class Light(Command):
    """Set the light: a ``LightPattern``, colour, brightness 0..255 and the pattern's period."""

    operation = 2
    leased = True
    pattern: _U8
    rgb: _Rgb
    brightness: _U8
    period_ms: _U16


@dataclass(frozen=True, slots=True)
class Servo(Command):
    """Move a servo to an absolute angle in tenths of a degree."""

    operation = 3
    leased = True
    channel: _Channel
    decidegrees: _Decidegrees
    ramp_ms: _U16


@dataclass(frozen=True, slots=True)
class Puppet(Command):
    """Move a sprite with the button's own motion engine: a ``Motion``, its amplitude, period and duration."""

    operation = 14
    leased = True
    sprite_id: _U16
    motion: _U8
    amplitude: _U8
    period_ms: _U16
    duration_ms: _U16


@dataclass(frozen=True, slots=True)
class TimedCue:
    """A play, light, servo or puppet command, ``dt_ms`` after the cue before it."""

    dt_ms: int
    command: Command

    def __post_init__(self) -> None:
        _Uint(0xFFFF).check("dt_ms", self.dt_ms)
        if type(self.command) not in (Play, Light, Servo, Puppet):
            raise InvalidArgument("command", f"A cue cannot be a {type(self.command).__name__.lower()} command.")

    def _pack(self) -> Item:
        return [self.dt_ms, self.command.operation, *self.command._pack()]

    @classmethod
    def _unpack(cls, item: Item) -> TimedCue:
        if not isinstance(item, list) or len(item) < 2:
            raise MalformedPayload("A cue is not an array of a time, an operation and its arguments.")
        dt_ms, operation, *arguments = item
        _Uint(0xFFFF).check("dt_ms", dt_ms)
        command_type = _CUE_TYPES.get(operation) if type(operation) is int else None
        if command_type is None:
            raise MalformedPayload(f"Operation {operation!r} cannot be a cue.")
        return cls(dt_ms, command_type._unpack(arguments))


class _CueList:
    def check(self, name: str, value: object) -> None:
        if not isinstance(value, tuple) or not 1 <= len(value) <= MAX_CUES_PER_COMMAND:
            raise InvalidArgument(name, f"{name} must be 1 to {MAX_CUES_PER_COMMAND} cues.")
        if not all(isinstance(cue, TimedCue) for cue in value):
            raise InvalidArgument(name, f"{name} must hold timed cues only.")

    def pack(self, value: Sequence[TimedCue]) -> Item:
        return [cue._pack() for cue in value]

    def unpack(self, name: str, item: Item) -> object:
        assert isinstance(item, list)
        return tuple(TimedCue._unpack(cue) for cue in item)


@dataclass(frozen=True, slots=True)
class Cues(Command):
    """Store a batch of a timeline's cues; ``first`` is the index of the batch's first, 0 replaces the timeline."""

    operation = 4
    timeline: _U8
    first: _U8
    cues: Annotated[tuple[TimedCue, ...], _CueList()]

    # The cues follow the other arguments in the same array, each an array of its own.
    def _pack(self) -> list[Item]:
        return [self.timeline, self.first, *(cue._pack() for cue in self.cues)]

    @classmethod
    def _unpack(cls, items: Sequence[Item]) -> Self:
        return super()._unpack([*items[:2], list(items[2:])])


@dataclass(frozen=True, slots=True)
class Run(Command):
    """Run a timeline from a moment of the session clock; 0 starts it now."""

    operation = 5
    leased = True
    timeline: _U8
    start_ms: _U32


@dataclass(frozen=True, slots=True)
class Stop(Command):
    """Put every output to rest and end the lease; honoured at any age."""

    operation = 6


@dataclass(frozen=True, slots=True)
class Renew(Command):
    """Extend the lease."""

    operation = 7
    leased = True


@dataclass(frozen=True, slots=True)
class Asset(Command):
    """Announce the upload of an asset."""

    operation = 8
    asset_id: _U16
    length: _U32
    sha256: _Digest


@dataclass(frozen=True, slots=True)
class Chunk(Command):
    """A part of an asset's bytes."""

    operation = 9
    asset_id: _U16
    offset: _U32
    data: _ChunkData


@dataclass(frozen=True, slots=True)
class Commit(Command):
    """Finish an upload: the button compares the digest and keeps the asset."""

    operation = 10
    asset_id: _U16


@dataclass(frozen=True, slots=True)
class Query(Command):
    """Ask for a status, which alone answers it."""

    operation = 11


@dataclass(frozen=True, slots=True)
class Rekey(Command):
    """Store a wrapped key as pending in a slot; ``HostSession.rekey`` makes these."""

    operation = 12
    slot: _U8
    gen: _U8
    wrapped: _Digest


@dataclass(frozen=True, slots=True)
class Identify(Command):
    """Let the button show which one it is."""

    operation = 13
    duration_ms: _U16


@dataclass(frozen=True, slots=True)
class Forget(Command):
    """Erase a controller's key and the one pending for it; the session goes on until it ends."""

    operation = 15
    slot: _U8


@dataclass(frozen=True, slots=True)
class Set(Command):
    """Change a setting, by its ``SettingKey``."""

    operation = 16
    key: _U8
    value: _U32


@dataclass(frozen=True, slots=True)
class Get(Command):
    """Ask for a setting; a ``Value`` alone answers it."""

    operation = 17
    key: _U8


@dataclass(frozen=True, slots=True)
class Event(_Payload):
    """What a button tells its host."""


@dataclass(frozen=True, slots=True)
class ButtonEvent(Event):
    """A contact did something at ``at_ms`` of the session clock."""

    operation = 32
    button: _U8
    kind: _Kind
    at_ms: _U32


@dataclass(frozen=True, slots=True)
class Status(Event):
    """The button's state, its clock and supply; ``lease_left`` in units of 250 ms, ``fault`` a ``Fault``."""

    operation = 33
    state: _State
    clock_ms: _U32
    lease_left: _U8
    millivolts: _U16
    fault: _U8
    last_counter: _U32


@dataclass(frozen=True, slots=True)
class Ack(Event):
    """The answer to the command with this counter; ``code`` is an ``AckCode``."""

    operation = 34
    counter: _U32
    code: _U8


@dataclass(frozen=True, slots=True)
class Done(Event):
    """A timeline ended; ``code`` is a ``DoneCode``."""

    operation = 35
    timeline: _U8
    code: _U8


@dataclass(frozen=True, slots=True)
class Value(Event):
    """A setting's value, as asked for."""

    operation = 36
    key: _U8
    value: _U32


_COMMAND_TYPES: dict[int, type[Command]] = {
    command_type.operation: command_type
    for command_type in (
        Play, Light, Servo, Cues, Run, Stop, Renew, Asset, Chunk, Commit, Query, Rekey, Identify, Puppet, Forget,
        Set, Get
    )
}  # fmt: skip
_CUE_TYPES: dict[int, type[Command]] = {kind.operation: kind for kind in (Play, Light, Servo, Puppet)}
_EVENT_TYPES: dict[int, type[Event]] = {kind.operation: kind for kind in (ButtonEvent, Status, Ack, Done, Value)}


def encode(command: Command, lease_units: int | None = None) -> bytes:
    """Encode a command's payload.

    Args:
        command: the command.
        lease_units: the lease in units of 250 ms, for commands that carry one and only for those.

    Raises:
        InvalidArgument: the lease is missing, superfluous or out of range.
    """
    items: list[Item] = [command.operation, *command._pack()]
    if command.leased:
        _Uint(MAX_LEASE_UNITS).check("lease_units", lease_units)
        assert lease_units is not None
        items.append(int(lease_units))
    elif lease_units is not None:
        raise InvalidArgument("lease_units", f"A {type(command).__name__.lower()} command carries no lease.")
    return cbor.encode(items)


def encode_event(event: Event) -> bytes:
    """Encode an event's payload."""
    return cbor.encode([event.operation, *event._pack()])


def decode_command(payload: bytes) -> tuple[Command, int | None]:
    """Decode a command's payload to the command and its lease, which is None for commands that carry none.

    Raises:
        MalformedPayload: not deterministic CBOR, or against the schema.
        UnknownOperation: well formed, but of an operation this version does not know.
    """
    operation, arguments = _split(payload)
    command_type = _COMMAND_TYPES.get(operation)
    if command_type is None:
        raise UnknownOperation(operation)
    if not command_type.leased:
        return command_type._unpack(arguments), None
    if not arguments:
        raise MalformedPayload(f"A {command_type.__name__.lower()} command has no lease.")
    return command_type._unpack(arguments[:-1]), _lease(arguments[-1])


def decode_event(payload: bytes) -> Event:
    """Decode an event's payload.

    Raises:
        MalformedPayload: not deterministic CBOR, or against the schema.
        UnknownOperation: well formed, but of an operation this version does not know.
    """
    operation, arguments = _split(payload)
    event_type = _EVENT_TYPES.get(operation)
    if event_type is None:
        raise UnknownOperation(operation)
    return event_type._unpack(arguments)


def _lease(item: Item) -> int:
    if type(item) is not int or not 0 <= item <= MAX_LEASE_UNITS:
        raise MalformedPayload("The lease is out of range.")
    return item


def _split(payload: bytes) -> tuple[int, list[Item]]:
    items = cbor.decode(payload)
    if not isinstance(items, list) or not items or type(items[0]) is not int:
        raise MalformedPayload("The payload is not an array that starts with an operation.")
    if not 0 <= items[0] <= _MAX_OPERATION:
        raise MalformedPayload("The payload's operation is out of range.")
    return items[0], items[1:]
