"""Every failure of a link becomes the sentence that fits it."""

import pytest

from custom_components.cuelight.errors import error_key
from custom_components.cuelight.link import (
    AckCode,
    CommandRefused,
    DeviceImpostor,
    LinkError,
    LinkLost,
    LinkTimeout,
    LinkUnreachable,
    ProtocolError,
    Stale,
    Superseded,
    UnknownKeySlot,
    UnreachableReason,
    WrongGeneration,
    WrongInstance,
    WrongKey,
)


def backing_off(cause: LinkError | None) -> LinkUnreachable:
    """What the client raises while it waits after a failure."""
    error = LinkUnreachable(UnreachableReason.BACKING_OFF, "Wait.", 5)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (WrongInstance(bytes(4), b"1234"), "wrong_instance"),
        (WrongKey("no"), "authentication_failed"),
        (UnknownKeySlot("no"), "authentication_failed"),
        (WrongGeneration(9, 0), "authentication_failed"),
        (DeviceImpostor("no"), "authentication_failed"),
        (LinkUnreachable(UnreachableReason.OUT_OF_SLOTS, "full"), "out_of_slots"),
        (LinkUnreachable(UnreachableReason.NOT_IN_RANGE, "far"), "unreachable"),
        (LinkUnreachable(UnreachableReason.TIMEOUT, "slow"), "unreachable"),
        (backing_off(WrongKey("no")), "authentication_failed"),
        (backing_off(None), "unreachable"),
        (LinkLost("gone"), "link_lost"),
        (LinkTimeout("command", 3), "link_timeout"),
        (Stale(AckCode.STALE, "light"), "stale"),
        (CommandRefused(AckCode.STORE_FULL, "asset"), "refused_store_full"),
        (CommandRefused(AckCode.UNKNOWN_ASSET, "play"), "refused_unknown_asset"),
        (CommandRefused(AckCode.DENIED, "rekey"), "refused"),
        (CommandRefused(200, "light"), "refused"),
        (Superseded("newer"), "superseded"),
        (ProtocolError("what"), "link_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_failure_has_the_sentence_that_fits(error: LinkError, key: str) -> None:
    assert error_key(error) == key
