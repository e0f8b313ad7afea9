"""The cast. Each subject faces right, stands on y = 0 and is about one unit high."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .pen import Colour, Pen, darker, lighter, luminance, mix


@dataclass(frozen=True, slots=True)
class Look:
    """What a subject is made of this time."""

    main: Colour
    light: Colour
    dark: Colour
    accent: Colour


@dataclass(frozen=True, slots=True)
class Gesture:
    """What the body does, apart from where it is.

    ``stride`` is the phase of the walk in radians and ``pace`` its strength (0 stands); ``sway`` runs from -1 to 1
    (tail, fins, hem); ``eyes`` from 0 (shut) to 1, more when surprised; ``lift`` from 0 standing to 1 in full leap.
    """

    stride: float = 0.0
    pace: float = 0.0
    sway: float = 0.0
    eyes: float = 1.0
    lift: float = 0.0


type Artist = Callable[[Pen, Look, Gesture], None]

_INK: Colour = (38, 32, 48)
_WHITE: Colour = (255, 255, 255)


def _eye(pen: Pen, x: float, y: float, size: float, g: Gesture, white: bool = False) -> None:
    with pen.flat():
        if g.eyes < 0.25:
            pen.line([(x - size, y), (x, y - size * 0.5), (x + size, y)], size * 0.5, _INK)
            return
        wide = size * (0.8 + 0.2 * min(g.eyes, 1.6))
        high = size * 1.25 * min(g.eyes, 1.3)
        if white:
            pen.oval(x, y, wide * 1.5, high * 1.4, _WHITE)
            x += size * 0.35
        pen.oval(x, y, wide, high, _INK)
        pen.oval(x + size * 0.3, y + high * 0.35, size * 0.36, size * 0.4, _WHITE)


def _legs(pen: Pen, g: Gesture, colour: Colour, xs: tuple[float, float], hip: float, width: float, far: bool) -> None:
    """Draw one side's fore and hind leg; in a leap they stretch apart."""
    for index, x in enumerate(xs):
        phase = g.stride + math.pi * (index + far)
        swing = 0.13 * math.sin(phase) * g.pace + g.lift * (0.16 if x > 0 else -0.16)
        raised = max(0.0, math.cos(phase)) * 0.09 * g.pace + g.lift * 0.1
        knee = (x + swing * 0.35 - (0.03 if x < 0 else -0.02) * (1 + g.lift), hip * 0.5 + raised * 0.6)
        foot = (x + swing, width + raised)
        pen.limb([(x, hip), knee, foot], width * 1.25, width, colour)
        pen.oval(foot[0] + width * 0.45, foot[1] - width * 0.1, width * 1.45, width * 0.95, colour)


def cat(pen: Pen, look: Look, g: Gesture) -> None:
    """A striped cat."""
    far = darker(look.main, 0.28)
    tail = [(-0.42, 0.42), (-0.62, 0.44 + 0.06 * g.sway), (-0.74 - 0.05 * g.sway, 0.68), (-0.62 + 0.16 * g.sway, 0.92)]
    pen.limb(tail, 0.07, 0.05, look.main)
    _legs(pen, g, far, (0.24, -0.26), 0.34, 0.055, far=True)
    with pen.joined():
        pen.blob(
            [
                (-0.46, 0.36),
                (-0.4, 0.55),
                (-0.1, 0.58),
                (0.2, 0.6),
                (0.38, 0.5),
                (0.36, 0.28),
                (0.05, 0.2),
                (-0.3, 0.2),
            ],
            look.main,
        )
        _legs(pen, g, look.main, (0.3, -0.33), 0.34, 0.06, far=False)
    with pen.flat():
        pen.oval(0.0, 0.25, 0.26, 0.06, look.light)
        for x in (-0.3, -0.17, -0.04):
            pen.limb([(x, 0.565), (x + 0.015, 0.44)], 0.03, 0.012, look.dark)
    with pen.joined():
        pen.polygon([(0.2, 0.8), (0.2, 1.08), (0.4, 0.9)], look.main)
        pen.polygon([(0.5, 0.9), (0.66, 1.07), (0.7, 0.78)], look.main)
        pen.blob(
            [
                (0.14, 0.68),
                (0.22, 0.86),
                (0.44, 0.92),
                (0.66, 0.86),
                (0.75, 0.68),
                (0.66, 0.52),
                (0.44, 0.47),
                (0.22, 0.52),
            ],
            look.main,
        )
    with pen.flat():
        pen.polygon([(0.24, 0.87), (0.245, 1.0), (0.34, 0.91)], look.accent)
        pen.polygon([(0.56, 0.9), (0.635, 0.99), (0.655, 0.85)], look.accent)
        for x in (0.37, 0.46, 0.55):
            pen.limb([(x, 0.905), (x + 0.005, 0.83)], 0.02, 0.008, look.dark)
        pen.oval(0.53, 0.575, 0.14, 0.08, look.light)
        pen.oval(0.55, 0.625, 0.035, 0.024, look.accent)
    _eye(pen, 0.39, 0.7, 0.055, g)
    _eye(pen, 0.63, 0.7, 0.055, g)
    for y, end in ((0.59, 0.62), (0.56, 0.55)):
        pen.line([(0.68, y), (0.86, end)], 0.012, lighter(look.dark, 0.15))
        pen.line([(0.34, y), (0.17, end)], 0.012, lighter(look.dark, 0.15))
    pen.line([(0.49, 0.575), (0.55, 0.55), (0.61, 0.575)], 0.016, _INK)


def dog(pen: Pen, look: Look, g: Gesture) -> None:
    """A floppy-eared dog with a collar."""
    far = darker(look.main, 0.28)
    tail = [(-0.42, 0.52), (-0.56, 0.66), (-0.6 + 0.1 * g.sway, 0.84 - 0.03 * abs(g.sway))]
    pen.limb(tail, 0.065, 0.035, look.main)
    _legs(pen, g, far, (0.22, -0.28), 0.36, 0.06, far=True)
    with pen.joined():
        pen.blob(
            [
                (-0.48, 0.42),
                (-0.42, 0.6),
                (-0.1, 0.6),
                (0.18, 0.66),
                (0.36, 0.6),
                (0.36, 0.34),
                (0.05, 0.26),
                (-0.34, 0.26),
            ],
            look.main,
        )
        _legs(pen, g, look.main, (0.29, -0.36), 0.38, 0.065, far=False)
    with pen.flat():
        pen.blob([(-0.2, 0.59), (-0.02, 0.59), (0.04, 0.46), (-0.12, 0.4), (-0.26, 0.47)], look.dark)
        pen.oval(0.02, 0.3, 0.24, 0.05, look.light)
    with pen.joined():
        pen.blob(
            [(0.18, 0.74), (0.22, 0.92), (0.4, 1.0), (0.56, 0.94), (0.62, 0.76), (0.5, 0.6), (0.28, 0.6)], look.main
        )
        pen.blob([(0.46, 0.78), (0.66, 0.8), (0.8, 0.73), (0.79, 0.62), (0.62, 0.58), (0.46, 0.6)], look.light)
    with pen.flat():
        pen.oval(0.78, 0.74, 0.055, 0.045, _INK)
        if g.lift < 0.5:
            pen.blob([(0.6, 0.585), (0.7, 0.6), (0.71, 0.53), (0.66, 0.49), (0.61, 0.52)], (228, 104, 118))
    pen.line([(0.77, 0.69), (0.7, 0.61), (0.56, 0.605)], 0.018, _INK)
    _eye(pen, 0.52, 0.83, 0.05, g)
    flap = 0.05 * g.sway + 0.14 * g.lift
    pen.blob(
        [
            (0.24, 0.95),
            (0.34, 0.93),
            (0.37 - flap * 0.3, 0.74 + flap),
            (0.3 - flap, 0.58 + flap),
            (0.19 - flap, 0.64 + flap),
        ],
        look.dark,
    )
    pen.limb([(0.24, 0.6), (0.36, 0.55), (0.47, 0.58)], 0.032, 0.032, look.accent)
    with pen.flat():
        pen.oval(0.38, 0.51, 0.035, 0.04, (250, 214, 90))


def rabbit(pen: Pen, look: Look, g: Gesture) -> None:
    """A long-eared rabbit."""
    back = -0.12 * g.lift - 0.03 * g.sway
    for x, colour in ((0.28, darker(look.main, 0.2)), (0.4, look.main)):
        pen.limb([(x, 0.7), (x - 0.03 + back * 0.5, 0.92), (x - 0.06 + back * 2, 1.12)], 0.075, 0.05, colour)
        pen.line([(x, 0.78), (x - 0.03 + back * 0.5, 0.92), (x - 0.055 + back * 1.8, 1.07)], 0.05, look.accent)
    pen.oval(-0.45, 0.28, 0.1, 0.1, look.light)
    step = 0.1 * math.sin(g.stride) * g.pace
    pen.limb([(-0.2, 0.2), (-0.12 + step - 0.3 * g.lift, 0.06)], 0.1, 0.065, darker(look.main, 0.25))
    with pen.joined():
        pen.blob(
            [(-0.46, 0.24), (-0.38, 0.48), (-0.1, 0.56), (0.18, 0.48), (0.26, 0.24), (0.1, 0.08), (-0.3, 0.07)],
            look.main,
        )
        pen.limb(
            [(-0.22, 0.22), (-0.2 - step - 0.3 * g.lift, 0.07), (-0.02 - step - 0.3 * g.lift, 0.06)],
            0.16,
            0.06,
            look.main,
        )
        pen.limb([(0.18, 0.25), (0.22 - step + 0.2 * g.lift, 0.07 + 0.08 * g.lift)], 0.07, 0.055, look.main)
    with pen.flat():
        pen.oval(0.12, 0.27, 0.1, 0.16, look.light)
    pen.blob([(0.12, 0.6), (0.2, 0.76), (0.38, 0.82), (0.55, 0.72), (0.6, 0.56), (0.46, 0.43), (0.24, 0.44)], look.main)
    with pen.flat():
        pen.oval(0.49, 0.52, 0.1, 0.075, look.light)
        pen.oval(0.57, 0.58, 0.03, 0.025, look.accent)
        pen.oval(0.34, 0.53, 0.05, 0.035, mix(look.main, (244, 130, 150), 0.5))
    _eye(pen, 0.42, 0.66, 0.052, g)


def bird(pen: Pen, look: Look, g: Gesture) -> None:
    """A round songbird; in the air it beats its wings."""
    beat = math.sin(g.stride) * max(g.pace, g.lift)
    pen.blob(
        [(-0.3, 0.5), (-0.62, 0.5 + 0.06 * g.sway), (-0.78, 0.62 + 0.08 * g.sway), (-0.56, 0.66), (-0.28, 0.66)],
        look.dark,
    )
    for x in (-0.02, 0.12):
        tuck = 0.12 * g.lift
        pen.line([(x, 0.3), (x + 0.02 - tuck, 0.06 + tuck)], 0.04, (214, 130, 60))
        pen.line(
            [(x - 0.05 - tuck, 0.035 + tuck), (x + 0.02 - tuck, 0.06 + tuck), (x + 0.11 - tuck, 0.03 + tuck)],
            0.04,
            (214, 130, 60),
        )
    pen.polygon([(0.5, 0.84), (0.74, 0.75), (0.5, 0.7)], (244, 166, 56))
    pen.blob(
        [
            (-0.36, 0.56),
            (-0.12, 0.78),
            (0.08, 0.98),
            (0.36, 1.0),
            (0.54, 0.82),
            (0.48, 0.5),
            (0.24, 0.26),
            (-0.1, 0.26),
            (-0.32, 0.4),
        ],
        look.main,
    )
    with pen.flat():
        pen.blob([(0.1, 0.6), (0.34, 0.68), (0.46, 0.56), (0.38, 0.4), (0.2, 0.3), (0.02, 0.32)], look.light)
        pen.oval(0.3, 0.72, 0.06, 0.04, mix(look.main, (255, 120, 120), 0.6))
    tip = 0.42 + 0.55 * beat
    pen.blob(
        [
            (0.12, 0.66),
            (-0.06, 0.72 + 0.12 * beat),
            (-0.34, tip + 0.06),
            (-0.48, tip - 0.02),
            (-0.28, 0.42 + 0.2 * beat),
            (0.0, 0.42),
        ],
        look.dark,
    )
    _eye(pen, 0.36, 0.84, 0.056, g)


def duck(pen: Pen, look: Look, g: Gesture) -> None:
    """A duck."""
    step = 0.09 * math.sin(g.stride) * g.pace
    for x, swing in ((-0.04, step), (0.1, -step)):
        pen.limb([(x, 0.2), (x + swing, 0.06)], 0.03, 0.03, (238, 148, 52))
        pen.blob([(x + swing - 0.05, 0.02), (x + swing + 0.02, 0.08), (x + swing + 0.15, 0.02)], (238, 148, 52))
    pen.blob([(0.56, 0.88), (0.76, 0.86), (0.88, 0.8), (0.74, 0.76), (0.54, 0.76)], (244, 164, 56))
    with pen.joined():
        pen.blob(
            [
                (-0.6, 0.56),
                (-0.4, 0.46),
                (-0.05, 0.5),
                (0.3, 0.5),
                (0.42, 0.34),
                (0.2, 0.16),
                (-0.2, 0.16),
                (-0.48, 0.32),
            ],
            look.main,
        )
        pen.limb([(0.24, 0.4), (0.32, 0.6), (0.38, 0.8)], 0.15, 0.11, look.main)
        pen.oval(0.42, 0.84, 0.2, 0.18, look.main)
    lift = 0.3 * g.lift * math.sin(g.stride)
    pen.blob([(0.14, 0.44), (-0.1, 0.46 + lift * 0.5), (-0.42, 0.4 + lift), (-0.2, 0.26), (0.08, 0.26)], look.light)
    _eye(pen, 0.48, 0.88, 0.045, g)


def fish(pen: Pen, look: Look, g: Gesture) -> None:
    """A fish with a long tail fin."""
    wave = 0.12 * g.sway
    pen.blob(
        [
            (-0.4, 0.5),
            (-0.62, 0.66 + wave),
            (-0.86, 0.84 + wave),
            (-0.78, 0.52 + wave * 0.5),
            (-0.86, 0.18 + wave),
            (-0.6, 0.34 + wave),
        ],
        look.accent,
    )
    pen.blob([(-0.26, 0.72), (-0.16, 0.98), (0.16, 0.96), (0.34, 0.78), (0.0, 0.7)], look.accent)
    pen.blob([(-0.1, 0.28), (-0.18, 0.06), (0.08, 0.1), (0.16, 0.26)], look.accent)
    pen.blob(
        [(-0.54, 0.5), (-0.3, 0.72), (0.1, 0.84), (0.46, 0.72), (0.66, 0.5), (0.46, 0.28), (0.1, 0.18), (-0.3, 0.3)],
        look.main,
    )
    with pen.flat():
        pen.blob([(-0.3, 0.34), (0.1, 0.22), (0.44, 0.32), (0.56, 0.46), (0.1, 0.4)], look.light)
        for x, high in ((-0.28, 0.1), (-0.06, 0.15)):
            pen.limb([(x, 0.5 + high), (x + 0.06, 0.54), (x, 0.46 - high * 0.6)], 0.025, 0.02, look.dark)
    fan = 0.06 * g.sway
    pen.blob([(0.14, 0.46), (0.0, 0.42 + fan), (-0.12, 0.26 + fan), (0.06, 0.28)], look.accent)
    pen.line([(0.24, 0.7), (0.18, 0.52), (0.24, 0.34)], 0.02, look.dark)
    pen.line([(0.64, 0.45), (0.56, 0.42), (0.52, 0.44)], 0.022, _INK)
    _eye(pen, 0.43, 0.58, 0.065, g, white=True)


def frog(pen: Pen, look: Look, g: Gesture) -> None:
    """A frog."""
    stretch = 0.24 * g.lift
    pen.limb(
        [
            (-0.24, 0.3),
            (-0.44 - stretch, 0.2 - stretch * 0.2),
            (-0.3 - stretch * 1.8, 0.05),
            (-0.12 - stretch * 2.4, 0.045),
        ],
        0.13,
        0.05,
        look.dark,
    )
    with pen.joined():
        pen.blob(
            [
                (-0.42, 0.24),
                (-0.3, 0.5),
                (0.0, 0.66),
                (0.34, 0.62),
                (0.46, 0.42),
                (0.34, 0.16),
                (0.0, 0.08),
                (-0.32, 0.1),
            ],
            look.main,
        )
        pen.limb(
            [(0.22, 0.26), (0.28 + stretch, 0.14 + stretch * 0.4), (0.38 + stretch, 0.045 + stretch)],
            0.08,
            0.045,
            look.main,
        )
        pen.limb(
            [(-0.14, 0.3), (-0.34 - stretch, 0.22), (-0.16 - stretch, 0.05), (0.02 - stretch, 0.045)],
            0.13,
            0.05,
            look.main,
        )
        pen.oval(0.1, 0.7, 0.13, 0.14, look.main)
        pen.oval(0.34, 0.7, 0.13, 0.14, look.main)
    with pen.flat():
        pen.blob([(0.02, 0.36), (0.3, 0.4), (0.4, 0.3), (0.26, 0.14), (0.04, 0.12)], look.light)
        for x, y, r in ((-0.22, 0.44, 0.05), (-0.1, 0.54, 0.035), (-0.3, 0.32, 0.04)):
            pen.oval(x, y, r, r * 0.8, look.dark)
    pen.line([(0.06, 0.5), (0.24, 0.45), (0.43, 0.5)], 0.022, _INK)
    _eye(pen, 0.12, 0.73, 0.058, g, white=True)
    _eye(pen, 0.35, 0.73, 0.058, g, white=True)


def person(pen: Pen, look: Look, g: Gesture) -> None:
    """A child in a coloured shirt."""
    skin: Colour = (246, 206, 172) if luminance(look.main) < 190 else (206, 150, 110)
    swing = 0.16 * math.sin(g.stride) * g.pace
    lift = 0.1 * g.lift
    trousers = look.dark
    pen.limb(
        [(-0.02, 0.6), (0.06 - swing * 0.8, 0.47 + lift), (0.1 - swing * 1.4 + lift, 0.36 + 2.6 * lift)],
        0.04,
        0.035,
        darker(look.main, 0.25),
    )
    for sign in (-1, 1):
        foot = (
            sign * (swing + 0.03) + (0.1 * lift * sign * 5),
            0.05 + max(0, sign * math.cos(g.stride)) * 0.06 * g.pace + lift * (0.8 if sign > 0 else 0.2),
        )
        pen.limb(
            [(sign * 0.03, 0.36), (foot[0] * 0.6 + 0.02, (0.36 + foot[1]) / 2), foot],
            0.065,
            0.05,
            darker(trousers, 0.18 * (sign < 0)),
        )
        pen.oval(foot[0] + 0.045, foot[1] - 0.012, 0.085, 0.042, look.accent)
    pen.blob(
        [(-0.12, 0.64), (0.0, 0.69), (0.12, 0.64), (0.14, 0.46), (0.11, 0.34), (-0.11, 0.34), (-0.14, 0.46)], look.main
    )
    pen.line([(-0.13, 0.47), (0.0, 0.455), (0.14, 0.47)], 0.045, look.light)
    hand = (-0.06 + swing * 1.3 - lift * 1.2, 0.36 + 3.2 * lift)
    pen.limb([(-0.04, 0.6), (-0.07 + swing * 0.6, 0.48 + lift), hand], 0.045, 0.036, look.main)
    pen.oval(hand[0], hand[1], 0.042, 0.042, skin)
    pen.blob(
        [
            (-0.2, 0.84),
            (-0.14, 0.99),
            (0.03, 1.04),
            (0.18, 0.97),
            (0.21, 0.82),
            (0.14, 0.71),
            (0.0, 0.67),
            (-0.14, 0.71),
        ],
        skin,
    )
    hair: Colour = (84, 58, 50) if look.main[0] % 2 else (58, 50, 60)
    pen.blob(
        [
            (-0.22, 0.76),
            (-0.235, 0.92),
            (-0.13, 1.06),
            (0.06, 1.1),
            (0.21, 1.0),
            (0.22, 0.9),
            (0.1, 0.96),
            (-0.05, 0.93),
            (-0.12, 0.86),
            (-0.14, 0.76),
        ],
        hair,
    )
    with pen.flat():
        pen.oval(-0.12, 0.81, 0.03, 0.04, mix(skin, (200, 90, 80), 0.25))
        pen.oval(0.14, 0.775, 0.035, 0.022, mix(skin, (236, 100, 100), 0.45))
        pen.oval(-0.01, 0.775, 0.03, 0.022, mix(skin, (236, 100, 100), 0.45))
    _eye(pen, 0.03, 0.835, 0.024, g)
    _eye(pen, 0.145, 0.835, 0.024, g)
    pen.line([(0.05, 0.755), (0.095, 0.735), (0.135, 0.755)], 0.014, (150, 60, 60))


def robot(pen: Pen, look: Look, g: Gesture) -> None:
    """A tin robot."""
    swing = 0.1 * math.sin(g.stride) * g.pace
    for sign in (-1, 1):
        x = sign * 0.13 + swing * sign
        pen.limb([(sign * 0.12, 0.3), (x, 0.1)], 0.05, 0.05, look.dark)
        pen.blob([(x - 0.09, 0.02), (x - 0.07, 0.12), (x + 0.07, 0.12), (x + 0.13, 0.02)], look.main)
    arm = 0.25 * g.lift + 0.05 * g.sway
    pen.limb([(-0.26, 0.52), (-0.38, 0.4 + arm), (-0.36, 0.28 + arm * 2)], 0.04, 0.04, look.dark)
    pen.polygon([(-0.26, 0.26), (-0.28, 0.6), (0.28, 0.6), (0.26, 0.26)], look.main)
    pen.limb([(0.26, 0.52), (0.38, 0.4 + arm), (0.4, 0.28 + arm * 2)], 0.04, 0.04, look.dark)
    with pen.flat():
        pen.polygon([(-0.14, 0.34), (-0.14, 0.5), (0.14, 0.5), (0.14, 0.34)], look.dark)
        for index, colour in enumerate(((240, 90, 80), (250, 206, 80), (110, 210, 120))):
            pen.oval(-0.08 + 0.08 * index, 0.42, 0.028, 0.028, colour)
    pen.line([(0.0, 0.96), (0.02 * g.sway, 1.08)], 0.03, look.dark)
    pen.oval(0.02 * g.sway, 1.1, 0.045, 0.045, look.accent)
    pen.blob(
        [(-0.26, 0.66), (-0.28, 0.9), (-0.2, 0.97), (0.2, 0.97), (0.28, 0.9), (0.26, 0.66), (0.2, 0.63), (-0.2, 0.63)],
        look.main,
    )
    with pen.flat():
        pen.blob([(-0.16, 0.73), (-0.16, 0.9), (0.22, 0.9), (0.22, 0.73)], darker(look.dark, 0.5))
    for x in (-0.04, 0.12):
        with pen.flat():
            pen.oval(x, 0.82, 0.04, 0.05 * min(g.eyes, 1.2) + 0.005, (150, 240, 255))


def ball(pen: Pen, look: Look, g: Gesture) -> None:
    """A beach ball."""
    pen.oval(0, 0.5, 0.5, 0.5, look.main)
    with pen.flat():
        for index in range(0, 6, 2):
            a0 = index * math.pi / 3
            rim = [
                (0.5 * math.cos(a0 + math.pi / 3 * i / 8), 0.5 + 0.5 * math.sin(a0 + math.pi / 3 * i / 8))
                for i in range(9)
            ]
            pen.polygon([(0, 0.5), *rim], look.light if index else look.accent)
        pen.oval(0, 0.5, 0.09, 0.09, look.light)
        pen.oval(-0.2, 0.72, 0.12, 0.07, lighter(look.main, 0.65), 35)


def star(pen: Pen, look: Look, g: Gesture) -> None:
    """A plump star with a face."""
    points = []
    for index in range(10):
        radius, angle = (0.56, 0.3)[index % 2], math.pi / 2 + index * math.pi / 5
        points.append((radius * math.cos(angle), 0.5 + radius * math.sin(angle)))
    rounded = []
    for index, (x, y) in enumerate(points):
        (px, py), (nx, ny) = points[index - 1], points[(index + 1) % 10]
        cut = 0.16 if index % 2 == 0 else 0.1
        rounded += [(x + (px - x) * cut, y + (py - y) * cut), (x + (nx - x) * cut, y + (ny - y) * cut)]
    pen.polygon(rounded, look.main)
    with pen.flat():
        pen.limb([(-0.2, 0.72), (-0.05, 0.86)], 0.03, 0.02, look.light)
        for x in (-0.19, 0.23):
            pen.oval(x, 0.42, 0.055, 0.035, mix(look.main, (255, 110, 90), 0.55))
    _eye(pen, -0.1, 0.52, 0.05, g)
    _eye(pen, 0.14, 0.52, 0.05, g)
    pen.line([(-0.05, 0.41), (0.02, 0.37), (0.09, 0.41)], 0.025, _INK)


def heart(pen: Pen, look: Look, g: Gesture) -> None:
    """A beating heart with a face."""
    beat = 1 + 0.03 * g.sway
    outline = []
    for index in range(48):
        a = 2 * math.pi * index / 48
        outline.append(
            (
                0.034 * beat * 16 * math.sin(a) ** 3,
                0.54 + 0.034 * beat * (13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)),
            )
        )
    pen.polygon(outline, look.main)
    with pen.flat():
        pen.limb([(-0.36, 0.62), (-0.33, 0.78), (-0.22, 0.84)], 0.035, 0.03, look.light)
        for x in (-0.24, 0.24):
            pen.oval(x, 0.5, 0.06, 0.04, mix(look.main, (255, 200, 190), 0.5))
    _eye(pen, -0.13, 0.6, 0.05, g)
    _eye(pen, 0.13, 0.6, 0.05, g)
    pen.line([(-0.07, 0.47), (0.0, 0.43), (0.07, 0.47)], 0.024, _INK)


def ghost(pen: Pen, look: Look, g: Gesture) -> None:
    """A friendly ghost with a waving hem."""
    hem = []
    for index in range(9):
        x = 0.36 - 0.09 * index
        y = 0.14 + (0.07 if index % 2 else -0.02) + 0.03 * math.sin(g.sway * 2 + index)
        hem.append((x - 0.06 * g.pace, y))
    pen.limb([(-0.26, 0.56), (-0.42, 0.52 + 0.05 * g.sway), (-0.48, 0.42 + 0.1 * g.sway)], 0.07, 0.05, look.main)
    pen.blob(
        [*hem, (-0.4, 0.4), (-0.36, 0.74), (-0.2, 0.98), (0.04, 1.04), (0.26, 0.96), (0.38, 0.72), (0.4, 0.4)],
        look.main,
    )
    pen.limb([(0.28, 0.54), (0.46, 0.52 - 0.05 * g.sway), (0.54, 0.62 - 0.1 * g.sway)], 0.07, 0.05, look.main)
    with pen.flat():
        pen.limb([(-0.26, 0.62), (-0.24, 0.8), (-0.12, 0.93)], 0.03, 0.025, look.light)
        for x in (-0.06, 0.3):
            pen.oval(x, 0.62, 0.05, 0.032, mix(look.main, (255, 130, 150), 0.5))
        pen.oval(0.13, 0.6, 0.04, 0.055, _INK)
    _eye(pen, 0.02, 0.74, 0.055, g)
    _eye(pen, 0.24, 0.74, 0.055, g)


def car(pen: Pen, look: Look, g: Gesture) -> None:
    """A small round car."""
    bump = 0.012 * math.sin(g.stride * 2) * g.pace
    glass: Colour = (176, 222, 240)
    pen.blob(
        [(-0.4, 0.5), (-0.32, 0.74), (-0.2, 0.86), (0.1, 0.87), (0.28, 0.74), (0.4, 0.5 + bump), (0.0, 0.46)],
        look.main,
    )
    with pen.flat():
        pen.blob([(-0.3, 0.54), (-0.24, 0.72), (-0.14, 0.79), (-0.04, 0.79), (-0.04, 0.54)], glass)
        pen.blob([(0.02, 0.54), (0.02, 0.79), (0.12, 0.78), (0.24, 0.68), (0.31, 0.54)], glass)
        pen.limb([(-0.2, 0.6), (-0.13, 0.74)], 0.02, 0.02, _WHITE)
        pen.limb([(0.08, 0.6), (0.14, 0.72)], 0.02, 0.02, _WHITE)
    pen.blob(
        [
            (-0.68, 0.3),
            (-0.66, 0.48),
            (-0.46, 0.55),
            (0.0, 0.55),
            (0.42, 0.53),
            (0.66, 0.45),
            (0.7, 0.28),
            (0.6, 0.18),
            (-0.6, 0.18),
        ],
        look.main,
    )
    with pen.flat():
        pen.blob([(-0.64, 0.26), (0.0, 0.27), (0.67, 0.26), (0.58, 0.19), (-0.58, 0.19)], look.dark)
        pen.oval(0.63, 0.41, 0.06, 0.065, (255, 240, 170))
        pen.oval(-0.65, 0.42, 0.03, 0.05, (236, 80, 70))
        pen.limb([(-0.08, 0.46), (-0.0, 0.46)], 0.014, 0.014, look.dark)
    for x in (-0.38, 0.4):
        pen.oval(x, 0.17, 0.17, 0.17, (52, 50, 60))
        with pen.flat():
            pen.oval(x, 0.17, 0.09, 0.09, (204, 208, 216))
            for index in range(4):
                a = -g.stride + index * math.pi / 2
                pen.line([(x, 0.17), (x + 0.085 * math.cos(a), 0.17 + 0.085 * math.sin(a))], 0.024, (120, 124, 136))


def balloon(pen: Pen, look: Look, g: Gesture) -> None:
    """A balloon on its string."""
    pen.line([(0, 0.36), (0.05 * g.sway, 0.22), (-0.05 * g.sway, 0.1), (0.03 * g.sway, 0)], 0.018, _INK)
    pen.polygon([(-0.05, 0.33), (0.0, 0.4), (0.05, 0.33)], look.dark)
    pen.blob(
        [(0, 0.37), (-0.26, 0.54), (-0.33, 0.78), (-0.2, 1.0), (0, 1.06), (0.2, 1.0), (0.33, 0.78), (0.26, 0.54)],
        look.main,
    )
    with pen.flat():
        pen.limb([(-0.2, 0.7), (-0.2, 0.82), (-0.12, 0.92)], 0.035, 0.03, look.light)
    _eye(pen, 0.02, 0.74, 0.04, g)
    _eye(pen, 0.2, 0.74, 0.04, g)
    pen.line([(0.06, 0.64), (0.11, 0.615), (0.16, 0.64)], 0.02, _INK)


def rocket(pen: Pen, look: Look, g: Gesture) -> None:
    """A rocket; its flame grows when it moves."""
    flame = 0.08 + 0.2 * max(g.lift, g.pace) + 0.03 * math.sin(g.stride * 3) * max(g.lift, g.pace)
    pen.blob(
        [(-0.1, 0.2), (0.1, 0.2), (0.06, 0.14 - flame * 0.5), (0, 0.14 - flame), (-0.06, 0.14 - flame * 0.5)],
        (255, 166, 60),
    )
    for sign in (-1, 1):
        pen.blob([(sign * 0.12, 0.46), (sign * 0.32, 0.26), (sign * 0.32, 0.1), (sign * 0.14, 0.2)], look.accent)
    pen.blob([(-0.12, 0.18), (-0.2, 0.5), (-0.14, 0.84), (0, 1.08), (0.14, 0.84), (0.2, 0.5), (0.12, 0.18)], look.light)
    with pen.flat():
        pen.blob([(-0.135, 0.86), (0, 1.06), (0.135, 0.86), (0, 0.82)], look.main)
        pen.blob([(-0.13, 0.19), (-0.16, 0.3), (0.16, 0.3), (0.13, 0.19)], look.main)
    pen.oval(0.02, 0.62, 0.1, 0.1, (150, 214, 240))
    _eye(pen, 0.04, 0.62, 0.035, g)


def flower(pen: Pen, look: Look, g: Gesture) -> None:
    """A flower with a face."""
    lean = 0.05 * g.sway
    pen.limb([(0, 0.0), (-0.02, 0.25), (lean, 0.6)], 0.035, 0.03, (92, 160, 82))
    pen.blob([(0, 0.16), (0.16, 0.3), (0.34, 0.3), (0.2, 0.16)], (112, 182, 96))
    pen.blob([(-0.01, 0.1), (-0.16, 0.22), (-0.32, 0.2), (-0.18, 0.08)], (112, 182, 96))
    with pen.joined():
        for index in range(8):
            a = index * math.pi / 4
            pen.oval(lean + 0.22 * math.cos(a), 0.74 + 0.22 * math.sin(a), 0.15, 0.1, look.main, math.degrees(a))
    pen.oval(lean, 0.74, 0.17, 0.17, (250, 208, 84))
    _eye(pen, lean - 0.05, 0.77, 0.03, g)
    _eye(pen, lean + 0.08, 0.77, 0.03, g)
    pen.line([(lean - 0.03, 0.69), (lean + 0.015, 0.665), (lean + 0.06, 0.69)], 0.02, _INK)


def spark(pen: Pen, look: Look, g: Gesture) -> None:
    """The generic subject: a glowing drop of light, for whatever cannot be drawn."""
    pen.blob(
        [
            (0.02 + 0.1 * g.sway, 1.06),
            (0.16, 0.84),
            (0.38, 0.58),
            (0.38, 0.26),
            (0.16, 0.05),
            (-0.16, 0.05),
            (-0.38, 0.26),
            (-0.36, 0.58),
            (-0.12, 0.82),
        ],
        look.main,
    )
    with pen.flat():
        pen.blob(
            [(0.0, 0.76), (0.22, 0.5), (0.24, 0.26), (0.08, 0.13), (-0.12, 0.14), (-0.25, 0.28), (-0.2, 0.5)],
            look.light,
        )
    _eye(pen, -0.04, 0.42, 0.055, g)
    _eye(pen, 0.17, 0.42, 0.055, g)
    pen.line([(0.02, 0.29), (0.065, 0.26), (0.11, 0.29)], 0.025, _INK)


@dataclass(frozen=True, slots=True)
class Character:
    """A subject of the cast: how it is drawn, how big, and which colours and places suit it.

    ``hover`` is how high over the ground it stays, ``flies`` walks through the air, ``rolls`` turns as it goes,
    ``wheels`` spins in the picture's plane (what does not, spins about its own axis).
    """

    draw: Artist
    mains: tuple[Colour, ...]
    height: float = 0.3
    hover: float = 0.0
    flies: bool = False
    rolls: bool = False
    wheels: bool = False
    places: tuple[str, ...] = ("meadow", "room", "street")
    accent: Colour = (236, 140, 150)


_FUR: tuple[Colour, ...] = ((240, 154, 70), (172, 176, 188), (250, 226, 190), (92, 84, 100), (196, 128, 84))
_BRIGHT: tuple[Colour, ...] = ((226, 72, 64), (58, 134, 214), (250, 200, 64), (88, 186, 120), (176, 108, 206))
_RED: Colour = (214, 66, 66)

CAST: dict[str, Character] = {
    "cat": Character(cat, _FUR, 0.31, places=("windowsill", "room", "meadow")),
    "dog": Character(dog, (*_FUR[:3], (150, 100, 66)), 0.31, accent=_RED, places=("meadow", "street", "room")),
    "rabbit": Character(
        rabbit, ((250, 240, 228), (190, 160, 134), (170, 174, 186)), 0.3, places=("meadow", "snow", "forest")
    ),
    "bird": Character(bird, _BRIGHT, 0.25, flies=True, places=("meadow", "forest", "windowsill")),
    "duck": Character(duck, ((252, 216, 92), (246, 244, 238)), 0.28, places=("sea", "meadow")),
    "fish": Character(
        fish,
        ((250, 136, 54), (64, 152, 220), (250, 206, 70), (232, 92, 120)),
        0.25,
        hover=0.2,
        places=("underwater",),
        accent=(250, 190, 80),
    ),
    "frog": Character(frog, ((112, 186, 84), (72, 168, 128)), 0.26, places=("meadow", "forest")),
    "person": Character(person, _BRIGHT, 0.42, accent=(240, 240, 244)),
    "robot": Character(
        robot,
        ((150, 190, 214), (240, 180, 90), (206, 120, 120)),
        0.38,
        accent=(250, 96, 84),
        places=("stage", "room", "street"),
    ),
    "ball": Character(
        ball, _BRIGHT, 0.22, rolls=True, wheels=True, accent=(250, 210, 80), places=("meadow", "sea", "room")
    ),
    "star": Character(
        star, ((252, 208, 74), (250, 160, 90)), 0.27, hover=0.09, wheels=True, places=("space", "meadow")
    ),
    "heart": Character(heart, ((232, 70, 92), (244, 120, 160)), 0.27, hover=0.09, places=("stage", "room", "meadow")),
    "ghost": Character(
        ghost,
        ((246, 246, 252), (206, 222, 248), (232, 214, 250)),
        0.33,
        hover=0.09,
        places=("forest", "room", "street"),
    ),
    "car": Character(car, _BRIGHT, 0.24, places=("street", "desert", "meadow")),
    "balloon": Character(balloon, _BRIGHT, 0.36, hover=0.09, places=("meadow", "sea", "street")),
    "rocket": Character(rocket, _BRIGHT, 0.38, hover=0.09, accent=_RED, places=("space", "desert")),
    "flower": Character(
        flower,
        ((244, 130, 168), (246, 244, 236), (232, 84, 84), (150, 130, 226)),
        0.36,
        places=("meadow", "windowsill"),
    ),
    "spark": Character(
        spark,
        ((252, 190, 70), (110, 200, 244), (240, 130, 190)),
        0.26,
        hover=0.09,
        wheels=True,
        places=("stage", "space", "forest"),
    ),
}


def look_of(character: Character, main: Colour) -> Look:
    """Return the colours that go with a main colour."""
    dark = darker(main, 0.34) if luminance(main) > 90 else lighter(main, 0.16)
    accent = (
        character.accent
        if sum(abs(a - b) for a, b in zip(character.accent, main, strict=True)) > 90
        else lighter(main, 0.6)
    )
    return Look(main=main, light=lighter(main, 0.62 if luminance(main) > 90 else 0.45), dark=dark, accent=accent)
