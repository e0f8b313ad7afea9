"""What can go wrong between a film and its timeline."""

from pathlib import Path


class AnalysisError(Exception):
    """Root of everything the analysis raises on purpose."""


class FilmUnreadable(AnalysisError):
    """The file is no film that can be decoded; `reason` says why in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the film and the reason."""
        super().__init__(f"{path.name} cannot be read as a film: {reason}.")
        self.path = path
        self.reason = reason


class FilmTooLarge(AnalysisError):
    """The film exceeds a stated limit; `what` was `value` where `limit` is allowed."""

    def __init__(self, path: Path, what: str, value: float, limit: float) -> None:
        """Name the film, the quantity and both numbers."""
        super().__init__(f"{path.name} is too large to analyse: {what} is {value:g}, at most {limit:g} is allowed.")
        self.path = path
        self.what = what
        self.value = value
        self.limit = limit


class AnalysisTimeout(AnalysisError):
    """The analysis was stopped because it exceeded its time limit of `limit_s` seconds."""

    def __init__(self, path: Path, limit_s: float) -> None:
        """Name the film and the limit."""
        super().__init__(f"Analysing {path.name} took longer than {limit_s:g} seconds and was stopped.")
        self.path = path
        self.limit_s = limit_s


class AnalysisCancelled(AnalysisError):
    """The caller asked the analysis to stop."""

    def __init__(self, path: Path) -> None:
        """Name the film."""
        super().__init__(f"Analysing {path.name} was cancelled.")
        self.path = path


class CodecError(AnalysisError):
    """Bytes that are no animation or sprite, or pictures that cannot be encoded."""
