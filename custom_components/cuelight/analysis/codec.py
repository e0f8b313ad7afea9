"""The 1-bit picture codec of the buttons: animations and sprites, byte-identical with `firmware/core/animation.c`.

    animation = 00 | side u8 (16 or 32) | fps u8 (1..30) | frames u16 big-endian | frame*
    frame     = kind u8 | body
    sprite    = 01 | side u8 (32) | runs

A picture is side*side bits, row-major, top left first, most significant bit first. Frame kinds: 0 same as the last one;
1 raw; 2 runs; 3 runs of the difference (exclusive or) with the last frame; 4 a bitmap of changed 8x8 tiles (row-major,
most significant bit first, 16 bits at side 32, the upper 4 of 8 bits at side 16) and 8 bytes for each of them.
Runs are a bit stream: the value of the first run, then the lengths of the alternating runs in Elias gamma code (Elias,
1975) until the picture is full, padded with zeros to a byte.
An animation's first frame is raw or runs, so that a player can loop to it from any other.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import batched

import numpy as np
import numpy.typing as npt

from .exceptions import CodecError

type Picture = npt.NDArray[np.bool_]
"""Square, side x side, true where the pixel is lit."""

ANIMATION = 0x00
SPRITE = 0x01
SIDES = (16, 32)
SPRITE_SIDE = 32
FPS_LIMIT = 30
FRAMES_LIMIT = 0xFFFF
TILE = 8
HEADER_BYTES = 5
GAMMA_ZEROS_LIMIT = 10
"""A run is at most 32 * 32 = 2**10 pixels, so its gamma code begins with at most ten zeros."""
BATCH = 64
"""Frames encoded at once: enough to share numpy's overhead."""

NEVER = 0xFFFF
"""The size of a frame that cannot be of its kind."""


class FrameKind(IntEnum):
    """How one frame is written."""

    SAME = 0
    RAW = 1
    RUNS = 2
    XOR_RUNS = 3
    TILES = 4


def encode_animation(frames: Iterable[Picture], fps: int) -> bytes:
    """Write an animation, each frame in its shortest form (ties to the lower kind).

    Raises CodecError for no or too many frames, frames of different or unknown sizes, or a frame rate outside 1..30.
    """
    pictures = [_checked(frame) for frame in frames]
    if not 1 <= len(pictures) <= FRAMES_LIMIT:
        raise CodecError(f"An animation has 1 to {FRAMES_LIMIT} frames, not {len(pictures)}.")
    if not 1 <= fps <= FPS_LIMIT:
        raise CodecError(f"An animation plays 1 to {FPS_LIMIT} frames a second, not {fps}.")
    side = pictures[0].shape[0]
    if any(picture.shape[0] != side for picture in pictures):
        raise CodecError("The frames of an animation have one size.")
    out = bytearray((ANIMATION, side, fps))
    out += len(pictures).to_bytes(2)
    last: Picture | None = None
    for some in batched(pictures, BATCH, strict=False):
        out += _encode_frames(np.stack(some), last)
        last = some[-1]
    return bytes(out)


def decode_animation(data: bytes) -> tuple[int, int, list[Picture]]:
    """Return side, frame rate and frames of an animation; CodecError for anything but exactly one animation."""
    if len(data) < HEADER_BYTES or data[0] != ANIMATION:
        raise CodecError("These bytes are no animation.")
    side, fps, count = data[1], data[2], int.from_bytes(data[3:5])
    if side not in SIDES or not 1 <= fps <= FPS_LIMIT or count == 0:
        raise CodecError(f"No animation has side {side}, {fps} frames a second and {count} frames.")
    reader = _Reader(data, HEADER_BYTES)
    frames: list[Picture] = []
    for _ in range(count):
        frames.append(_decode_frame(reader, side, frames[-1] if frames else None))
    reader.finish()
    return side, fps, frames


def encode_sprite(picture: Picture) -> bytes:
    """Write one 32x32 picture as a sprite."""
    if _checked(picture).shape[0] != SPRITE_SIDE:
        raise CodecError(f"A sprite is {SPRITE_SIDE} pixels wide, not {picture.shape[0]}.")
    return bytes((SPRITE, SPRITE_SIDE)) + _encode_runs(picture[None])[0]


def decode_sprite(data: bytes) -> Picture:
    """Return a sprite's picture; CodecError for anything but exactly one sprite."""
    if len(data) < 2 or data[0] != SPRITE or data[1] != SPRITE_SIDE:
        raise CodecError("These bytes are no sprite.")
    reader = _Reader(data, 2)
    picture = _decode_runs(reader, SPRITE_SIDE)
    reader.finish()
    return picture


def _checked(picture: Picture) -> Picture:
    if picture.dtype != np.bool_ or picture.ndim != 2 or picture.shape[0] != picture.shape[1]:
        raise CodecError("A frame is a square of booleans.")
    if picture.shape[0] not in SIDES:
        raise CodecError(f"A frame is {' or '.join(map(str, SIDES))} pixels wide, not {picture.shape[0]}.")
    return picture


def _encode_frames(pictures: npt.NDArray[np.bool_], last: Picture | None) -> bytes:
    """Frames (n, side, side) that follow on a last one, if there is one."""
    changed = pictures.copy()
    changed[1:] ^= pictures[:-1]
    if last is not None:
        changed[0] ^= last
    rows = np.packbits(changed, axis=2)  # Of a tile each byte, whose width it is.
    tiles = rows.reshape(len(rows), -1, TILE, rows.shape[2]).any(axis=2).reshape(len(rows), -1)
    runs = _encode_runs(np.concatenate((pictures, changed)))
    runs, parts = runs[: len(pictures)], runs[len(pictures) :]
    sizes = np.array(
        [
            np.where(tiles.any(axis=1), NEVER, 0),
            np.full(len(pictures), pictures[0].size // 8),
            [len(body) for body in runs],
            [len(body) for body in parts],
            (tiles.shape[1] + 7) // 8 + TILE * tiles.sum(axis=1),
        ]
    )
    if last is None:
        sizes[[FrameKind.SAME, FrameKind.XOR_RUNS, FrameKind.TILES], 0] = NEVER
    out = bytearray()
    for index, kind in enumerate(sizes.argmin(axis=0).tolist()):
        out.append(kind)
        if kind == FrameKind.RAW:
            out += np.packbits(pictures[index]).tobytes()
        elif kind == FrameKind.RUNS:
            out += runs[index]
        elif kind == FrameKind.XOR_RUNS:
            out += parts[index]
        elif kind == FrameKind.TILES:
            shown = _tiles(pictures[index]).reshape(-1, TILE, TILE)[tiles[index]]
            out += np.packbits(tiles[index]).tobytes() + np.packbits(shown).tobytes()
    return bytes(out)


def _decode_frame(reader: _Reader, side: int, last: Picture | None) -> Picture:
    try:
        kind = FrameKind(reader.take(1)[0])
    except ValueError:
        raise CodecError("A frame has an unknown kind.") from None
    if kind is FrameKind.RAW:
        return _unpack(reader.take(side * side // 8)).reshape(side, side)
    if kind is FrameKind.RUNS:
        return _decode_runs(reader, side)
    if last is None:
        raise CodecError("The first frame builds on another.")
    if kind is FrameKind.XOR_RUNS:
        return last ^ _decode_runs(reader, side)
    if kind is FrameKind.TILES:
        return _decode_tiles(reader, last)
    return last.copy()


def _tiles(picture: Picture) -> npt.NDArray[np.bool_]:
    """A view as (tile row, tile column, row, column)."""
    across = picture.shape[0] // TILE
    return picture.reshape(across, TILE, across, TILE).swapaxes(1, 2)


def _decode_tiles(reader: _Reader, last: Picture) -> Picture:
    across = last.shape[0] // TILE
    count = across * across
    bitmap = _unpack(reader.take((count + 7) // 8))
    if bitmap[count:].any():
        raise CodecError("A tile outside the picture is marked as changed.")
    picture = last.copy()
    tiles = _tiles(picture)
    for index in np.flatnonzero(bitmap):
        tiles[index // across, index % across] = _unpack(reader.take(TILE)).reshape(TILE, TILE)
    return picture


def _encode_runs(pictures: npt.NDArray[np.bool_]) -> list[bytes]:
    """The runs of each picture (n, side, side)."""
    pixels = pictures.reshape(len(pictures), -1)
    begins = np.ones(pixels.shape, np.bool_)
    np.not_equal(pixels[:, 1:], pixels[:, :-1], out=begins[:, 1:])
    places = np.append(np.flatnonzero(begins), pixels.size)
    lengths = places[1:] - places[:-1]
    first = np.searchsorted(places, np.arange(0, pixels.size, pixels.shape[1]))
    widths = _GAMMA_BITS[lengths]
    widths[first] += 1  # The value of the first run comes before it.
    used = np.add.reduceat(widths, first)
    stops = ((used + 7) // 8).cumsum()
    starts = np.concatenate(([0], stops[:-1]))
    ends = widths.cumsum() + np.repeat(8 * starts - used.cumsum() + used, np.diff(np.append(first, len(lengths))))
    bits = np.zeros(8 * int(stops[-1]), np.bool_)
    bits[8 * starts] = pixels[:, 0]
    while lengths.size:
        ends -= 1
        bits[ends[lengths & 1 > 0]] = True
        lengths >>= 1
        left = lengths > 0
        lengths, ends = lengths[left], ends[left]
    data = np.packbits(bits).tobytes()
    return [data[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


_GAMMA_BITS = np.array([max(1, 2 * length.bit_length() - 1) for length in range((1 << GAMMA_ZEROS_LIMIT) + 1)])
"""Bits that the code of each run length takes: its binary digits after as many zeros less one; no run is 0 long."""


def _decode_runs(reader: _Reader, side: int) -> Picture:
    bits = _BitReader(reader)
    value = bits.take(1) == 1
    pixels = np.zeros(side * side, np.bool_)
    filled = 0
    while filled < pixels.size:
        length = bits.gamma()
        if filled + length > pixels.size:
            raise CodecError("A run goes past the end of the picture.")
        pixels[filled : filled + length] = value
        filled += length
        value = not value
    bits.finish()
    return pixels.reshape(side, side)


def _unpack(data: bytes) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(data, np.uint8)).astype(np.bool_)


class _Reader:
    """Bytes taken in order; too few, or any left at the end, is an error."""

    def __init__(self, data: bytes, offset: int) -> None:
        self._data: Sequence[int] = data
        self._offset = offset

    def take(self, count: int) -> bytes:
        end = self._offset + count
        if end > len(self._data):
            raise CodecError("The bytes end in the middle.")
        taken = bytes(self._data[self._offset : end])
        self._offset = end
        return taken

    def finish(self) -> None:
        if self._offset != len(self._data):
            raise CodecError("There are bytes after the end.")


class _BitReader:
    """Bits of a `_Reader`'s bytes, most significant first."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._byte = 0
        self._left = 0

    def take(self, count: int) -> int:
        number = 0
        for _ in range(count):
            if self._left == 0:
                self._byte = self._reader.take(1)[0]
                self._left = 8
            self._left -= 1
            number = number << 1 | (self._byte >> self._left & 1)
        return number

    def gamma(self) -> int:
        zeros = 0
        while self.take(1) == 0:
            zeros += 1
            if zeros > GAMMA_ZEROS_LIMIT:
                raise CodecError("A run is longer than any picture.")
        return 1 << zeros | self.take(zeros)

    def finish(self) -> None:
        if self._byte & (1 << self._left) - 1:
            raise CodecError("The padding after the runs is not zero.")
