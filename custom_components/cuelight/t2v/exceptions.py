"""What can go wrong between a prompt and a film: one tree, each leaf with its own code and fields."""

from typing import ClassVar


class T2VError(Exception):
    """The root: a film could not be made.

    ``code`` names the kind for translations, ``fields`` hold the placeholders of the sentence.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, **fields: str | float | None) -> None:
        super().__init__(message)
        self.message = message
        self.fields: dict[str, str | float | None] = fields


class InvalidRequest(T2VError):
    """The request cannot be sent as it is; ``fields["field"]`` names the culprit."""

    code = "invalid_request"


class StudioUnreachable(T2VError):
    """The studio did not answer, or not in a form this client understands."""

    code = "unreachable"


class AuthenticationFailed(T2VError):
    """The studio refuses the key."""

    code = "authentication"


class WrongRegion(AuthenticationFailed):
    """The key is refused here, and keys of this studio belong to one region."""

    code = "region"


class QuotaExceeded(T2VError):
    """The studio's limit of requests or the account's balance is used up; ``retry_after_s`` when it told."""

    code = "quota"

    def __init__(self, message: str, retry_after_s: float | None = None, **fields: str | float | None) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **fields)
        self.retry_after_s = retry_after_s


class BalanceEmpty(QuotaExceeded):
    """The account must be paid or topped up before it makes another film."""

    code = "balance"


class BudgetExceeded(T2VError):
    """The daily budget the user set does not allow this film."""

    code = "budget"


class Moderated(T2VError):
    """The studio's moderation refused the prompt or the film."""

    code = "moderation"


class JobFailed(T2VError):
    """The studio took the job and failed at it."""

    code = "job_failed"


class JobCancelled(T2VError):
    """The job was cancelled, here or at the studio."""

    code = "cancelled"


class JobLost(T2VError):
    """The studio no longer knows a job it had taken."""

    code = "lost"


class LinkExpired(JobLost):
    """The studio made the film and no longer has it."""


class CreateUnconfirmed(T2VError):
    """The answer to a create was lost; the studio may or may not be rendering (and billing) a film."""

    code = "unconfirmed"


class DeadlineExceeded(T2VError):
    """The film was not finished in time; the job may go on, and its handle still resumes it."""

    code = "deadline"


class BadFilm(T2VError):
    """What was fetched is no film that decodes."""

    code = "bad_film"
