#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the pictures of this folder into C.

    compile.py OUT.c [--preview DIR]

`sprite_NN_NAME.txt` is 32 rows of 32 characters, `#` for a lit pixel and `.` for a dark one.

`animation_NN_NAME.txt` is drawn from parts:

    fps 8
    part NAME           followed by its rows: `#` lights, `-` darkens, `.` leaves what is below
    frame [xN] NAME X,Y NAME X,Y ...
                        the parts drawn in this order, upper left corners at X,Y; shown N times

Blank lines and lines that start with `;` do not count. The coding is described in animation.h. `--preview` writes each
picture as a portable bitmap (PBM), the frames of an animation side by side.
"""

import argparse
import re
from pathlib import Path
from typing import NamedTuple

SIDE = 32
PIXELS = SIDE * SIDE
TILE = 8
ANIMATION, SPRITE = 0, 1
SAME, RAW, INTRA, XOR, TILES = range(5)

Picture = tuple[tuple[bool, ...], ...]


class Animation(NamedTuple):
    """Frames to be shown at `fps`."""

    fps: int
    frames: list[Picture]


class ArtError(Exception):
    """A drawing that cannot be compiled; the message names the file and says why."""


def bits_to_bytes(bits: list[bool]) -> bytes:
    """Packs bits, most significant first, zero padded."""
    padded = bits + [False] * (-len(bits) % 8)
    return bytes(sum(bit << 7 - i for i, bit in enumerate(padded[at : at + 8])) for at in range(0, len(padded), 8))


def flat(picture: Picture) -> list[bool]:
    """The pixels row by row."""
    return [pixel for row in picture for pixel in row]


def encode_runs(pixels: list[bool]) -> bytes:
    """The value of the first run, then the lengths of all runs in Elias gamma."""
    bits = [pixels[0]]
    start = 0
    for at in range(1, len(pixels) + 1):
        if at == len(pixels) or pixels[at] != pixels[start]:
            digits = f"{at - start:b}"
            bits += [False] * (len(digits) - 1) + [digit == "1" for digit in digits]
            start = at
    return bits_to_bytes(bits)


def encode_tiles(picture: Picture, last: Picture) -> bytes:
    """A bit for each 8x8 tile that changed, then the rows of those that did."""
    changed, rows = [], b""
    for top in range(0, SIDE, TILE):
        for left in range(0, SIDE, TILE):
            tile = [row[left : left + TILE] for row in picture[top : top + TILE]]
            changed.append(tile != [row[left : left + TILE] for row in last[top : top + TILE]])
            if changed[-1]:
                rows += bits_to_bytes([pixel for row in tile for pixel in row])
    return bits_to_bytes(changed) + rows


def encode_frame(picture: Picture, last: Picture | None) -> bytes:
    """The shortest coding of a frame; of equally short ones the one with the lowest kind."""
    pixels = flat(picture)
    bodies = {RAW: bits_to_bytes(pixels), INTRA: encode_runs(pixels)}
    if last is not None:
        bodies[XOR] = encode_runs([a != b for a, b in zip(pixels, flat(last), strict=True)])
        bodies[TILES] = encode_tiles(picture, last)
        if picture == last:
            bodies[SAME] = b""
    kind = min(bodies, key=lambda kind: (len(bodies[kind]), kind))
    return bytes([kind]) + bodies[kind]


def encode_animation(animation: Animation) -> bytes:
    """The bytes of an animation asset."""
    data = bytes([ANIMATION, SIDE, animation.fps]) + len(animation.frames).to_bytes(2, "big")
    last = None
    for picture in animation.frames:
        data += encode_frame(picture, last)
        last = picture
    return data


def encode_sprite(picture: Picture) -> bytes:
    """The bytes of a sprite asset."""
    return bytes([SPRITE, SIDE]) + encode_runs(flat(picture))


def read_sprite(path: Path) -> Picture:
    """Reads a drawing of 32 rows of 32 characters."""
    rows = path.read_text().split()
    if len(rows) != SIDE or any(not re.fullmatch(rf"[#.]{{{SIDE}}}", row) for row in rows):
        raise ArtError(f"{path}: a sprite is {SIDE} rows of {SIDE} characters, '#' or '.'.")
    return tuple(tuple(pixel == "#" for pixel in row) for row in rows)


def place(canvas: list[list[bool]], part: list[str], left: int, top: int) -> None:
    """Draws a part; what falls outside is cut off."""
    for y, row in enumerate(part, top):
        for x, pixel in enumerate(row, left):
            if pixel != "." and 0 <= x < SIDE and 0 <= y < SIDE:
                canvas[y][x] = pixel == "#"


def read_animation(path: Path) -> Animation:
    """Reads a drawing made of parts."""
    fps, frames = 0, []
    parts: dict[str, list[str]] = {}
    rows: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if not words or line.startswith(";"):
            continue
        match words:
            case ["fps", value]:
                fps = int(value)
            case ["part", name]:
                rows = parts[name] = []
            case ["frame", *rest]:
                times = int(rest.pop(0)[1:]) if rest and re.fullmatch(r"x\d+", rest[0]) else 1
                canvas = [[False] * SIDE for _ in range(SIDE)]
                for name, at in zip(rest[::2], rest[1::2], strict=True):
                    if name not in parts:
                        raise ArtError(f"{path}:{number}: there is no part {name}.")
                    left, top = map(int, at.split(","))
                    place(canvas, parts[name], left, top)
                frames += [tuple(map(tuple, canvas))] * times
            case [row] if re.fullmatch(r"[#.-]+", row):
                rows.append(row)
            case _:
                raise ArtError(f"{path}:{number}: '{line}' is no fps, part, frame or row of a part.")
    if not 1 <= fps <= 30 or not frames:
        raise ArtError(f"{path}: an animation needs 'fps' from 1 to 30 and at least one frame.")
    return Animation(fps, frames)


def drawings(folder: Path, kind: str) -> list[Path]:
    """The drawings of a kind, whose numbers must run from 0 without a gap."""
    paths = sorted(folder.glob(f"{kind}_[0-9][0-9]_*.txt"))
    if [int(path.name.split("_")[1]) for path in paths] != list(range(len(paths))):
        raise ArtError(f"{folder}: the numbers of the {kind}s do not run from 00 without a gap.")
    return paths


def c_array(path: Path, data: bytes) -> str:
    """The bytes as a C array with the drawing's name."""
    rows = [data[at : at + 16] for at in range(0, len(data), 16)]
    lines = "\n".join("    " + ", ".join(f"0x{byte:02x}" for byte in row) + "," for row in rows)
    return f"static const uint8_t {path.stem}[] = {{\n{lines}\n}};\n"


def c_table(kind: str, paths: list[Path]) -> str:
    """The table of the arrays of a kind."""
    lines = "\n".join(f"    {{{path.stem}, sizeof {path.stem}}}," for path in paths)
    return f"const struct art art_{kind}s[ART_{kind.upper()}S] = {{\n{lines}\n}};\n"


def preview(path: Path, pictures: list[Picture]) -> None:
    """Writes pictures side by side."""
    rows = ["".join("01"[pixel] for picture in pictures for pixel in picture[y]) for y in range(SIDE)]
    path.write_text(f"P1\n{SIDE * len(pictures)} {SIDE}\n" + "\n".join(rows) + "\n")


def main() -> None:
    """Compiles every drawing beside this script."""
    parser = argparse.ArgumentParser(description="Compile the built-in pictures into C.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--preview", type=Path)
    options = parser.parse_args()
    folder = Path(__file__).parent
    animations = {path: read_animation(path) for path in drawings(folder, "animation")}
    sprites = {path: read_sprite(path) for path in drawings(folder, "sprite")}
    text = "/* SPDX-License-Identifier: Apache-2.0\n"
    text += " *\n * Made by art/compile.py from the drawings beside it; do not edit.\n */\n"
    text += '#include "art.h"\n\n'
    text += "\n".join(c_array(path, encode_animation(animation)) for path, animation in animations.items()) + "\n"
    text += "\n".join(c_array(path, encode_sprite(picture)) for path, picture in sprites.items()) + "\n"
    text += c_table("animation", list(animations)) + "\n" + c_table("sprite", list(sprites))
    options.out.write_text(text)
    if options.preview:
        options.preview.mkdir(parents=True, exist_ok=True)
        for path, animation in animations.items():
            preview(options.preview / f"{path.stem}.pbm", animation.frames)
        for path, picture in sprites.items():
            preview(options.preview / f"{path.stem}.pbm", [picture])


if __name__ == "__main__":
    try:
        main()
    except ArtError as error:
        raise SystemExit(str(error)) from None
