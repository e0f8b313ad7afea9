"""Frames on the wire, byte for byte, and the authentication tag over them.

The tag is that of a COSE_Mac0 message (RFC 9052, section 6.2) whose header and length fields are not sent; a frame
re-inflates to that message.
"""

import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from . import cbor
from .exceptions import BadTag, MalformedFrame

TAG_SIZE = 8
NONCE_SIZE = 8
_VERSION = 0x40
_VERSION_MASK = 0xC0
_WIDE_COUNTER = 0x04
_WITH_TICK = 0x02
_COSE_MAC0_HEAD = b"\xd1\x84"  # tag 17, array of 4
_EMPTY_MAP = b"\xa0"
_HEADER_OF_ALG_AND_PARTIAL_IV = (
    b"\xa2\x01\x04\x06"  # {1 (alg): 4 (HMAC 256/64), 6 (Partial IV): the byte string that follows}
)
_HELLO_SIZE = 14
_AUTH_SIZE = 19
_ERR_SIZE = 3


class FrameType(IntEnum):
    """The type field of a frame's first byte."""

    HELLO = 0
    AUTH = 1
    CMD = 2
    EVT = 3
    ERR = 4
    PAIR = 5


# Type, width of the counter, presence of the tick: each frame type allows only some.
_ALLOWED_FLAGS = {
    FrameType.HELLO: (0,),
    FrameType.AUTH: (0,),
    FrameType.CMD: (0, _WITH_TICK, _WIDE_COUNTER, _WIDE_COUNTER | _WITH_TICK),
    FrameType.EVT: (_WIDE_COUNTER,),
    FrameType.ERR: (0,),
    FrameType.PAIR: (0,),
}


def frame_type(frame: bytes) -> FrameType:
    """The type of a frame whose first byte is a valid one.

    Raises:
        MalformedFrame: the frame is empty or its first byte is not of this version.
    """
    if not frame:
        raise MalformedFrame("The frame is empty.")
    number = (frame[0] >> 3) & 0x07
    if frame[0] & _VERSION_MASK != _VERSION or number not in FrameType:
        raise MalformedFrame(f"The first byte, 0x{frame[0]:02x}, is not of this version.")
    kind = FrameType(number)
    if frame[0] & 0x07 not in _ALLOWED_FLAGS[kind]:
        raise MalformedFrame(f"The first byte, 0x{frame[0]:02x}, has flags that its type does not take.")
    return kind


def _first_byte(kind: FrameType, flags: int = 0) -> int:
    return _VERSION | kind << 3 | flags


def _require(frame: bytes, kind: FrameType, size: int | None = None) -> None:
    if frame_type(frame) is not kind or (size is not None and len(frame) != size):
        raise MalformedFrame(f"This is no {kind.name} frame: {frame.hex()}.")


@dataclass(frozen=True, slots=True)
class Hello:
    """A device opens the handshake."""

    slots: int
    inst_id: bytes
    nonce: bytes

    def pack(self) -> bytes:
        """The frame's bytes."""
        return bytes((_first_byte(FrameType.HELLO), self.slots)) + self.inst_id + self.nonce

    @classmethod
    def unpack(cls, frame: bytes) -> Self:
        """Read the frame. Raises MalformedFrame."""
        _require(frame, FrameType.HELLO, _HELLO_SIZE)
        return cls(frame[1], frame[2:6], frame[6:])


@dataclass(frozen=True, slots=True)
class Auth:
    """A host proves that it holds the key; ``tag`` covers ``signed_part`` and the HELLO before it."""

    slot: int
    gen: int
    nonce: bytes
    tag: bytes = b""

    @property
    def signed_part(self) -> bytes:
        """The frame without its tag."""
        return bytes((_first_byte(FrameType.AUTH), self.slot, self.gen)) + self.nonce

    def pack(self) -> bytes:
        """The frame's bytes."""
        return self.signed_part + self.tag

    @classmethod
    def unpack(cls, frame: bytes) -> Self:
        """Read the frame. Raises MalformedFrame."""
        _require(frame, FrameType.AUTH, _AUTH_SIZE)
        return cls(frame[1], frame[2], frame[3:11], frame[11:])


@dataclass(frozen=True, slots=True)
class Err:
    """A device ends a session; nothing in it is authenticated."""

    code: int
    gen: int

    def pack(self) -> bytes:
        """The frame's bytes."""
        return bytes((_first_byte(FrameType.ERR), self.code, self.gen))

    @classmethod
    def unpack(cls, frame: bytes) -> Self:
        """Read the frame. Raises MalformedFrame."""
        _require(frame, FrameType.ERR, _ERR_SIZE)
        return cls(frame[1], frame[2])


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified CMD or EVT."""

    counter: int
    tick: int | None
    payload: bytes


def mac_structure(counter: int, external_aad: bytes, payload: bytes) -> bytes:
    """The bytes under the tag: ``["MAC0", protected header, external_aad, payload]`` (RFC 9052, section 6.3)."""
    return cbor.encode(["MAC0", _protected_header(counter), external_aad, payload])


def tag(key: bytes, counter: int, external_aad: bytes, payload: bytes) -> bytes:
    """The authentication tag, HMAC 256/64."""
    return hmac.digest(key, mac_structure(counter, external_aad, payload), "sha256")[:TAG_SIZE]


def auth_tag(key: bytes, hello: bytes, auth: Auth) -> bytes:
    """The tag of an AUTH answering this HELLO."""
    return tag(key, 0, hello + auth.signed_part, b"")


def external_aad(first_byte: int, tick: int | None) -> bytes:
    """What the tag of a CMD or EVT covers beside counter and payload."""
    return bytes((first_byte,)) + (tick or 0).to_bytes(4)


def seal_command(key: bytes, counter: int, tick: int | None, payload: bytes, *, wide: bool = False) -> bytes:
    """Make a CMD frame; ``wide`` sends two bytes of the counter."""
    first = _first_byte(FrameType.CMD, (_WIDE_COUNTER if wide else 0) | (0 if tick is None else _WITH_TICK))
    head = bytes((first,)) + _low_bytes(counter, 2 if wide else 1) + (b"" if tick is None else _low_bytes(tick, 1))
    return head + payload + tag(key, counter, external_aad(first, tick), payload)


def open_command(key: bytes, last_counter: int, newest_tick: int, frame: bytes) -> Opened:
    """Verify a CMD frame.

    Args:
        key: the key of this direction.
        last_counter: the counter last accepted.
        newest_tick: the largest tick that a frame may carry now.
        frame: the frame.

    Raises:
        MalformedFrame: its first byte or length is none of a CMD.
        BadTag: it does not verify.
    """
    _require(frame, FrameType.CMD)
    first = frame[0]
    counter_size = 2 if is_wide(frame) else 1
    with_tick = bool(first & _WITH_TICK)
    body = 1 + counter_size + with_tick
    if len(frame) <= body + TAG_SIZE:
        raise MalformedFrame("The frame is too short for its type.")
    counter = _next_with_low_bytes(last_counter, frame[1 : 1 + counter_size])
    tick = _last_with_low_byte(newest_tick, frame[body - 1]) if with_tick else None
    payload = frame[body:-TAG_SIZE]
    _verify(key, counter, external_aad(first, tick), payload, frame[-TAG_SIZE:])
    return Opened(counter, tick, payload)


def is_wide(frame: bytes) -> bool:
    """Whether a CMD frame carries two bytes of the counter."""
    return bool(frame[0] & _WIDE_COUNTER)


def seal_event(key: bytes, counter: int, payload: bytes) -> bytes:
    """Make an EVT frame."""
    first = _first_byte(FrameType.EVT, _WIDE_COUNTER)
    head = bytes((first,)) + _low_bytes(counter, 2)
    return head + payload + tag(key, counter, external_aad(first, None), payload)


def open_event(key: bytes, last_counter: int, frame: bytes) -> Opened:
    """Verify an EVT frame; ``last_counter`` is -1 before the first.

    Raises:
        MalformedFrame: its first byte or length is none of an EVT.
        BadTag: it does not verify.
    """
    _require(frame, FrameType.EVT)
    if len(frame) <= 3 + TAG_SIZE:
        raise MalformedFrame("The frame is too short for its type.")
    counter = _next_with_low_bytes(last_counter, frame[1:3])
    payload = frame[3:-TAG_SIZE]
    _verify(key, counter, external_aad(frame[0], None), payload, frame[-TAG_SIZE:])
    return Opened(counter, None, payload)


def cose_mac0(opened: Opened, frame_tag: bytes) -> bytes:
    """The standard COSE_Mac0 message (CBOR tag 17) that a verified frame stands for.

    Its external_aad, which COSE does not carry either, is ``external_aad(frame[0], opened.tick)``.
    """
    parts = (_protected_header(opened.counter), None, opened.payload, frame_tag)
    return _COSE_MAC0_HEAD + b"".join(_EMPTY_MAP if part is None else cbor.encode(part) for part in parts)


def _protected_header(counter: int) -> bytes:
    partial_iv = counter.to_bytes(max(1, (counter.bit_length() + 7) // 8))
    return _HEADER_OF_ALG_AND_PARTIAL_IV + cbor.encode(partial_iv)


def _verify(key: bytes, counter: int, aad: bytes, payload: bytes, received: bytes) -> None:
    if not hmac.compare_digest(tag(key, counter, aad, payload), received):
        raise BadTag("The frame's authentication tag does not verify.")


def _low_bytes(value: int, size: int) -> bytes:
    return (value & (1 << 8 * size) - 1).to_bytes(size)


def _next_with_low_bytes(last: int, low: bytes) -> int:
    """The smallest number above ``last`` that ends in these bytes."""
    span = 1 << 8 * len(low)
    return last + 1 + (int.from_bytes(low) - last - 1) % span


def _last_with_low_byte(limit: int, low: int) -> int:
    """The largest number up to ``limit`` that ends in this byte."""
    tick = limit - (limit - low) % 256
    if tick < 0:
        raise BadTag("The frame's tick lies before the session.")
    return tick
