"""What an HTTP answer means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from livegate.errors import ApiError, NewSessionNeeded

# The session is gone, whatever the call.
_SESSION_IS_OVER = ("SESSION_NOT_FOUND", "SESSION_USED", "SESSION_EXPIRED")


@dataclass(frozen=True)
class Info:
    """The headers of an answer."""

    request_id: str | None
    """`X-Livegate-Request-Id`: store it with the verdict."""
    test: bool
    """`X-Livegate-Test`: the answer comes from a test key and says nothing about a person."""
    replayed: bool
    """`Idempotent-Replayed`: the answer was given before and is repeated."""


class _Object(dict[str, Any]):
    info: Info


class _List(list[Any]):
    info: Info


def info(answer: object) -> Info:
    """The headers that came with an answer of the client. A copy of the answer has none."""
    if isinstance(answer, (_Object, _List)):
        return answer.info
    raise TypeError("This is not an answer of a Livegate client.")


def read_answer(response: httpx.Response, *, verify: bool = False) -> Any:
    """The body of an answer.

    Raises `ApiError` for every answer that is an error. `verify`: the answer is one of verify,
    where a failure of the service uses the session up.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    # The health page comes with 503 when the service cannot work.
    is_health = response.status_code == 503 and isinstance(body, dict) and "components" in body
    if response.status_code == 200 or is_health:
        answer: _Object | _List
        if isinstance(body, dict):
            answer = _Object(body)
        elif isinstance(body, list):
            answer = _List(body)
        else:
            raise _error(response, {}, verify)
        answer.info = Info(
            request_id=response.headers.get("X-Livegate-Request-Id"),
            test=response.headers.get("X-Livegate-Test") == "true",
            replayed=_is_replayed(response),
        )
        return answer
    raise _error(response, body if isinstance(body, dict) else {}, verify)


def _error(response: httpx.Response, body: dict[str, Any], verify: bool) -> ApiError:
    code, message = body.get("code"), body.get("error")
    if not isinstance(code, str) or not isinstance(message, str):
        code, message = None, "the answer is not one of Livegate; a proxy may have sent it"
    failed = verify and code is not None and response.status_code >= 500
    kind = NewSessionNeeded if failed or code in _SESSION_IS_OVER else ApiError
    return kind(
        message,
        status=response.status_code,
        code=code,
        request_id=response.headers.get("X-Livegate-Request-Id"),
        retry_after=_seconds(response.headers.get("Retry-After")),
        replayed=_is_replayed(response),
    )


def _is_replayed(response: httpx.Response) -> bool:
    return bool(response.headers.get("Idempotent-Replayed") == "true")


def _seconds(header: str | None) -> float | None:
    # A proxy may send a date instead. It is ignored: clocks differ.
    return float(header) if header and header.isascii() and header.isdigit() else None
