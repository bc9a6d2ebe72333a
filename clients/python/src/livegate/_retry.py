"""Which requests are sent again, and after how long.

The rule of the service's documents: 429 waits, a verify that failed for good needs a new session, other
answers of 4xx are never sent again.
"""

from __future__ import annotations

import enum
import random

from livegate.errors import TEMPORARY, ApiError, LivegateError, NoAnswer

FIRST_PAUSE = 0.5
"""Seconds before the first repetition; each further one takes twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds. A longer `Retry-After` is left to the caller."""


class Repeat(enum.Enum):
    """What a request permits."""

    ALWAYS = enum.auto()
    """It changes nothing, or nothing that matters: sent again after every temporary failure."""
    SAME_ANSWER = enum.auto()
    """It carries an `Idempotency-Key`: sent again until its answer is final, as a repeated one is."""
    UNSENT = enum.auto()
    """Sent again only if the service has not begun to work on it."""
    NEVER = enum.auto()
    """The next request replaces it: a live frame."""


def pause(repeat: Repeat, error: LivegateError, attempt: int, retries: int) -> float | None:
    """Seconds before the request is sent again; None if it is not.

    `attempt` counts from 0, `retries` is the number of repetitions allowed.
    """
    if attempt >= retries or not _may_repeat(repeat, error):
        return None
    # Randomness keeps many clients from coming back at the same moment.
    backoff = FIRST_PAUSE * 2**attempt * random.uniform(0.75, 1.25)
    asked = error.retry_after or 0.0 if isinstance(error, ApiError) else 0.0
    seconds = max(asked, backoff)
    return seconds if seconds <= LONGEST_PAUSE else None


def _may_repeat(repeat: Repeat, error: LivegateError) -> bool:
    if repeat is Repeat.NEVER:
        return False
    if isinstance(error, NoAnswer):
        return repeat is not Repeat.UNSENT or not error.sent
    if not isinstance(error, ApiError) or error.status not in TEMPORARY:
        return False
    if error.status == 429:
        # The limit of attempts slows a person down, not a program.
        return error.code != "ATTEMPT_LIMIT"
    # A failure that is not a repeated one may still become a verdict.
    return repeat is Repeat.ALWAYS or (repeat is Repeat.SAME_ANSWER and not error.replayed)
