"""Analyses of films that were never shot."""

from pathlib import Path

from custom_components.cuelight.analysis.models import Analysis, Animation, Curves, Event, EventKind, Film, ShotPalette
from custom_components.cuelight.cues import Performer, PerformerKind

BUTTON = Performer("Cat", PerformerKind.BUTTON)
LAMP = Performer("light.sofa", PerformerKind.LIGHT, "light.sofa")
SCREEN = Performer("media_player.tv", PerformerKind.MEDIA_PLAYER, "media_player.tv")
SWITCH = Performer("switch.fan", PerformerKind.ENTITY, "switch.fan")

ORANGE, BLUE = (200, 100, 0), (0, 50, 100)


def event(kind: EventKind, start_s: float, duration_s: float = 1.0, confidence: float = 0.9, **more: float) -> Event:
    """An event of a film."""
    return Event(kind, start_s, duration_s, confidence, more)


def film(
    *events: Event,
    duration_s: float = 5.0,
    palette: tuple[ShotPalette, ...] | None = None,
    brightness: tuple[float, ...] | None = None,
    sprite: bytes | None = b"\x01sprite",
    animation: bytes = b"\x00animation",
) -> Analysis:
    """A film in which these events were seen; evenly bright and orange, with blue for its accent."""
    values = int(duration_s * 10) or 1
    return Analysis(
        Film(Path("film.mp4"), 832, 480, 16.0, round(16 * duration_s), duration_s),
        events,
        (ShotPalette(0.0, duration_s, (ORANGE, BLUE)),) if palette is None else palette,
        Curves(10, (0.5,) * values if brightness is None else brightness, (0.0,) * values),
        Animation(animation, 32, 8, 40),
        sprite,
    )
