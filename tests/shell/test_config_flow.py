"""Adding studios and buttons, and renewing keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components import bluetooth
from homeassistant.config_entries import SOURCE_BLUETOOTH, SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.forms import InvalidAnswer, parse_key
from custom_components.cuelight.link.session import KeySlot
from tests.servers.openai_videos import MODEL, OpenAIVideosServer
from tests.servers.studio import KEY as STUDIO_KEY

from .conftest import SetUp, button_entry
from .radio import DEV_ID, INST_ID, KEY, FakeButton, Radio
from .test_button import act
from .test_removal import in_slot

type Result = Any
OTHER_KEY = bytes(reversed(range(32)))
BUTTON_DATA = {
    "kind": "button",
    "address": FakeButton().address,
    "dev_id": DEV_ID.hex(),
    "inst_id": INST_ID.hex(),
    "key": KEY.hex(),
    "slot": 0,
    "gen": 0,
    "pending_key": None,
}


async def discovered(hass: HomeAssistant) -> list[Result]:
    """The flows that discovery has started."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_BLUETOOTH
    ]


async def choose(hass: HomeAssistant, kind: str) -> Result:
    """Start a flow by hand and choose from its menu."""
    result: Result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["studio", "button"]
    return await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": kind})


async def enter(hass: HomeAssistant, result: Result, **user_input: Any) -> Result:
    """Fill in the form that a flow shows."""
    assert result["type"] is FlowResultType.FORM
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


async def by_key(hass: HomeAssistant, result: Result) -> Result:
    """Choose the key on the label from the menu of ways."""
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["hold", "key"]
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": "key"})
    assert (result["step_id"], result["errors"]) == ("key", {})
    return result


# What people paste


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper(),
        KEY.hex(" ", 4),
        KEY.hex("-", 2),
        f"  {KEY.hex(':')}\n",
        KEY.hex()[:32] + "\n" + KEY.hex()[32:],
        "\u2013".join(KEY.hex(" ", 8).split()),
        "\u00a0".join(KEY.hex(" ", 8).split()),
    ],
)
def test_a_key_is_read_however_it_is_grouped(text: str) -> None:
    assert parse_key(text) == KEY


@pytest.mark.parametrize(
    ("text", "reason", "placeholders"),
    [
        ("", "key_length", {"count": "0"}),
        (KEY.hex()[:-1], "key_length", {"count": "63"}),
        (KEY.hex() + "00", "key_length", {"count": "66"}),
        (KEY.hex().replace("0", "O"), "key_character", {"character": "O"}),
        ("１" * 64, "key_character", {"character": "１"}),  # full-width digits are no hex digits
        ("0x" + KEY.hex(), "key_character", {"character": "x"}),
    ],
)
def test_what_is_no_key_is_explained(text: str, reason: str, placeholders: dict[str, str]) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        parse_key(text)
    assert (caught.value.field, caught.value.reason, caught.value.placeholders) == ("key", reason, placeholders)


# Studios


async def test_a_storyboard_needs_no_settings(hass: HomeAssistant, bluetooth: None) -> None:
    result = await choose(hass, "studio")
    result = await enter(hass, result, provider="storyboard")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"kind": "studio", "provider": "storyboard"}
    assert result["result"].unique_id == "storyboard"


async def test_one_storyboard_is_enough(hass: HomeAssistant, bluetooth: None) -> None:
    MockConfigEntry(
        domain=DOMAIN, unique_id="storyboard", data={"kind": "studio", "provider": "storyboard"}
    ).add_to_hass(hass)
    result = await enter(hass, await choose(hass, "studio"), provider="storyboard")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_a_storyboard_has_nothing_to_reconfigure(hass: HomeAssistant, bluetooth: None) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": "storyboard"})
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "nothing_to_reconfigure"


@pytest.fixture
async def server(socket_enabled: None, bluetooth: None) -> AsyncIterator[OpenAIVideosServer]:
    """A studio on the network that wants a key."""
    async with OpenAIVideosServer(b"", dialect="vllm_omni") as server:
        yield server


def studio_entry(server: OpenAIVideosServer, **data: str) -> MockConfigEntry:
    """An entry for the studio, as the flow makes it."""
    base_url = str(server.base)
    return MockConfigEntry(
        domain=DOMAIN,
        title="Cinema",
        unique_id=f"openai_videos {base_url.rstrip('/')} {MODEL}",
        data={
            "kind": "studio",
            "provider": "openai_videos",
            "base_url": base_url,
            "key": STUDIO_KEY,
            "model": MODEL,
            "dialect": "vllm_omni",
            **data,
        },
    )


async def test_a_studio_on_the_network_is_tried_before_it_is_added(
    hass: HomeAssistant, server: OpenAIVideosServer
) -> None:
    result = await enter(hass, await choose(hass, "studio"), provider="openai_videos")
    assert result["step_id"] == "studio_settings"
    settings = {"base_url": str(server.base), "dialect": "vllm_omni", "model": MODEL}
    result = await enter(hass, result, **settings, key="sk-wrong")
    assert result["errors"] == {"base": "studio_key_refused"}
    assert result["description_placeholders"]["error"]
    result = await enter(hass, result, **settings, key=STUDIO_KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"kind": "studio", "provider": "openai_videos", "key": STUDIO_KEY, **settings}
    assert server.jobs == {}, "nothing may be billed for a try"
    assert await hass.config_entries.async_unload(result["result"].entry_id)

    result = await enter(hass, await choose(hass, "studio"), provider="openai_videos")
    result = await enter(hass, result, **settings, key=STUDIO_KEY)
    assert result["reason"] == "already_configured"


async def test_a_studio_that_is_not_there_says_so(hass: HomeAssistant, server: OpenAIVideosServer) -> None:
    result = await enter(hass, await choose(hass, "studio"), provider="openai_videos")
    settings = {"dialect": "vllm_omni", "model": MODEL, "key": STUDIO_KEY}
    result = await enter(hass, result, **settings, base_url="http://127.0.0.1:9/")
    assert result["errors"] == {"base": "studio_refused"}
    result = await enter(hass, result, **settings, base_url="no address")
    assert set(result["errors"]) == {"base_url"}
    with patch("custom_components.cuelight.forms.CHECK_LIMIT_S", 0):
        result = await enter(hass, result, **settings, base_url=str(server.base))
    assert result["errors"] == {"base": "studio_silent"}
    with patch("custom_components.cuelight.config_flow.async_check_studio", side_effect=RuntimeError):
        result = await enter(hass, result, **settings, base_url=str(server.base))
    assert result["errors"] == {"base": "unknown"}
    shown = {str(marker): marker.description for marker in result["data_schema"].schema}
    assert shown["base_url"] == {"suggested_value": str(server.base)}, "what was entered is not lost"


async def test_a_studio_gets_another_key(hass: HomeAssistant, server: OpenAIVideosServer) -> None:
    entry = studio_entry(server, key="sk-old")
    entry.add_to_hass(hass)
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "studio_reauth"
    shown = {str(marker): marker.description for marker in result["data_schema"].schema}
    assert shown["key"] is None, "a secret is never shown"
    kept = {"base_url": str(server.base), "dialect": "vllm_omni", "model": MODEL}
    result = await enter(hass, result, **kept)
    assert result["errors"] == {"base": "studio_key_refused"}
    result = await enter(hass, result, **kept, key=STUDIO_KEY)
    assert result["reason"] == "reauth_successful"
    assert entry.data["key"] == STUDIO_KEY
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_studios_settings_are_changed_and_its_key_kept(hass: HomeAssistant, server: OpenAIVideosServer) -> None:
    entry = studio_entry(server)
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    result = await enter(hass, result, base_url=str(server.base), dialect="vllm_omni", model="another")
    assert result["errors"] == {"model": "studio_invalid"}
    result = await enter(hass, result, base_url=str(server.base), dialect="vllm_omni")
    assert result["reason"] == "reconfigure_successful"
    assert ("model" in entry.data, entry.data["key"]) == (False, STUDIO_KEY)
    assert entry.unique_id == f"openai_videos {server.base}"
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_studios_limits_are_options(hass: HomeAssistant, bluetooth: None) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": "storyboard"})
    entry.add_to_hass(hass)
    result: Result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["step_id"] == "studio"
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"quota_mb": 100.0, "retention_days": 7.0}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"quota_mb": 100, "retention_days": 7}


async def test_a_studios_cost_and_stand_in_are_options(hass: HomeAssistant, bluetooth: None) -> None:
    stand_in = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": "storyboard"})
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": "fal", "key": "k"})
    for one in (stand_in, entry, button_entry()):
        one.add_to_hass(hass)
    result: Result = await hass.config_entries.options.async_init(entry.entry_id)
    offered = result["data_schema"].schema["fallback"].config["options"]
    assert [option["value"] for option in offered] == [stand_in.entry_id]
    chosen = {
        "fallback": stand_in.entry_id,
        "budget_usd": 2.5,
        "usd_per_second": 0.125,
        "prompt_help": "ai_task.writer",
    }
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"quota_mb": 100.0, "retention_days": 7.0, **chosen}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"quota_mb": 100, "retention_days": 7, **chosen}


# Cue maps


async def test_a_cue_map_is_added_to_a_studio_and_changed(hass: HomeAssistant, bluetooth: None) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": "studio", "provider": "storyboard"})
    entry.add_to_hass(hass)
    flows = hass.config_entries.subentries
    result: Result = await flows.async_init((entry.entry_id, "cue_map"), context={"source": SOURCE_USER})
    rules = next(
        marker.description["suggested_value"] for marker in result["data_schema"].schema if str(marker) == "rules"
    )
    wrong = [{**rules[0], "event": "explosion"}]
    result = await flows.async_configure(result["flow_id"], {"name": "Loud", "rules": wrong})
    assert result["errors"] == {"rules": "cue_map_invalid"}
    assert "explosion" in result["description_placeholders"]["error"]
    result = await flows.async_configure(result["flow_id"], {"name": "Loud", "rules": rules})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    [subentry] = entry.subentries.values()
    assert (subentry.title, subentry.data) == ("Loud", {"rules": rules})

    result = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await flows.async_configure(result["flow_id"], {"name": "Quiet", "rules": rules})
    assert result["reason"] == "reconfigure_successful"
    assert [found.title for found in entry.subentries.values()] == ["Quiet"]


async def test_a_button_has_no_cue_maps(hass: HomeAssistant, bluetooth: None) -> None:
    entry = button_entry()
    entry.add_to_hass(hass)
    assert entry.supported_subentry_types == {}


# Buttons by discovery


async def test_a_discovered_button_is_added_once_it_proves_its_key(hass: HomeAssistant, button: FakeButton) -> None:
    [flow] = await discovered(hass)
    assert flow["context"]["title_placeholders"] == {"name": "Cuelight 0708"}
    assert button.client is None, "nothing may connect before the user asks"

    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["step_id"] == "pair"
    result = await enter(hass, await by_key(hass, result), key=KEY.hex(" ", 4).upper())

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Cuelight 0708"
    assert result["data"] == BUTTON_DATA
    assert result["result"].unique_id == DEV_ID.hex()
    await hass.async_block_till_done()
    assert result["result"].state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(result["result"].entry_id)


@pytest.mark.parametrize(
    ("key", "error"),
    [("12", {"key": "key_length"}), ("z" * 64, {"key": "key_character"}), (OTHER_KEY.hex(), {"key": "invalid_auth"})],
)
async def test_a_wrong_key_can_be_corrected(
    hass: HomeAssistant, button: FakeButton, key: str, error: dict[str, str]
) -> None:
    [flow] = await discovered(hass)
    result = await by_key(hass, await hass.config_entries.flow.async_configure(flow["flow_id"]))
    result = await enter(hass, result, key=key)
    assert result["errors"] == error
    result = await enter(hass, result, key=KEY.hex())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert button.client is None or result["result"].state is ConfigEntryState.LOADED
    await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_button_that_does_not_answer_can_be_tried_again(hass: HomeAssistant, button: FakeButton) -> None:
    [flow] = await discovered(hass)
    result = await by_key(hass, await hass.config_entries.flow.async_configure(flow["flow_id"]))
    button.reachable = False
    with patch("custom_components.cuelight.config_flow.async_check_key", side_effect=RuntimeError):
        result = await enter(hass, result, key=KEY.hex())
    assert result["errors"] == {"base": "unknown"}
    result = await enter(hass, result, key=KEY.hex())
    assert result["errors"] == {"base": "cannot_connect"}
    assert result["description_placeholders"]["reason"]
    button.reachable = True
    result = await enter(hass, result, key=KEY.hex())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_button_heard_only_by_a_passive_proxy_is_offered_with_the_reason_it_cannot_be_added(
    hass: HomeAssistant, bluetooth: None
) -> None:
    with Radio(hass, connectable=False).on() as passive:
        passive.add(FakeButton())
        [flow] = await discovered(hass)
        result = await hass.config_entries.flow.async_configure(flow["flow_id"])
        assert result["errors"] == {"base": "no_connectable_path"}
        assert result["description_placeholders"]["reason"]
        result = await enter(hass, result, way="key")
        assert result["errors"] == {"base": "no_connectable_path"}
        result = await enter(hass, result, key=KEY.hex())
        assert result["errors"] == {"base": "no_connectable_path"}


@pytest.mark.parametrize(
    "lie",
    [
        lambda radio: radio.say("C0:11:22:33:44:55", FakeButton().advertisement()),
        lambda radio: radio.say(FakeButton().address, {0xFFFF: b"\x01" + bytes(8) + INST_ID + b"\x50"}),
        lambda radio: radio.say(FakeButton().address, {0xFFFF: FakeButton().advertisement()[0xFFFF][:-1]}),
        lambda radio: radio.say(FakeButton().address, {0xFFFF: b"\x01"}),
    ],
    ids=["another's address", "another's identity", "cut short", "empty"],
)
async def test_an_advertisement_that_lies_is_not_offered(
    hass: HomeAssistant, radio: Radio, lie: Callable[[Radio], None]
) -> None:
    lie(radio)
    assert await discovered(hass) == []


async def test_discovery_changes_nothing_for_a_configured_button(hass: HomeAssistant, radio: Radio) -> None:
    entry = button_entry()
    entry.add_to_hass(hass)
    before = dict(entry.data)
    radio.add(FakeButton(inst_id=b"\xff\xff\xff\xff"))
    assert await discovered(hass) == []
    assert dict(entry.data) == before


# Buttons by hand


async def test_a_button_in_range_is_chosen_by_hand(hass: HomeAssistant, radio: Radio, button: FakeButton) -> None:
    button_entry(bytes(8)).add_to_hass(hass)
    radio.add(FakeButton(bytes(8)))
    radio.say("C0:11:22:33:44:55", FakeButton(b"imposter").advertisement())
    result = await choose(hass, "button")
    assert result["step_id"] == "button"
    assert list(result["data_schema"].schema["dev_id"].container) == [DEV_ID.hex()]
    result = await by_key(hass, await enter(hass, result, dev_id=DEV_ID.hex()))
    result = await enter(hass, result, key=KEY.hex())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == BUTTON_DATA
    await hass.config_entries.async_unload(result["result"].entry_id)
    assert await discovered(hass) == [], "the discovered flow of the same button ends"


async def test_no_button_in_range_says_so(hass: HomeAssistant, radio: Radio) -> None:
    result = await choose(hass, "button")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "no_devices_found"


# Press and hold


async def work(hass: HomeAssistant, result: Result, step_id: str) -> Result:
    """Follow a step that is at work to where it leads."""
    assert (result["type"], result["step_id"]) == (FlowResultType.SHOW_PROGRESS, step_id)
    async with asyncio.timeout(5):
        while True:
            await asyncio.sleep(0.01)
            found = hass.config_entries.flow._progress.get(result["flow_id"])
            if found is None or found.cur_step["type"] is not FlowResultType.SHOW_PROGRESS:
                break
    if found is None:
        return None
    return await hass.config_entries.flow.async_configure(result["flow_id"])


async def begin_hold(hass: HomeAssistant, result: Result) -> Result:
    """Choose press and hold."""
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": "hold"})
    assert (result["step_id"], result["progress_action"]) == ("hold", "hold")
    return result


async def hold(hass: HomeAssistant, radio: Radio, button: FakeButton, result: Result) -> Result:
    """Hold the button, and get to the digits."""
    await asyncio.sleep(0)
    button.hold()
    radio.advertise(button)
    result = await work(hass, result, "hold")
    assert result["step_id"] == "compare"
    assert result["description_placeholders"]["code"].replace(" ", "") == button.session.shown_code
    return result


async def opened(hass: HomeAssistant) -> Result:
    """The dialog of the only discovered button."""
    [flow] = await discovered(hass)
    return await hass.config_entries.flow.async_configure(flow["flow_id"])


async def test_a_held_button_is_paired_by_its_digits_and_a_press(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await begin_hold(hass, await opened(hass))
    assert button.client is None, "nothing connects before the button is held"
    result = await hold(hass, radio, button, result)
    result = await enter(hass, result)
    assert (result["step_id"], result["errors"]) == ("compare", {"digits": "digits_unanswered"})
    result = await enter(hass, result, digits="same")
    assert (result["step_id"], result["progress_action"]) == ("press", "press")
    assert hass.config_entries.async_entries(DOMAIN) == []
    button.press()
    await work(hass, result, "press")
    await hass.async_block_till_done()
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert entry.data == {**BUTTON_DATA, "slot": 1, "key": button.slots[1].key.hex()}
    assert entry.unique_id == DEV_ID.hex()
    assert entry.state is ConfigEntryState.LOADED
    await act(hass, "light.turn_on", "light.cuelight_0708")
    assert button.commands
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_button_may_be_pressed_before_the_digits_are_agreed_to(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    button.press()
    await work(hass, await enter(hass, result, digits="same"), "press")
    [entry] = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_digits_that_differ_cancel_the_pairing_and_it_can_be_tried_again(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    result = await enter(hass, result, digits="differ")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "digits_differ"})
    assert button.client is None
    assert list(button.slots) == [0]
    radio.advertise(button)
    result = await enter(hass, result, way="hold")
    result = await hold(hass, radio, button, result)
    button.press()
    await work(hass, await enter(hass, result, digits="same"), "press")
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert entry.data["slot"] == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_button_that_nobody_holds_can_be_added_by_its_key_after_all(
    hass: HomeAssistant, button: FakeButton
) -> None:
    with patch("custom_components.cuelight.pairing.HOLD_LIMIT_S", 0.05):
        result = await work(hass, await begin_hold(hass, await opened(hass)), "hold")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "not_held"})
    assert result["description_placeholders"]["reason"]
    result = await enter(hass, result, way="key")
    result = await enter(hass, result, key=KEY.hex())
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.config_entries.async_unload(result["result"].entry_id)


async def test_nobody_else_can_claim_that_the_button_is_held(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await begin_hold(hass, await opened(hass))
    other = FakeButton(b"imposter")
    other.hold()
    radio.say(button.address, other.advertisement())
    await asyncio.sleep(0.05)
    assert radio.connects == 0
    result = await hold(hass, radio, button, result)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()


async def test_a_window_that_was_used_up_is_told(hass: HomeAssistant, radio: Radio, button: FakeButton) -> None:
    result = await begin_hold(hass, await opened(hass))
    await asyncio.sleep(0)
    button.hold()
    claims = button.advertisement()
    button.session._close_window()
    radio.say(button.address, claims)
    result = await work(hass, result, "hold")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "pairing_closed"})


async def test_a_button_without_room_for_a_key_is_told_and_repaired_by_the_next_pairing(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    for slot in (1, 2, 3):
        button.slots[slot] = KeySlot(OTHER_KEY, 0)
    result = await begin_hold(hass, await opened(hass))
    await asyncio.sleep(0)
    button.hold()
    radio.advertise(button)
    result = await work(hass, result, "hold")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "key_slots_full"})
    told = [found.translation_key for found in ir.async_get(hass).issues.values() if found.domain == DOMAIN]
    assert told == ["key_slots_full"]
    del button.slots[2]
    radio.advertise(button)
    result = await hold(hass, radio, button, await enter(hass, result, way="hold"))
    button.press()
    await work(hass, await enter(hass, result, digits="same"), "press")
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert entry.data["slot"] == 2
    assert not [found for found in ir.async_get(hass).issues.values() if found.domain == DOMAIN]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_button_that_fades_while_the_digits_are_compared_is_told(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    button.lose_link()
    result = await work(hass, await enter(hass, result, digits="same"), "press")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "pairing_lost"})
    assert list(button.slots) == [0]


async def test_a_button_that_is_not_pressed_is_not_added(hass: HomeAssistant, radio: Radio, button: FakeButton) -> None:
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    with patch("custom_components.cuelight.pairing.CONFIRM_LIMIT_S", 0.05):
        result = await work(hass, await enter(hass, result, digits="same"), "press")
    assert (result["step_id"], result["errors"]) == ("retry", {"base": "pairing_failed"})
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_what_nobody_foresaw_in_a_pairing_is_told_and_logged(
    hass: HomeAssistant, radio: Radio, button: FakeButton, caplog: pytest.LogCaptureFixture
) -> None:
    with patch("custom_components.cuelight.pairing.PairingClient.begin", side_effect=RuntimeError("odd")):
        result = await begin_hold(hass, await opened(hass))
        await asyncio.sleep(0)
        button.hold()
        radio.advertise(button)
        result = await work(hass, result, "hold")
    assert result["errors"] == {"base": "unknown"}
    assert "odd" in caplog.text


async def test_a_dialog_closed_on_the_way_lets_the_button_go(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await begin_hold(hass, await opened(hass))
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    button.hold()
    radio.advertise(button)
    await hass.async_block_till_done()
    assert radio.connects == 0, "who has closed the dialog pairs no more"

    button.session._close_window()
    radio.advertise(button)
    bluetooth.async_rediscover_address(hass, button.address)
    radio.advertise(button, 79)
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    assert button.client is None


async def test_a_key_that_was_made_for_a_dialog_that_is_closed_is_forgotten(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await hold(hass, radio, button, await begin_hold(hass, await opened(hass)))
    result = await enter(hass, result, digits="same")
    button.press()
    async with asyncio.timeout(5):
        while 1 not in button.slots:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    assert list(button.slots) == [0]
    assert button.client is None


async def test_a_button_that_shows_the_pairing_sign_is_offered_for_it_and_connects_only_when_asked_to(
    hass: HomeAssistant, radio: Radio
) -> None:
    button = FakeButton()
    button.hold()
    radio.add(button)
    result = await opened(hass)
    assert result["step_id"] == "held"
    assert result["description_placeholders"]["name"] == "Cuelight 0708"
    assert radio.connects == 0
    result = await work(hass, await enter(hass, result), "hold")
    assert result["step_id"] == "compare"
    assert result["description_placeholders"]["code"].replace(" ", "") == button.session.shown_code
    button.press()
    await work(hass, await enter(hass, result, digits="same"), "press")
    [entry] = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_key_is_not_tried_while_the_button_waits_to_be_paired(
    hass: HomeAssistant, radio: Radio, button: FakeButton
) -> None:
    result = await by_key(hass, await opened(hass))
    button.hold()
    result = await enter(hass, result, key=KEY.hex())
    assert result["errors"] == {"base": "pairing_in_progress"}


async def test_a_dialog_left_open_gives_the_button_back_to_its_entities(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    result = await begin_hold(hass, await entry.start_reconfigure_flow(hass))
    result = await hold(hass, radio, button, result)
    await radio.pass_time(61)
    button.session._close_window()
    await act(hass, "light.turn_on", "light.stage_left")
    result = await work(hass, await enter(hass, result, digits="same"), "press")
    assert result["errors"] == {"base": "pairing_failed"}
    assert entry.data["slot"] == 0


@pytest.mark.parametrize("start", ["start_reauth_flow", "start_reconfigure_flow"])
@pytest.mark.parametrize("listen", [False, True])
async def test_a_button_that_is_set_up_gets_a_new_key_by_press_and_hold(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp, start: str, listen: bool
) -> None:
    entry = await set_up(button_entry(listen=listen))
    result = await begin_hold(hass, await getattr(entry, start)(hass))
    result = await hold(hass, radio, button, result)
    button.press()
    await work(hass, await enter(hass, result, digits="same"), "press")
    await hass.async_block_till_done()
    assert (entry.data["slot"], entry.data["key"]) == (1, button.slots[1].key.hex())
    assert entry.state is ConfigEntryState.LOADED
    await act(hass, "light.turn_on", "light.stage_left")


@pytest.mark.parametrize("reachable", [True, False])
async def test_the_key_that_a_new_one_replaces_is_forgotten_where_it_can_be(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp, reachable: bool
) -> None:
    button.slots[1] = KeySlot(OTHER_KEY, 0)
    entry = await set_up(in_slot(1))
    result = await hold(hass, radio, button, await begin_hold(hass, await entry.start_reconfigure_flow(hass)))
    button.press()
    with patch("custom_components.cuelight.removal.async_address_present", return_value=reachable):
        await work(hass, await enter(hass, result, digits="same"), "press")
    assert entry.data["slot"] == 2
    assert (1 in button.slots) is not reachable
    await hass.async_block_till_done()


# New keys


@pytest.mark.parametrize("listen", [False, True])
async def test_reauthentication_takes_the_new_key_and_the_new_instance(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, listen: bool
) -> None:
    entry = await set_up(button_entry(listen=listen))
    button.reset(b"new!", OTHER_KEY)
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"]["name"] == "Stage left"
    result = await enter(hass, await by_key(hass, result), key=KEY.hex())
    assert result["errors"] == {"key": "invalid_auth"}
    result = await enter(hass, result, key=OTHER_KEY.hex())
    assert result["reason"] == "reauth_successful"
    assert entry.data == {**BUTTON_DATA, "key": OTHER_KEY.hex(), "inst_id": b"new!".hex()}
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfiguration_tries_the_key_and_keeps_the_old_one_if_it_is_wrong(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    before = dict(entry.data)
    result = await by_key(hass, await entry.start_reconfigure_flow(hass))
    result = await enter(hass, result, key=OTHER_KEY.hex())
    assert result["errors"] == {"key": "invalid_auth"}
    assert dict(entry.data) == before
    result = await enter(hass, result, key=KEY.hex())
    assert result["reason"] == "reconfigure_successful"
    assert dict(entry.data) == before
    await hass.async_block_till_done()


async def test_reauthentication_works_while_the_entry_is_not_loaded(hass: HomeAssistant, button: FakeButton) -> None:
    entry = button_entry(key=OTHER_KEY)
    entry.add_to_hass(hass)
    result = await enter(hass, await by_key(hass, await entry.start_reauth_flow(hass)), key=KEY.hex())
    assert result["reason"] == "reauth_successful"
    assert entry.data["key"] == KEY.hex()
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)


# Options


async def test_options_reload_the_button(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    before = entry.runtime_data
    result: Result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"listen": False, "idle_disconnect_s": 120.0}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options == {"listen": False, "idle_disconnect_s": 120}
    assert isinstance(entry.options["idle_disconnect_s"], int)
    assert entry.runtime_data is not before
