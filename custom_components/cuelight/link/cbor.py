"""Deterministic CBOR (RFC 8949, section 4.2.1) of what payloads use: integers, byte strings and arrays.

Arguments of operations that are not known yet may also hold text, true, false and null.
"""

from collections.abc import Sequence
from typing import cast

import cbor2

from .exceptions import MalformedPayload

type Item = int | bytes | str | bool | Sequence[Item] | None

_MAX_DEPTH = 5  # the payload and four arrays in an argument


def encode(item: Item) -> bytes:
    """Encode an item deterministically."""
    return cbor2.dumps(item, canonical=True)


def decode(data: bytes) -> Item:
    """Decode exactly one deterministically encoded item.

    Raises:
        MalformedPayload: the encoding is not the deterministic one, has trailing bytes, or holds another type.
    """
    try:
        item = cbor2.loads(data, max_depth=_MAX_DEPTH, allow_indefinite=False, allow_duplicate_keys=False)
    except Exception as err:  # cbor2's decoders of tagged items raise more than its own errors
        raise MalformedPayload("The payload is not CBOR.") from err
    _check_types(item, _MAX_DEPTH)
    # cbor2 accepts long forms of integers and lengths, bignum tags and trailing bytes: only the re-encoding tells.
    if cbor2.dumps(item, canonical=True) != data:
        raise MalformedPayload("The payload is not encoded deterministically.")
    return cast(Item, item)


def _check_types(item: object, depth_left: int) -> None:
    if isinstance(item, list):
        # Shared references make arrays that contain themselves, which no limit of the decoder catches.
        if not depth_left:
            raise MalformedPayload("The payload is nested too deeply.")
        for part in item:
            _check_types(part, depth_left - 1)
    elif type(item) is int:
        # Beyond 64 bits lie only bignum tags, which re-encode to themselves.
        if not -(1 << 64) <= item < 1 << 64:
            raise MalformedPayload("The payload holds an integer out of range.")
    elif item is not None and type(item) not in (bytes, str, bool):
        raise MalformedPayload(f"The payload holds a {type(item).__name__}.")
