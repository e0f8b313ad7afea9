"""Turns what the link raises into sentences that say what to do next."""

from typing import Final, Protocol

from homeassistant.components.bluetooth import BluetoothReachabilityIntent, async_address_reachability_diagnostics
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .link import (
    AckCode,
    AuthenticationFailed,
    CommandRefused,
    LinkError,
    LinkLost,
    LinkTimeout,
    LinkUnreachable,
    PairingInProgress,
    Stale,
    Superseded,
    UnreachableReason,
    WrongInstance,
)

_KEYS: Final[tuple[tuple[type[LinkError], str], ...]] = (
    (WrongInstance, "wrong_instance"),
    (PairingInProgress, "pairing_in_progress"),
    (AuthenticationFailed, "authentication_failed"),
    (LinkLost, "link_lost"),
    (LinkTimeout, "link_timeout"),
    (Stale, "stale"),
    (CommandRefused, "refused"),
    (Superseded, "superseded"),
)
_REFUSALS: Final = {
    AckCode.UNSUPPORTED: "refused_unsupported",
    AckCode.OUT_OF_RANGE: "refused_out_of_range",
    AckCode.UNKNOWN_ASSET: "refused_unknown_asset",
    AckCode.STORE_FULL: "refused_store_full",
}


class Named(Protocol):
    """What a sentence needs to know of a button."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def address(self) -> str:
        """Its address."""


def error_key(err: LinkError) -> str:
    """Return the translation key of an error, under ``exceptions``."""
    match err:
        case LinkUnreachable(reason=UnreachableReason.OUT_OF_SLOTS):
            return "out_of_slots"
        case LinkUnreachable(reason=UnreachableReason.BACKING_OFF, __cause__=LinkError() as cause):
            return error_key(cause)
        case LinkUnreachable():
            return "unreachable"
        case CommandRefused(code=code) if code in _REFUSALS:
            return _REFUSALS[AckCode(code)]
    return next((key for kind, key in _KEYS if isinstance(err, kind)), "link_error")


def reachability(hass: HomeAssistant, address: str) -> str:
    """Return why an address can or cannot be connected to, in words."""
    return async_address_reachability_diagnostics(hass, address, BluetoothReachabilityIntent.CONNECTION)


def translated(hass: HomeAssistant, button: Named, err: LinkError) -> HomeAssistantError:
    """Return the error as one for the user."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=error_key(err),
        translation_placeholders={
            "name": button.title,
            "error": str(err),
            "reason": reachability(hass, button.address),
        },
    )
