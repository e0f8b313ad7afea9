"""The scenes in the media browser."""

from pathlib import Path

import pytest
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import Unresolvable, async_browse_media, async_resolve_media
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .stage import call

ROOT = "media-source://cuelight"


async def test_the_newest_scene_comes_first_and_holds_its_files(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    older = await call(hass, "perform", film=str(film))
    newer = await call(hass, "generate_scene", prompt="a dog turns", duration=0.5)
    root = await async_browse_media(hass, ROOT)
    assert [child.media_content_id for child in root.children or ()] == [
        f"{ROOT}/{newer['scene_id']}",
        f"{ROOT}/{older['scene_id']}",
    ]
    scene = await async_browse_media(hass, f"{ROOT}/{newer['scene_id']}")
    assert scene.title == "a dog turns"
    assert [child.title for child in scene.children or ()] == ["film.mp4", "animation.gif", "timeline.png"]


@pytest.mark.parametrize(
    ("name", "mime_type"), [("film.mp4", "video/mp4"), ("animation.gif", "image/gif"), ("timeline.png", "image/png")]
)
async def test_a_file_is_served_and_can_be_attached(
    hass: HomeAssistant, studio: MockConfigEntry, media: Path, name: str, mime_type: str
) -> None:
    scene_id = (await call(hass, "generate_scene", prompt="a dog turns", duration=0.5))["scene_id"]
    item = await async_resolve_media(hass, f"{ROOT}/{scene_id}/{name}", None)
    assert item.url == f"/media/local/cuelight/{scene_id}/{name}"
    assert item.mime_type == mime_type
    assert item.path == media / "cuelight" / scene_id / name
    assert item.path.exists()


async def test_a_film_that_was_performed_from_elsewhere_is_not_in_the_library(
    hass: HomeAssistant, studio: MockConfigEntry, film: Path
) -> None:
    scene_id = (await call(hass, "perform", film=str(film)))["scene_id"]
    scene = await async_browse_media(hass, f"{ROOT}/{scene_id}")
    assert [child.title for child in scene.children or ()] == ["animation.gif", "timeline.png"]
    with pytest.raises(Unresolvable):
        await async_resolve_media(hass, f"{ROOT}/{scene_id}/film.mp4", None)


@pytest.mark.parametrize("name", ["none", "none/film.mp4", "../../secrets.yaml"])
async def test_what_is_not_there_cannot_be_had(hass: HomeAssistant, studio: MockConfigEntry, name: str) -> None:
    with pytest.raises(Unresolvable):
        await async_resolve_media(hass, f"{ROOT}/{name}", None)
    with pytest.raises(BrowseError):
        await async_browse_media(hass, f"{ROOT}/{name}")


async def test_only_a_scenes_own_files_can_be_had(hass: HomeAssistant, studio: MockConfigEntry, film: Path) -> None:
    scene_id = (await call(hass, "perform", film=str(film)))["scene_id"]
    for name in ("scene.json", "../index", ""):
        with pytest.raises(Unresolvable):
            await async_resolve_media(hass, f"{ROOT}/{scene_id}/{name}", None)
