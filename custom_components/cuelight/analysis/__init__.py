"""From a film to events, palette, curves and a distilled animation. Imports no Home Assistant."""

from .exceptions import AnalysisCancelled, AnalysisError, AnalysisTimeout, CodecError, FilmTooLarge, FilmUnreadable
from .models import Analysis, Animation, Curves, Event, EventKind, Film, ShotPalette
from .pipeline import DEFAULT_LIMIT_S, analyze_film

__all__ = [
    "DEFAULT_LIMIT_S",
    "Analysis",
    "AnalysisCancelled",
    "AnalysisError",
    "AnalysisTimeout",
    "Animation",
    "CodecError",
    "Curves",
    "Event",
    "EventKind",
    "Film",
    "FilmTooLarge",
    "FilmUnreadable",
    "ShotPalette",
    "analyze_film",
]
