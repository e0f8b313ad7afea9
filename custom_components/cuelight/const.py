"""Names and numbers shared by the whole integration."""

from enum import StrEnum
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "cuelight"
MANUFACTURER: Final = "Cuelight"

CONF_KIND: Final = "kind"


class EntryKind(StrEnum):
    """What a config entry stands for (``entry.data["kind"]``)."""

    STUDIO = "studio"
    BUTTON = "button"


# A button's entry data; dev_id, inst_id and key as hex, the address as Home Assistant writes it.
CONF_DEV_ID: Final = "dev_id"
CONF_INST_ID: Final = "inst_id"
CONF_KEY: Final = "key"
CONF_SLOT: Final = "slot"
CONF_GEN: Final = "gen"
CONF_PENDING_KEY: Final = "pending_key"

LABEL_SLOT: Final = 0
"""The slot of the key on the label; every other one is a house's own."""

# A button's options.
CONF_IDLE_DISCONNECT: Final = "idle_disconnect_s"
CONF_LISTEN: Final = "listen"
DEFAULT_IDLE_DISCONNECT_S: Final = 30
DEFAULT_LISTEN: Final = True

# A studio's entry data, beside the fields its provider asks for.
CONF_PROVIDER: Final = "provider"

BUTTON_PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.UPDATE,
]

FIRMWARE: Final = "0.1.0"
"""The firmware that comes with this release, and the newest that it knows."""
OLDEST_FIRMWARE: Final = "0.1.0"
"""The oldest firmware that this release can be used with."""

SERVO_CHANNELS: Final = 4
CONTACTS: Final = 3
