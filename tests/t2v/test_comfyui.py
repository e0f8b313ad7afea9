"""What ComfyUI is asked, and what its answers mean."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import InvalidRequest, JobState, JobStatus, generate
from custom_components.cuelight.t2v.comfyui import ComfyUIProvider
from custom_components.cuelight.t2v.remote import Settings

from ..servers.comfyui import WORKFLOW, ComfyUIServer
from ..servers.studio import Fault
from .conftest import REQUEST
from .studios import QUICK, STUDIOS


def provider_of(session: ClientSession, server: ComfyUIServer, workflow: str = WORKFLOW) -> ComfyUIProvider:
    return ComfyUIProvider(session, Settings(server.base, extra={"workflow": workflow}), QUICK)


async def test_placeholders_are_filled_with_the_right_types(film: bytes, session: ClientSession) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server)
        request = replace(REQUEST, prompt='a "cat"\\ with {seed} and {negative_prompt}', negative_prompt="blur")
        await provider.create(provider.intend(request))
    graph = server.seen[-1].body["prompt"]
    assert graph["3"]["inputs"]["seed"] == 7
    assert graph["5"]["inputs"] == {"width": 208, "height": 120, "length": 17, "batch_size": 1}
    assert graph["6"]["inputs"]["text"] == 'a "cat"\\ with {seed} and {negative_prompt}, best quality'
    assert graph["7"]["inputs"]["text"] == "blur"
    assert graph["3"]["inputs"]["latent_image"] == ["5", 0]


async def test_the_job_has_the_id_that_was_chosen_before_the_create(film: bytes, session: ClientSession) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server)
        intent = provider.intend(REQUEST)
        handle = await provider.create(intent)
    assert handle.id == intent.urls["chosen"] == str(uuid.UUID(intent.urls["chosen"]))


async def test_an_old_server_that_chooses_its_own_id_works_too(
    film: bytes, session: ClientSession, tmp_path: Path
) -> None:
    async with ComfyUIServer(film, old=True) as server:
        provider = provider_of(session, server)
        made = await generate(provider, REQUEST, tmp_path / "film.mp4")
        assert made.path.read_bytes() == film
        handle = await provider.create(provider.intend(REQUEST))
        await provider.cancel(handle)
        assert server.jobs[handle.id or ""].cancelled


async def test_a_lost_create_is_found_by_the_chosen_id_or_not_at_all(film: bytes, session: ClientSession) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server)
        intent = provider.intend(REQUEST)
        assert await provider.reconcile(intent) is None
        handle = await provider.create(intent)
        assert await provider.reconcile(intent) == handle


async def test_the_place_in_the_queue_is_told(film: bytes, session: ClientSession, tmp_path: Path) -> None:
    seen: list[JobStatus] = []
    async with ComfyUIServer(film) as server:
        await generate(provider_of(session, server), REQUEST, tmp_path / "film.mp4", seen.append)
    assert [(status.state, status.message) for status in seen][1:3] == [
        (JobState.QUEUED, "number 1 in the queue"),
        (JobState.RUNNING, "rendering"),
    ]


@pytest.mark.parametrize(
    "workflow",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"nodes": [], "links": []}',
        json.dumps({"6": {"class_type": "CLIPTextEncode", "inputs": {}}}),
    ],
)
async def test_a_workflow_that_cannot_work_is_refused_before_anything_is_sent(
    workflow: str, film: bytes, session: ClientSession
) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server, workflow)
        with pytest.raises(InvalidRequest, match=r"Export|\{prompt\}"):
            await provider.validate()
        assert server.seen == []


async def test_a_node_that_comfyui_refuses_is_named(film: bytes, session: ClientSession) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server, WORKFLOW.replace('"{seed}"', '"lucky"'))
        with pytest.raises(InvalidRequest, match=r"Node 3 \(KSampler\): Failed to convert"):
            await provider.create(provider.intend(REQUEST))


async def test_a_workflow_without_a_seed_works_and_says_so(film: bytes, session: ClientSession, tmp_path: Path) -> None:
    async with ComfyUIServer(film) as server:
        provider = provider_of(session, server, WORKFLOW.replace('"{seed}"', "5"))
        made = await generate(provider, REQUEST, tmp_path / "film.mp4")
    assert any("no {seed}" in note for note in made.notes)


async def test_validation_finds_comfyui_and_nothing_else(film: bytes, session: ClientSession) -> None:
    async with ComfyUIServer(film) as server:
        await STUDIOS["comfyui"].connect(session, server).validate()
        assert (server.creates, server.fault) == (0, Fault.NONE)
