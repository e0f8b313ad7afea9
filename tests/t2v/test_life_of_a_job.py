"""Jobs survive whatever ends the caller; nothing is lost and nothing is paid twice."""

import asyncio
import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import CreateUnconfirmed, JobHandle, JobStatus, T2VError, generate, resume

from ..servers.studio import Fault
from .conftest import REQUEST
from .studios import STUDIOS

QUEUED = [name for name in STUDIOS if name != "openai_videos/dynamo"]


class Killed(BaseException):
    """The caller dies here: nothing after it runs, as after a SIGKILL."""


class Memory:
    """What is on disk: the JSON of the last handle, and a point at which the caller dies."""

    def __init__(self, dies_after: int) -> None:
        self.text = ""
        self._left = dies_after

    async def store(self, handle: JobHandle) -> None:
        self.text = json.dumps(handle.as_dict())
        self.step()

    def watch(self, status: JobStatus) -> None:
        self.step()

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed


@pytest.mark.parametrize("dies_after", range(6))
@pytest.mark.parametrize("name", QUEUED)
async def test_a_job_is_taken_up_wherever_the_caller_dies_and_is_paid_once(
    name: str, dies_after: int, film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    memory = Memory(dies_after)
    studio = STUDIOS[name]
    async with studio.fake(film, Fault.NONE) as fake:
        with pytest.raises(Killed):
            await generate(studio.connect(session, fake), REQUEST, tmp_path / "film.mp4", memory.watch, memory.store)
        stored = JobHandle.from_dict(json.loads(memory.text))
        again = studio.connect(session, fake)
        try:
            made = await resume(again, stored, tmp_path / "film.mp4")
        except CreateUnconfirmed:
            # Killed before anything was sent: there is no job, and none is made behind the user's back.
            made = None
        assert fake.creates == (0 if made is None else 1)
        assert made is None or made.path.read_bytes() == film


async def test_two_hundred_jobs_over_all_studios_with_random_failures_lose_nothing(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    rng = random.Random(4)
    slow = {Fault.TRICKLE, Fault.FETCH_SILENCE, Fault.CREATE_SILENCE, Fault.POLL_SILENCE, Fault.FILM_TOO_LARGE}
    faults = [Fault.NONE, *(fault for fault in Fault if fault not in slow)]
    limit = asyncio.Semaphore(8)

    async def one(number: int) -> None:
        studio, fault = STUDIOS[rng.choice(QUEUED)], rng.choice(faults)
        memory = Memory(rng.choice((1, 2, 3, 4, 999, 999)))
        target = tmp_path / f"{number}.mp4"
        async with limit, studio.fake(film, fault) as fake:
            try:
                await generate(studio.connect(session, fake), REQUEST, target, memory.watch, memory.store)
            except Killed, T2VError:
                handle = JobHandle.from_dict(json.loads(memory.text))
                # Whatever went wrong is over by the time of the restart, except what the job itself came to.
                fake.fault = Fault.NONE
                with suppress(T2VError):
                    await resume(studio.connect(session, fake), handle, target)
            assert fake.creates <= 1, f"{studio.name} was paid twice: {fault.value}"
            assert target.exists() or fake.creates == 0 or json.loads(memory.text)["id"] is None, (
                f"{studio.name} lost a paid film: {fault.value}"
            )

    await asyncio.gather(*(one(number) for number in range(200)))
