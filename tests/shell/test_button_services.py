"""What the actions on buttons accept, refuse, do and answer."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import probatio
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image

from custom_components.cuelight.analysis.codec import decode_animation, encode_animation
from custom_components.cuelight.animations import BUILT_IN, NAMES, asset_id_of, parse
from custom_components.cuelight.button_services import PLAY_SCHEMA, ROTATE_SCHEMA, SERVO_SCHEMA, UPLOAD_SCHEMA
from custom_components.cuelight.const import DOMAIN
from custom_components.cuelight.link import AckCode, Chunk, Play, Servo

from .conftest import SetUp, button_entry
from .radio import FakeButton, Radio
from .test_button import LIGHT, act

ROOT = Path(__file__).resolve().parents[2]
OTHER = bytes.fromhex("1112131415161718")
SCHEMAS = {
    "play_animation": PLAY_SCHEMA,
    "set_servo": SERVO_SCHEMA,
    "upload_animation": UPLOAD_SCHEMA,
    "rotate_key": ROTATE_SCHEMA,
}


async def call(hass: HomeAssistant, action: str, *, respond: bool = False, **data: Any) -> Any:
    """Call an action and wait for it."""
    data.setdefault("entity_id", [LIGHT])
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=respond)


def test_every_field_of_the_descriptions_is_one_that_the_actions_take() -> None:
    described = load_yaml_dict(str(ROOT / "custom_components" / "cuelight" / "services.yaml"))
    for action, schema in SCHEMAS.items():
        taken = {str(key) for key in schema.schema} - {"entity_id", "device_id", "area_id", "floor_id", "label_id"}
        assert taken == set(described[action].get("fields", {})), action


def test_the_built_in_pictures_are_those_of_the_firmware() -> None:
    source = (ROOT / "firmware" / "core" / "art.c").read_text()
    for number, name in enumerate(NAMES):
        [body] = re.findall(rf"animation_{number:02}_{name}\[\] = {{(.*?)}};", source, re.DOTALL)
        assert BUILT_IN[name] == bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", body)), name


async def test_an_animation_is_played_by_name_or_by_number(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    await call(hass, "play_animation", animation="happy", duration=2.5)
    await call(hass, "play_animation", animation=0x234)
    assert button.commands == [Play(7, 2500), Play(0x234, 0)]


@pytest.mark.parametrize("animation", ["dance", -1, 0x10000, None])
async def test_an_animation_that_cannot_be_is_refused(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, animation: object
) -> None:
    await set_up()
    with pytest.raises(probatio.Invalid):
        await call(hass, "play_animation", animation=animation)
    assert button.commands == []


async def test_an_animation_that_the_button_does_not_hold_is_told(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp
) -> None:
    await set_up()
    button.answer = AckCode.UNKNOWN_ASSET
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "play_animation", animation=0x234)
    assert caught.value.translation_key == "refused_unknown_asset"


async def test_a_servo_is_turned_in_the_time_asked_for(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    await call(hass, "set_servo", servo=2, angle=45.55, transition=1.5)
    await call(hass, "set_servo", angle=180)
    assert button.commands == [Servo(1, 456, 1500), Servo(0, 1800, 0)]


@pytest.mark.parametrize("data", [{"angle": 180.1}, {"angle": -1}, {"servo": 0, "angle": 1}, {"servo": 5, "angle": 1}])
async def test_a_servo_beyond_its_range_is_refused(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, data: dict[str, float]
) -> None:
    await set_up()
    with pytest.raises(probatio.Invalid):
        await call(hass, "set_servo", **data)
    assert button.commands == []


async def test_a_picture_is_stored_and_its_preview_is_told(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, tmp_path: Path
) -> None:
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    await set_up()
    picture = Image.new("RGB", (64, 32), "black")
    picture.paste((255, 255, 255), (16, 0, 48, 32))
    picture.save(tmp_path / "square.png")
    answer = await call(hass, "upload_animation", respond=True, media=str(tmp_path / "square.png"), play=True)
    sent = b"".join(command.data for command in button.commands if isinstance(command, Chunk))
    side, _, [frame] = decode_animation(sent)
    assert side == 32
    assert frame[8:24, 9:23].all()
    assert not frame[:8].any()
    assert answer["animation"] == asset_id_of(sent)
    assert button.commands[-1] == Play(answer["animation"], 0)
    with Image.open(answer["preview"]) as preview:
        assert preview.format == "GIF"


async def test_a_film_is_distilled(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, film: Path, tmp_path: Path
) -> None:
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    hass.config.allowlist_external_dirs = {str(film.parent)}
    await set_up()
    answer = await call(hass, "upload_animation", respond=True, media={"media_content_id": str(film)})
    sent = b"".join(command.data for command in button.commands if isinstance(command, Chunk))
    assert (animation := parse(sent)) is not None
    assert animation.frames == answer["frames"] > 1


@pytest.mark.parametrize(
    ("media", "key"),
    [
        ("/etc/passwd", "film_not_allowed"),
        ("media-source://nobody/x", "film_not_found"),
        ("{folder}/none.png", "film_not_found"),
        ("{folder}/text.png", "film_unreadable"),
        ("{folder}/cut.png", "film_unreadable"),
    ],
)
async def test_what_cannot_be_uploaded_is_told_before_anything_is_sent(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, tmp_path: Path, media: str, key: str
) -> None:
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    (tmp_path / "text.png").write_text("no picture")
    Image.effect_noise((99, 99), 50).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:500])
    await set_up()
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "upload_animation", media=media.format(folder=tmp_path))
    assert caught.value.translation_key == key
    assert button.commands == []


async def test_previews_do_not_fill_the_disk(
    hass: HomeAssistant, button: FakeButton, set_up: SetUp, tmp_path: Path
) -> None:
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    folder = tmp_path / "media" / DOMAIN / "previews"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"old{number}.gif").touch()
    Image.new("L", (32, 32), 255).save(tmp_path / "white.png")
    await set_up()
    answer = await call(hass, "upload_animation", respond=True, media=str(tmp_path / "white.png"))
    assert len(list(folder.iterdir())) == 20
    assert Path(answer["preview"]).exists()


async def test_a_key_is_rotated_and_works(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    before = entry.data["key"]
    answer = await call(hass, "rotate_key", respond=True)
    assert answer == {"generations": {"Stage left": 1}}
    assert (entry.data["gen"], entry.data["pending_key"]) == (1, None)
    assert entry.data["key"] != before
    await act(hass, "light.turn_on", LIGHT)


async def test_a_target_without_a_button_is_refused(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    await set_up()
    hass.states.async_set("light.lamp", "off")
    with pytest.raises(ServiceValidationError, match="no button in the target"):
        await call(hass, "set_servo", entity_id=["light.lamp"], angle=1)


async def test_a_button_that_is_not_set_up_is_told(hass: HomeAssistant, button: FakeButton, set_up: SetUp) -> None:
    entry = await set_up()
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_servo", entity_id=[], device_id=[device.id], angle=1)
    assert caught.value.translation_key == "button_not_loaded"


async def test_one_button_that_fails_keeps_no_other_from_it(
    hass: HomeAssistant, radio: Radio, button: FakeButton, set_up: SetUp
) -> None:
    other = radio.add(FakeButton(OTHER))
    await set_up()
    await set_up(button_entry(OTHER))
    button.answer = AckCode.UNSUPPORTED
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "set_servo", entity_id=[], angle=90)
    assert caught.value.translation_key == "refused_unsupported"
    assert other.commands == [Servo(0, 900, 0)]
    other.answer = AckCode.UNSUPPORTED
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "set_servo", entity_id=[], angle=90)
    assert caught.value.translation_key == "several_failed"


def test_what_is_no_animation_is_told_apart() -> None:
    assert parse(b"\x01\x20") is None
    assert parse(encode_animation([np.zeros((16, 16), np.bool_)], 4)) is not None
