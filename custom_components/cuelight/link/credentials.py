"""What a host knows of one button's key, and how it changes."""

import hmac
from dataclasses import dataclass, field, replace

from .const import MAX_RATCHET_STEPS
from .exceptions import InvalidArgument


@dataclass(frozen=True, slots=True)
class Credentials:
    """One key slot of one button.

    Attributes:
        dev_id: the button's identity, 8 bytes.
        inst_id: the instance that was paired, 4 bytes; None takes whichever answers first.
        key: the slot's pre-shared key, 32 bytes.
        slot: 0 the label key, 1 to 3 controllers.
        gen: the key's generation.
        pending_key: the next generation's key while a rotation is under way: stored before it is sent, so that
            no power cut leaves the host without the key the button has.
    """

    dev_id: bytes
    inst_id: bytes | None
    key: bytes = field(repr=False)
    slot: int = 0
    gen: int = 0
    pending_key: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, value, size in (
            ("dev_id", self.dev_id, 8),
            ("inst_id", self.inst_id, 4),
            ("key", self.key, 32),
            ("pending_key", self.pending_key, 32),
        ):
            if value is not None and (not isinstance(value, bytes) or len(value) != size):
                raise InvalidArgument(name, f"{name} must be {size} bytes.")
        if not 0 <= self.slot <= 3:
            raise InvalidArgument("slot", "slot must be 0 to 3.")
        if not 0 <= self.gen <= 0xFF:
            raise InvalidArgument("gen", "gen must be 0 to 255.")

    @property
    def next_gen(self) -> int:
        """The generation after this one."""
        return (self.gen + 1) & 0xFF

    def rotated(self, new_key: bytes | None = None) -> Credentials:
        """These credentials with the next generation's key pending: a new random one, or the ratchet's."""
        return replace(self, pending_key=new_key or ratchet(self.key, self.slot, self.gen))

    def completed(self) -> Credentials:
        """These credentials once the button has accepted the pending key."""
        if self.pending_key is None:
            return self
        return replace(self, key=self.pending_key, gen=self.next_gen, pending_key=None)

    def of_generation(self, gen: int) -> Credentials | None:
        """The credentials of the generation that the button holds; None when it is out of reach.

        That is this one, when the button never received the pending key, or a later one, when the host was restored
        from a backup: the ratchet rolls forward by at most 32 steps.
        """
        if self.pending_key is not None and gen == self.gen:
            return replace(self, pending_key=None)
        steps = (gen - self.gen) & 0xFF
        if not 0 < steps <= MAX_RATCHET_STEPS:
            return None
        key = self.key
        for step in range(steps):
            key = ratchet(key, self.slot, (self.gen + step) & 0xFF)
        return replace(self, key=key, gen=gen, pending_key=None)


def ratchet(key: bytes, slot: int, gen: int) -> bytes:
    """The key of generation ``gen + 1``, from the key of ``gen`` in this slot."""
    return hmac.digest(key, b"CLP1 ratchet" + bytes((slot, gen)), "sha256")
