"""Text to video: one client for several studios. No Home Assistant here."""

from .base import Provider, generate, resume
from .beats import Beat, Beats, parse_prompt
from .exceptions import (
    AuthenticationFailed,
    BadFilm,
    BalanceEmpty,
    BudgetExceeded,
    CreateUnconfirmed,
    DeadlineExceeded,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobLost,
    Moderated,
    QuotaExceeded,
    StudioUnreachable,
    T2VError,
    WrongRegion,
)
from .lexicon import Motion
from .models import FilmRequest, GeneratedFilm, JobHandle, JobState, JobStatus
from .storyboard import StoryboardProvider

__all__ = [
    "AuthenticationFailed",
    "BadFilm",
    "BalanceEmpty",
    "Beat",
    "Beats",
    "BudgetExceeded",
    "CreateUnconfirmed",
    "DeadlineExceeded",
    "FilmRequest",
    "GeneratedFilm",
    "InvalidRequest",
    "JobCancelled",
    "JobFailed",
    "JobHandle",
    "JobLost",
    "JobState",
    "JobStatus",
    "Moderated",
    "Motion",
    "Provider",
    "QuotaExceeded",
    "StoryboardProvider",
    "StudioUnreachable",
    "T2VError",
    "WrongRegion",
    "generate",
    "parse_prompt",
    "resume",
]
