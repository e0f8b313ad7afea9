"""The scenes' films, animations and timelines, for the media browser and for other integrations."""

from typing import Final, override

from homeassistant.components.media_player.const import MediaClass
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .library import ANIMATION_FILE, FILM_FILE, TIMELINE_FILE, Library, SceneRecord, async_get_library
from .scene import scene_name

_FILES: Final = {
    FILM_FILE: ("video/mp4", MediaClass.VIDEO),
    ANIMATION_FILE: ("image/gif", MediaClass.IMAGE),
    TIMELINE_FILE: ("image/png", MediaClass.IMAGE),
}


async def async_get_media_source(hass: HomeAssistant) -> SceneMedia:
    """Return the source of the scenes' files."""
    return SceneMedia(hass, await async_get_library(hass))


class SceneMedia(MediaSource):
    """The library: a folder for each scene, the newest first."""

    name = "Cuelight"

    def __init__(self, hass: HomeAssistant, library: Library) -> None:
        """Know the library."""
        super().__init__(DOMAIN)
        self.hass = hass
        self._library = library

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where a file is."""
        scene_id, _, name = item.identifier.partition("/")
        if self._library.record(scene_id) is None or name not in _FILES:
            raise Unresolvable(f"Cuelight has no {item.identifier!r}")
        path = self._library.folder(scene_id) / name
        if name == FILM_FILE and not await self.hass.async_add_executor_job(path.exists):
            raise Unresolvable("The film of this scene was never in the library; it is where it was performed from")
        return PlayMedia(f"/media/local/{DOMAIN}/{scene_id}/{name}", _FILES[name][0], path=path)

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return the scenes, or one scene's files."""
        if not item.identifier:
            scenes = [self._folder(record) for record in reversed(self._library.records())]
            return self._directory(None, self.name, scenes)
        if (record := self._library.record(item.identifier)) is None:
            raise BrowseError(f"Cuelight has no scene {item.identifier!r}")
        folder = self._library.folder(record.scene_id)
        present = await self.hass.async_add_executor_job(lambda: [name for name in _FILES if (folder / name).exists()])
        return self._directory(
            record.scene_id, scene_name(record.prompt), [self._file(record, name) for name in present]
        )

    def _folder(self, record: SceneRecord) -> BrowseMediaSource:
        made = dt_util.as_local(dt_util.utc_from_timestamp(record.created_at))
        return self._directory(record.scene_id, f"{scene_name(record.prompt)} ({made:%Y-%m-%d %H:%M})", None)

    def _directory(
        self, identifier: str | None, title: str, children: list[BrowseMediaSource] | None
    ) -> BrowseMediaSource:
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=identifier,
            media_class=MediaClass.DIRECTORY,
            media_content_type="",
            title=title,
            can_play=False,
            can_expand=True,
            children=children,
        )

    def _file(self, record: SceneRecord, name: str) -> BrowseMediaSource:
        mime_type, media_class = _FILES[name]
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=f"{record.scene_id}/{name}",
            media_class=media_class,
            media_content_type=mime_type,
            title=name,
            can_play=True,
            can_expand=False,
        )
