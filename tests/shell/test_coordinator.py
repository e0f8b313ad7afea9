"""How a button's link is kept: on demand, held for presses, in turn, and never against the button's will."""

import asyncio
import time
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cuelight.coordinator import _TURNS, ButtonCoordinator
from custom_components.cuelight.errors import error_key
from custom_components.cuelight.link import (
    AckCode,
    Asset,
    ButtonEvent,
    ButtonKind,
    Chunk,
    CommandRefused,
    Commit,
    Cues,
    DeviceState,
    Done,
    DoneCode,
    Light,
    LightPattern,
    LinkError,
    LinkLost,
    LinkTimeout,
    LinkUnreachable,
    Run,
    Servo,
    TimedCue,
    UnreachableReason,
)
from custom_components.cuelight.link.credentials import ratchet
from custom_components.cuelight.link.session import KeySlot

from .conftest import SetUp, button_entry
from .radio import KEY, FakeButton, Radio
from .test_button import LIGHT, PRESS, SAFETY, SERVO, act, state

OTHER_KEY = bytes(reversed(range(32)))
RED = Light(LightPattern.SOLID, (255, 0, 0), 255, 0)
CUES = (TimedCue(0, RED), TimedCue(500, Servo(0, 900, 200)))


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """Shorten the pauses between attempts, the coordinator's and the link's."""
    with (
        patch("custom_components.cuelight.coordinator.FIRST_RETRY_S", 0.01),
        patch("custom_components.cuelight.coordinator.PRESS_LINGER_S", 0.05),
        patch("custom_components.cuelight.link.backoff._FIRST_S", 0.01),
        patch("custom_components.cuelight.link.backoff._FIRST_AFTER_REFUSAL_S", 0.01),
    ):
        yield


async def until(condition: object, within_s: float = 5.0) -> None:
    """Wait until a condition holds."""
    assert callable(condition)
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


def asked_for_a_key(hass: HomeAssistant, entry: MockConfigEntry) -> bool:
    """Whether a reauthentication flow is open."""
    return any(entry.async_get_active_flows(hass, {"reauth"}))


def coordinator_of(entry: MockConfigEntry) -> ButtonCoordinator:
    """The coordinator of a loaded button."""
    coordinator = entry.runtime_data
    assert isinstance(coordinator, ButtonCoordinator)
    return coordinator


# Listening


async def test_a_listening_button_is_connected_as_soon_as_it_is_heard(
    hass: HomeAssistant, radio: Radio, set_up: SetUp
) -> None:
    await set_up(button_entry(listen=True))
    assert radio.connects == 0
    button = radio.add(FakeButton())
    await until(lambda: button.session.state is DeviceState.SESSION)
    button.tell(ButtonEvent(0, ButtonKind.PRESS, 5))
    await hass.async_block_till_done()
    assert state(hass, PRESS).attributes["event_type"] == "press_start"


async def test_a_listening_button_is_connected_again_after_its_link_was_lost(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(listen=True))
    await until(lambda: coordinator_of(entry).client.connected)
    for connects in (2, 3):
        button.lose_link()
        await until(lambda: coordinator_of(entry).client.connected)
        assert radio.connects == connects


async def test_a_button_that_restarts_is_found_again_without_a_reload(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(listen=True))
    await until(lambda: coordinator_of(entry).client.connected)
    button.reachable = False
    button.lose_link()
    await until(lambda: radio.connects > 3)
    button.reachable = True
    await until(lambda: coordinator_of(entry).client.connected)


async def test_nothing_is_tried_while_the_button_is_out_of_range(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(listen=True))
    await until(lambda: coordinator_of(entry).client.connected)
    await radio.fall_silent()
    button.lose_link()
    await asyncio.sleep(0.1)
    assert radio.connects == 1
    radio.advertise(button)
    await until(lambda: coordinator_of(entry).client.connected)


async def test_a_failing_listener_tries_ever_less_often(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    coordinator = coordinator_of(entry)
    error = LinkLost("gone")
    with patch("custom_components.cuelight.coordinator.LAST_RETRY_S", 0.05):
        assert await coordinator._async_back_off(error, 0.01) == 0.02
        assert await coordinator._async_back_off(error, 0.04) == 0.05
        assert await coordinator._async_back_off(error, 0.05) == 0.05


async def test_a_failing_listener_tries_at_once_when_the_button_is_back_from_silence(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    with patch.object(ButtonCoordinator, "last_seen", time.monotonic()):
        waiting = asyncio.create_task(coordinator._async_back_off(LinkLost("gone"), 300))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    with patch.object(ButtonCoordinator, "last_seen", time.monotonic() + 20):
        assert await asyncio.wait_for(waiting, 5) == 0.01


async def test_a_button_unloaded_while_its_key_is_checked_stays_unloaded(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(listen=True))
    coordinator = coordinator_of(entry)
    await until(lambda: coordinator.client.connected)
    async with coordinator.async_suspended():
        assert not coordinator.client.connected
        assert await hass.config_entries.async_unload(entry.entry_id)
    await asyncio.sleep(0.05)
    assert radio.connects == 1
    assert button.client is None


# Presses with no link


async def test_a_press_that_waits_is_fetched_at_once_and_the_link_let_go(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    for times in (1, 2):
        button.press()
        radio.advertise(button)
        await until(lambda times=times: radio.connects == times)
        await until(lambda: button.client is None)
        assert state(hass, PRESS).attributes["event_type"] == "multi_press_end"
        radio.advertise(button)


async def test_what_a_fetched_press_sets_off_keeps_the_link(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    button.press()
    radio.advertise(button)
    await until(lambda: button.client is not None)
    await act(hass, "light.turn_on", LIGHT)
    await until(lambda: coordinator._fetching is None)
    assert state(hass, LIGHT).state == "on"


async def test_a_press_brings_a_listening_button_back_before_its_pause_is_over(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    with patch("custom_components.cuelight.coordinator.FIRST_RETRY_S", 300):
        button.reachable = False
        coordinator = coordinator_of(await set_up(button_entry(listen=True)))
        await until(lambda: radio.connects > 0)
        await asyncio.sleep(0.05)
        button.reachable = True
        button.press()
        radio.advertise(button)
        await until(lambda: state(hass, PRESS).attributes.get("event_type") == "multi_press_end")
        await until(lambda: coordinator._fetching is None)
        assert button.client is not None


async def test_a_press_that_is_only_claimed_is_followed_ever_less_often(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    claim = {0xFFFF: b"\x21" + button.advertisement()[0xFFFF][1:]}
    pauses = []
    for _ in range(12):
        radio.say(button.address, claim)
        await until(lambda: coordinator._fetching is None and button.client is None)
        pauses.append(coordinator._fetch_pause)
        radio.advertise(button)
        radio.say(button.address, claim)
        assert coordinator._fetching is None, "not so soon again"
        radio.advertise(button)
        coordinator._fetch_again_at = 0.0
    assert radio.connects == 12
    assert pauses[:3] == [4.0, 8.0, 16.0]
    assert pauses[-1] == 300.0
    button.press()
    radio.advertise(button)
    await until(lambda: state(hass, PRESS).attributes.get("event_type") == "multi_press_end")
    assert coordinator._fetch_pause == 2.0


async def test_a_press_is_fetched_though_the_first_attempt_fails(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    button.press()
    button.reachable = False
    with patch("custom_components.cuelight.coordinator.PRESS_RETRY_S", 0.01):
        radio.advertise(button)
        await until(lambda: radio.connects > 0)
        button.reachable = True
        await until(lambda: state(hass, PRESS).attributes.get("event_type") == "multi_press_end")


async def test_a_press_that_cannot_be_fetched_is_given_up_and_no_error(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    radio.may_connect.clear()
    with patch("custom_components.cuelight.coordinator.PRESS_LIMIT_S", 0.02):
        button.press()
        radio.advertise(button)
        await until(lambda: radio.connecting == 1)
        await until(lambda: coordinator._fetching is None)
    radio.may_connect.set()
    assert state(hass, PRESS).state == "unknown"


async def test_an_unloaded_button_fetches_no_press(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    button.press()
    radio.advertise(button)
    await hass.async_block_till_done()
    assert radio.connects == 0


async def test_a_command_to_a_button_that_is_being_paired_says_so_and_asks_for_no_key(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up()
    button.hold()
    for _ in range(4):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, "light.turn_on", LIGHT)
        assert caught.value.translation_key == "pairing_in_progress"
        await asyncio.sleep(0.05)
    assert not asked_for_a_key(hass, entry)
    button.session._close_window()
    await asyncio.sleep(0.1)
    radio.advertise(button)
    await act(hass, "light.turn_on", LIGHT)


async def test_a_key_check_that_is_given_up_leaves_the_button_listening(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up(button_entry(listen=True)))
    await until(lambda: coordinator.client.connected)

    async def check() -> None:
        async with coordinator.async_suspended():
            pytest.fail("the link is not down yet")

    with patch.object(coordinator.client, "disconnect", asyncio.Event().wait):
        checking = asyncio.create_task(check())
        await asyncio.sleep(0.05)
        checking.cancel()
        await asyncio.wait([checking])
    button.lose_link()
    await until(lambda: radio.connects == 2 and coordinator.client.connected)


# Keys


async def test_a_refused_key_is_asked_for_after_the_third_refusal_only(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(key=OTHER_KEY))
    for attempt in range(1, 4):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, "light.turn_on", LIGHT)
        assert caught.value.translation_key == "authentication_failed"
        assert asked_for_a_key(hass, entry) is (attempt == 3)
        await asyncio.sleep(0.1)


async def test_a_good_handshake_forgets_the_refusals(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    for _ in range(3):
        button.reset(button.inst_id, OTHER_KEY)
        for _ in range(2):
            with pytest.raises(HomeAssistantError):
                await act(hass, "light.turn_on", LIGHT)
            await asyncio.sleep(0.1)
        button.reset(button.inst_id, KEY)
        await act(hass, "light.turn_on", LIGHT)
    assert not asked_for_a_key(hass, entry)


async def test_another_instance_is_asked_about_at_once_and_never_hammered(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    button.reset(b"new!")
    entry = await set_up(button_entry(listen=True))
    await until(lambda: asked_for_a_key(hass, entry))
    connects = radio.connects
    await asyncio.sleep(0.2)
    assert radio.connects == connects
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "light.turn_on", LIGHT)
    assert caught.value.translation_key == "wrong_instance"


async def test_the_question_for_a_key_is_taken_back_when_the_button_answers_again(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    known = button.inst_id
    entry = await set_up()
    button.reset(b"new!")
    with pytest.raises(HomeAssistantError):
        await act(hass, "light.turn_on", LIGHT)
    assert asked_for_a_key(hass, entry)
    button.reset(known)
    await asyncio.sleep(0.1)
    await act(hass, "light.turn_on", LIGHT)
    await hass.async_block_till_done()
    assert not asked_for_a_key(hass, entry)


async def test_a_key_that_the_button_has_rolled_forward_is_followed_and_kept(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    rolled = ratchet(ratchet(KEY, 0, 0), 0, 1)
    button.slots[0] = KeySlot(rolled, 2)
    entry = await set_up()
    await act(hass, "light.turn_on", LIGHT)
    assert (entry.data["gen"], entry.data["key"]) == (2, rolled.hex())


async def test_a_rotated_key_is_kept(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    await coordinator_of(entry).client.rotate_key()
    assert (entry.data["gen"], entry.data["key"], entry.data["pending_key"]) == (1, ratchet(KEY, 0, 0).hex(), None)


async def test_a_stored_key_that_is_no_key_is_asked_for(hass: HomeAssistant, bluetooth: None) -> None:
    entry = button_entry(key=b"short")
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert asked_for_a_key(hass, entry)


# In turn


async def test_few_buttons_connect_at_the_same_time(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    buttons = [radio.add(FakeButton(bytes([number] * 8))) for number in range(6)]
    coordinators = [coordinator_of(await set_up(button_entry(button.dev_id))) for button in buttons]
    radio.may_connect.clear()
    connecting = [asyncio.create_task(coordinator.async_connect()) for coordinator in coordinators]
    await until(lambda: radio.connecting == 3)
    radio.may_connect.set()
    await asyncio.gather(*connecting)
    assert radio.most_connecting == 3
    assert all(coordinator.client.connected for coordinator in coordinators)


async def test_what_a_person_waits_for_is_not_behind_those_that_listen(
    hass: HomeAssistant, radio: Radio, set_up: SetUp
) -> None:
    buttons = [radio.add(FakeButton(bytes([number] * 8))) for number in range(6)]
    radio.may_connect.clear()
    for button in buttons[:5]:
        await set_up(button_entry(button.dev_id, listen=True))
    await until(lambda: radio.connecting == 1)
    coordinator = coordinator_of(await set_up(button_entry(buttons[5].dev_id)))
    connecting = asyncio.create_task(coordinator.async_connect())
    await until(lambda: radio.connecting == 2)
    radio.may_connect.set()
    await connecting
    assert coordinator.client.connected


async def test_a_turn_that_does_not_come_is_told(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    buttons = [radio.add(FakeButton(bytes([number] * 8))) for number in range(4)]
    coordinators = [coordinator_of(await set_up(button_entry(button.dev_id))) for button in buttons]
    radio.may_connect.clear()
    connecting = [asyncio.create_task(coordinator.async_connect()) for coordinator in coordinators[:3]]
    await until(lambda: radio.connecting == 3)
    with patch("custom_components.cuelight.coordinator.TURN_LIMIT_S", 0.01), pytest.raises(LinkTimeout):
        await coordinators[3].async_connect()
    radio.may_connect.set()
    await asyncio.gather(*connecting)


async def test_a_command_does_not_wait_for_a_turn_once_its_button_is_connected(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    radio.may_connect.clear()
    commands = [asyncio.create_task(coordinator.async_identify()) for _ in range(2)]
    await until(lambda: radio.connecting == 1)
    turns = hass.data[_TURNS].all
    others = [asyncio.create_task(turns.acquire()) for _ in range(3)]  # the last of them takes the turn given back
    radio.may_connect.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*commands, *others)


# Slots


@pytest.fixture
def three_slots(radio: Radio) -> Iterator[Radio]:
    """A proxy with three connection slots, and no patience."""
    radio.slots = 3
    with (
        patch("custom_components.cuelight.coordinator.SLOT_WAIT_S", 0.2),
        patch("custom_components.cuelight.coordinator.SLOT_POLL_S", 0.01),
    ):
        yield radio


async def listening(radio: Radio, set_up: SetUp, count: int, connected: int) -> list[ButtonCoordinator]:
    """Buttons that listen for presses, as many as get a slot."""
    buttons = [radio.add(FakeButton(bytes([number] * 8))) for number in range(count)]
    found = [coordinator_of(await set_up(button_entry(button.dev_id, listen=True))) for button in buttons]
    await until(lambda: sum(coordinator.client.connected for coordinator in found) == connected)
    return found


async def test_listening_leaves_a_slot_for_commands(hass: HomeAssistant, three_slots: Radio, set_up: SetUp) -> None:
    coordinators = await listening(three_slots, set_up, 3, connected=2)
    await asyncio.sleep(0.1)
    assert len(three_slots.connected) == 2
    [left_out] = [coordinator for coordinator in coordinators if not coordinator.client.connected]
    await left_out.async_identify()
    assert len(three_slots.connected) == 3


async def test_a_command_takes_the_slot_of_a_link_that_only_listens(
    hass: HomeAssistant, three_slots: Radio, set_up: SetUp
) -> None:
    coordinators = await listening(three_slots, set_up, 5, connected=2)
    quiet = [coordinator for coordinator in coordinators if not coordinator.client.connected]
    for coordinator in quiet:
        await coordinator.async_light(RED)
    assert all(coordinator.light == RED for coordinator in quiet)
    assert len(three_slots.connected) == 3


async def test_no_slot_is_taken_from_a_button_that_acts(hass: HomeAssistant, three_slots: Radio, set_up: SetUp) -> None:
    coordinators = await listening(three_slots, set_up, 4, connected=2)
    for coordinator in coordinators[:3]:
        await coordinator.async_light(RED)
    with pytest.raises(LinkUnreachable) as caught:
        await coordinators[3].async_identify()
    assert caught.value.reason is UnreachableReason.OUT_OF_SLOTS
    assert error_key(caught.value) == "out_of_slots"
    assert all(coordinator.light == RED for coordinator in coordinators[:3])


async def test_the_only_slot_there_is_may_be_listened_on(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    radio.slots = 1
    await listening(radio, set_up, 1, connected=1)


# Performing


async def test_a_performance_uploads_loads_and_runs(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    coordinator = coordinator_of(await set_up())
    progress: list[float] = []
    performing = asyncio.create_task(
        coordinator.async_perform(CUES, {0x0200: bytes(500)}, hass.loop.time(), 1.0, progress.append)
    )
    await until(lambda: any(isinstance(command, Run) for command in button.commands))
    assert state(hass, SAFETY).state == "on"
    button.tell(Done(0, DoneCode.COMPLETED))
    outcome = await performing
    assert (outcome.acked_cues, outcome.done) == (2, DoneCode.COMPLETED)
    assert outcome.start_skew_s is not None
    assert abs(outcome.start_skew_s) < 1
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    kinds = [type(command) for command in button.commands]
    assert kinds == [Asset, Chunk, Chunk, Chunk, Commit, Cues, Run]
    await hass.async_block_till_done()
    assert state(hass, SAFETY).state == "off"


async def test_a_cancelled_performance_stops_the_button(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    coordinator = coordinator_of(await set_up())
    performing = asyncio.create_task(coordinator.async_perform(CUES, {}, hass.loop.time(), 60.0))
    await until(lambda: button.session.state is DeviceState.ACTIVE)
    performing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await performing
    assert button.session.state is DeviceState.SESSION
    assert not coordinator.active


async def test_a_link_lost_in_a_performance_is_told(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    coordinator = coordinator_of(await set_up())
    performing = asyncio.create_task(coordinator.async_perform(CUES, {}, hass.loop.time(), 60.0))
    await until(lambda: button.session.state is DeviceState.ACTIVE)
    button.lose_link()
    with pytest.raises(LinkLost):
        await performing
    assert not coordinator.active


async def test_a_run_that_never_reaches_its_button_leaves_it_safe(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    button.reachable = False
    with patch("custom_components.cuelight.link.backoff._FIRST_S", 60):
        for _ in range(2):  # the second is refused at once
            with pytest.raises(LinkUnreachable):
                await coordinator.async_run(hass.loop.time(), 1.0)
            assert state(hass, SAFETY).state == "off"


async def test_a_refused_upload_is_told_and_nothing_runs(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    button.answer = AckCode.STORE_FULL
    with pytest.raises(CommandRefused):
        await coordinator.async_perform(CUES, {0x0200: bytes(10)}, hass.loop.time(), 1.0)
    assert not any(isinstance(command, Run) for command in button.commands)


async def test_a_replaced_timeline_is_no_end(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    coordinator = coordinator_of(await set_up())
    await coordinator.async_light(RED)
    button.tell(Done(0, DoneCode.REPLACED))
    await hass.async_block_till_done()
    assert coordinator.active
    assert coordinator.light == RED


async def test_a_light_that_goes_off_in_a_performance_does_not_end_it(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    performing = asyncio.create_task(coordinator.async_perform(CUES, {}, hass.loop.time(), 60.0))
    await until(lambda: button.session.state is DeviceState.ACTIVE)
    await act(hass, "light.turn_on", LIGHT)
    await act(hass, "light.turn_off", LIGHT)
    assert button.session.state is DeviceState.ACTIVE
    assert not performing.done()
    button.tell(Done(0, DoneCode.COMPLETED))
    await performing


async def test_a_prepared_button_stays_connected_until_every_hold_is_given_up(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up(button_entry(idle_disconnect_s=0)))
    await coordinator.async_prepare()
    await coordinator.async_prepare()
    coordinator.async_release()
    await asyncio.sleep(0.1)
    assert coordinator.client.connected
    assert radio.connects == 1
    coordinator.async_release()


async def test_a_button_that_cannot_be_prepared_is_not_held(hass: HomeAssistant, radio: Radio, set_up: SetUp) -> None:
    coordinator = coordinator_of(await set_up())
    with pytest.raises(LinkError):
        await coordinator.async_prepare()
    assert coordinator._holds == []


# At rest


async def test_the_newest_of_many_lights_wins_and_no_other_is_an_error(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    coordinator = coordinator_of(await set_up())
    await coordinator.async_connect()
    lights = [Light(LightPattern.SOLID, (255, 0, 0), brightness, 0) for brightness in range(1, 30)]
    await asyncio.gather(*(coordinator.async_light(light) for light in lights))
    await asyncio.gather(*(coordinator.async_servo(0, angle) for angle in range(0, 1800, 100)))
    assert coordinator.light == button.commands[-len(coordinator.servos) - 1] or coordinator.light == lights[-1]
    assert coordinator.servos == {0: 1700}


async def test_the_end_of_a_servos_lease_is_seen(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await act(hass, "number.set_value", SERVO, value=90)
    assert state(hass, SAFETY).state == "on"
    button.session._end_lease()
    await radio.pass_time(20)
    assert state(hass, SAFETY).state == "off"
    assert state(hass, SERVO).state == "unknown"


async def test_home_assistant_stopping_puts_the_button_at_rest(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    entry = await set_up(button_entry(listen=True))
    await act(hass, "light.turn_on", LIGHT)
    states: list[DeviceState] = []
    client = button.client
    assert client is not None
    lose = client.lose

    def watch() -> None:
        states.append(button.session.state)
        lose()

    client.lose = watch  # type: ignore[method-assign]
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: button.client is None)
    assert states[0] is DeviceState.SESSION
    await hass.async_block_till_done()
    assert await hass.config_entries.async_unload(entry.entry_id)
