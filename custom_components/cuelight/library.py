"""Where scenes are kept: files in the media folder, a short index in the configuration."""

import json
import logging
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.ulid import ulid_now

from .analysis.models import Film
from .analysis.plot import draw_gif, draw_timeline
from .const import DOMAIN
from .cues import CueSheet
from .scene_file import Scene, scene_as_dict, scene_from_dict

_LOGGER = logging.getLogger(__name__)

FILM_FILE: Final = "film.mp4"
ANIMATION_FILE: Final = "animation.gif"
TIMELINE_FILE: Final = "timeline.png"
SCENE_FILE: Final = "scene.json"

SIGNAL_SCENES: Final = f"{DOMAIN}_scenes"
"""Sent with the studio's entry id whenever its scenes change."""

_ORPHAN_S: Final = 7 * 86400.0
"""A folder that no scene and no job has claimed for so long is what a crash has left."""

_SCENE_ID: Final = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_LIBRARY: HassKey[Library] = HassKey(f"{DOMAIN}_library")


@dataclass(frozen=True, slots=True)
class Retention:
    """How much a studio may keep; 0 is without limit."""

    quota_bytes: int
    max_age_s: float


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """What the index says of a scene."""

    scene_id: str
    studio: str
    prompt: str
    provider: str
    created_at: float
    duration_s: float
    size_bytes: int
    film_key: str = ""
    cost_usd: float | None = None


class SceneNotFound(Exception):
    """No scene of this name is in the library, or its files are gone; `scene_id` says which."""

    def __init__(self, scene_id: str) -> None:
        super().__init__(f"There is no scene {scene_id} in the library.")
        self.scene_id = scene_id


class Library:
    """Every studio's scenes; all reading and writing is done outside of the event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Know where things are; nothing is read yet."""
        self.hass = hass
        media = hass.config.media_dirs
        self.root = Path(media.get("local", next(iter(media.values()), hass.config.path("media")))) / DOMAIN
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.library")
        self._records: dict[str, SceneRecord] = {}

    async def async_load(self) -> None:
        """Read the index."""
        stored = await self._store.async_load() or {"scenes": []}
        self._records = {scene["scene_id"]: SceneRecord(**scene) for scene in stored["scenes"]}

    @staticmethod
    def new_scene_id() -> str:
        """Return a name that sorts by time."""
        return ulid_now().lower()

    def folder(self, scene_id: str) -> Path:
        """Return where the scene's files are."""
        return self.root / scene_id

    @callback
    def record(self, scene_id: str) -> SceneRecord | None:
        """Return what the index says of the scene."""
        return self._records.get(scene_id)

    @callback
    def records(self, studio: str | None = None) -> tuple[SceneRecord, ...]:
        """Return the scenes, of one studio or of all, the oldest first."""
        chosen = (record for record in self._records.values() if studio in (None, record.studio))
        return tuple(sorted(chosen, key=lambda record: record.created_at))

    async def async_make_folder(self, scene_id: str) -> Path:
        """Return the scene's folder, there to be filled."""
        folder = self.folder(scene_id)
        await self.hass.async_add_executor_job(lambda: folder.mkdir(parents=True, exist_ok=True))
        return folder

    @callback
    def find(self, studio: str, film_key: str) -> SceneRecord | None:
        """Return the studio's newest scene whose film has this key."""
        found = (record for record in reversed(self.records(studio)) if record.film_key == film_key)
        return next(found, None) if film_key else None

    async def async_add(
        self, scene: Scene, sheet: CueSheet, film_key: str = "", cost_usd: float | None = None
    ) -> SceneRecord:
        """Write the scene's files and take it into the index, with what tells its film from others and its cost."""
        await self.async_make_folder(scene.scene_id)
        size = await self.hass.async_add_executor_job(self._write, scene, sheet)
        record = SceneRecord(
            scene.scene_id,
            scene.studio,
            scene.prompt,
            scene.provider,
            scene.created_at,
            scene.analysis.film.duration_s,
            size,
            film_key,
            cost_usd,
        )
        self._records[scene.scene_id] = record
        await self._async_changed({scene.studio})
        return record

    async def async_get(self, scene_id: str) -> Scene:
        """Return the whole scene.

        Raises:
            SceneNotFound: it is not in the library, or its files are gone or damaged.
        """
        if scene_id not in self._records:
            raise SceneNotFound(scene_id)
        try:
            return await self.hass.async_add_executor_job(self._read, scene_id)
        except (OSError, KeyError, TypeError, ValueError) as err:
            _LOGGER.warning("The files of scene %s cannot be read: %s", scene_id, err)
            raise SceneNotFound(scene_id) from err

    async def async_remove(self, scene_ids: Iterable[str]) -> None:
        """Delete scenes and their files; a film from elsewhere stays where it is."""
        removed = [record for scene_id in scene_ids if (record := self._records.pop(scene_id, None))]
        for record in removed:
            await self.async_discard(record.scene_id)
        if removed:
            await self._async_changed({record.studio for record in removed})

    async def async_discard(self, scene_id: str) -> None:
        """Delete the files of a scene that is not, or not yet, in the index."""
        await self.hass.async_add_executor_job(lambda: shutil.rmtree(self.folder(scene_id), ignore_errors=True))

    async def async_prune(self, studio: str, retention: Retention, keep: Iterable[str] = ()) -> None:
        """Delete the studio's scenes that are too old, and its oldest while they take too much room.

        The newest scene and those in `keep` stay.
        """
        records = self.records(studio)
        kept = {*keep, *(record.scene_id for record in records[-1:])}
        excess = sum(record.size_bytes for record in records) - (retention.quota_bytes or float("inf"))
        oldest = time.time() - (retention.max_age_s or float("inf"))
        doomed = []
        for record in records:
            if record.scene_id not in kept and (excess > 0 or record.created_at < oldest):
                doomed.append(record.scene_id)
                excess -= record.size_bytes
        await self.async_remove(doomed)

    async def async_sweep(self, claimed: Iterable[str]) -> None:
        """Delete old folders that neither the index nor a job knows: what a crash has left."""
        await self.hass.async_add_executor_job(self._sweep, {*claimed, *self._records})

    async def _async_changed(self, studios: Iterable[str]) -> None:
        await self._store.async_save({"scenes": [asdict(record) for record in self._records.values()]})
        for studio in studios:
            async_dispatcher_send(self.hass, f"{SIGNAL_SCENES}_{studio}")

    def _write(self, scene: Scene, sheet: CueSheet) -> int:
        folder = self.folder(scene.scene_id)
        draw_gif(scene.analysis.animation, folder / ANIMATION_FILE)
        draw_timeline(scene.analysis, sheet.cues).save(folder / TIMELINE_FILE, optimize=True)
        data = scene_as_dict(scene, sheet.cues)
        if scene.film.parent == folder:
            # So that the media folder can be moved.
            data["film"]["path"] = scene.film.name
        (folder / SCENE_FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())

    def _read(self, scene_id: str) -> Scene:
        folder = self.folder(scene_id)
        scene = scene_from_dict(json.loads((folder / SCENE_FILE).read_text(encoding="utf-8")))
        film: Film = replace(scene.analysis.film, path=folder / scene.film)
        return replace(scene, analysis=replace(scene.analysis, film=film))

    def _sweep(self, known: set[str]) -> None:
        with suppress(OSError):
            for folder in self.root.iterdir():
                strange = not _SCENE_ID.fullmatch(folder.name) or folder.name in known
                if not strange and time.time() - folder.stat().st_mtime > _ORPHAN_S:
                    shutil.rmtree(folder, ignore_errors=True)


async def async_get_library(hass: HomeAssistant) -> Library:
    """Return Home Assistant's one library."""
    if (library := hass.data.get(_LIBRARY)) is None:
        library = Library(hass)
        await library.async_load()
        library = hass.data.setdefault(_LIBRARY, library)
    return library
