"""Every studio against every failure, over real HTTP; the outcome table is printed into docs/studio.md."""

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import JobHandle, T2VError, generate

from ..servers.studio import Fault
from .conftest import REQUEST
from .studios import STUDIOS

DOCUMENT = Path(__file__).parents[2] / "docs" / "studio.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- /matrix -->\n"
FILM = "film"

# The rule for every studio; what differs stands in the exceptions below.
OUTCOMES: dict[Fault, str] = {
    Fault.NONE: FILM,
    Fault.WRONG_KEY: "authentication",
    Fault.NO_BALANCE: "balance",
    Fault.CREATE_MODERATED: "moderation",
    Fault.CREATE_429: "quota",
    Fault.CREATE_500: "unreachable",
    Fault.CREATE_SILENCE: "unconfirmed",
    Fault.CREATE_DROPPED: "unconfirmed",
    Fault.AT_ONCE: FILM,
    Fault.POLL_429: FILM,
    Fault.POLL_429_BARE: FILM,
    Fault.POLL_500: FILM,
    Fault.POLL_SILENCE: FILM,
    Fault.POLL_HTML: FILM,
    Fault.LOST: "lost",
    Fault.LATE_MODERATION: "moderation",
    Fault.FAILED_STRING: "job_failed",
    Fault.FAILED_OBJECT: "job_failed",
    Fault.FAILED_NULL: "job_failed",
    Fault.FAILED_4XX: "job_failed",
    Fault.CANCELLED: "cancelled",
    Fault.UNKNOWN_STATE: "job_failed",
    Fault.FETCH_500: FILM,
    Fault.FETCH_CUT: FILM,
    Fault.FILM_TRUNCATED: "bad_film",
    Fault.FILM_HTML: "bad_film",
    Fault.FILM_JSON: "bad_film",
    Fault.FILM_EMPTY: "bad_film",
    Fault.FILM_TOO_LARGE: "bad_film",
    Fault.LINK_EXPIRED: "lost",
    Fault.REDIRECT_AWAY: FILM,
    Fault.REDIRECT_LOOP: "bad_film",
    Fault.TRICKLE: "unreachable",
    Fault.FETCH_SILENCE: "unreachable",
}

KEYLESS = ("openai_videos/sglang", "openai_videos/tensorrt_llm", "openai_videos/dynamo")
EXCEPTIONS: dict[tuple[str, Fault], str] = {
    **{(name, Fault.WRONG_KEY): FILM for name in KEYLESS},
    # Dynamo answers the create with the film: there is nothing to poll.
    ("openai_videos/dynamo", Fault.LOST): FILM,
    ("openai_videos/dynamo", Fault.CANCELLED): FILM,
    ("openai_videos/dynamo", Fault.UNKNOWN_STATE): FILM,
    ("openai_videos/dynamo", Fault.FAILED_NULL): FILM,
    # Where jobs can be listed, or their id is chosen here, a lost answer loses nothing.
    **{
        (name, fault): FILM
        for name in ("dashscope", "replicate", "comfyui")
        for fault in (Fault.CREATE_SILENCE, Fault.CREATE_DROPPED)
    },
    # ComfyUI has neither accounts nor rules of its own.
    **{("comfyui", fault): FILM for fault in (Fault.WRONG_KEY, Fault.NO_BALANCE, Fault.CREATE_MODERATED)},
}


def expected(studio: str, fault: Fault) -> str:
    return EXCEPTIONS.get((studio, fault), OUTCOMES[fault])


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", list(STUDIOS))
async def test_every_failure_has_its_outcome_and_no_job_is_paid_twice(
    name: str, fault: Fault, film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    handles: list[JobHandle] = []

    async def persist(handle: JobHandle) -> None:
        handles.append(JobHandle.from_dict(handle.as_dict()))

    studio = STUDIOS[name]
    async with studio.fake(film, fault) as fake:
        provider = studio.connect(session, fake)
        try:
            made = await generate(provider, REQUEST, tmp_path / "film.mp4", on_handle=persist, deadline_s=20)
        except T2VError as error:
            outcome = error.code
        else:
            outcome = FILM
            assert made.path.read_bytes() == film
            assert (made.frames, made.width, made.height) == (17, 208, 120)
        assert outcome == expected(name, fault)
        assert outcome == FILM or not list(tmp_path.iterdir())
        assert fake.creates <= 1
        assert all("Authorization" not in seen.headers for seen in fake.stored)
        polls = [seen for seen in fake.seen if seen.method == "GET" and "videos/" in seen.path]
        assert not polls or handles[-1].id is not None, "the handle must be stored before the first poll"


def test_the_documentation_shows_these_outcomes() -> None:
    text = DOCUMENT.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = head + BEGIN + table() + END + tail
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert DOCUMENT.read_text() == wanted, "run the tests once with UPDATE_DOCS=1"


def table() -> str:
    names = list(STUDIOS)
    short = [name.removeprefix("openai_videos/") for name in names]
    lines = ["| failure | " + " | ".join(short) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {fault.value} | " + " | ".join(expected(name, fault).replace("_", " ") for name in names) + " |"
        for fault in Fault
    ]
    return "\n".join(lines) + "\n"


async def test_cancelling_the_task_leaves_the_job_at_the_studio(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    studio = STUDIOS["openai_videos/sglang"]
    async with studio.fake(film, Fault.UNKNOWN_STATE) as fake:
        provider = studio.connect(session, fake)
        provider.unknown_state_s = 60
        polled = asyncio.Event()
        task = asyncio.create_task(
            generate(provider, REQUEST, tmp_path / "film.mp4", lambda s: polled.set() if s.message else None)
        )
        await polled.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(job.cancelled for job in fake.jobs.values())
