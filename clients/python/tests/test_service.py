"""Against a running service: BASE, KEY, TEST_KEY, PICTURES (a file: base64 pictures by phase)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from livegate import (
    ApiError,
    AsyncLivegate,
    Livegate,
    NewSessionNeeded,
    Picture,
    ReceiptInvalid,
    info,
)
from livegate.receipts import verify_receipt
from livegate.types import Verdict

pytestmark = pytest.mark.skipif("PICTURES" not in os.environ, reason="no service is running")


def shown(name: str) -> list[bytes]:
    """Pictures of somebody who shows a phase, or does what a live challenge asks."""
    pictures = json.loads(Path(os.environ["PICTURES"]).read_text())
    return [base64.b64decode(picture) for picture in pictures[name]]


def capture(session: Any) -> list[Picture]:
    """What somebody live shows for a session's challenge."""
    phases = [
        (phase, image) for phase in ["center", *session["challenge"]] for image in shown(phase)
    ]
    return [Picture(image, phase, 10 * at) for at, (phase, image) in enumerate(phases)]


@pytest.fixture
def livegate() -> Any:
    with Livegate(os.environ["BASE"], os.environ["KEY"]) as client:
        yield client


class LosesAnswers(httpx.HTTPTransport):
    """Loses the answer to the first verify, after the service has sent it."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if request.url.path.endswith("/verify") and not self.lost:
            response.read()
            response.close()
            self.lost += 1
            raise httpx.ReadError("connection reset")
        return response


def test_somebody_live_is_verified_once(livegate: Livegate) -> None:
    session = livegate.create_session()
    verdict = livegate.verify(session["session_id"], capture(session))
    assert verdict["verified"]
    assert len(verdict["embedding"]) == 512
    assert info(verdict).request_id and not info(verdict).test
    assert livegate.session_status(session["session_id"])["state"] == "verified"
    with pytest.raises(NewSessionNeeded) as raised:
        livegate.verify(session["session_id"], capture(session))
    assert raised.value.code == "SESSION_USED"


def test_the_receipt_of_a_verdict_binds_session_and_attestation(livegate: Livegate) -> None:
    session = livegate.create_session()
    attestation = "opaque"
    verdict = livegate.verify(session["session_id"], capture(session), attestation=attestation)
    jwks = livegate.jwks()
    claims = verify_receipt(verdict["receipt"], jwks, session_id=session["session_id"])
    assert claims["verified"] and claims["jti"] == info(verdict).request_id
    assert claims["attestation_sha256"] == hashlib.sha256(attestation.encode()).hexdigest()
    with pytest.raises(ReceiptInvalid):
        verify_receipt(verdict["receipt"], jwks, session_id="live_other")
    with pytest.raises(ReceiptInvalid):
        verify_receipt(verdict["receipt"], {"keys": []})


def test_somebody_who_does_nothing_is_rejected_without_an_error(livegate: Livegate) -> None:
    session = livegate.create_session(actions=["turn_left", "turn_right", "blink"], yaw_deg=25)
    still = shown("center")[0]
    pictures = [Picture(still, picture.phase, picture.timestamp_ms) for picture in capture(session)]
    verdict = livegate.verify(session["session_id"], pictures)
    assert not verdict["verified"]
    assert verdict["reason_codes"] == ["challenge_failed"]
    failed = verdict["rejection_details"]["failed_actions"]
    assert [action["action"] for action in failed] == session["challenge"]


def test_a_check_and_a_clip_by_the_asynchronous_client() -> None:
    async def run() -> None:
        async with AsyncLivegate(os.environ["BASE"], os.environ["KEY"]) as livegate:

            async def film(session: Any) -> list[Picture]:
                return capture(session)

            assert (await livegate.check(film))["verified"]
            session = await livegate.create_session()
            verdict = await livegate.verify_video(session["session_id"], b"not a clip")
            assert verdict["reason_codes"] == ["invalid_input"]

    asyncio.run(run())


def test_a_verdict_whose_answer_was_lost_arrives_all_the_same() -> None:
    transport = LosesAnswers()
    with httpx.Client(transport=transport) as http:
        livegate = Livegate(os.environ["BASE"], os.environ["KEY"], http=http)
        session = livegate.create_session()
        verdict = livegate.verify(session["session_id"], capture(session))
    assert transport.lost == 1 and verdict["verified"] and len(verdict["embedding"]) == 512
    assert info(verdict).replayed


def test_a_browser_sends_frames_and_the_backend_reads_the_verdict(livegate: Livegate) -> None:
    session = livegate.create_interactive_session(
        challenges=["TURN_LEFT", "SMILE"], attestation="opaque"
    )
    session_id = session["session_id"]
    with Livegate(os.environ["BASE"], client_token=session["client_token"]) as browser:
        for challenge in session["challenges"]:
            for image in shown(challenge["type"]):
                answer = browser.submit_frame(session_id, image)
        assert answer["is_live"] and "anti_spoof_avg_score" not in answer
        with pytest.raises(ApiError) as raised:
            browser.create_session()
        assert raised.value.code == "UNAUTHORIZED"
    status = livegate.interactive_session(session_id)
    assert status["is_live"] and status["anti_spoof_avg_score"] > 0.5
    claims = verify_receipt(status["receipt"], livegate.jwks(), session_id=session_id)
    assert claims["verified"] and claims["attestation_sha256"]
    assert livegate.cancel_interactive_session(session_id) == {"cancelled": session_id}
    with pytest.raises(NewSessionNeeded) as gone:
        livegate.interactive_session(session_id)
    assert gone.value.code == "SESSION_NOT_FOUND"


def test_a_test_key_reaches_each_branch_without_a_face() -> None:
    with Livegate(os.environ["BASE"], os.environ["TEST_KEY"]) as livegate:

        def verify(outcome: str) -> Verdict:
            session = livegate.create_session(test_outcome=outcome)
            still = [Picture(shown("center")[0], "center", 10 * at) for at in range(8)]
            return livegate.verify(session["session_id"], still)

        for outcome in ["verified", "RATE_LIMIT,verified"]:
            verdict = verify(outcome)
            assert verdict["verified"] and info(verdict).test
        for reason in ["spoof_detected", "different_persons_detected", "challenge_failed"]:
            assert verify(reason)["reason_codes"] == [reason]
        for code in ["SESSION_USED", "SESSION_EXPIRED", "SESSION_NOT_FOUND", "PROCESSING_ERROR"]:
            with pytest.raises(NewSessionNeeded) as over:
                verify(code)
            assert over.value.code == code
        with pytest.raises(ApiError) as refused:
            verify("INVALID_FRAME_FORMAT")
        assert refused.value.code == "INVALID_FRAME_FORMAT"
    with Livegate(os.environ["BASE"], os.environ["KEY"]) as livegate:
        with pytest.raises(ApiError) as live:
            livegate.create_session(test_outcome="verified")
        assert live.value.code == "INVALID_INPUT"


def test_every_preset_makes_a_session(livegate: Livegate) -> None:
    for preset in livegate.presets():
        session = livegate.create_interactive_session(preset=preset["name"])
        assert len(session["challenges"]) == preset["num_challenges"]


def test_the_health_page_needs_no_key_and_a_wrong_key_is_refused() -> None:
    assert Livegate(os.environ["BASE"]).health()["status"] == "ok"
    with pytest.raises(ApiError) as raised:
        Livegate(os.environ["BASE"], "tsk_unknown").create_session()
    assert (raised.value.status, raised.value.code) == (401, "UNAUTHORIZED")
    assert raised.value.request_id and not raised.value.temporary
