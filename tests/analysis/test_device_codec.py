"""The codec at both ends: the firmware's decoder shows what was encoded here, and refuses what is refused here."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from custom_components.cuelight.analysis import CodecError
from custom_components.cuelight.analysis.codec import (
    SIDES,
    Picture,
    decode_animation,
    decode_sprite,
    encode_animation,
    encode_sprite,
)

FIRMWARE = Path(__file__).parents[2] / "firmware"
HALF = bytes((0x80, 0x20, 0x00, 0x04, 0x00))
"""Runs: 512 pixels lit, 512 dark."""


def ball(side: int, step: int) -> Picture:
    """A disc that moves to the right."""
    rows, columns = np.mgrid[:side, :side]
    return np.hypot(rows - side / 2, columns - side / 4 - step) < side / 4


def moving(side: int, count: int = 12) -> list[Picture]:
    return [ball(side, step % 6) for step in range(count)]


def noise(side: int, count: int, density: float, seed: int = 1) -> list[Picture]:
    random = np.random.default_rng(seed)
    return [random.random((side, side)) < density for _ in range(count)]


def tiles_changing(side: int) -> list[Picture]:
    """Noise of which one tile changes at a time: the case that tiles are for."""
    random = np.random.default_rng(3)
    picture = random.random((side, side)) < 0.5
    out = [picture]
    for step in range(6):
        picture = picture.copy()
        left = 8 * (step % (side // 8))
        picture[-8:, left : left + 8] = random.random((8, 8)) < 0.5
        out.append(picture)
    return out


def samples() -> Iterator[tuple[str, list[Picture]]]:
    for side in SIDES:
        empty, full = np.zeros((side, side), np.bool_), np.ones((side, side), np.bool_)
        chess = np.indices((side, side)).sum(axis=0) % 2 == 1
        yield f"{side} empty", [empty]
        yield f"{side} full", [full]
        yield f"{side} empty and full in turn", [empty, full, empty, full, full]
        yield f"{side} chess board and its negative", [chess, ~chess, chess]
        yield f"{side} a moving ball", moving(side)
        yield f"{side} sparse noise", noise(side, 8, 0.02)
        yield f"{side} dense noise", noise(side, 8, 0.5)
        yield f"{side} changing tiles", tiles_changing(side)


SAMPLES = dict(samples())
sampled = pytest.mark.parametrize("pictures", SAMPLES.values(), ids=SAMPLES)


@sampled
def test_an_animation_cut_short_anywhere_is_refused(pictures: list[Picture]) -> None:
    data = encode_animation(pictures, 8)
    for length in range(len(data)):
        with pytest.raises(CodecError):
            decode_animation(data[:length])


def test_a_sprite_cut_short_anywhere_is_refused() -> None:
    data = encode_sprite(ball(32, 3))
    for length in range(len(data)):
        with pytest.raises(CodecError):
            decode_sprite(data[:length])


HEAD = b"\x00\x20\x08\x00\x01"
GOOD = HEAD + b"\x02" + HALF
TWO = b"\x00\x20\x08\x00\x02\x02" + HALF
BAD = {
    "a byte after the end": GOOD + b"\x00",
    "no frames": b"\x00\x20\x08\x00\x00",
    "side 0": b"\x00\x00\x08\x00\x01\x02" + HALF,
    "side 31": b"\x00\x1f\x08\x00\x01\x02" + HALF,
    "side 64": b"\x00\x40\x08\x00\x01\x02" + HALF,
    "no frame rate": b"\x00\x20\x00\x00\x01\x02" + HALF,
    "31 frames a second": b"\x00\x20\x1f\x00\x01\x02" + HALF,
    "another kind of asset": b"\x02\x20\x08\x00\x01\x02" + HALF,
    "a sprite": b"\x01\x20" + HALF,
    "frame kind 5": TWO + b"\x05",
    "frame kind 255": TWO + b"\xff",
    "first frame the same": HEAD + b"\x00",
    "first frame a difference": HEAD + b"\x03" + HALF,
    "first frame tiles": HEAD + b"\x04\x00\x00",
    "eleven zeros in a run": HEAD + b"\x02\x80\x08\x00\x00",
    "nothing but zeros": HEAD + b"\x02" + bytes(200),
    "a run past the end": HEAD + b"\x02\x80\x20\x00\x04\x10",
    "one pixel too many": HEAD + b"\x02\x80\x10\x04",
    "padding": HEAD + b"\x02\x80\x20\x00\x04\x01",
    "more frames announced": b"\x00\x20\x08\xff\xff\x02" + HALF,
    "tiles outside a small picture": b"\x00\x10\x08\x00\x02\x01" + bytes(32) + b"\x04\x08" + bytes(8),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_bytes_are_refused(data: bytes) -> None:
    assert decode_animation(GOOD)
    with pytest.raises(CodecError):
        decode_animation(data)


def test_an_animation_is_no_sprite() -> None:
    assert decode_sprite(b"\x01\x20" + HALF).sum() == 512
    for data in (GOOD, b"", b"\x01", b"\x01\x10" + HALF, b"\x01\x20" + HALF + b"\x00"):
        with pytest.raises(CodecError):
            decode_sprite(data)


def mangled() -> Iterator[bytes]:
    """Random bytes behind good heads, and good animations with a few bytes changed; the same every time."""
    random = np.random.default_rng(11)
    good = [encode_animation(pictures, 8) for pictures in SAMPLES.values()]
    for _ in range(150):
        side = int(random.choice(SIDES))
        yield bytes((0, side, 8, 0, int(random.integers(1, 4)))) + random.bytes(int(random.integers(0, 80)))
    for _ in range(250):
        data = bytearray(good[int(random.integers(len(good)))])
        for _ in range(int(random.integers(1, 4))):
            data[int(random.integers(len(data)))] = int(random.integers(256))
        yield bytes(data)


def test_random_bytes_are_refused_or_decoded_to_pictures_that_survive_again() -> None:
    decoded = 0
    for data in mangled():
        try:
            side, fps, pictures = decode_animation(data)
        except CodecError:
            continue
        decoded += 1
        assert all(picture.shape == (side, side) and picture.dtype == np.bool_ for picture in pictures)
        np.testing.assert_array_equal(decode_animation(encode_animation(pictures, fps))[2], pictures)
    assert decoded > 10, "the test should see both"


type Device = Callable[[bytes], tuple[bool, bytes]]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """The firmware's decoder, under sanitizers; it says whether it took the bytes, and gives the pictures it made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    program = tmp_path_factory.mktemp("device") / "animation-decode"
    sources = [FIRMWARE / "tests/core/animation_decode.c", FIRMWARE / "core/animation.c"]
    flags = ["-std=c11", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", FIRMWARE / "core"]
    subprocess.run([compiler, *flags, "-o", program, *sources], check=True)

    def decode(data: bytes) -> tuple[bool, bytes]:
        done = subprocess.run([program], input=data, capture_output=True, check=False)
        assert done.returncode in {0, 1}, done.stderr.decode()
        return done.returncode == 0, done.stdout

    return decode


def packed(pictures: list[Picture]) -> bytes:
    return b"".join(np.packbits(picture).tobytes() for picture in pictures)


@sampled
def test_the_device_shows_what_was_encoded(device: Device, pictures: list[Picture]) -> None:
    assert device(encode_animation(pictures, 8)) == (True, packed(pictures))


@pytest.mark.parametrize("density", [0.0, 0.1, 0.5, 1.0])
def test_the_device_shows_the_sprite_that_was_encoded(device: Device, density: float) -> None:
    (picture,) = noise(32, 1, density, seed=2)
    assert device(encode_sprite(picture)) == (True, packed([picture]))


@pytest.mark.parametrize("data", [data for name, data in BAD.items() if name != "a sprite"])
def test_the_device_refuses_what_is_refused_here(device: Device, data: bytes) -> None:
    assert device(data) == (False, b"")


def test_the_device_and_this_end_agree_on_mangled_bytes(device: Device) -> None:
    for data in list(mangled())[::4]:
        try:
            expected = True, packed(decode_animation(data)[2])
        except CodecError:
            expected = False, b""
        assert device(data) == expected
