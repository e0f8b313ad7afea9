# SPDX-License-Identifier: Apache-2.0
"""The puppet's motion engine as core/motion.h specifies it, and a check that the firmware's is the same.

`motion_reference.py TEST_CORE_MOTION` asks the test program to draw many frames and compares every bit.
"""

import math
import random
import subprocess
import sys

SIDE = 32
FLOOR = 4096
MOTIONS = (
    "still",
    "jump",
    "turn",
    "approach",
    "retreat",
    "fall",
    "shake",
    "spin",
    "appear",
    "disappear",
    "walk",
    "wobble",
)

Picture = list[list[bool]]


def length_ms(period_ms: int, duration_ms: int) -> int:
    """How long a puppet moves."""
    return duration_ms or period_ms or 1000


def phase(period_ms: int, duration_ms: int, t_ms: int) -> int:
    """The phase at a time since the start, 0 to 65535."""
    period = period_ms or 1000
    t = min(t_ms, length_ms(period_ms, duration_ms) - 1)
    return t % period * 65536 // period


def sine(i: int) -> int:
    """One 256th of a circle a step, 16384 high."""
    return round(16384 * math.sin(2 * math.pi * (i % 256) / 256))


def cosine(i: int) -> int:
    """A quarter ahead of the sine."""
    return sine(i + 64)


def arc(g: int) -> int:
    """A parabola, 0 at 0 and 65536, 65536 in the middle."""
    return g * (65536 - g) >> 14


def pose(motion: str, a: int, p: int) -> dict[str, int]:
    """What the motion does to the sprite at a phase."""
    match motion:
        case "jump" if p < 8192 or p >= 57344:
            b = 4096 - abs(p % 8192 - 4096)
            return {"py": FLOOR, "ay": 256 + (a * b >> 14), "ax": 256 - (a * b >> 15)}
        case "jump":
            return {"ty": -(12 * a * arc((p - 8192) * 4 // 3) >> 16)}
        case "turn":
            k = p % 16384
            c = cosine(a * (k, 16384, 16384 - k, 0)[p // 16384] >> 15)
            width = 4194304 // max(abs(c), 1024)
            return {"ax": -width if c < 0 else width}
        case "approach":
            scale = 65536 // (256 - (3 * a * (65536 - p) >> 18))
            return {"ax": scale, "ay": scale, "py": FLOOR}
        case "retreat":
            return pose("approach", a, 65535 - p)
        case "fall" if p < 49152:
            return {"ty": -(24 * a * (65536 - ((p * 4 // 3) >> 8) ** 2) >> 16)}
        case "fall":
            return {"ty": -(3 * a * arc((p - 49152) * 4) >> 16)}
        case "shake":
            return {"tx": a * sine(p >> 8) >> 11}
        case "spin":
            return {"angle": p * (a + 1) >> 16}
        case "appear":
            return {"hidden": a * (64 - min(64, p // 768)) // 255}
        case "disappear":
            return pose("appear", a, 65535 - p)
        case "walk":
            wave = sine(p >> 8)
            return {
                "tx": a * wave >> 13,
                "ty": -(a * abs(wave) >> 12),
                "angle": a * cosine(p >> 8) >> 19,
                "py": FLOOR,
            }
        case "wobble":
            return {"angle": a * sine(p >> 8) >> 18, "py": FLOOR}
    return {}


def bayer(x: int, y: int) -> int:
    """The threshold of a pixel, 0 to 63."""
    value = 0
    for bit in range(3):
        value = value << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1)
    return value


def draw(sprite: Picture, motion: str, amplitude: int, at: int) -> Picture:
    """One frame."""
    rest = {"tx": 0, "ty": 0, "angle": 0, "ax": 256, "ay": 256, "py": 0, "hidden": 0}
    now = rest | pose(motion, amplitude, at)
    c, s = cosine(now["angle"]), sine(now["angle"])
    frame = [[False] * SIDE for _ in range(SIDE)]
    for y in range(SIDE):
        for x in range(SIDE):
            from_x = 256 * x - 3968 - now["tx"]
            from_y = 256 * y - 3968 - now["ty"] - now["py"]
            u = ((((from_x * c + from_y * s) >> 14) * now["ax"] >> 8) + 4096) >> 8
            v = ((((from_y * c - from_x * s) >> 14) * now["ay"] >> 8) + now["py"] + 4096) >> 8
            inside = 0 <= u < SIDE and 0 <= v < SIDE
            frame[y][x] = inside and bayer(x, y) >= now["hidden"] and sprite[v][u]
    return frame


def to_hex(picture: Picture) -> str:
    """128 bytes, rows from the top, most significant bit left."""
    return "".join(f"{int(''.join('01'[pixel] for pixel in row), 2):08x}" for row in picture)


def main() -> None:
    """Compares the firmware's frames with these."""
    dice = random.Random(20)
    sprite = [[dice.random() < 0.5 for _ in range(SIDE)] for _ in range(SIDE)]
    cases = [
        (motion, amplitude, period, duration, t)
        for motion in range(len(MOTIONS))
        for amplitude in (0, 1, 100, 254, 255)
        for period, duration, t in ((1000, 0, 0), (1000, 0, 1000), (0, 2500, 2500), (1, 5, 3))
    ]
    cases += [
        (motion, dice.randrange(256), dice.randrange(65536), dice.randrange(65536), dice.randrange(70000))
        for motion in range(len(MOTIONS))
        for _ in range(15)
    ]
    requests = "".join(" ".join(map(str, case)) + "\n" for case in cases)
    answer = subprocess.run(
        [sys.argv[1], "draw"], input=to_hex(sprite) + "\n" + requests, capture_output=True, text=True, check=True
    )
    for case, hexed in zip(cases, answer.stdout.split(), strict=True):
        motion, amplitude, period, duration, t = case
        if hexed != to_hex(draw(sprite, MOTIONS[motion], amplitude, phase(period, duration, t))):
            sys.exit(f"The firmware draws {MOTIONS[motion]} {case[1:]} differently.")


if __name__ == "__main__":
    main()
