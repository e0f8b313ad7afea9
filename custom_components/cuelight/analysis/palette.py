"""The dominant colours of each shot, for lights."""

from collections.abc import Container

import numpy as np
import numpy.typing as npt

from .models import Colour, ShotPalette

COLOURS = 5
"""Colours kept of a shot."""
BIN = 32
"""Levels of red, green and blue that count as one colour while counting."""
APART = 60.0
"""Distance in RGB between two colours that a light shows as two."""
VIVID = 2.0
"""How much more a fully saturated colour counts than a grey one: lights show hue, not texture."""
RARE = 0.02
"""Share of the shot below which a colour is not one of its colours."""
LOOKS_HZ = 3.0
"""Pictures a second counted."""

type Counts = npt.NDArray[np.float64]


class PaletteMaker:
    """Counts colours as pictures come, one shot after the other."""

    def __init__(self, rate: float) -> None:
        """Count at LOOKS_HZ of `rate` ticks a second."""
        self._rate = rate
        self._step = max(1, round(rate / LOOKS_HZ))
        self._bins: dict[int, Counts] = {}

    def look(self, tick: int, shot: int, planes: npt.NDArray[np.floating]) -> None:
        """Count one picture (luma 16..235, blue and red about zero) of the shot that began at tick `shot`."""
        if (tick - shot) % self._step:
            return
        colours = to_rgb(planes[0, ::2, ::2], planes[1:, ::2, ::2]).reshape(-1, 3)
        index = (colours // BIN).astype(np.intp) @ (64, 8, 1)
        counts = self._bins.setdefault(shot, np.zeros((512, 4)))
        counts[:, 3] += np.bincount(index, minlength=512)
        for channel in range(3):
            counts[:, channel] += np.bincount(index, weights=colours[:, channel], minlength=512)

    def palettes(self, end: int, cuts: Container[int]) -> tuple[ShotPalette, ...]:
        """The palettes of all shots of a film of `end` ticks.

        A shot that does not begin at one of the `cuts` (ticks) is the one before, in which everything changed at once.
        """
        shots: dict[int, Counts] = {}
        for start in sorted(self._bins):
            if not shots or start in cuts:
                shots[start] = self._bins[start].copy()
            else:
                shots[max(shots)] += self._bins[start]
        ends = [*list(shots)[1:], end]
        return tuple(
            ShotPalette(round(start / self._rate, 3), round((until - start) / self._rate, 3), _dominant(counts))
            for (start, counts), until in zip(shots.items(), ends, strict=True)
        )


def to_rgb(luma: npt.NDArray[np.floating], chroma: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Red, green and blue 0..255 in the last axis (ITU-R BT.601, limited range)."""
    light = (luma - 16) * 1.164
    blue, red = chroma[0], chroma[1]
    rgb = np.stack((light + 1.596 * red, light - 0.392 * blue - 0.813 * red, light + 2.017 * blue), axis=-1)
    return np.clip(rgb, 0, 255)


def _dominant(counts: Counts) -> tuple[Colour, ...]:
    used = counts[counts[:, 3] > RARE * counts[:, 3].sum()]
    means = used[:, :3] / used[:, 3:]
    saturation = (means.max(axis=1) - means.min(axis=1)) / np.maximum(means.max(axis=1), 1)
    chosen: list[npt.NDArray[np.float64]] = []
    for index in np.argsort(-used[:, 3] * (1 + (VIVID - 1) * saturation)):
        if all(np.linalg.norm(means[index] - other) >= APART for other in chosen):
            chosen.append(means[index])
        if len(chosen) == COLOURS:
            break
    if not chosen:
        chosen = [counts[:, :3].sum(axis=0) / max(1.0, counts[:, 3].sum())]
    return tuple((round(float(r)), round(float(g)), round(float(b))) for r, g, b in chosen)
