"""How the tests make a provider for each fake studio."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientSession

from custom_components.cuelight.t2v.base import Provider
from custom_components.cuelight.t2v.comfyui import ComfyUIProvider
from custom_components.cuelight.t2v.dashscope import DashScopeProvider
from custom_components.cuelight.t2v.download import Limits
from custom_components.cuelight.t2v.fal import FalProvider
from custom_components.cuelight.t2v.http import Timeouts
from custom_components.cuelight.t2v.openai_videos import OpenAIVideosProvider
from custom_components.cuelight.t2v.remote import RemoteProvider, Settings, Tuning
from custom_components.cuelight.t2v.replicate import ReplicateProvider

from ..servers.comfyui import WORKFLOW, ComfyUIServer
from ..servers.dashscope import DashScopeServer
from ..servers.fal import FalServer
from ..servers.openai_videos import DIALECTS, OpenAIVideosServer
from ..servers.replicate import ReplicateServer
from ..servers.studio import KEY, FakeStudio, Fault

QUICK = Tuning(
    first_poll_s=0.01,
    slowest_poll_s=0.02,
    fetch_attempts=3,
    fetch_pause_s=0.01,
    timeouts=Timeouts(connect_s=3.0, answer_s=1.2, render_s=1.6),
    limits=Limits(largest=1_000_000, stall_s=0.3, grace_s=0.3, slowest_bps=5000),
)


@dataclass(frozen=True)
class Studio:
    """A provider and its fake."""

    name: str
    fake: Callable[[bytes, Fault], FakeStudio]
    provider: Callable[[ClientSession, FakeStudio, str], Provider]

    def connect(self, session: ClientSession, fake: FakeStudio) -> Provider:
        """Return the provider, pointed at the fake and impatient."""
        key = "sk-wrong" if fake.fault is Fault.WRONG_KEY else KEY
        provider = self.provider(session, fake, key)
        provider.unknown_state_s = 0.1
        return provider


def _openai(dialect: str) -> Studio:
    def connect(session: ClientSession, fake: FakeStudio, key: str) -> Provider:
        base = fake.base + ("/api/v1" if dialect == "openrouter" else "")
        return OpenAIVideosProvider(session, Settings(base, key, extra={"dialect": dialect}), QUICK)

    return Studio(f"openai_videos/{dialect}", lambda film, fault: OpenAIVideosServer(film, fault, dialect), connect)


def _plain(name: str, cls: type[RemoteProvider], fake: type[FakeStudio], **extra: str) -> Studio:
    def connect(session: ClientSession, server: FakeStudio, key: str) -> Provider:
        base = server.base + ("/fal-ai" if extra.get("router") else "")
        return cls(session, Settings(base, key if server.needs_key else "", extra=extra), QUICK)

    options = {"routed": True} if extra.get("router") else {}
    return Studio(name, lambda film, fault: fake(film, fault, **options), connect)


STUDIOS: dict[str, Studio] = {
    studio.name: studio
    for studio in (
        *map(_openai, DIALECTS),
        _plain("dashscope", DashScopeProvider, DashScopeServer),
        _plain("fal", FalProvider, FalServer),
        _plain("fal/huggingface", FalProvider, FalServer, router="huggingface"),
        _plain("replicate", ReplicateProvider, ReplicateServer),
        _plain("comfyui", ComfyUIProvider, ComfyUIServer, workflow=WORKFLOW),
    )
}
