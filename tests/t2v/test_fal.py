"""What fal's queue is asked, and what its answers mean."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import AuthenticationFailed, JobFailed, JobState, JobStatus, generate

from ..servers.fal import MODEL, FalServer
from ..servers.studio import KEY, Fault
from .conftest import REQUEST
from .studios import STUDIOS


@pytest.mark.parametrize(("name", "scheme"), [("fal", "Key"), ("fal/huggingface", "Bearer")])
async def test_the_key_travels_in_the_scheme_of_the_address(
    name: str, scheme: str, film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with FalServer(film, routed=scheme == "Bearer") as server:
        provider = STUDIOS[name].connect(session, server)
        await provider.validate()
        made = await generate(provider, REQUEST, tmp_path / "film.mp4")
    assert {seen.headers["Authorization"] for seen in server.seen} == {f"{scheme} {KEY}"}
    assert made.model == MODEL


async def test_the_film_keeps_its_own_frame_rate(film: bytes, session: ClientSession) -> None:
    async with FalServer(film) as server:
        provider = STUDIOS["fal"].connect(session, server)
        await provider.create(provider.intend(REQUEST))
    assert server.seen[-1].body == {
        "prompt": "a cat jumps",
        "negative_prompt": "",
        "num_frames": 17,
        "frames_per_second": 16,
        "resolution": "480p",
        "aspect_ratio": "16:9",
        "seed": 7,
        "enable_safety_checker": True,
        "num_interpolated_frames": 0,
    }


async def test_the_place_in_the_queue_and_the_log_are_the_progress(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    seen: list[JobStatus] = []
    async with FalServer(film) as server:
        await generate(STUDIOS["fal"].connect(session, server), REQUEST, tmp_path / "film.mp4", seen.append)
    assert [status.message for status in seen if status.state is JobState.QUEUED] == ["number 1 in the queue"]
    assert [status.progress for status in seen if status.state is JobState.RUNNING] == [0.4]


async def test_addresses_on_a_foreign_host_do_not_get_the_key(film: bytes, session: ClientSession) -> None:
    # Answering as the router does while the client speaks to fal itself: every address points elsewhere.
    async with FalServer(film) as server:
        server.routed = True
        server._authorised = lambda request: None  # type: ignore[method-assign]
        provider = STUDIOS["fal"].connect(session, server)
        with pytest.raises(JobFailed, match="where to follow"):
            await provider.create(provider.intend(REQUEST))


async def test_cancel_asks_the_queue(film: bytes, session: ClientSession) -> None:
    async with FalServer(film) as server:
        provider = STUDIOS["fal"].connect(session, server)
        handle = await provider.create(provider.intend(REQUEST))
        assert "Asked to cancel" in await provider.cancel(handle)
        assert server.jobs[handle.id or ""].cancelled


@pytest.mark.parametrize("name", ["fal", "fal/huggingface"])
async def test_a_wrong_key_is_found_at_validation(name: str, film: bytes, session: ClientSession) -> None:
    async with FalServer(film, Fault.WRONG_KEY, routed="hugging" in name) as server:
        with pytest.raises(AuthenticationFailed):
            await STUDIOS[name].connect(session, server).validate()
