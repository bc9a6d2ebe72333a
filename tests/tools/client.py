"""An integrator's program on the client that openapi-python-client generates."""

import os
from io import BytesIO

from camera import capture, live
from livegate_client import AuthenticatedClient, Client
from livegate_client.api.interactive import (
    cancel_interactive_session,
    create_interactive_session,
    interactive_session,
    presets,
    submit_frame,
)
from livegate_client.api.server_to_server import create_session, health, session_status, verify
from livegate_client.models import (
    Action,
    ChallengeType,
    Error,
    ErrorCode,
    FailureReason,
    Feedback,
    Frame,
    FrameResult,
    Health,
    HealthStatus,
    InteractiveSessionCreated,
    InteractiveSessionStatus,
    InteractiveState,
    Mode,
    PresetName,
    ReasonCode,
    Rejected,
    SessionCancelled,
    SessionCreated,
    SessionRequest,
    SessionState,
    SessionStatus,
    SubmitFrameBody,
    Verified,
    VerifyRequest,
)
from livegate_client.types import UNSET, File

BASE = os.environ["BASE"]


def authenticated(key):
    return AuthenticatedClient(BASE, token=key, prefix="", auth_header_name="X-AI-API-Key")


client = authenticated(os.environ["KEY"])


def create():
    request = SessionRequest(actions=[Action.TURN_LEFT, Action.BLINK], yaw_deg=25)
    session = create_session.sync(client=client, body=request)
    assert isinstance(session, SessionCreated), session
    assert session.challenge == [Action.TURN_LEFT, Action.BLINK]
    assert session.config.min_images <= session.config.max_images
    return session


def verify_frames(session, frames):
    request = VerifyRequest(
        session_id=session.session_id,
        mode=Mode.IMAGES,
        frames=[Frame.from_dict(frame) for frame in frames],
    )
    return verify.sync_detailed(client=client, body=request)


def frames_of(session):
    # Two actions make six frames: the minimum is padded with neutral ones.
    neutral = ["center"] * ((session.config.min_images - 6) // 2)
    return capture([*neutral, *session.challenge])


# Somebody live, asked for nothing in particular: the body is optional.
anything = create_session.sync(client=client)
assert isinstance(anything, SessionCreated), anything
assert sorted(anything.challenge) == sorted(Action)
answer = verify_frames(anything, capture(anything.challenge))
assert isinstance(answer.parsed, Verified), answer
assert answer.parsed.verified is True
assert len(answer.parsed.embedding) == 512
assert answer.parsed.challenge_details.completed_actions == anything.challenge
assert ReasonCode.LIVENESS_PASSED in answer.parsed.reason_codes

# The session is used: an error with its type.
again = verify_frames(anything, capture(anything.challenge))
assert again.status_code == 409
assert isinstance(again.parsed, Error) and again.parsed.code is ErrorCode.SESSION_USED, again

# Somebody who does nothing.
still = create()
frames = frames_of(still)
answer = verify_frames(still, [{**frame, "image_b64": frames[0]["image_b64"]} for frame in frames])
assert isinstance(answer.parsed, Rejected), answer
assert answer.parsed.verified is False
assert answer.parsed.reason_codes == [ReasonCode.CHALLENGE_FAILED]
assert answer.parsed.same_person_score == 1.0
failed = answer.parsed.rejection_details.failed_actions
assert [action.action for action in failed] == still.challenge
assert failed[0].why is FailureReason.NOT_REACHED and failed[0].required == -25, failed

status = session_status.sync(still.session_id, client=client)
assert isinstance(status, SessionStatus), status
assert status.state is SessionState.REJECTED and status.verified is False
assert status.reason_codes == [ReasonCode.CHALLENGE_FAILED]

refused = create_session.sync_detailed(client=authenticated("tsk_unknown"))
assert refused.status_code == 401
assert isinstance(refused.parsed, Error) and refused.parsed.code is ErrorCode.UNAUTHORIZED

state = health.sync(client=Client(BASE))
assert isinstance(state, Health) and state.status is HealthStatus.OK, state
assert state.components.workers.count > 0

# Frame by frame: the backend creates the session and reads its verdict, the browser sends the frames.
asked = [ChallengeType.TURN_LEFT, ChallengeType.SMILE]
created = create_interactive_session.sync(client=client, challenges=asked, timeout_seconds=30)
assert isinstance(created, InteractiveSessionCreated), created
assert created.state is InteractiveState.PENDING
assert [challenge.type_ for challenge in created.challenges] == asked
browser = AuthenticatedClient(BASE, token=created.client_token)
results = []
for challenge in created.challenges:
    for image in live(challenge.type_):
        body = SubmitFrameBody(image=File(BytesIO(image), "frame.jpg", "image/jpeg"))
        result = submit_frame.sync(created.session_id, client=browser, body=body)
        assert isinstance(result, FrameResult), result
        assert result.challenge_type is challenge.type_
        results.append(result)
assert [result.passed for result in results] == [False, False, True, False, True]
first, last = results[0], results[-1]
assert first.feedback is Feedback.KEEP_GOING and first.is_live is None
assert last.feedback is None and last.is_live is True and last.session_complete is True
assert last.anti_spoof_avg_score is UNSET, "scores are for the owner of the key"

status = interactive_session.sync(created.session_id, client=client)
assert isinstance(status, InteractiveSessionStatus), status
assert status.state is InteractiveState.COMPLETED and status.is_live is True
assert ReasonCode.LIVENESS_PASSED in status.reason_codes
assert status.anti_spoof_avg_score > 0.9

gone = cancel_interactive_session.sync(created.session_id, client=client)
assert isinstance(gone, SessionCancelled) and gone.cancelled == created.session_id, gone
unknown = interactive_session.sync_detailed(created.session_id, client=client)
assert unknown.status_code == 404
assert isinstance(unknown.parsed, Error) and unknown.parsed.code is ErrorCode.SESSION_NOT_FOUND

# Every preset, as it describes itself.
for preset in presets.sync(client=client):
    assert preset.name in list(PresetName)
    created = create_interactive_session.sync(client=client, preset=preset.name)
    assert len(created.challenges) == preset.num_challenges
    assert {challenge.type_ for challenge in created.challenges} <= set(preset.challenge_types)
    assert created.challenges[0].timeout_seconds == preset.timeout_seconds

print("done")
