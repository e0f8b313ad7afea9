"""The firmware's X25519 against that of the cryptography package."""

import random
import subprocess

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tests.rig.board import ROOT, build

P = 2**255 - 19
NEAR = (0, 2**255, 2**256 - 1, 2**256 - 38, 2**256 - 39, *(2**bit for bit in range(0, 256, 15)))
EDGES = [*range(-3, 20), *(value - P for value in NEAR)]
"""Points at and around what a product is reduced by, as their distance from p."""


def product(secret: bytes, point: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:  # all zero
        return bytes(32)


def test_products_are_those_of_another_implementation() -> None:
    build(sanitize=True, tests=True)
    program = ROOT / "build" / "firmware" / "native-asan" / "tests" / "core" / "test_core_x25519"
    rng = random.Random(7748)
    pairs = [(rng.randbytes(32), (P + edge).to_bytes(32, "little")) for edge in EDGES]
    pairs += [(rng.choice([rng.randbytes(32), b"\xff" * 32, bytes(32)]), rng.randbytes(32)) for _ in range(250)]
    lines = "".join(f"{secret.hex()} {point.hex()}\n" for secret, point in pairs)
    done = subprocess.run([program, "filter"], input=lines, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [product(*pair).hex() for pair in pairs]
