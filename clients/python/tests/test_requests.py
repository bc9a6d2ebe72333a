"""What is sent, and what answers become."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
from pathlib import Path
from typing import Any

import httpx
import pytest

import livegate
from livegate import AsyncLivegate, Livegate, Picture, _requests

SESSION = "live_00000000000000000000000000000000"


class Recorder:
    """Keeps requests, and answers each with the same body."""

    def __init__(self, body: object, status: int = 200, **headers: str) -> None:
        self.body, self.status, self.headers = body, status, headers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        headers = {name.replace("_", "-"): value for name, value in self.headers.items()}
        return httpx.Response(self.status, json=self.body, headers=headers)

    def client(self, **options: Any) -> Livegate:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return Livegate("http://service/", http=http, **options)

    @property
    def sent(self) -> Any:
        return json.loads(self.requests[-1].content)


def test_pictures_come_from_files_and_from_memory(tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").write_bytes(b"abc")
    service = Recorder({"verified": True})
    service.client(api_key="tsk_x\n").verify(
        SESSION,
        [
            Picture(tmp_path / "picture.jpg", "center", 0),
            Picture(str(tmp_path / "picture.jpg"), "center", 250),
            Picture(b"abc", "turn_left", 500),
            {"index": 3, "timestamp_ms": 750, "phase": "turn_left", "image_b64": "YWJj"},
        ],
        reference_image=b"abc",
        attestation="opaque",
    )
    request = service.requests[0]
    assert str(request.url) == "http://service/v1/liveness/verify"
    assert request.headers["X-AI-API-Key"] == "tsk_x"
    frames = service.sent.pop("frames")
    assert [frame["index"] for frame in frames] == [0, 1, 2, 3]
    assert {frame["image_b64"] for frame in frames} == {"YWJj"}
    assert service.sent == {
        "session_id": SESSION,
        "mode": "images",
        "frames": frames,
        "reference_image_b64": "YWJj",
        "attestation": "opaque",
    }


def test_a_clip_is_sent_in_video_mode_with_the_callers_own_idempotency_key() -> None:
    service = Recorder({"verified": True})
    service.client().verify_video(
        SESSION, b"abc", reference_embedding=(0.5, 0.5), idempotency_key="mine"
    )
    assert service.sent == {
        "session_id": SESSION,
        "mode": "video",
        "video_b64": "YWJj",
        "reference_embedding": [0.5, 0.5],
    }
    assert service.requests[0].headers["Idempotency-Key"] == "mine"


def test_each_verify_has_an_idempotency_key_of_its_own() -> None:
    service = Recorder({"verified": True})
    client = service.client()
    client.verify(SESSION, [])
    client.verify(SESSION, [])
    first, second = (request.headers["Idempotency-Key"] for request in service.requests)
    assert first != second


def test_options_of_an_interactive_session_go_into_query_and_body() -> None:
    service = Recorder({"session_id": "id"})
    client = service.client()
    client.create_interactive_session(
        challenges=["TURN_LEFT", "BLINK"], mirrored=True, timeout_seconds=7.5
    )
    query = dict(service.requests[0].url.params)
    assert query == {"challenges": "TURN_LEFT,BLINK", "mirrored": "true", "timeout_seconds": "7.5"}
    assert service.requests[0].content == b""
    client.create_interactive_session(preset="eye", reference_image=b"abc", attestation="opaque")
    assert service.requests[1].url.query == b"preset=eye"
    assert service.sent == {"reference_image_b64": "YWJj", "attestation": "opaque"}


def test_a_client_token_sends_frames_without_the_key() -> None:
    service = Recorder({"passed": False})
    service.client(client_token="lct_x").submit_frame("some-id", b"abc")
    request = service.requests[0]
    assert request.headers["Authorization"] == "Bearer lct_x"
    assert "X-AI-API-Key" not in request.headers
    assert request.url.path == "/api/v1/liveness/sessions/some-id/frame"
    assert b'name="image"' in request.content and b"abc" in request.content


def test_the_headers_of_an_answer_can_be_read() -> None:
    service = Recorder({}, X_Livegate_Request_Id="id", X_Livegate_Test="true")
    answer = service.client().create_session()
    assert livegate.info(answer) == livegate.Info(request_id="id", test=True, replayed=False)
    with pytest.raises(TypeError):
        livegate.info({})


def test_fields_and_codes_of_later_versions_are_kept() -> None:
    body = {"verified": False, "reason_codes": ["a_later_reason"], "a_later_field": [1]}
    assert Recorder(body).client().verify(SESSION, []) == body


def test_a_health_page_is_no_error_when_it_says_that_the_service_is_down() -> None:
    body = {"status": "down", "version": "1", "components": {}}
    assert Recorder(body, 503).client().health()["status"] == "down"


def test_a_session_id_cannot_become_another_path() -> None:
    for session_id in ["..", "a/b", "a?b", "", "é", "a" * 65]:
        with pytest.raises(ValueError):
            Recorder({}).client().session_status(session_id)


def test_a_secret_is_in_no_message() -> None:
    with pytest.raises(ValueError) as raised:
        Livegate("http://service", "tsk_se\ncret")
    assert "cret" not in str(raised.value)
    with pytest.raises(ValueError):
        Livegate("http://service", "tsk_x", client_token="lct_x")


def test_a_redirect_is_not_followed_with_the_key() -> None:
    service = Recorder({}, 307, Location="http://elsewhere/")
    with pytest.raises(livegate.ApiError) as raised:
        service.client(api_key="tsk_x").create_session()
    assert raised.value.status == 307 and len(service.requests) == 1


def test_neither_a_picture_nor_the_key_is_shown() -> None:
    # No hexadecimal digits: an address in memory may hold those.
    picture = Picture(b"portrait", "center", 0)
    client = Livegate("http://service", "tsk_secret")
    call = _requests.verify(SESSION, frames=[picture])
    for shown in [repr(picture), repr(call), repr(vars(client))]:
        assert "portrait" not in shown and "cG9ydHJhaXQ" not in shown and "tsk_" not in shown


def test_an_error_survives_pickling() -> None:
    error = livegate.NewSessionNeeded("No.", 502, "PROCESSING_ERROR", "id", None)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.code, str(copy)) == ("PROCESSING_ERROR", "502 PROCESSING_ERROR: No.")


def check_service() -> tuple[list[str], httpx.MockTransport]:
    """A service whose first verify fails."""
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        if request.url.path.endswith("session"):
            return httpx.Response(200, json={"session_id": f"live_{len(paths)}"})
        if len(paths) == 2:
            body = {"error": "No.", "code": "PROCESSING_ERROR"}
            return httpx.Response(502, json=body, headers={"Idempotent-Replayed": "true"})
        return httpx.Response(200, json=json.loads(request.content))

    return paths, httpx.MockTransport(answer)


def test_a_check_takes_a_new_session_when_the_service_failed() -> None:
    captured: list[str] = []
    paths, transport = check_service()

    def capture(session: livegate.types.SessionCreated) -> list[Picture]:
        captured.append(session["session_id"])
        return []

    verdict: Any = Livegate("http://x", http=httpx.Client(transport=transport)).check(capture)
    assert captured == ["live_1", "live_3"] and len(paths) == 4
    assert verdict["session_id"] == "live_3"


def test_an_asynchronous_check_awaits_the_capture() -> None:
    captured: list[str] = []
    _, transport = check_service()

    async def capture(session: livegate.types.SessionCreated) -> list[Picture]:
        captured.append(session["session_id"])
        return []

    async def run() -> Any:
        async with httpx.AsyncClient(transport=transport) as http:
            return await AsyncLivegate("http://x", http=http).check(capture)

    assert asyncio.run(run())["session_id"] == "live_3"
    assert captured == ["live_1", "live_3"]


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, Any]:
        public = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
        return {**public, "__init__": kind.__init__}  # type: ignore[misc]

    blocking, awaited = methods(Livegate), methods(AsyncLivegate)
    assert blocking.keys() == awaited.keys()
    for name, method in blocking.items():
        other = awaited[name]
        assert method.__doc__ == other.__doc__, name
        signatures = inspect.signature(method), inspect.signature(other)
        assert str(signatures[0]) == (
            str(signatures[1])
            .replace("Awaitable[Iterable[Picture | Frame]]", "Iterable[Picture | Frame]")
            .replace("AsyncClient", "Client")
        ), name
