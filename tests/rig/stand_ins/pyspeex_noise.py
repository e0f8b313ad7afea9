"""Stands in for a library that has no wheel for this Python: Home Assistant imports it, and only voice would use it."""


class AudioProcessor:
    """Refuses to be used."""

    def __init__(self, *_settings: float) -> None:
        raise NotImplementedError("the rig has no noise suppression")
