"""Both ends against the one schema, ``firmware/link.cddl``, read by an independent CDDL validator."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from cddl_verifier import Validator

from custom_components.cuelight.link import LinkError, commands
from custom_components.cuelight.link.frames import Auth, Hello, auth_tag, seal_command
from custom_components.cuelight.link.keys import SessionKeys
from tests.rig.board import ROOT, build

SCHEMA = ROOT / "firmware" / "link.cddl"
_EDGES = (0, 1, 3, 4, 23, 24, 255, 256, 1800, 1801, 65535, 65536, 2**32 - 1, 2**32, -1)
_ARGUMENTS = {1: 3, 2: 5, 3: 4, 5: 3, 6: 0, 7: 1, 8: 3, 9: 3, 10: 1, 11: 0, 12: 3, 13: 1, 14: 6, 15: 1, 16: 2, 17: 1}
_EVENTS = {32: 3, 33: 6, 34: 2, 35: 2, 36: 2}


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(SCHEMA)


def _value(rng: random.Random) -> object:
    kind = rng.random()
    if kind < 0.72:
        return rng.choice(_EDGES) if rng.random() < 0.6 else rng.randrange(256)
    if kind < 0.95:
        return rng.randbytes(rng.choice((0, 1, 2, 3, 4, 31, 32, 33, 220, 221)))
    return rng.choice((True, None, "text", []))


def _right(rng: random.Random, operation: int) -> list[object]:
    """Arguments that an operation may have."""
    byte, word = rng.randrange(256), rng.randrange(65536)
    right: dict[int, list[object]] = {
        1: [word, word, byte],
        2: [byte, rng.randbytes(3), byte, word, byte],
        3: [rng.randrange(4), rng.randrange(1801), word, byte],
        5: [byte, rng.randrange(2**32), byte],
        6: [],
        7: [byte],
        8: [word, rng.randrange(2**32), rng.randbytes(32)],
        9: [word, rng.randrange(2**32), rng.randbytes(rng.randint(1, 190))],
        10: [word],
        11: [],
        12: [byte, byte, rng.randbytes(32)],
        13: [word],
        14: [word, byte, byte, word, word, byte],
        15: [byte],
        16: [byte, rng.randrange(2**32)],
        17: [byte],
        32: [byte, rng.randrange(5), rng.randrange(2**32)],
        33: [rng.randrange(5), rng.randrange(2**32), byte, word, byte, rng.randrange(2**32)],
        34: [rng.randrange(2**32), byte],
        35: [byte, byte],
        36: [byte, rng.randrange(2**32)],
    }
    return right[operation]


def _shaped(rng: random.Random, operation: int) -> list[object]:
    """Arguments of an operation that are right but for chance."""
    arguments = _right(rng, operation)
    if arguments and rng.random() < 0.5:
        arguments[rng.randrange(len(arguments))] = _value(rng)
    if rng.random() < 0.1:
        arguments = [*arguments, 0] if rng.random() < 0.5 else arguments[:-1]
    return arguments


def _cues(rng: random.Random) -> list[object]:
    """A cues command whose cues are right but for chance."""
    cues: list[object] = []
    for _ in range(rng.choice((0, 1, 2, 8))):
        operation = rng.choice((1, 2, 3, 14, 14, 5))
        arguments = _shaped(rng, operation)[:-1] if operation != 5 else [0, 0]
        cues.append([rng.randrange(65536), operation, *arguments])
    return [4, rng.randrange(256), rng.randrange(256), *cues]


def payloads(seed: int, count: int, shapes: dict[int, int]) -> Iterator[bytes]:
    """Payloads of known operations: every argument at every edge, then many by chance."""
    rng = random.Random(seed)
    for operation, number in shapes.items():
        for place in range(number):
            for edge in _EDGES:
                arguments = _right(rng, operation)
                arguments[place] = edge
                yield cbor2.dumps([operation, *arguments], canonical=True)
    for _ in range(count):
        if 1 in shapes and rng.random() < 0.15:
            items = _cues(rng)
        else:
            operation = rng.choice([*shapes])
            items = [operation, *_shaped(rng, operation)]
        yield cbor2.dumps(items, canonical=True)


def test_python_takes_the_commands_that_the_schema_has_and_no_others(validator: Validator) -> None:
    seen = {True: 0, False: 0}
    for payload in payloads(1, 2000, _ARGUMENTS):
        valid = validator.validate(payload, root_type="command").valid
        try:
            commands.decode_command(payload)
            taken = True
        except LinkError:
            taken = False
        assert taken == valid, cbor2.loads(payload)
        seen[valid] += 1
    assert min(seen.values()) > 300


def test_python_takes_the_events_that_the_schema_has_and_no_others(validator: Validator) -> None:
    seen = {True: 0, False: 0}
    for payload in payloads(2, 1000, _EVENTS):
        valid = validator.validate(payload, root_type="event").valid
        try:
            commands.decode_event(payload)
            taken = True
        except LinkError:
            taken = False
        assert taken == valid, cbor2.loads(payload)
        seen[valid] += 1
    assert min(seen.values()) > 150


@pytest.fixture(scope="module")
def device_program() -> Path:
    build(sanitize=True, tests=True)
    return ROOT / "build" / "firmware" / "native-asan" / "tests" / "core" / "link-vectors-device"


def test_the_device_takes_the_commands_that_the_schema_has_and_no_others(
    validator: Validator, device_program: Path
) -> None:
    dev_id, inst_id, nonce_d, nonce_h, psk = bytes(8), bytes(4), bytes(8), bytes(8), bytes(range(32))
    keys = SessionKeys.derive(
        psk, dev_id=dev_id, inst_id=inst_id, slot=0, gen=0, device_nonce=nonce_d, host_nonce=nonce_h
    )
    hello = Hello(1, inst_id, nonce_d).pack()
    auth = Auth(0, 0, nonce_h)
    signed = Auth(0, 0, nonce_h, auth_tag(keys.to_device, hello, auth)).pack()
    lines = [f"open {dev_id.hex()} {inst_id.hex()} 1 0 0 {psk.hex()} {nonce_d.hex()}", f"auth {signed.hex()}", "mark"]
    wanted = []
    for payload in payloads(3, 1500, _ARGUMENTS):
        leased = cbor2.loads(payload)[0] in (1, 2, 3, 5, 7, 14)
        frame = seal_command(keys.to_device, 1, 40 if leased else None, payload)
        lines += [f"cmd {frame.hex()} 40", "rewind"]
        wanted.append((payload, validator.validate(payload, root_type="command").valid))
    done = subprocess.run(
        [device_program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=60
    )
    answers = done.stdout.splitlines()
    assert answers[1].startswith("ok ")
    for (payload, valid), answer in zip(wanted, answers[3::2], strict=True):
        assert answer.startswith("ok ") == valid, (cbor2.loads(payload), answer)
    assert 300 < sum(valid for _, valid in wanted) < len(wanted) - 300
