"""Text to video: one client for several studios. No Home Assistant here."""

from .base import Provider, generate, is_over, resume
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
from .registry import PROVIDERS, ProviderInfo, make_provider
from .remote import Field, FieldKind, Settings
from .storyboard import StoryboardProvider

__all__ = [
    "PROVIDERS",
    "AuthenticationFailed",
    "BadFilm",
    "BalanceEmpty",
    "Beat",
    "Beats",
    "BudgetExceeded",
    "CreateUnconfirmed",
    "DeadlineExceeded",
    "Field",
    "FieldKind",
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
    "ProviderInfo",
    "QuotaExceeded",
    "Settings",
    "StoryboardProvider",
    "StudioUnreachable",
    "T2VError",
    "WrongRegion",
    "generate",
    "is_over",
    "make_provider",
    "parse_prompt",
    "resume",
]
