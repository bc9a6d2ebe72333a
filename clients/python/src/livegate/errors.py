"""The exceptions of this package."""

from __future__ import annotations

TEMPORARY = (429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed later."""


class LivegateError(Exception):
    """Base of all exceptions of this package."""

    @property
    def temporary(self) -> bool:
        """Whether the same call may succeed later: after 429, a failure, or no answer."""
        return False


class NoAnswer(LivegateError):
    """No answer arrived: the connection failed, broke, or took too long.

    After a verify, `session_status` says what became of the session.
    """

    def __init__(self, message: str, sent: bool) -> None:
        super().__init__(message, sent)
        self.message = message
        self.sent = sent
        """Whether the service may have received the request."""

    def __str__(self) -> str:
        return self.message

    @property
    def temporary(self) -> bool:
        return True


class ApiError(LivegateError):
    """An answer that is an error. Decide by `code`."""

    def __init__(
        self,
        message: str,
        status: int,
        code: str | None,
        request_id: str | None,
        retry_after: float | None,
        replayed: bool = False,
    ) -> None:
        # All of them, so that the exception survives pickling, as between processes.
        super().__init__(message, status, code, request_id, retry_after, replayed)
        self.status = status
        """HTTP status."""
        self.code = code
        """Code of the service, such as `RATE_LIMIT`. None: a proxy answered, not the service.

        Later versions of the service may send codes that are unknown today.
        """
        self.message = message
        """What to fix, for developers. Do not show it to users."""
        self.request_id = request_id
        """`X-Livegate-Request-Id`. Quote it when you ask the operator about the request."""
        self.retry_after = retry_after
        """Seconds to wait before the next try, or None."""
        self.replayed = replayed
        """`Idempotent-Replayed`: the same failure was answered before, and is final."""

    def __str__(self) -> str:
        return f"{self.status} {self.code or 'without a code'}: {self.message}"

    @property
    def temporary(self) -> bool:
        return self.status in TEMPORARY


class NewSessionNeeded(ApiError):
    """The session can give no verdict any more. Create a new one and capture again.

    It is unknown, used or expired, or its verification failed on the server. After
    `SESSION_USED`, `session_status` says whether it has a verdict.
    """

    @property
    def temporary(self) -> bool:
        return False


class ReceiptInvalid(LivegateError):
    """A receipt that must not be trusted."""
