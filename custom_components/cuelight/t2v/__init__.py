"""Text to video: one client for several studios. No Home Assistant here."""

from .base import Provider, falls_back, film_key, generate, is_over, resume
from .beats import Beat, Beats, parse_prompt
from .budget import PRICES, Ledger, estimate_usd
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
from .pace import Pace, kind_of
from .registry import PROVIDERS, ProviderInfo, make_provider
from .remote import Field, FieldKind, Settings
from .storyboard import StoryboardProvider

__all__ = [
    "PRICES",
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
    "Ledger",
    "Moderated",
    "Motion",
    "Pace",
    "Provider",
    "ProviderInfo",
    "QuotaExceeded",
    "Settings",
    "StoryboardProvider",
    "StudioUnreachable",
    "T2VError",
    "WrongRegion",
    "estimate_usd",
    "falls_back",
    "film_key",
    "generate",
    "is_over",
    "kind_of",
    "make_provider",
    "parse_prompt",
    "resume",
]
