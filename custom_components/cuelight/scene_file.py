"""A scene as one JSON file: what was asked for, what the film showed, and what was made of it."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .analysis.models import Analysis, Animation, Curves, Event, EventKind, Film, ShotPalette
from .cues import Cue

SCENE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene of the library.

    Attributes:
        scene_id: its name in the media folder.
        studio: config entry id of the studio that made it.
        prompt: what was asked for; the film's name where there was no prompt.
        provider: who made the film; empty where the user had it already.
        seed: what makes the same film again, where the provider told.
        notes: sentences about what could not be done as asked.
        target: whom it was made for, as a Home Assistant target.
        created_at: seconds since 1970.
        analysis: what the film shows.
    """

    scene_id: str
    studio: str
    prompt: str
    provider: str
    seed: int | None
    notes: tuple[str, ...]
    target: Mapping[str, Any]
    created_at: float
    analysis: Analysis

    @property
    def film(self) -> Path:
        """Where the film is."""
        return self.analysis.film.path


def film_as_dict(film: Film) -> dict[str, Any]:
    """Return the film's facts as JSON-able data."""
    return {
        "path": str(film.path),
        "width": film.width,
        "height": film.height,
        "fps": round(film.fps, 3),
        "frames": film.frames,
        "duration_s": round(film.duration_s, 3),
    }


def event_as_dict(event: Event) -> dict[str, Any]:
    """Return an event as JSON-able data."""
    return {
        "kind": event.kind.value,
        "start_s": round(event.start_s, 3),
        "duration_s": round(event.duration_s, 3),
        "confidence": round(event.confidence, 3),
        "parameters": {name: round(value, 3) for name, value in event.parameters.items()},
    }


def cue_as_dict(cue: Cue) -> dict[str, Any]:
    """Return a cue as JSON-able data, its action in words."""
    return {"at_s": cue.at_s, "performer": cue.performer, "action": str(cue.action)}


def scene_as_dict(scene: Scene, cues: Iterable[Cue]) -> dict[str, Any]:
    """Return the scene as JSON-able data; the cues are for the reader, they are made anew for each performance."""
    analysis = scene.analysis
    return {
        "version": SCENE_VERSION,
        "scene_id": scene.scene_id,
        "studio": scene.studio,
        "prompt": scene.prompt,
        "provider": scene.provider,
        "seed": scene.seed,
        "notes": list(scene.notes),
        "target": dict(scene.target),
        "created_at": scene.created_at,
        "film": film_as_dict(analysis.film),
        "events": [event_as_dict(event) for event in analysis.events],
        "palette": [
            {"start_s": shot.start_s, "duration_s": shot.duration_s, "colours": [list(rgb) for rgb in shot.colours]}
            for shot in analysis.palette
        ],
        "curves": {
            "rate_hz": analysis.curves.rate_hz,
            "brightness": [round(value, 3) for value in analysis.curves.brightness],
            "motion": [round(value, 3) for value in analysis.curves.motion],
        },
        "animation": {
            "data": b64encode(analysis.animation.data).decode(),
            "side": analysis.animation.side,
            "fps": analysis.animation.fps,
            "frames": analysis.animation.frames,
        },
        "sprite": None if analysis.sprite is None else b64encode(analysis.sprite).decode(),
        "cues": [cue_as_dict(cue) for cue in cues],
    }


def scene_from_dict(data: Mapping[str, Any]) -> Scene:
    """Read back what `scene_as_dict` wrote.

    Raises:
        KeyError, TypeError, ValueError: the data is no scene.
    """
    if data["version"] != SCENE_VERSION:
        raise ValueError(f"scene version {data['version']!r}")
    return Scene(
        scene_id=data["scene_id"],
        studio=data["studio"],
        prompt=data["prompt"],
        provider=data["provider"],
        seed=data["seed"],
        notes=tuple(data["notes"]),
        target=data["target"],
        created_at=data["created_at"],
        analysis=_analysis(data),
    )


def _analysis(data: Mapping[str, Any]) -> Analysis:
    film, curves, animation, sprite = data["film"], data["curves"], data["animation"], data["sprite"]
    return Analysis(
        film=Film(**{**film, "path": Path(film["path"])}),
        events=tuple(Event(**{**event, "kind": EventKind(event["kind"])}) for event in data["events"]),
        palette=tuple(
            ShotPalette(shot["start_s"], shot["duration_s"], tuple(_colour(rgb) for rgb in shot["colours"]))
            for shot in data["palette"]
        ),
        curves=Curves(curves["rate_hz"], tuple(curves["brightness"]), tuple(curves["motion"])),
        animation=Animation(**{**animation, "data": b64decode(animation["data"], validate=True)}),
        sprite=None if sprite is None else b64decode(sprite, validate=True),
    )


def _colour(rgb: Any) -> tuple[int, int, int]:
    red, green, blue = rgb
    return red, green, blue
