"""The names and numbers of CLP/1 that both ends share."""

from enum import IntEnum
from typing import Final

SERVICE_UUID: Final = "8f4b1e00-52c6-4f0a-9d3b-6375656c6967"
RX_UUID: Final = "8f4b1e01-52c6-4f0a-9d3b-6375656c6967"
TX_UUID: Final = "8f4b1e02-52c6-4f0a-9d3b-6375656c6967"
INFORMATION_UUID: Final = "0000180a-0000-1000-8000-00805f9b34fb"
MODEL_UUID: Final = "00002a24-0000-1000-8000-00805f9b34fb"
FIRMWARE_UUID: Final = "00002a26-0000-1000-8000-00805f9b34fb"

TICK_MS: Final = 250
LEASE_UNIT_MS: Final = 250
MAX_FRAME: Final = 244
MAX_CUES_PER_COMMAND: Final = 16
MAX_CUES_PER_TIMELINE: Final = 64
MAX_CHUNK: Final = 220
MAX_RATCHET_STEPS: Final = 32
COUNTER_LIMIT: Final = 1 << 24
SESSION_LIMIT_S: Final = 24 * 60 * 60.0
SESSION_IDLE_S: Final = 30.0
AUTH_TIMEOUT_S: Final = 5.0
MAX_COMMAND_AGE_MS: Final = 2000
MAX_TICK_LEAD_MS: Final = 500

PAIRING_WINDOW_S: Final = 60.0
KEPT_PRESSES: Final = 4
KEPT_PRESS_S: Final = 10.0

FIRST_BUILT_IN_SPRITE: Final = 0x0100
FIRST_UPLOADED_ASSET: Final = 0x0200


class DeviceState(IntEnum):
    """The device's safety state."""

    BOOT = 0
    SAFE = 1
    LINK = 2
    SESSION = 3
    ACTIVE = 4


class ErrorCode(IntEnum):
    """Why the device ended a session; the code of an ERR frame."""

    BAD_MAC = 1
    MALFORMED = 2
    WRONG_TYPE = 3
    STALE = 4
    AUTH_TIMEOUT = 5
    IDLE_TIMEOUT = 6
    UNKNOWN_KEY = 7
    WRONG_GEN = 8
    EXPIRED = 9
    PAIRING = 14
    PAIRING_CLOSED = 15
    PAIRING_FAILED = 16
    SLOTS_FULL = 17


class Fault(IntEnum):
    """The latest reason for SAFE, latched until the first status of the next session has told it."""

    NONE = 0
    BAD_MAC = 1
    MALFORMED = 2
    WRONG_TYPE = 3
    STALE = 4
    AUTH_TIMEOUT = 5
    IDLE_TIMEOUT = 6
    UNKNOWN_KEY = 7
    WRONG_GEN = 8
    EXPIRED = 9
    LINK_LOSS = 10
    WATCHDOG = 11
    BROWN_OUT = 12
    STORE = 13
    PAIRING = 14
    PAIRING_CLOSED = 15
    PAIRING_FAILED = 16
    SLOTS_FULL = 17


class AckCode(IntEnum):
    """The device's answer to a command."""

    OK = 0
    UNSUPPORTED = 1
    OUT_OF_RANGE = 2
    UNKNOWN_ASSET = 3
    STORE_FULL = 4
    BAD_DIGEST = 5
    OUT_OF_ORDER = 6
    ALREADY_PRESENT = 7
    STALE = 8
    DENIED = 9


class DoneCode(IntEnum):
    """How a timeline ended."""

    COMPLETED = 0
    STOPPED = 1
    LEASE_ENDED = 2
    REPLACED = 3


class ButtonKind(IntEnum):
    """What a contact did."""

    PRESS = 0
    RELEASE = 1
    SINGLE = 2
    DOUBLE = 3
    LONG = 4


class SettingKey(IntEnum):
    """What can be read of a button's settings, and set but for the first two.

    ``STORE_FREE`` is bytes, ``KEY_SLOTS`` a bit for each slot in use, ``LIGHT_CAP`` 1 to 255, ``SERVO_SPEED``
    decidegrees a second from 1, ``SERVO_LIMITS_0`` and on a servo's soft limits: lower << 16 | upper, in decidegrees
    up to 1800.
    """

    STORE_FREE = 0
    KEY_SLOTS = 1
    LIGHT_CAP = 2
    SERVO_SPEED = 3
    SERVO_LIMITS_0 = 4
    SERVO_LIMITS_1 = 5
    SERVO_LIMITS_2 = 6
    SERVO_LIMITS_3 = 7


class LightPattern(IntEnum):
    """The firmware's light patterns."""

    SOLID = 0
    BLINK = 1
    BREATHE = 2
    PULSE = 3
    HEARTBEAT = 4
    RAINBOW = 5
    SPARKLE = 6


class Motion(IntEnum):
    """The motions of the firmware's motion engine."""

    STILL = 0
    JUMP = 1
    TURN = 2
    APPROACH = 3
    RETREAT = 4
    FALL = 5
    SHAKE = 6
    SPIN = 7
    APPEAR = 8
    DISAPPEAR = 9
    WALK = 10
    WOBBLE = 11
