"""The host's picture of the session clock: close to it, and for ticks never ahead of it."""

import random

import pytest

from custom_components.cuelight.link.clock import SessionClock


def test_the_sample_with_the_lowest_round_trip_wins() -> None:
    clock = SessionClock()
    clock.observe(0, 100.0, 100.4)
    clock.observe(1_010, 101.2, 101.24)
    clock.observe(2_300, 102.0, 102.6)
    assert clock.zero_at == pytest.approx(100.21)
    assert clock.estimate_ms(110.21) == 10_000


def test_an_old_sample_gives_way_when_drift_has_made_it_worse() -> None:
    clock = SessionClock()
    clock.observe(0, 0.0, 0.002)
    clock.observe(600_010, 600.0, 600.02)
    assert clock.error_s(600.02) == pytest.approx(0.01)


def test_a_sample_that_contradicts_the_picture_replaces_it() -> None:
    clock = SessionClock()
    clock.observe(0, 0.0, 0.002)
    clock.observe(65_000, 5.0, 5.2)  # the host's clock stood still for a minute
    assert clock.estimate_ms(5.1) == 65_000


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_delays_the_floor_is_never_ahead_and_the_estimate_is_within_its_error(seed: int) -> None:
    rng = random.Random(seed)
    drift = 1 + rng.uniform(-100e-6, 100e-6)
    zero_at = 1000.0

    def device_ms(at: float) -> float:
        return (at - zero_at) * drift * 1000

    clock = SessionClock()
    now = zero_at + rng.expovariate(20)
    clock.observe(0, zero_at - rng.expovariate(20), now)
    for _ in range(300):
        now += rng.expovariate(0.2)
        sent_at = now
        read_at = sent_at + rng.expovariate(rng.choice([10, 100]))
        now = read_at + rng.expovariate(rng.choice([0.5, 10, 100]))
        clock.observe(int(device_ms(read_at)), sent_at, now)
        later = now + rng.uniform(0, 10)
        assert clock.floor_ms(later) <= device_ms(later) + 0.3 * (later - zero_at) + 1
        assert clock.floor_ms(now) <= device_ms(now) + 200e-3 * (now - zero_at)
        assert abs(clock.estimate_ms(later) - device_ms(later)) <= clock.error_s(later) * 1000 + 2
