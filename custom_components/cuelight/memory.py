"""What is remembered of a button over restarts: uploaded animations, the favourite, its settings as read last."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .analysis import Animation
from .animations import BUILT_IN, NAMES, parse
from .const import DOMAIN

KEPT: Final = 64
KEPT_BYTES: Final = 256 * 1024
"""Uploaded animations that are remembered, and their size; the oldest are forgotten first, but never the favourite."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An animation that was stored on the button.

    Attributes:
        data: its bytes, as they were sent.
        title: what it was made of, for a person to choose it by; empty for a scene's.
    """

    data: bytes
    title: str


class Memory:
    """One button's memory, in Home Assistant's own storage."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin with nothing; `async_load` reads what is stored."""
        self.favourite = 0
        self.settings: dict[int, int] = {}
        self._uploads: dict[int, Upload] = {}
        self._parsed: dict[int, Animation | None] = {}
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.button.{entry_id}", atomic_writes=True)

    async def async_load(self) -> None:
        """Read what is stored."""
        stored = await self._store.async_load() or {}
        self.favourite = stored.get("favourite", 0)
        self.settings = {int(key): value for key, value in stored.get("settings", {}).items()}
        self._uploads = {
            int(asset_id): Upload(b64decode(upload["data"]), upload["title"])
            for asset_id, upload in stored.get("uploads", {}).items()
        }

    async def async_save(self) -> None:
        """Write everything down."""
        uploads = {
            str(asset_id): {"data": b64encode(upload.data).decode(), "title": upload.title}
            for asset_id, upload in self._uploads.items()
        }
        settings = {str(int(key)): value for key, value in self.settings.items()}
        await self._store.async_save({"favourite": self.favourite, "settings": settings, "uploads": uploads})

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    async def async_keep(self, asset_id: int, data: bytes, title: str = "") -> None:
        """Remember an upload; a scene that uploads it again takes no title away."""
        known = self._uploads.pop(asset_id, None)
        if title in self.choices():
            title = f"{title} ({asset_id:04x})"
        upload = Upload(data, title or (known.title if known else ""))
        self._uploads[asset_id] = upload
        self._parsed.pop(asset_id, None)
        for oldest in [other for other in self._uploads if other not in (self.favourite, asset_id)]:
            if len(self._uploads) <= KEPT and self._size() <= KEPT_BYTES:
                break
            del self._uploads[oldest]
            self._parsed.pop(oldest, None)
        if upload != known:
            await self.async_save()

    @property
    def count(self) -> int:
        """How many uploads are remembered."""
        return len(self._uploads)

    def _size(self) -> int:
        return sum(len(upload.data) for upload in self._uploads.values())

    async def async_prefer(self, asset_id: int) -> None:
        """Remember the favourite."""
        self.favourite = asset_id
        await self.async_save()

    def data(self, asset_id: int) -> bytes | None:
        """Return the bytes of an upload."""
        upload = self._uploads.get(asset_id)
        return upload.data if upload else None

    def animation(self, asset_id: int) -> Animation | None:
        """Return the pictures of an animation that is built in or was uploaded from here; None for any other."""
        if asset_id not in self._parsed:
            data = BUILT_IN[NAMES[asset_id]] if asset_id < len(NAMES) else self.data(asset_id)
            self._parsed[asset_id] = parse(data) if data else None
        return self._parsed[asset_id]

    def choices(self) -> dict[str, int]:
        """Return what a person can choose among, by name: the built-in animations and what was uploaded by hand."""
        built_in = {name: asset_id for asset_id, name in enumerate(NAMES)}
        return built_in | {upload.title: asset_id for asset_id, upload in self._uploads.items() if upload.title}

    def name(self, asset_id: int | None) -> str | None:
        """Return the name that an animation is chosen by; None where it has none."""
        return next((name for name, chosen in self.choices().items() if chosen == asset_id), None)
