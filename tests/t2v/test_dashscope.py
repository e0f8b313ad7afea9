"""What DashScope is asked, and what its answers mean."""

from dataclasses import replace

import pytest
from aiohttp import ClientSession

from custom_components.cuelight.t2v import AuthenticationFailed, FilmRequest, WrongRegion
from custom_components.cuelight.t2v.dashscope import DashScopeProvider
from custom_components.cuelight.t2v.remote import Settings

from ..servers.dashscope import DashScopeServer
from ..servers.studio import KEY, Fault
from .conftest import REQUEST
from .studios import QUICK, STUDIOS

WIDE = FilmRequest("a cat jumps", seed=7)


def provider_of(session: ClientSession, server: DashScopeServer, **settings: str) -> DashScopeProvider:
    model = settings.pop("model", "")
    return DashScopeProvider(session, Settings(server.base, KEY, model, settings), QUICK)


@pytest.mark.parametrize(
    ("model", "request_", "parameters"),
    [
        ("wan2.2-t2v-plus", WIDE, {"size": "832*480"}),
        ("wan2.2-t2v-plus", replace(WIDE, width=1280, height=720), {"size": "832*480"}),
        ("wan2.2-t2v-plus", replace(WIDE, width=1920, height=1080), {"size": "1920*1080"}),
        ("wan2.2-t2v-plus", replace(WIDE, width=480, height=832), {"size": "480*832"}),
        ("wan2.5-t2v-preview", WIDE, {"size": "832*480", "duration": 5}),
        ("wan2.5-t2v-preview", replace(WIDE, duration_s=9), {"size": "832*480", "duration": 10}),
        ("wan2.6-t2v", WIDE, {"size": "1280*720", "duration": 5}),
        ("wan2.6-t2v", replace(WIDE, duration_s=40), {"size": "1280*720", "duration": 15}),
        ("wan2.7-t2v", WIDE, {"resolution": "720P", "ratio": "16:9", "duration": 5}),
        ("wan3.0-video", replace(WIDE, width=480, height=480), {"resolution": "720P", "ratio": "1:1", "duration": 5}),
    ],
)
async def test_each_model_gets_the_protocol_and_the_sizes_it_knows(
    model: str, request_: FilmRequest, parameters: dict[str, object], film: bytes, session: ClientSession
) -> None:
    async with DashScopeServer(film) as server:
        provider = provider_of(session, server, model=model)
        await provider.create(provider.intend(request_))
    sent = server.seen[-1].body
    assert sent["model"] == model
    assert sent["input"] == {"prompt": "a cat jumps"}
    assert sent["parameters"] == parameters | {"seed": 7, "watermark": False, "prompt_extend": True}


async def test_the_prompt_is_cut_where_dashscope_cuts_it_and_told(film: bytes, session: ClientSession) -> None:
    async with DashScopeServer(film) as server:
        provider = provider_of(session, server, prompt_extend="false")
        handle = await provider.create(provider.intend(replace(REQUEST, prompt="x" * 900, negative_prompt="y" * 600)))
    sent = server.seen[-1].body
    assert (len(sent["input"]["prompt"]), len(sent["input"]["negative_prompt"])) == (800, 500)
    assert sent["parameters"]["prompt_extend"] is False
    assert [("900" in note, "600" in note) for note in handle.notes] == [(True, False), (False, True)]


async def test_a_key_of_another_region_is_told_with_the_right_address(film: bytes, session: ClientSession) -> None:
    async with DashScopeServer(film) as here, DashScopeServer(film) as there:
        here._authorised = lambda request: here._refuse(401, "InvalidApiKey", "Invalid API-key provided.")  # type: ignore[method-assign]
        provider = provider_of(session, here)
        provider.regions = {here.base: "Beijing", there.base: "Singapore"}
        with pytest.raises(WrongRegion, match="Singapore") as caught:
            await provider.validate()
        assert caught.value.fields["base_url"] == there.base


async def test_a_key_that_is_good_nowhere_is_a_wrong_key(film: bytes, session: ClientSession) -> None:
    async with DashScopeServer(film, Fault.WRONG_KEY) as server:
        provider = STUDIOS["dashscope"].connect(session, server)
        assert isinstance(provider, DashScopeProvider)
        provider.regions = {server.base: "Beijing"}
        with pytest.raises(AuthenticationFailed, match="one region"):
            await provider.validate()


async def test_a_good_key_validates_without_a_job(film: bytes, session: ClientSession) -> None:
    async with DashScopeServer(film) as server:
        await provider_of(session, server).validate()
        assert server.creates == 0


async def test_waiting_jobs_are_cancelled_and_running_ones_are_told_to_be_billed(
    film: bytes, session: ClientSession
) -> None:
    async with DashScopeServer(film) as server:
        provider = provider_of(session, server)
        handle = await provider.create(provider.intend(WIDE))
        assert "costs nothing" in await provider.cancel(handle)
        server.jobs[handle.id or ""].polls = 2
        assert "billed" in await provider.cancel(handle)


async def test_two_jobs_that_could_be_the_lost_one_are_not_guessed_between(film: bytes, session: ClientSession) -> None:
    async with DashScopeServer(film) as server:
        provider = provider_of(session, server)
        intent = provider.intend(WIDE)
        first = await provider.create(intent)
        assert (await provider.reconcile(intent)) == replace(first)
        await provider.create(provider.intend(WIDE))
        assert await provider.reconcile(intent) is None
        other = provider.intend(replace(WIDE, prompt="a dog"))
        assert await provider.reconcile(other) is None
