"""Makes ``vectors.json`` straight from the protocol's text, by another route than the link's own code.

COSE_Mac0 is pycose's, HKDF is the cryptography package's, the values come from a hash of their own names. Run it to
write the file anew:  .venv/bin/python -m tests.link.make_vectors
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pycose.algorithms import HMAC25664
from pycose.headers import Algorithm, PartialIV
from pycose.keys import SymmetricKey
from pycose.messages import Mac0Message

FILE = Path(__file__).with_name("vectors.json")
HELLO, AUTH, CMD, EVT = 0x40, 0x48, 0x50, 0x5C
WIDE, TICK = 0x04, 0x02

# The edges of what fits one, two or three bytes of a counter or one byte of a tick, and of the session's end.
COUNTERS = [
    [1, 2, 255, 256, 257, 511],
    [255, 510, 765, 766, 767, 1000],
    [1, 65535, 65536, 65537, 65792, 131071],
    [65535, 131070, 196605, 262140, 262141, 262142],
    [1, 256, 511, 766, 1021, 1276],
    [65000, 130000, 195000, 260000, 325000, 390000],
]
EVENT_COUNTERS = [[0, 1, 2, 3], [0, 255, 256, 257], [0, 65535, 65536, 131071], [65535, 65536, 131071, 196606]]
TICKS = [0, 1, 3, 255, 256, 257, 511, 512, 65535, 65536, 240_000, 345_600]
EDGES = {8: [0, 23, 24, 255], 16: [0, 23, 24, 255, 256, 65535], 32: [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1]}


@dataclass
class Source:
    """Bytes and choices that are the same on every run."""

    name: str
    _drawn: int = field(default=0, init=False)

    def take(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            out += hashlib.sha256(f"cuelight {self.name} {self._drawn}".encode()).digest()
            self._drawn += 1
        return out[:size]

    def below(self, limit: int) -> int:
        return int.from_bytes(self.take(6)) % limit

    def uint(self, bits: int) -> int:
        """A number of so many bits: an edge as often as not."""
        edges = EDGES[bits]
        return edges[self.below(len(edges))] if self.below(2) else self.below(1 << bits)


def cue(source: Source) -> list[Any]:
    kind = source.below(4)
    dt = source.uint(16)
    if kind == 0:
        return [dt, 1, source.uint(16), source.uint(16)]
    if kind == 1:
        return [dt, 2, source.uint(8), source.take(3), source.uint(8), source.uint(16)]
    if kind == 2:
        return [dt, 3, source.below(4), source.below(1801), source.uint(16)]
    return [dt, 14, source.uint(16), source.uint(8), source.uint(8), source.uint(16), source.uint(16)]


def command(source: Source, operation: int) -> list[Any]:
    s = source
    match operation:
        case 1:
            arguments = [s.uint(16), s.uint(16), s.uint(8)]
        case 2:
            arguments = [s.uint(8), s.take(3), s.uint(8), s.uint(16), s.uint(8)]
        case 3:
            arguments = [s.below(4), [0, 1800, s.below(1801)][s.below(3)], s.uint(16), s.uint(8)]
        case 4:
            arguments = [s.uint(8), s.uint(8), *(cue(s) for _ in range([1, 2, 9, 12][s.below(4)]))]
        case 5:
            arguments = [s.uint(8), s.uint(32), s.uint(8)]
        case 6 | 11:
            arguments = []
        case 7:
            arguments = [s.uint(8)]
        case 8:
            arguments = [s.uint(16), s.uint(32), s.take(32)]
        case 9:
            arguments = [s.uint(16), s.uint(32), s.take([1, 23, 24, 219, 220][s.below(5)])]
        case 10 | 13:
            arguments = [s.uint(16)]
        case 12:
            arguments = [s.uint(8), s.uint(8), s.take(32)]
        case 15 | 17:
            arguments = [s.uint(8)]
        case 16:
            arguments = [s.uint(8), s.uint(32)]
        case _:
            arguments = [s.uint(16), s.uint(8), s.uint(8), s.uint(16), s.uint(16), s.uint(8)]
    return [operation, *arguments]


def event(source: Source, operation: int) -> list[Any]:
    s = source
    match operation:
        case 32:
            arguments = [s.uint(8), s.below(5), s.uint(32)]
        case 33:
            arguments = [s.below(5), s.uint(32), s.uint(8), s.uint(16), s.uint(8), s.uint(32)]
        case 34:
            arguments = [s.uint(32), s.uint(8)]
        case 36:
            arguments = [s.uint(8), s.uint(32)]
        case _:
            arguments = [s.uint(8), s.uint(8)]
    return [operation, *arguments]


def expand(prk: bytes, info: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, info).derive(prk)


def mac0(key: bytes, counter: int, aad: bytes, payload: bytes) -> Mac0Message:
    partial_iv = counter.to_bytes(max(1, -(-counter.bit_length() // 8)), "big")
    message = Mac0Message(phdr={Algorithm: HMAC25664, PartialIV: partial_iv}, payload=payload, external_aad=aad)
    message.key = SymmetricKey(key)
    return message


def as_hex(items: Iterable[Any]) -> list[Any]:
    return [item.hex() if isinstance(item, bytes) else as_hex(item) if isinstance(item, list) else item
            for item in items]  # fmt: skip


def command_frames(source: Source, key: bytes, number: int) -> Iterator[dict[str, Any]]:
    operations = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12], [13, 14, 15, 16, 17, 1]][number % 3]
    leased = {1, 2, 3, 5, 7, 14}
    last = 0
    for index, operation in enumerate(operations):
        counter = COUNTERS[number % len(COUNTERS)][index]
        items = command(source, operation)
        payload = cbor2.dumps(items)
        with_tick = operation in leased
        tick = TICKS[(number * 5 + index * 7) % len(TICKS)] if with_tick else 0
        wide = counter - last > 255 or source.below(3) == 0
        first = CMD | (WIDE if wide else 0) | (TICK if with_tick else 0)
        head = (
            bytes([first]) + counter.to_bytes(4)[-2 if wide else -1 :] + (tick.to_bytes(4)[-1:] if with_tick else b"")
        )
        message = mac0(key, counter, bytes([first]) + tick.to_bytes(4), payload)
        yield {
            "direction": "h2d",
            "counter": counter,
            "tick": tick,
            "command": as_hex(items),
            "payload": payload.hex(),
            "frame": (head + payload + message.compute_tag()).hex(),
            "cose_mac0": message.encode().hex(),
        }
        last = counter


def event_frames(source: Source, key: bytes, number: int) -> Iterator[dict[str, Any]]:
    for index, operation in enumerate([33, 32, 34, 35] if number % 2 else [33, 32, 36, 35]):
        counter = EVENT_COUNTERS[number % len(EVENT_COUNTERS)][index]
        items = event(source, operation)
        payload = cbor2.dumps(items)
        tag = mac0(key, counter, bytes([EVT]) + bytes(4), payload).compute_tag()
        yield {
            "direction": "d2h",
            "counter": counter,
            "event": as_hex(items),
            "payload": payload.hex(),
            "frame": (bytes([EVT]) + counter.to_bytes(4)[-2:] + payload + tag).hex(),
        }


def session(number: int) -> dict[str, Any]:
    source = Source(f"session {number}")
    dev_id, inst_id, psk = source.take(8), source.take(4), source.take(32)
    slots, kid, gen = source.below(5), number % 4, [0, 1, 254, 255][number // 4 % 4]
    nonce_d, nonce_h = source.take(8), source.take(8)
    prk = hmac.new(nonce_d + nonce_h, psk, hashlib.sha256).digest()
    context = dev_id + inst_id + bytes([kid, gen])
    k_h2d, k_d2h = expand(prk, b"CLP1 h2d" + context), expand(prk, b"CLP1 d2h" + context)
    hello = bytes([HELLO, slots]) + inst_id + nonce_d
    auth = bytes([AUTH, kid, gen]) + nonce_h
    auth += mac0(k_h2d, 0, hello + auth, b"").compute_tag()
    commands = list(command_frames(source, k_h2d, number))
    rekey = {"slot": source.below(4), "gen": (gen + 1) % 256, "counter": commands[-1]["counter"] + 1}
    pad_info = b"CLP1 key" + context + bytes([rekey["slot"], rekey["gen"]]) + rekey["counter"].to_bytes(4)
    new_psk = source.take(32)
    wrapped = bytes(a ^ b for a, b in zip(new_psk, expand(prk, pad_info), strict=True))
    return {
        "dev_id": dev_id.hex(),
        "inst_id": inst_id.hex(),
        "slots": slots,
        "kid": kid,
        "gen": gen,
        "psk": psk.hex(),
        "nonce_d": nonce_d.hex(),
        "nonce_h": nonce_h.hex(),
        "hello": hello.hex(),
        "prk": prk.hex(),
        "k_h2d": k_h2d.hex(),
        "k_d2h": k_d2h.hex(),
        "auth": auth.hex(),
        "frames": [*commands, *event_frames(source, k_d2h, number)],
        "rekey": rekey | {"new_psk": new_psk.hex(), "wrapped": wrapped.hex()},
        "ratchet_next_psk": hmac.new(psk, b"CLP1 ratchet" + bytes([kid, gen]), hashlib.sha256).hexdigest(),
    }


def make() -> str:
    """The file's text."""
    note = "All byte strings hex. Counters in list order go up: h2d from above 0, d2h from 0 or above."
    return json.dumps({"protocol": "CLP/1", "note": note, "sessions": [session(n) for n in range(16)]}, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(make())
