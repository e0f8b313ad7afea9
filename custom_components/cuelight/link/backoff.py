"""When to try again after a failure."""

from .exceptions import AuthenticationFailed, LinkError, LinkUnreachable, UnreachableReason, WrongInstance

_FIRST_S = 1.0
_LONGEST_S = 60.0
_FIRST_AFTER_REFUSAL_S = 5.0
_LONGEST_AFTER_REFUSAL_S = 300.0


class Backoff:
    """Doubling pauses between connection attempts; longer ones where the button refuses this host."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self._error: LinkError | None = None

    def check(self, now: float) -> None:
        """Raise LinkUnreachable while it is too early for another attempt."""
        if self._error is not None and now < self._until:
            left = self._until - now
            message = f"The last attempt failed; the next may be made in {left:.0f} s. {self._error}"
            raise LinkUnreachable(UnreachableReason.BACKING_OFF, message, left) from self._error

    def failed(self, error: LinkError, now: float) -> None:
        """Take a failed attempt into account."""
        refused = isinstance(error, AuthenticationFailed | WrongInstance)
        first, longest = (_FIRST_AFTER_REFUSAL_S, _LONGEST_AFTER_REFUSAL_S) if refused else (_FIRST_S, _LONGEST_S)
        self._until = now + min(longest, first * 2 ** min(self._failures, 16))
        self._failures += 1
        self._error = error

    def forget(self) -> None:
        """Allow an attempt at once, unless the button refused this host: that does not mend by itself."""
        if not isinstance(self._error, AuthenticationFailed | WrongInstance):
            self.succeeded()

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0
        self._error = None
