"""The one pass from a film to its analysis."""

import threading
from collections.abc import Callable
from pathlib import Path

from .models import Analysis

DEFAULT_LIMIT_S = 300.0
"""Wall-clock limit of one analysis: a Raspberry Pi needs about the film's length for 720p, and scenes last seconds."""


def analyze_film(
    path: str | Path,
    *,
    prompt: str | None = None,
    on_progress: Callable[[float], None] | None = None,
    cancelled: threading.Event | None = None,
    limit_s: float = DEFAULT_LIMIT_S,
) -> Analysis:
    """Analyse a film; blocking, so an event loop runs it in an executor.

    `prompt` only weighs what the pictures show. `on_progress` is called on this thread with 0..1 at most ten times a
    second. Setting `cancelled` ends the call within about 100 ms.

    Raises FilmUnreadable, FilmTooLarge, AnalysisTimeout after `limit_s` seconds, AnalysisCancelled.
    """
    raise NotImplementedError
