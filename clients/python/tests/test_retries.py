"""Which requests are sent again: the table that both clients are tested with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import anyio
import httpx
import pytest

import livegate
from livegate import AsyncLivegate, Livegate
from livegate.types import ErrorCode

TABLE = json.loads((Path(__file__).parents[2] / "retries.json").read_text())
SESSION = "live_00000000000000000000000000000000"
PICTURE = livegate.Picture(b"picture", "center", 0)

CALLS: dict[str, Callable[[Any], Any]] = {
    "create": lambda client: client.create_session(),
    "verify": lambda client: client.verify(SESSION, [PICTURE]),
    "verify_without_key": lambda client: client.verify(SESSION, [PICTURE]),
    "frame": lambda client: client.submit_frame(SESSION, b"picture"),
    "read": lambda client: client.session_status(SESSION),
    "cancel": lambda client: client.cancel_interactive_session(SESSION),
}


class Service:
    """Answers the first request as a row of the table says, the second with success."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if len(self.requests) > 1:
            return httpx.Response(200, json={"good": True})
        if self.row["status"] == "lost":
            raise httpx.ReadError("connection reset")
        if self.row["status"] == "refused":
            raise httpx.ConnectError("connection refused")
        headers = {"X-Livegate-Request-Id": "id"}
        if "retry_after" in self.row:
            headers["Retry-After"] = str(self.row["retry_after"])
        if self.row.get("replayed"):
            headers["Idempotent-Replayed"] = "true"
        if self.row["code"] is None:
            return httpx.Response(self.row["status"], text="<html>", headers=headers)
        body = {"error": "Fix it.", "code": self.row["code"]}
        return httpx.Response(self.row["status"], json=body, headers=headers)


def use(kind: str, service: Service, call: str) -> Any:
    transport = httpx.MockTransport(service)
    idempotency = call != "verify_without_key"
    if kind == "sync":
        http = httpx.Client(transport=transport)
        return CALLS[call](Livegate("http://x", "tsk_x", idempotency=idempotency, http=http))

    async def run() -> Any:
        async with httpx.AsyncClient(transport=transport) as http:
            client = AsyncLivegate("http://x", "tsk_x", idempotency=idempotency, http=http)
            return await CALLS[call](client)

    return asyncio.run(run())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(anyio, "sleep", sleep)
    return pauses


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "row",
    TABLE,
    ids=lambda row: "-".join(str(row.get(name, "")) for name in ("status", "code", "replayed")),
)
def test_a_request_is_sent_again_only_where_the_table_says(
    row: dict[str, Any], call: str, kind: str, pauses: list[float]
) -> None:
    service = Service(row)
    if call in row["again"]:
        assert use(kind, service, call) == {"good": True}
        assert len(service.requests) == 2
        first, second = (request.headers.get("Idempotency-Key") for request in service.requests)
        assert first == second and (first is not None) == (call == "verify")
        assert service.requests[0].content == service.requests[1].content
        assert len(pauses) == 1 and pauses[0] >= row.get("retry_after", 0.1)
        return
    with pytest.raises(livegate.LivegateError) as raised:
        use(kind, service, call)
    assert len(service.requests) == 1 and not pauses
    error = raised.value
    assert isinstance(error, livegate.NewSessionNeeded) == (call in row["new_session"])
    if isinstance(error, livegate.ApiError):
        assert (error.status, error.code) == (row["status"], row["code"])
        assert (error.request_id, error.retry_after) == ("id", row.get("retry_after"))
        assert error.replayed == row.get("replayed", False)
    else:
        assert isinstance(error, livegate.NoAnswer)
        assert error.sent == (row["status"] == "lost")


def test_the_table_has_every_code_of_the_service() -> None:
    assert set(get_args(ErrorCode)) <= {row.get("code") for row in TABLE}


def test_pauses_grow_and_tries_end(pauses: list[float]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    client = Livegate("http://x", http=httpx.Client(transport=httpx.MockTransport(refuse)))
    with pytest.raises(livegate.NoAnswer):
        client.health()
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]


def test_a_cancellation_whose_answer_was_lost_has_happened(pauses: list[float]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not pauses:
            raise httpx.ReadError("connection reset")
        return httpx.Response(404, json={"error": "No.", "code": "SESSION_NOT_FOUND"})

    client = Livegate("http://x", http=httpx.Client(transport=httpx.MockTransport(answer)))
    assert client.cancel_interactive_session("some-id") == {"cancelled": "some-id"}
