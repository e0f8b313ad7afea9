"""From signals to events: each rule proposes candidates, and `confidence` weighs them."""

from .events import find_events

__all__ = ["find_events"]
