"""The entities of a button, and how truthful they are."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from homeassistant.components.homeassistant import DOMAIN as HOMEASSISTANT
from homeassistant.components.homeassistant import SERVICE_UPDATE_ENTITY
from homeassistant.components.image import async_get_image
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from PIL import Image, ImageSequence
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.cuelight.analysis.codec import encode_animation
from custom_components.cuelight.const import FIRMWARE as NEWEST
from custom_components.cuelight.link import (
    AckCode,
    Asset,
    ButtonEvent,
    ButtonKind,
    Chunk,
    Command,
    CommandRefused,
    Commit,
    DeviceState,
    Done,
    DoneCode,
    Identify,
    Light,
    LightPattern,
    Play,
    Servo,
    SettingKey,
    Status,
    TimedCue,
)
from custom_components.cuelight.link.const import FIRMWARE_UUID, MODEL_UUID
from custom_components.cuelight.memory import KEPT, KEPT_BYTES

from .conftest import SetUp, button_entry
from .radio import DEV_ID, FakeButton, Radio

LIGHT = "light.stage_left"
SERVO = "number.stage_left_servo"
SAFETY = "binary_sensor.stage_left_safe_state"
STATE = "sensor.stage_left_state"
BATTERY = "sensor.stage_left_battery"
PRESS = "event.stage_left_press"
STOP = "button.stage_left_stop"
IDENTIFY = "button.stage_left_identify"
LAST_PERFORMANCE = "sensor.stage_left_last_performance"
PROBLEM = "binary_sensor.stage_left_problem"
ANIMATION = "select.stage_left_animation"
FAVOURITE = "select.stage_left_favourite"
PLAY_FAVOURITE = "button.stage_left_play_favourite"
FIRMWARE = "update.stage_left_firmware"
LIGHT_CAP = "number.stage_left_brightness_limit"
LOWER = "number.stage_left_servo_lower_limit"
UPPER = "number.stage_left_servo_upper_limit"
DISPLAY = "image.stage_left_display"
LIT = encode_animation([np.ones((32, 32), np.bool_)], 4)


def state(hass: HomeAssistant, entity_id: str) -> State:
    """The state of an entity that exists."""
    found = hass.states.get(entity_id)
    assert found is not None, entity_id
    return found


async def act(hass: HomeAssistant, action: str, entity_id: str, **data: Any) -> None:
    """Call an action on one entity and wait for it."""
    domain, name = action.split(".")
    await hass.services.async_call(domain, name, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done()


async def test_a_button_is_one_device_with_its_entities(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, snapshot_entities: dict[str, bool]
) -> None:
    entry = await set_up()
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.connections == {(dr.CONNECTION_BLUETOOTH, button.address)}
    assert device.name == "Stage left"
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert {entity.entity_id: entity.disabled for entity in entities} == snapshot_entities
    assert all(entity.unique_id.startswith(f"{DEV_ID.hex()}-") for entity in entities)


@pytest.fixture
def snapshot_entities() -> dict[str, bool]:
    """Every entity of a button, and whether it is off by default."""
    return {
        LIGHT: False,
        SERVO: False,
        "number.stage_left_servo_2": True,
        "number.stage_left_servo_3": True,
        "number.stage_left_servo_4": True,
        LIGHT_CAP: False,
        "number.stage_left_servo_top_speed": False,
        LOWER: False,
        UPPER: False,
        **{
            f"number.stage_left_servo_{servo}_{which}_limit": True
            for servo in (2, 3, 4)
            for which in ("lower", "upper")
        },
        "sensor.stage_left_free_store": True,
        PRESS: False,
        "event.stage_left_press_2": True,
        "event.stage_left_press_3": True,
        STOP: False,
        IDENTIFY: False,
        SAFETY: False,
        STATE: False,
        BATTERY: False,
        "sensor.stage_left_signal_strength": True,
        "sensor.stage_left_firmware_version": True,
        LAST_PERFORMANCE: False,
        PROBLEM: False,
        ANIMATION: False,
        FAVOURITE: False,
        PLAY_FAVOURITE: False,
        FIRMWARE: False,
        DISPLAY: False,
    }


async def test_setting_up_connects_to_nothing(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    await set_up()
    assert radio.connects == 0
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE


async def test_the_light_shows_what_the_button_acknowledged(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    assert state(hass, LIGHT).state == STATE_OFF
    await act(hass, "light.turn_on", LIGHT, rgb_color=(10, 20, 30), brightness=77, effect="heartbeat")
    assert button.commands == [Light(LightPattern.HEARTBEAT, (10, 20, 30), 77, 0)]
    shown = state(hass, LIGHT)
    assert shown.state == STATE_ON
    assert (shown.attributes["rgb_color"], shown.attributes["brightness"], shown.attributes["effect"]) == (
        (10, 20, 30),
        77,
        "heartbeat",
    )
    assert state(hass, SAFETY).state == STATE_ON
    assert state(hass, STATE).state == "active"


async def test_turning_on_again_keeps_what_is_not_said(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "light.turn_on", LIGHT, rgb_color=(10, 20, 30), brightness=77, effect="blink")
    await act(hass, "light.turn_off", LIGHT)
    await act(hass, "light.turn_on", LIGHT, effect="off")
    assert button.commands[-1] == Light(LightPattern.SOLID, (10, 20, 30), 77, 0)


async def test_turning_off_ends_the_lease(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "light.turn_on", LIGHT)
    await act(hass, "light.turn_off", LIGHT)
    assert button.session.state is DeviceState.SESSION
    assert state(hass, LIGHT).state == STATE_OFF
    assert state(hass, SAFETY).state == STATE_OFF


async def test_turning_off_the_light_leaves_the_servo_where_it_is(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "number.set_value", SERVO, value=90)
    await act(hass, "light.turn_on", LIGHT)
    await act(hass, "light.turn_off", LIGHT)
    assert button.commands[-1] == Light(LightPattern.SOLID, (0, 0, 0), 0, 0)
    assert button.session.state is DeviceState.ACTIVE
    assert state(hass, LIGHT).state == STATE_OFF
    assert state(hass, SERVO).state == "90.0"


async def test_a_servo_turns_in_tenths_of_a_degree(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    assert state(hass, SERVO).state == STATE_UNKNOWN
    await act(hass, "number.set_value", SERVO, value=45.7)
    assert button.commands == [Servo(0, 457, 0)]
    assert state(hass, SERVO).state == "45.7"


async def test_stop_puts_everything_at_rest(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "number.set_value", SERVO, value=90)
    await act(hass, "light.turn_on", LIGHT)
    await act(hass, "button.press", STOP)
    assert button.session.state is DeviceState.SESSION
    assert state(hass, SERVO).state == STATE_UNKNOWN
    assert state(hass, LIGHT).state == STATE_OFF
    assert state(hass, STATE).state == "session"


async def test_stop_without_a_link_asks_for_none(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "button.press", STOP)
    assert radio.connects == 0


async def test_identify_shows_which_one_it_is(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "button.press", IDENTIFY)
    assert button.commands == [Identify(5000)]
    assert state(hass, SAFETY).state == STATE_OFF


async def test_a_lost_link_is_told_at_once(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "number.set_value", SERVO, value=90)
    await act(hass, "light.turn_on", LIGHT)
    button.lose_link()
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_OFF
    assert state(hass, SERVO).state == STATE_UNKNOWN
    assert state(hass, SAFETY).state == STATE_OFF
    assert state(hass, STATE).state == "safe"


async def test_the_next_command_after_a_lost_link_connects_again(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "light.turn_on", LIGHT)
    button.lose_link()
    await act(hass, "light.turn_on", LIGHT)
    assert radio.connects == 2
    assert state(hass, LIGHT).state == STATE_ON


async def test_a_status_without_a_lease_says_that_the_light_is_off(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "light.turn_on", LIGHT)
    button.tell(Status(DeviceState.SESSION, 1000, 0, 3000, 0, button.session.last_counter))
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_OFF


async def test_a_status_with_a_lease_changes_nothing_shown(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "light.turn_on", LIGHT)
    button.tell(Status(DeviceState.ACTIVE, 1000, 40, 3000, 0, button.session.last_counter))
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_ON
    assert state(hass, SAFETY).state == STATE_ON


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([ButtonKind.PRESS], ("press_start", None)),
        ([ButtonKind.PRESS, ButtonKind.RELEASE], ("press_end", None)),
        ([ButtonKind.PRESS, ButtonKind.RELEASE, ButtonKind.SINGLE], ("multi_press_end", 1)),
        ([ButtonKind.DOUBLE], ("multi_press_end", 2)),
        ([ButtonKind.PRESS, ButtonKind.LONG], ("long_press_start", None)),
        ([ButtonKind.PRESS, ButtonKind.LONG, ButtonKind.RELEASE], ("long_press_end", None)),
        (
            [ButtonKind.PRESS, ButtonKind.LONG, ButtonKind.RELEASE, ButtonKind.PRESS, ButtonKind.RELEASE],
            ("press_end", None),
        ),
    ],
)
async def test_presses_become_standard_button_events(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, kinds: list[ButtonKind], expected: tuple[str, int | None]
) -> None:
    await set_up()
    await act(hass, "button.press", IDENTIFY)
    for kind in kinds:
        button.tell(ButtonEvent(0, kind, 5))
    await hass.async_block_till_done()
    event = state(hass, PRESS)
    assert (event.attributes["event_type"], event.attributes.get("multi_press_count")) == expected


async def test_another_contact_is_another_entity(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "button.press", IDENTIFY)
    button.tell(ButtonEvent(1, ButtonKind.PRESS, 5))
    await hass.async_block_till_done()
    assert state(hass, PRESS).state == STATE_UNKNOWN


async def test_the_battery_is_the_advertised_one(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    assert state(hass, BATTERY).state == "80"
    radio.advertise(button, battery=41)
    await hass.async_block_till_done()
    assert state(hass, BATTERY).state == "41"


async def test_the_signal_is_read_when_asked_for(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    er.async_get(hass).async_get_or_create(
        "sensor", "cuelight", f"{DEV_ID.hex()}-signal", suggested_object_id="signal", disabled_by=None
    )
    await async_setup_component(hass, HOMEASSISTANT, {})
    await set_up()
    await act(hass, f"{HOMEASSISTANT}.{SERVICE_UPDATE_ENTITY}", "sensor.signal")
    assert state(hass, "sensor.signal").state == "-60"


async def test_a_button_out_of_range_is_unavailable_and_comes_back_by_itself(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up()
    assert state(hass, LIGHT).state == STATE_OFF
    caplog.clear()
    await radio.fall_silent()
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE
    assert state(hass, BATTERY).state == STATE_UNAVAILABLE
    radio.advertise(button)
    radio.advertise(button, battery=79)
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_OFF
    told = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.cuelight")]
    assert told == ["Stage left is unavailable", "Stage left is available"]


async def test_a_connected_button_is_available_though_it_does_not_advertise(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    await radio.fall_silent()
    assert state(hass, LIGHT).state == STATE_ON
    await entry.runtime_data.client.disconnect()
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_OFF, "a button let go in good order is still here"
    await radio.pass_time(60)
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE


async def test_a_button_let_go_that_advertises_again_stays_available(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    await radio.fall_silent()
    await entry.runtime_data.client.disconnect()
    radio.advertise(button)
    await radio.pass_time(60)
    assert state(hass, LIGHT).state == STATE_OFF


@pytest.mark.parametrize(
    "lie",
    [
        {0xFFFF: b"\x01" + b"imposter" + bytes(4) + b"\x05"},
        {0xFFFF: b"\x02" + DEV_ID + bytes(4) + b"\x05"},
        {0xFFFF: b"\x01"},
        {},
    ],
    ids=["another's identity", "another version", "cut short", "nothing"],
)
async def test_an_advertisement_that_lies_changes_nothing(
    hass: HomeAssistant, radio: Radio, set_up: SetUp, lie: dict[int, bytes]
) -> None:
    entry = await set_up()
    before = dict(entry.data)
    radio.say(FakeButton().address, lie)
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE
    assert dict(entry.data) == before
    assert radio.connects == 0
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))


async def test_an_advertised_instance_is_no_reason_to_ask_for_a_key(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    radio.say(button.address, FakeButton(inst_id=b"\xff\xff\xff\xff").advertisement(battery=5))
    await act(hass, "light.turn_on", LIGHT)
    assert state(hass, LIGHT).state == STATE_ON
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (AckCode.UNSUPPORTED, "refused_unsupported"),
        (AckCode.OUT_OF_RANGE, "refused_out_of_range"),
        (AckCode.DENIED, "refused"),
    ],
)
async def test_a_refusal_is_a_sentence_and_the_light_stays_off(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, answer: AckCode, key: str
) -> None:
    await set_up()
    button.answer = answer
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "light.turn_on", LIGHT)
    assert caught.value.translation_key == key
    assert "Stage left" in str(caught.value)
    assert state(hass, LIGHT).state == STATE_OFF


async def test_a_button_that_cannot_be_reached_says_why(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    button.reachable = False
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "light.turn_on", LIGHT)
    assert caught.value.translation_key == "unreachable"
    assert caught.value.translation_placeholders is not None
    assert caught.value.translation_placeholders["reason"]
    assert state(hass, LIGHT).state == STATE_OFF


async def test_unloading_stops_the_button(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    stopped: list[DeviceState] = []
    lose = button.lose_link
    client = button.client
    assert client is not None
    disconnect = client.lose

    def watch() -> None:
        stopped.append(button.session.state)
        disconnect()

    client.lose = watch  # type: ignore[method-assign]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert stopped[:1] == [DeviceState.SESSION], "at rest before the link went"
    assert button.client is None
    assert lose == button.lose_link
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE


async def test_reloading_brings_everything_back(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up(button_entry(listen=True))
    await act(hass, "light.turn_on", LIGHT)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, LIGHT).state == STATE_OFF
    await act(hass, "light.turn_on", LIGHT)
    assert state(hass, LIGHT).state == STATE_ON


async def test_a_removed_button_is_discovered_again(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    entry = await set_up()
    radio.add(FakeButton())
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not hass.config_entries.flow.async_progress_by_handler("cuelight")
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    [flow] = hass.config_entries.flow.async_progress_by_handler("cuelight")
    assert flow["context"]["unique_id"] == DEV_ID.hex()


async def test_the_device_page_tells_model_and_firmware_of_each_session(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    er.async_get(hass).async_get_or_create(
        "sensor", "cuelight", f"{DEV_ID.hex()}-firmware", suggested_object_id="firmware", disabled_by=None
    )
    entry = await set_up()
    assert state(hass, "sensor.firmware").state == STATE_UNKNOWN
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert (device.model, device.sw_version) == ("native", "1.2.3")
    button.lose_link()
    button.information[FIRMWARE_UUID] = b"1.2.4"
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.sw_version == "1.2.4"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, "sensor.firmware").state == "1.2.4"


async def test_a_button_that_does_not_tell_what_it_is_works_all_the_same(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    button.information.clear()
    button.information[MODEL_UUID] = b""
    button.information[FIRMWARE_UUID] = b"\xff"
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state(hass, LIGHT).state == STATE_ON
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.model is None


async def test_a_command_to_a_button_heard_since_the_failure_does_not_wait_out_the_pause(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    button.reachable = False
    for _ in range(3):
        with pytest.raises(HomeAssistantError):
            await act(hass, "light.turn_on", LIGHT)
    connects = radio.connects
    with pytest.raises(HomeAssistantError):
        await act(hass, "light.turn_on", LIGHT)
    assert radio.connects == connects
    button.reachable = True
    radio.advertise(button, 79)
    await act(hass, "light.turn_on", LIGHT)
    assert state(hass, LIGHT).state == STATE_ON


# Display and faults


async def frames_of(hass: HomeAssistant) -> list[bytes]:
    """The pictures of the display's image."""
    with Image.open(BytesIO((await async_get_image(hass, DISPLAY)).content)) as image:
        return [frame.convert("1").tobytes() for frame in ImageSequence.Iterator(image)]


async def test_a_chosen_animation_is_shown_and_seen_in_the_image_until_the_outputs_rest(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    assert state(hass, ANIMATION).state == STATE_UNKNOWN
    [dark] = await frames_of(hass)
    assert not any(dark)
    await act(hass, "select.select_option", ANIMATION, option="happy")
    assert button.commands == [Play(7, 0)]
    assert state(hass, ANIMATION).state == "happy"
    assert len(set(await frames_of(hass))) > 1
    before = state(hass, DISPLAY).state
    button.tell(Status(DeviceState.SESSION, 20_000, 0, 4000, 0, 1))
    await hass.async_block_till_done()
    assert state(hass, ANIMATION).state == STATE_UNKNOWN
    assert state(hass, DISPLAY).state != before
    assert await frames_of(hass) == [dark]


async def test_stop_darkens_the_display(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await act(hass, "select.select_option", ANIMATION, option="idle")
    await act(hass, "button.press", STOP)
    assert state(hass, ANIMATION).state == STATE_UNKNOWN


async def test_a_refused_animation_is_not_shown(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    button.answer = AckCode.UNSUPPORTED
    with pytest.raises(HomeAssistantError):
        await act(hass, "select.select_option", ANIMATION, option="idle")
    assert state(hass, ANIMATION).state == STATE_UNKNOWN


async def test_a_picture_that_only_the_button_has_is_unknown_here(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await entry.runtime_data.async_play(0x300, 5000)
    await hass.async_block_till_done()
    assert state(hass, DISPLAY).state == STATE_UNKNOWN
    assert state(hass, ANIMATION).state == STATE_UNKNOWN


async def test_an_uploaded_picture_is_seen_when_it_is_played(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await entry.runtime_data.async_upload({0x300: LIT})
    await entry.runtime_data.async_play(0x300, 5000)
    await hass.async_block_till_done()
    [lit] = await frames_of(hass)
    assert any(lit)


async def test_an_uploaded_picture_is_seen_after_a_restart_too(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await entry.runtime_data.async_upload({0x300: LIT})
    await hass.config_entries.async_reload(entry.entry_id)
    await entry.runtime_data.async_play(0x300, 5000)
    await hass.async_block_till_done()
    [lit] = await frames_of(hass)
    assert any(lit)
    assert state(hass, ANIMATION).state == STATE_UNKNOWN, "what belongs to a scene is no choice of a person's"


async def test_an_animation_that_the_button_has_lost_is_uploaded_again(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await entry.runtime_data.async_upload({0x300: LIT})
    uploaded = len(button.commands)
    act_on = button.session._act
    lost = True

    def forgetful(command: Command) -> AckCode:
        nonlocal lost
        if isinstance(command, Play) and lost:
            return AckCode.UNKNOWN_ASSET
        lost = lost and not isinstance(command, Commit)
        return act_on(command)

    button.session._act = forgetful
    await entry.runtime_data.async_play(0x300, 5000)
    assert [type(command) for command in button.commands[uploaded:]] == [Asset, Chunk, Commit, Play]
    lost = True
    with pytest.raises(CommandRefused):
        await entry.runtime_data.async_play(0x301, 5000)


async def test_only_so_many_animations_are_remembered_and_always_the_favourite(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    memory = (await set_up()).runtime_data.memory
    await memory.async_keep(0x300, LIT, "cat")
    await memory.async_prefer(0x300)
    for asset_id in range(0x301, 0x301 + KEPT):
        await memory.async_keep(asset_id, LIT, "cat")
    assert memory.data(0x300) == LIT
    assert memory.data(0x301) is None
    assert memory.data(0x302) == LIT
    assert memory.name(0x300) == "cat"
    assert memory.name(0x302) == "cat (0302)", "two of one name can be told apart"
    await memory.async_keep(0x400, bytes(KEPT_BYTES - 2 * len(LIT)))
    assert [memory.data(asset_id) is not None for asset_id in (0x300, 0x33F, 0x340, 0x400)] == [True, False, True, True]
    await memory.async_keep(0x300, LIT)
    assert memory.name(0x300) == "cat", "a scene that holds the same animation takes no name away"


async def test_the_favourite_is_chosen_with_nothing_sent_and_played_at_a_press(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await radio.fall_silent()
    assert state(hass, LIGHT).state == STATE_UNAVAILABLE
    assert state(hass, FAVOURITE).state == "idle"
    await act(hass, "select.select_option", FAVOURITE, option="happy")
    assert state(hass, FAVOURITE).state == "happy"
    assert radio.connects == 0
    radio.advertise(button)
    radio.advertise(button, 79)
    await act(hass, "button.press", PLAY_FAVOURITE)
    assert button.commands == [Play(7, 0)]
    await entry.runtime_data.async_upload({0x300: LIT}, title="cat")
    await act(hass, "select.select_option", FAVOURITE, option="cat")
    await hass.config_entries.async_reload(entry.entry_id)
    assert state(hass, FAVOURITE).state == "cat"
    await act(hass, "button.press", PLAY_FAVOURITE)
    assert button.commands[-1] == Play(0x300, 0)
    assert state(hass, ANIMATION).state == "cat"
    await hass.config_entries.async_remove(entry.entry_id)
    again = await set_up(button_entry())
    assert again.runtime_data.memory.favourite == 0, "a removed button's memory goes with it"


@pytest.mark.parametrize(("installed", "expected"), [("0.0.9", STATE_ON), (NEWEST, STATE_OFF), ("99.0.0", STATE_OFF)])
async def test_a_newer_firmware_is_told_and_how_to_flash_it_but_cannot_be_installed(
    hass: HomeAssistant,
    button: FakeButton,
    set_up: SetUp,
    hass_ws_client: WebSocketGenerator,
    installed: str,
    expected: str,
) -> None:
    button.information[FIRMWARE_UUID] = installed.encode()
    await set_up()
    assert state(hass, FIRMWARE).state == STATE_UNKNOWN
    await act(hass, "button.press", IDENTIFY)
    await hass.async_block_till_done(wait_background_tasks=True)
    told = state(hass, FIRMWARE)
    assert (told.state, told.attributes["installed_version"]) == (expected, installed)
    assert told.attributes["latest_version"] == NEWEST
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "update/release_notes", "entity_id": FIRMWARE})
    notes = (await client.receive_json())["result"]
    assert "script/firmware" in notes
    assert "Stage left" in notes
    with pytest.raises(HomeAssistantError):
        await act(hass, "update.install", FIRMWARE)


def test_the_firmware_of_this_checkout_is_the_newest_that_is_known() -> None:
    text = (Path(__file__).parents[2] / "firmware" / "CMakeLists.txt").read_text()
    assert f"project(cuelight VERSION {NEWEST} " in text


async def test_the_display_is_followed_through_a_performance(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = (await set_up()).runtime_data
    cues = (TimedCue(0, Play(1, 60_000)), TimedCue(50, Play(2, 60_000)))
    await coordinator.async_load(cues, {})
    shown: list[int | None] = []
    coordinator.async_add_listener(lambda: shown.append(coordinator.shown))
    running = hass.async_create_task(coordinator.async_run(hass.loop.time(), 30.0))
    async with asyncio.timeout(5):
        while coordinator.shown != 2:
            await asyncio.sleep(0.005)
    assert 1 in shown
    button.tell(Done(0, DoneCode.COMPLETED))
    await running
    await hass.async_block_till_done()
    assert coordinator.shown is None
    assert state(hass, LAST_PERFORMANCE).state != STATE_UNKNOWN


async def test_the_last_performance_is_remembered_over_a_restart(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    ended = dt_util.utcnow().replace(microsecond=0)
    stored = {"native_value": {"__type": "<class 'datetime.datetime'>", "isoformat": ended.isoformat()}}
    mock_restore_cache_with_extra_data(
        hass, [(State(LAST_PERFORMANCE, ended.isoformat()), {**stored, "native_unit_of_measurement": None})]
    )
    await set_up()
    assert state(hass, LAST_PERFORMANCE).state == ended.isoformat()


@pytest.mark.parametrize(
    ("fault", "problem"),
    [(0, STATE_OFF), (10, STATE_OFF), (11, STATE_ON), (12, STATE_ON), (13, STATE_ON), (99, STATE_OFF)],
)
async def test_a_fault_of_the_board_is_a_problem_and_one_of_the_link_is_none(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, fault: int, problem: str
) -> None:
    await set_up()
    button.session.fault = fault  # type: ignore[assignment]
    await act(hass, "light.turn_on", LIGHT)
    assert state(hass, PROBLEM).state == problem
    button.lose_link()
    await act(hass, "light.turn_on", LIGHT)
    assert state(hass, PROBLEM).state == STATE_OFF


# Settings


async def test_settings_are_read_in_each_session_and_known_after_a_restart(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    button.session.settings[SettingKey.LIGHT_CAP] = 128
    button.session.settings[SettingKey.SERVO_LIMITS_0] = 300 << 16 | 1505
    entry = await set_up()
    assert state(hass, LIGHT_CAP).state == STATE_UNKNOWN
    await act(hass, "button.press", IDENTIFY)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (state(hass, LIGHT_CAP).state, state(hass, LOWER).state, state(hass, UPPER).state) == ("50", "30.0", "150.5")
    button.reachable = False
    await hass.config_entries.async_reload(entry.entry_id)
    assert state(hass, UPPER).state == "150.5"


async def test_a_link_that_is_let_go_while_settings_are_read_is_not_brought_up_again_for_them(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    button.session.settings[SettingKey.LIGHT_CAP] = 128
    entry = await set_up()
    saving, saved = asyncio.Event(), asyncio.Event()

    async def save_slowly(_memory: object) -> None:
        saving.set()
        await saved.wait()

    with patch("custom_components.cuelight.memory.Memory.async_save", save_slowly):
        await act(hass, "button.press", IDENTIFY)
        async with asyncio.timeout(5):
            await saving.wait()
        await entry.runtime_data.client.disconnect()
        saved.set()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert radio.connects == 1


async def test_settings_are_changed_on_the_button_and_the_other_limit_stays(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "number.set_value", LIGHT_CAP, value=20)
    await act(hass, "number.set_value", "number.stage_left_servo_top_speed", value=120.5)
    await act(hass, "number.set_value", UPPER, value=120)
    await act(hass, "number.set_value", LOWER, value=10.5)
    held = button.session.settings
    assert (held[SettingKey.LIGHT_CAP], held[SettingKey.SERVO_SPEED]) == (51, 1205)
    assert held[SettingKey.SERVO_LIMITS_0] == 105 << 16 | 1200
    assert [state(hass, entity).state for entity in (LIGHT_CAP, LOWER, UPPER)] == ["20", "10.5", "120.0"]


async def test_limits_that_cross_are_refused_before_they_are_sent(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "number.set_value", UPPER, value=90)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "number.set_value", LOWER, value=90.1)
    assert caught.value.translation_key == "limits_crossed"
    assert button.session.settings[SettingKey.SERVO_LIMITS_0] == 900


async def test_firmware_without_settings_leaves_them_unknown_and_says_so_when_one_is_set(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    with patch.object(button.session, "_get", return_value=None):
        await act(hass, "light.turn_on", LIGHT)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state(hass, LIGHT_CAP).state == STATE_UNKNOWN
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, "number.set_value", LIGHT_CAP, value=50)
        assert caught.value.translation_key == "refused_unsupported"
    assert state(hass, LIGHT).state == STATE_ON


async def test_the_free_store_is_read_again_after_an_upload(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    er.async_get(hass).async_get_or_create(
        "sensor", "cuelight", f"{DEV_ID.hex()}-store_free", suggested_object_id="store", disabled_by=None
    )
    button.session.settings[SettingKey.STORE_FREE] = 60_000
    entry = await set_up()
    await act(hass, "button.press", IDENTIFY)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state(hass, "sensor.store").state == "60000"
    button.session.settings[SettingKey.STORE_FREE] = 59_000
    await entry.runtime_data.async_upload({0x300: LIT})
    await hass.async_block_till_done()
    assert state(hass, "sensor.store").state == "59000"
