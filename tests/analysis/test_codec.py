"""The picture codec: what is written is read back, in the fewest bytes, and nothing else is read."""

from collections.abc import Callable

import numpy as np
import pytest

from custom_components.cuelight.analysis import CodecError
from custom_components.cuelight.analysis.codec import (
    FrameKind,
    Picture,
    decode_animation,
    decode_sprite,
    encode_animation,
    encode_sprite,
)


def blank(side: int = 32) -> Picture:
    return np.zeros((side, side), np.bool_)


def dotted(side: int, density: float, seed: int = 1) -> Picture:
    picture: Picture = np.random.default_rng(seed).random((side, side)) < density
    return picture


def ball(side: int, x: float, y: float, radius: float = 5.0) -> Picture:
    rows, columns = np.mgrid[:side, :side]
    picture: Picture = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return picture


def frame_kinds(data: bytes) -> list[int]:
    """The kind byte of every frame, found by decoding ever longer beginnings."""
    kinds, offset = [], 5
    count = int.from_bytes(data[3:5])
    for index in range(count):
        kinds.append(data[offset])
        beginning = data[:3] + (index + 1).to_bytes(2)
        for end in range(offset + 1, len(data) + 1):
            try:
                decode_animation(beginning + data[5:end])
            except CodecError:
                continue
            offset = end
            break
    return kinds


@pytest.mark.parametrize("side", [16, 32])
@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 0.5, 1.0])
def test_what_is_written_is_read_back(side: int, density: float) -> None:
    frames = [dotted(side, density, seed) for seed in range(5)]
    frames += [frames[-1], ~frames[-1], ball(side, 8, 8), ball(side, 9, 8)]
    assert_read_back(frames, 8)


def assert_read_back(frames: list[Picture], fps: int) -> None:
    side, rate, pictures = decode_animation(encode_animation(frames, fps))
    assert (side, rate, len(pictures)) == (frames[0].shape[0], fps, len(frames))
    assert all(np.array_equal(wrote, read) for wrote, read in zip(frames, pictures, strict=True))


def test_a_long_random_animation_is_read_back() -> None:
    rng = np.random.default_rng(3)
    frames = [dotted(32, 0.1)]
    for _ in range(200):
        change = dotted(32, float(rng.choice((0, 0.001, 0.05, 0.6))), int(rng.integers(1 << 30)))
        frames.append(frames[-1] ^ change)
    assert_read_back(frames, 30)


def test_bytes_are_those_of_the_specification() -> None:
    """Worked out by hand: one run of 256 dark pixels is 0, then gamma(256) = eight zeros, a one and eight zeros."""
    assert encode_animation([blank(16)], 8).hex(" ") == "00 10 08 00 01 02 00 40 00"
    lit = blank(16)
    lit[0, 0] = True
    # 1, gamma(1) = 1, gamma(255) = 0000000 11111111
    assert encode_animation([lit], 8).hex(" ") == "00 10 08 00 01 02 c0 7f 80"
    assert encode_sprite(blank(32)).hex(" ") == "01 20 00 10 00"


def test_each_frame_takes_its_shortest_form() -> None:
    rings = ball(32, 12, 16, 11) ^ ball(32, 12, 16, 7) ^ ball(32, 24, 8, 5)
    wider = rings.copy()
    wider[4, 20:28] ^= True
    data = encode_animation([rings, rings, wider, dotted(32, 0.5)], 8)
    assert frame_kinds(data) == [FrameKind.RUNS, FrameKind.SAME, FrameKind.XOR_RUNS, FrameKind.RAW]


def test_a_change_within_one_tile_is_sent_as_that_tile() -> None:
    before = dotted(32, 0.5)
    after = before.copy()
    after[8:16, 16:24] = dotted(8, 0.5, 9)
    assert frame_kinds(encode_animation([before, after], 8)) == [FrameKind.RAW, FrameKind.TILES]


def test_no_frame_is_longer_than_raw_and_its_kind() -> None:
    frames = [dotted(32, 0.5, seed) for seed in range(20)]
    assert len(encode_animation(frames, 8)) <= 5 + 20 * 129


def test_a_sprite_is_read_back() -> None:
    assert np.array_equal(decode_sprite(encode_sprite(ball(32, 16, 16, 12))), ball(32, 16, 16, 12))


@pytest.mark.parametrize(
    ("frames", "fps"),
    [
        ([], 8),
        ([blank()], 0),
        ([blank()], 31),
        ([blank(16), blank(32)], 8),
        ([np.zeros((24, 24), np.bool_)], 8),
        ([np.zeros((32, 16), np.bool_)], 8),
        ([np.zeros((32, 32), np.uint8)], 8),
    ],
)
def test_what_no_button_can_play_is_not_written(frames: list[Picture], fps: int) -> None:
    with pytest.raises(CodecError):
        encode_animation(frames, fps)


def test_a_sprite_of_another_size_is_not_written() -> None:
    with pytest.raises(CodecError):
        encode_sprite(blank(16))


GOOD = encode_animation([ball(32, 10, 10), ball(32, 11, 10), ball(32, 11, 10)], 8)


@pytest.mark.parametrize(
    "spoiled",
    [
        b"",
        GOOD[:4],
        b"\x02" + GOOD[1:],
        GOOD[:1] + b"\x18" + GOOD[2:],
        GOOD[:2] + b"\x00" + GOOD[3:],
        GOOD[:2] + b"\x1f" + GOOD[3:],
        GOOD[:3] + b"\x00\x00" + GOOD[5:],
        GOOD[:3] + b"\x00\x04" + GOOD[5:],
        GOOD[:-1],
        GOOD + b"\x00",
        GOOD[:5] + b"\x05" + GOOD[6:],
        GOOD[:5] + b"\x00" + GOOD[6:],
        GOOD[:5] + b"\x03" + GOOD[6:],
        GOOD[:5] + b"\x04" + GOOD[6:],
    ],
    ids=[
        *("empty", "no header", "not an animation", "unknown side", "no rate", "rate too high", "no frames"),
        *("a frame too many", "cut short", "a byte too many", "unknown kind"),
        *("begins with same", "begins with a difference", "begins with tiles"),
    ],
)
def test_a_spoiled_animation_is_refused(spoiled: bytes) -> None:
    with pytest.raises(CodecError):
        decode_animation(spoiled)


@pytest.mark.parametrize(
    "body",
    [
        "00 40 01",  # the padding is not zero
        "00 3f e0",  # a run longer than the picture
        "00 00 00",  # more zeros than any run's code begins with
        "c0 7f 00",  # one pixel too few, then nothing
    ],
)
def test_spoiled_runs_are_refused(body: str) -> None:
    with pytest.raises(CodecError):
        decode_animation(bytes.fromhex("00 10 08 00 01 02") + bytes.fromhex(body))


def test_a_tile_outside_a_small_picture_is_refused() -> None:
    small = encode_animation([blank(16)], 8)
    with pytest.raises(CodecError):
        decode_animation(small[:3] + b"\x00\x02" + small[5:] + b"\x04\x08" + bytes(8))


@pytest.mark.parametrize("decode", [decode_animation, decode_sprite])
def test_any_bytes_are_read_or_refused(decode: Callable[[bytes], object]) -> None:
    rng = np.random.default_rng(11)
    whole = GOOD if decode is decode_animation else encode_sprite(ball(32, 16, 16))
    for _ in range(600):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), int(rng.integers(1, 4))):
            data[place] ^= 1 << int(rng.integers(8))
        try:
            decode(bytes(data[: int(rng.integers(1, len(data) + 1))]))
        except CodecError:
            continue
