"""Who has an output at which time, when several steps want it."""

from collections.abc import Iterable, Iterator
from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass
from math import sqrt
from typing import Final

from ..analysis.models import Analysis, Colour
from .cue_map import LightStep, Step, Tint
from .models import FILM, Importance

DARKEST: Final = 15.0
"""Percent at which a light shows a black film: it must stay visible that the scene runs."""

BRIGHTEST: Final = 70.0
"""Percent at which a light shows the film's brightest moment: what happens in the film must stand out from it."""

_BLACK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Layer[S: Step]:
    """A step that wants an output from `start_s` to `end_s`; `order` settles what is otherwise equal."""

    start_s: float
    end_s: float
    importance: Importance
    order: int
    step: S

    @property
    def _rank(self) -> tuple[Importance, float, int]:
        return self.importance, self.start_s, self.order

    @staticmethod
    def top[T: Step](layers: Iterable[Layer[T]]) -> Layer[T] | None:
        """Return the layer that has the output: the most important, then the latest."""
        return max(layers, key=lambda layer: layer._rank, default=None)


def sweep[S: Step](layers: Iterable[Layer[S]], times: Iterable[float]) -> Iterator[tuple[float, Layer[S] | None]]:
    """Yield at each of the rising times the layer that has the output then."""
    waiting = sorted(layers, key=lambda layer: layer.start_s, reverse=True)
    active: list[Layer[S]] = []
    for time_s in times:
        while waiting and waiting[-1].start_s <= time_s:
            active.append(waiting.pop())
        active = [layer for layer in active if layer.end_s > time_s]
        yield time_s, Layer.top(active)


class FilmLook:
    """The film's colours and brightness over time, as a light shows them."""

    def __init__(self, analysis: Analysis) -> None:
        self._palette = sorted(analysis.palette, key=lambda shot: shot.start_s)
        self._curves = analysis.curves
        self._brightest = max(analysis.curves.brightness, default=0.0)

    @property
    def changes(self) -> tuple[float, ...]:
        """The times at which the palette changes."""
        return tuple(shot.start_s for shot in self._palette)

    def colour(self, tint: Colour | Tint, time_s: float) -> Colour:
        """Return a colour at full intensity; how bright it is shown is another matter."""
        if not isinstance(tint, Tint):
            return tint
        shots = [shot for shot in self._palette if shot.start_s <= time_s] or self._palette[:1]
        colours = shots[-1].colours if shots else ()
        chosen = colours[min(tint is Tint.ACCENT, len(colours) - 1)] if colours else (255, 255, 255)
        return _as_light(chosen)

    def brightness(self, time_s: float) -> float:
        """Return percent."""
        curve = self._curves.brightness
        if not curve or self._brightest < _BLACK:
            return DARKEST
        index = min(int(time_s * self._curves.rate_hz), len(curve) - 1)
        return DARKEST + (BRIGHTEST - DARKEST) * curve[index] / self._brightest

    def level(self, layer: Layer[LightStep], time_s: float) -> int:
        """Return the percentage that a light step wants at this time."""
        wanted = layer.step.brightness
        if isinstance(wanted, tuple):
            share = min(1.0, (time_s - layer.start_s) / max(layer.end_s - layer.start_s, 0.001))
            return round(wanted[0] + (wanted[1] - wanted[0]) * share)
        return round(self.brightness(time_s) if wanted == FILM else float(wanted))


def _as_light(colour: Colour) -> Colour:
    """Return the colour at full intensity and purer: what is a pale colour on a screen is white on a lamp."""
    hue, saturation, value = rgb_to_hsv(*colour)
    if not value:
        return 255, 255, 255
    red, green, blue = (round(255 * part) for part in hsv_to_rgb(hue, sqrt(saturation), 1.0))
    return red, green, blue
