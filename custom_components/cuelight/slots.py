"""How many more connections the adapters and proxies around a button can take."""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.bluetooth import async_scanner_devices_by_address
from homeassistant.core import HomeAssistant

LEFT_FREE: Final = 1
"""Slots that a link held for presses alone leaves to commands, and to other integrations."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Connection slots in reach of a button.

    Attributes:
        total: how many there are.
        free: how many are free.
        holders: the addresses that hold the others.
    """

    total: int
    free: int
    holders: frozenset[str]

    @property
    def to_spare(self) -> bool:
        """Whether one may be held for long; where there is but one, it is for whoever comes first."""
        return self.free > (LEFT_FREE if self.total > 1 else 0)


def slots_in_reach(hass: HomeAssistant, address: str) -> Slots | None:
    """Return the slots of all that hears the address and can connect; None where one of them does not count."""
    told = [found.scanner.get_allocations() for found in async_scanner_devices_by_address(hass, address, True)]
    known = [allocations for allocations in told if allocations is not None]
    if not known or len(known) < len(told):
        return None
    return Slots(
        sum(allocations.slots for allocations in known),
        sum(allocations.free for allocations in known),
        frozenset(holder for allocations in known for holder in allocations.allocated),
    )
