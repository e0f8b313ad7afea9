"""The host's picture of a button's session clock."""

from dataclasses import dataclass

# Two crystals of 100 ppm each may drift apart this fast.
_DRIFT = 200e-6


@dataclass(frozen=True, slots=True)
class _Sample:
    """The device read its clock somewhere between ``sent_at`` and ``arrived_at``."""

    device_ms: int
    sent_at: float
    arrived_at: float

    def error_s(self, now: float) -> float:
        return (self.arrived_at - self.sent_at) / 2 + (now - self.arrived_at) * _DRIFT

    def estimate_ms(self, at: float) -> float:
        return self.device_ms + (at - (self.sent_at + self.arrived_at) / 2) * 1000

    def agrees_with(self, newer: _Sample) -> bool:
        """Whether both can be true; the host's clock stands still while its machine sleeps, so they may not."""
        error_ms = (self.error_s(newer.arrived_at) + newer.error_s(newer.arrived_at)) * 1000 + 1
        return abs(self.estimate_ms(newer.arrived_at) - newer.estimate_ms(newer.arrived_at)) <= error_ms


class SessionClock:
    """The session clock as the host knows it: the sample with the lowest round trip wins, until it has aged.

    Two readings come from a sample. ``floor_ms`` takes the device's time as read on arrival: it can only be late,
    whatever delays either direction, and is what ticks are made from. ``estimate_ms`` takes it as read half-way, which
    is the likelier, and is what performances are planned with.
    """

    def __init__(self) -> None:
        self._best: _Sample | None = None

    def observe(self, device_ms: int, sent_at: float, arrived_at: float) -> None:
        """Take a sample: asked at ``sent_at``, the device's time arrived at ``arrived_at`` (host seconds)."""
        sample, best = _Sample(device_ms, sent_at, arrived_at), self._best
        if best is None or not best.agrees_with(sample) or sample.error_s(arrived_at) <= best.error_s(arrived_at):
            self._best = sample

    @property
    def zero_at(self) -> float | None:
        """Host seconds at the session clock's zero; None before the first sample."""
        if self._best is None:
            return None
        return (self._best.sent_at + self._best.arrived_at) / 2 - self._best.device_ms / 1000

    def error_s(self, now: float) -> float:
        """How far the estimate may be off, in seconds."""
        return self._sample.error_s(now)

    def floor_ms(self, now: float) -> int:
        """A reading that is never ahead of the device."""
        return self._sample.device_ms + int((now - self._sample.arrived_at) * 1000)

    def estimate_ms(self, at: float) -> int:
        """The likeliest reading at a host time, in the past or the future."""
        return round(self._sample.estimate_ms(at))

    @property
    def _sample(self) -> _Sample:
        assert self._best is not None, "the session clock starts with HELLO"
        return self._best
