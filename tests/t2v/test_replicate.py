"""What Replicate is asked, and what its answers mean."""

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from custom_components.cuelight.t2v import (
    AuthenticationFailed,
    JobState,
    JobStatus,
    QuotaExceeded,
    generate,
)
from custom_components.cuelight.t2v.remote import progress_of_log

from ..servers.replicate import MODEL, ReplicateServer
from ..servers.studio import Fault
from .conftest import REQUEST
from .studios import STUDIOS


async def test_the_input_stays_within_what_the_model_takes(film: bytes, session: ClientSession) -> None:
    async with ReplicateServer(film) as server:
        provider = STUDIOS["replicate"].connect(session, server)
        handle = await provider.create(provider.intend(REQUEST))
    assert handle.model == MODEL
    sent = server.seen[-1].body["input"]
    assert (sent["num_frames"], sent["frames_per_second"], sent["interpolate_output"]) == (81, 16, False)


async def test_progress_is_read_from_the_log(film: bytes, session: ClientSession, tmp_path: Path) -> None:
    seen: list[JobStatus] = []
    async with ReplicateServer(film) as server:
        await generate(STUDIOS["replicate"].connect(session, server), REQUEST, tmp_path / "film.mp4", seen.append)
    assert [status.progress for status in seen if status.state is JobState.RUNNING] == [0.5]


@pytest.mark.parametrize(
    ("log", "share"),
    [("", None), ("loading weights", None), (" 25%|##5 | 10/40", 0.25), ("0%| |\r100%|##|", 0.99), ("999%|", 0.99)],
)
def test_the_last_bar_of_a_log_counts(log: str, share: float | None) -> None:
    assert progress_of_log(log) == share


async def test_the_wait_told_in_words_is_understood(film: bytes, session: ClientSession) -> None:
    class Limited(ReplicateServer):
        async def before_create(self) -> web.Response | None:
            return self.error(429, "Request was throttled. Your rate limit resets in ~30s.")

    async with Limited(film) as server:
        provider = STUDIOS["replicate"].connect(session, server)
        with pytest.raises(QuotaExceeded) as caught:
            await provider.create(provider.intend(REQUEST))
    assert caught.value.retry_after_s == 30


async def test_a_lost_job_is_found_by_prompt_and_seed(film: bytes, session: ClientSession) -> None:
    async with ReplicateServer(film) as server:
        provider = STUDIOS["replicate"].connect(session, server)
        intent = provider.intend(REQUEST)
        wanted = await provider.create(intent)
        await provider.create(provider.intend(replace(REQUEST, seed=8)))
        assert await provider.reconcile(intent) == wanted
        assert await provider.reconcile(provider.intend(replace(REQUEST, prompt="a dog"))) is None
        late = replace(intent, created_at=intent.created_at + 3600)
        assert await provider.reconcile(late) is None


async def test_cancel_says_what_is_billed(film: bytes, session: ClientSession) -> None:
    async with ReplicateServer(film) as server:
        provider = STUDIOS["replicate"].connect(session, server)
        handle = await provider.create(provider.intend(REQUEST))
        assert "bills" in await provider.cancel(handle)
        assert server.jobs[handle.id or ""].cancelled


async def test_validation_reads_the_account(film: bytes, session: ClientSession) -> None:
    async with ReplicateServer(film) as server:
        await STUDIOS["replicate"].connect(session, server).validate()
    async with ReplicateServer(film, Fault.WRONG_KEY) as server:
        with pytest.raises(AuthenticationFailed, match="valid authentication token"):
            await STUDIOS["replicate"].connect(session, server).validate()
