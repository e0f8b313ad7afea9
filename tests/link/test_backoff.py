"""When another attempt may be made."""

import pytest

from custom_components.cuelight.link import LinkLost, LinkUnreachable, WrongKey
from custom_components.cuelight.link.backoff import Backoff


def test_forgotten_failures_allow_an_attempt_at_once_and_a_short_pause_after_it() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.failed(LinkLost("gone"), 0.0)
    with pytest.raises(LinkUnreachable):
        backoff.check(15.0)
    backoff.forget()
    backoff.check(0.0)
    backoff.failed(LinkLost("gone"), 0.0)
    backoff.check(1.0)


def test_a_refused_key_is_not_forgotten() -> None:
    backoff = Backoff()
    backoff.failed(WrongKey("no"), 0.0)
    backoff.forget()
    with pytest.raises(LinkUnreachable):
        backoff.check(4.0)
