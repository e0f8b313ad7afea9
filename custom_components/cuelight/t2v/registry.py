"""The studios there are, and what each needs to be set up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from .base import Provider
from .comfyui import ComfyUIProvider
from .dashscope import DashScopeProvider
from .exceptions import InvalidRequest
from .fal import FalProvider
from .openai_videos import OpenAIVideosProvider
from .remote import Field, RemoteProvider, Settings, Tuning
from .replicate import ReplicateProvider
from .storyboard import StoryboardProvider


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """One kind of studio: its title, its class, the fields a form asks for."""

    title: str
    provider: type[Provider]
    fields: tuple[Field, ...] = ()


_REMOTE: tuple[type[RemoteProvider], ...] = (
    OpenAIVideosProvider,
    DashScopeProvider,
    FalProvider,
    ReplicateProvider,
    ComfyUIProvider,
)

PROVIDERS: dict[str, ProviderInfo] = {
    StoryboardProvider.name: ProviderInfo(StoryboardProvider.title, StoryboardProvider),
    **{cls.name: ProviderInfo(cls.title, cls, cls.fields) for cls in _REMOTE},
}


def make_provider(
    name: str, session: ClientSession | None, data: Mapping[str, Any] | None = None, tuning: Tuning | None = None
) -> Provider:
    """Return a studio from what a form collected; nothing is sent yet.

    Args:
        name: a key of `PROVIDERS`.
        session: the caller's; only the storyboard does without.
        data: the fields' values by name.
        tuning: time limits other than the usual ones.

    Raises:
        InvalidRequest: there is no such studio, or a field is missing or wrong.
    """
    info = PROVIDERS.get(name)
    if info is None:
        raise InvalidRequest(f"There is no studio {name}; there are {', '.join(PROVIDERS)}.", field="provider")
    given = data or {}
    for field in info.fields:
        value = str(given.get(field.name) or "").strip()
        if field.required and not value and not field.default:
            raise InvalidRequest(f"{info.title} needs the field {field.name}.", field=field.name)
    if not issubclass(info.provider, RemoteProvider):
        return info.provider()
    if session is None:
        raise InvalidRequest(f"{info.title} needs a network session.", field="session")
    return info.provider(session, Settings.from_dict(given), tuning)
