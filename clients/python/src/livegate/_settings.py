"""What both clients send with every request, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from livegate._requests import Call
from livegate.errors import NoAnswer


@dataclass(frozen=True)
class Settings:
    """How requests are sent."""

    base_url: str
    # It holds the secret, which belongs in no log.
    headers: dict[str, str] = field(repr=False)
    timeout: float
    verify_timeout: float
    retries: int
    idempotency: bool

    def arguments(self, call: Call[Any]) -> dict[str, Any]:
        """The arguments of httpx's `request`."""
        seconds = self.verify_timeout if call.is_verify else self.timeout
        return {
            "method": call.method,
            "url": self.base_url.rstrip("/") + call.path,
            "params": call.params,
            "content": call.content,
            "files": None if call.image is None else {"image": ("frame", call.image)},
            "headers": {**self.headers, **call.headers},
            "timeout": httpx.Timeout(seconds, connect=self.timeout),
            # Another address must not get the key.
            "follow_redirects": False,
        }


def headers(api_key: str | None, client_token: str | None) -> dict[str, str]:
    """The headers of every request."""
    if api_key and client_token:
        raise ValueError("Give api_key or client_token, not both.")
    # A secret that was read from a file often ends with a line break.
    secret = (api_key or client_token or "").strip()
    if not secret.isascii() or not secret.isprintable():
        raise ValueError("api_key and client_token are printable ASCII.")
    sent = {"User-Agent": "livegate-python", "Accept": "application/json"}
    if api_key:
        sent["X-AI-API-Key"] = secret
    elif client_token:
        sent["Authorization"] = f"Bearer {secret}"
    return sent


def no_answer(error: httpx.TransportError) -> NoAnswer:
    """What a broken connection means. Raises errors that a repetition cannot mend."""
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        raise error
    never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    lost = NoAnswer(str(error) or type(error).__name__, not isinstance(error, never_sent))
    lost.__cause__ = error
    return lost
