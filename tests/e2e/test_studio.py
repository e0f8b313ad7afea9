"""A studio elsewhere and a Home Assistant that is killed: the film is paid once, and it comes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custom_components.cuelight.t2v import FilmRequest
from custom_components.cuelight.t2v.storyboard import draw_film
from script.demo import job_sensor
from tests.rig.hass import Hass
from tests.servers.comfyui import WORKFLOW, ComfyUIServer
from tests.servers.dashscope import DashScopeServer
from tests.servers.openai_videos import OpenAIVideosServer
from tests.servers.studio import KEY, FakeStudio

PROMPT = "a cat jumps"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real film."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    draw_film(FilmRequest(PROMPT, seed=7, width=208, height=120, duration_s=1.0), path)
    return path.read_bytes()


class MuteServer(ComfyUIServer):
    """Takes the first job and does not answer; whoever asked is dead by the time it would."""

    def __init__(self, film: bytes) -> None:
        super().__init__(film)
        self.taken = asyncio.Event()
        self.released = asyncio.Event()

    async def after_create(self) -> None:
        """Say nothing until released."""
        self.taken.set()
        await self.released.wait()


async def open_studio(hass: Hass, provider: str, **settings: str) -> None:
    """Add a studio through its config flow, and have everything written to disk."""
    step = await hass.flow()
    step = await hass.flow(step["flow_id"], next_step_id="studio")
    step = await hass.flow(step["flow_id"], provider=provider)
    step = await hass.flow(step["flow_id"], **settings)
    assert step["type"] == "create_entry", step
    # Home Assistant writes its registries some seconds late; a stop writes them at once.
    await hass.stop()
    await hass.start()


async def until(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Look until something is so."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


def jobs_on_disk(config: Path) -> list[dict[str, Any]]:
    """What a restart finds of the studio's jobs."""
    stored = [json.loads(path.read_text()) for path in (config / ".storage").glob("cuelight.jobs.*")]
    return [job for document in stored for job in document["data"]["jobs"]]


async def ask(hass: Hass) -> None:
    """Ask for a film and do not wait for it."""
    await hass.call("cuelight.generate_scene", {"prompt": PROMPT, "wait": False})


async def assert_film_came_once(hass: Hass, server: FakeStudio) -> None:
    """Wait for the scene after the restart."""
    sensor = await job_sensor(hass)
    async with asyncio.timeout(120):
        while True:
            states = {state["entity_id"]: state for state in await hass.command("get_states")}
            if states[sensor]["state"] not in ("idle", "unknown", "unavailable", "generate", "analyse"):
                break
            await asyncio.sleep(0.1)
    assert states[sensor]["state"] == "finished", states[sensor]["attributes"]
    folder = hass.config / "media" / "cuelight" / states[sensor]["attributes"]["scene_id"]
    assert (folder / "film.mp4").read_bytes() == server.film
    assert any(entity_id.startswith("scene.") for entity_id in states)
    assert jobs_on_disk(hass.config) == []
    assert server.creates == 1


async def test_a_kill_in_the_middle_of_the_create_pays_once(tmp_path: Path, socket_enabled: None, film: bytes) -> None:
    async with MuteServer(film) as server, Hass(tmp_path, []) as hass:
        await open_studio(hass, "comfyui", base_url=server.base, workflow=WORKFLOW)
        await ask(hass)
        await server.taken.wait()
        await hass.kill()
        server.released.set()
        assert [job["handle"]["id"] for job in jobs_on_disk(tmp_path)] == [None]
        await hass.start()
        await assert_film_came_once(hass, server)


async def test_a_kill_right_after_the_create_pays_once(tmp_path: Path, socket_enabled: None, film: bytes) -> None:
    async with DashScopeServer(film) as server, Hass(tmp_path, []) as hass:
        await open_studio(hass, "dashscope", base_url=server.base, key=KEY, model="wan2.5-t2v-preview")
        await ask(hass)
        await until(lambda: any(job["handle"] and job["handle"]["id"] for job in jobs_on_disk(tmp_path)))
        await hass.kill()
        await hass.start()
        await assert_film_came_once(hass, server)


async def test_a_kill_between_two_polls_pays_once(tmp_path: Path, socket_enabled: None, film: bytes) -> None:
    async with OpenAIVideosServer(film) as server, Hass(tmp_path, []) as hass:
        await open_studio(hass, "openai_videos", base_url=server.base)
        await ask(hass)
        await until(lambda: any(job.polls for job in server.jobs.values()))
        await hass.kill()
        await hass.start()
        await assert_film_came_once(hass, server)
