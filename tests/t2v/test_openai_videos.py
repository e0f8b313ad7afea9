"""What goes over the wire to ``/v1/videos`` servers."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import (
    AuthenticationFailed,
    CreateUnconfirmed,
    DeadlineExceeded,
    GeneratedFilm,
    InvalidRequest,
    JobHandle,
    JobState,
    JobStatus,
    StudioUnreachable,
    generate,
    resume,
)
from custom_components.cuelight.t2v.openai_videos import OpenAIVideosProvider
from custom_components.cuelight.t2v.remote import Settings

from ..servers.openai_videos import DIALECTS, MODEL, OpenAIVideosServer
from ..servers.studio import KEY, Fault
from .conftest import REQUEST
from .studios import QUICK, STUDIOS


async def make(
    session: ClientSession, server: OpenAIVideosServer, folder: Path, seen: list[JobStatus] | None = None
) -> GeneratedFilm:
    provider = STUDIOS[f"openai_videos/{server.dialect.name}"].connect(session, server)
    report = seen.append if seen is not None else lambda status: None
    return await generate(provider, REQUEST, folder / "film.mp4", report)


@pytest.mark.parametrize("dialect", ["sglang", "vllm_omni", "tensorrt_llm", "litellm"])
async def test_self_hosted_servers_get_multipart_with_frames_and_rate(
    dialect: str, film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film, dialect=dialect) as server:
        await make(session, server, tmp_path)
    create = next(seen for seen in server.seen if seen.method == "POST")
    assert create.headers["Content-Type"].startswith("multipart/form-data")
    body = dict(create.body)
    assert body.pop("model", MODEL) == MODEL
    assert body == {
        "prompt": "a cat jumps",
        "size": "208x120",
        "seconds": "1",
        "num_frames": "17",
        "fps": "16",
        "seed": "7",
    }


async def test_openrouter_gets_its_own_fields_and_tells_the_cost(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film, dialect="openrouter") as server:
        made = await make(session, server, tmp_path)
    create = next(seen for seen in server.seen if seen.method == "POST")
    assert create.body["resolution"] == "480p"
    assert create.body["aspect_ratio"] == "16:9"
    assert made.cost_usd == 0.25


async def test_progress_is_the_servers_where_it_tells_one(film: bytes, session: ClientSession, tmp_path: Path) -> None:
    seen: list[JobStatus] = []
    async with OpenAIVideosServer(film) as server:
        await make(session, server, tmp_path, seen)
    running = [status.progress for status in seen if status.state is JobState.RUNNING]
    assert running == [0.4, 0.8]
    assert not any(status.estimated for status in seen)


async def test_progress_is_estimated_where_the_server_tells_none(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    seen: list[JobStatus] = []
    async with OpenAIVideosServer(film, dialect="vllm_omni") as server:
        provider = STUDIOS["openai_videos/vllm_omni"].connect(session, server)
        await generate(provider, REQUEST, tmp_path / "film.mp4", seen.append, expected_s=0.1)
    running = [status for status in seen if status.state is JobState.RUNNING]
    assert all(status.estimated and status.progress for status in running)
    assert [status.progress for status in running] == sorted(status.progress or 0 for status in running)


async def test_what_came_is_told_beside_what_was_asked(film: bytes, session: ClientSession, tmp_path: Path) -> None:
    async with OpenAIVideosServer(film) as server:
        provider = STUDIOS["openai_videos/sglang"].connect(session, server)
        wanted = JobHandle("openai_videos", REQUEST, 0.0).request
        larger = type(wanted)("a cat", seed=1, width=832, height=480, duration_s=5.0, fps=24)
        made = await generate(provider, larger, tmp_path / "film.mp4")
    assert made.notes == (
        "Asked for 832x480, got 208x120.",
        "Asked for 24 frames per second, got 16.",
        "Asked for 5 s, got 1.1 s.",
    )


@pytest.mark.parametrize("dialect", list(DIALECTS))
async def test_validation_lists_the_models(dialect: str, film: bytes, session: ClientSession) -> None:
    async with OpenAIVideosServer(film, dialect=dialect) as server:
        await STUDIOS[f"openai_videos/{dialect}"].connect(session, server).validate()
        assert server.creates == 0


@pytest.mark.parametrize("dialect", ["vllm_omni", "litellm", "openrouter"])
async def test_validation_tells_a_wrong_key(dialect: str, film: bytes, session: ClientSession) -> None:
    async with OpenAIVideosServer(film, Fault.WRONG_KEY, dialect) as server:
        with pytest.raises(AuthenticationFailed):
            await STUDIOS[f"openai_videos/{dialect}"].connect(session, server).validate()


async def test_validation_tells_a_model_that_is_not_served(film: bytes, session: ClientSession) -> None:
    async with OpenAIVideosServer(film) as server:
        provider = OpenAIVideosProvider(session, Settings(server.base, model="wan-9"), QUICK)
        with pytest.raises(InvalidRequest, match=MODEL):
            await provider.validate()


async def test_an_address_where_nobody_listens_is_told(session: ClientSession, tmp_path: Path) -> None:
    provider = OpenAIVideosProvider(session, Settings("http://127.0.0.1:9"), QUICK)
    with pytest.raises(StudioUnreachable, match=r"127\.0\.0\.1 does not answer"):
        await provider.validate()
    with pytest.raises(StudioUnreachable):
        await generate(provider, REQUEST, tmp_path / "film.mp4")


@pytest.mark.parametrize("address", ["", "localhost:30000", "ftp://host", "http://", "http://a b"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidRequest, match="must start with http"):
        OpenAIVideosProvider(None, Settings(address))  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
async def test_the_address_may_end_as_users_paste_it(
    ending: str, film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film) as server:
        provider = OpenAIVideosProvider(session, Settings(server.base + ending), QUICK)
        await generate(provider, REQUEST, tmp_path / "film.mp4")
    assert server.creates == 1


@pytest.mark.parametrize(
    ("dialect", "told"),
    [("sglang", "GPU finishes"), ("vllm_omni", "told to abort"), ("openrouter", "cannot cancel")],
)
async def test_cancel_says_what_it_achieves(dialect: str, told: str, film: bytes, session: ClientSession) -> None:
    async with OpenAIVideosServer(film, dialect=dialect) as server:
        provider = STUDIOS[f"openai_videos/{dialect}"].connect(session, server)
        handle = await provider.create(provider.intend(REQUEST))
        assert told in await provider.cancel(handle)
        assert [job.cancelled for job in server.jobs.values()] == [dialect != "openrouter"]


async def test_a_deadline_keeps_the_job_and_a_stored_handle_resumes_it_unpaid(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    stored: list[dict[str, object]] = []

    async def persist(handle: JobHandle) -> None:
        stored.append(handle.as_dict())

    async with OpenAIVideosServer(film, Fault.UNKNOWN_STATE) as server:
        provider = STUDIOS["openai_videos/sglang"].connect(session, server)
        provider.unknown_state_s = 60
        with pytest.raises(DeadlineExceeded):
            await generate(provider, REQUEST, tmp_path / "film.mp4", on_handle=persist, deadline_s=0.3)
        server.fault = Fault.NONE
        made = await resume(provider, JobHandle.from_dict(stored[-1]), tmp_path / "film.mp4")
    assert made.seed == 7
    assert server.creates == 1


async def test_a_create_interrupted_before_its_answer_is_told_not_repeated(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with OpenAIVideosServer(film) as server:
        provider = STUDIOS["openai_videos/sglang"].connect(session, server)
        with pytest.raises(CreateUnconfirmed, match="interrupted"):
            await resume(provider, provider.intend(REQUEST), tmp_path / "film.mp4")
    assert server.creates == 0


async def test_a_redirecting_api_is_not_followed_with_the_key(session: ClientSession, film: bytes) -> None:
    async with OpenAIVideosServer(film, dialect="litellm") as server:
        provider = OpenAIVideosProvider(session, Settings(server.storage + "/loop/1", KEY), QUICK)
        provider.base_url = server.storage + "/loop/1"
        reply = await provider.http.get(server.storage + "/loop/1")
    assert reply.status == 302
    assert len(server.stored) == 1
