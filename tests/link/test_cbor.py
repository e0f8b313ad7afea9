"""Deterministic CBOR: what is accepted is exactly what re-encodes to itself."""

import pytest

from custom_components.cuelight.link import cbor
from custom_components.cuelight.link.exceptions import MalformedPayload

HOSTILE = {
    "nothing": "",
    "array without its items": "8301",
    "one-byte integer in two": "811801",
    "two-byte integer that fits one": "811900ff",
    "four-byte integer that fits two": "811a0000ffff",
    "eight-byte integer that fits four": "811b00000000ffffffff",
    "array length in two bytes": "98010b",
    "byte string length in two bytes": "815801ff",
    "byte string length in three bytes": "81590001ff",
    "indefinite array": "9f0bff",
    "indefinite byte string": "815f41ffff",
    "break code alone": "ff",
    "break code inside": "820bff",
    "trailing byte": "810b00",
    "two items": "810b810b",
    "map": "a10b01",
    "map with a key twice": "a20b010b02",
    "array of a map": "820ba0",
    "tagged integer": "c10b",
    "self-described CBOR": "d9d9f7810b",
    "bignum that fits an integer": "81c2410b",
    "bignum": "81c249010000000000000000",
    "negative bignum": "81c349010000000000000000",
    "date as text": "c074323032362d31312d32325431303a30303a30305a",
    "broken date": "c0617a",
    "shared reference": "d81c81d81d00",
    "rational number": "d81e820102",
    "regular expression": "d82361282929",
    "undefined": "81f7",
    "simple value": "81f0",
    "two-byte simple value": "81f820",
    "badly formed simple value": "81f801",
    "half float": "81f93c00",
    "float": "81fa3f800000",
    "double": "81fb3ff0000000000000",
    "not a number": "81f97e00",
    "reserved length": "811c",
    "array of 2^64-1 items": "9bffffffffffffffff",
    "array of 2^32-1 items": "9affffffff",
    "byte string of 2^63 bytes": "815b8000000000000000",
    "text of 2^32-1 bytes": "817affffffff",
    "text that is not UTF-8": "8161ff",
    "six arrays deep": "8181818181810b",
    "a thousand arrays deep": "81" * 1000 + "0b",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_deterministic_or_not_of_the_links_types_is_refused(data: str) -> None:
    with pytest.raises(MalformedPayload):
        cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    "item",
    [[11], [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1], [1, b"", b"x" * 220], [-1, -(2**64)],
     [40, "new", True, False, None, [1, [2, [3, [4]]]]], 7, b"x", []],
)  # fmt: skip
def test_what_was_encoded_is_decoded(item: object) -> None:
    assert cbor.decode(cbor.encode(item)) == item


def test_every_string_of_up_to_two_bytes_is_refused_or_re_encodes_to_itself() -> None:
    strings = [bytes([a]) for a in range(256)] + [bytes([a, b]) for a in range(256) for b in range(256)]
    accepted = 0
    for data in strings:
        try:
            item = cbor.decode(data)
        except MalformedPayload:
            continue
        accepted += 1
        assert cbor.encode(item) == data
    assert accepted > 500
