"""The requests of the API, one function each. They send nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
from typing_extensions import NotRequired, TypedDict, Unpack

from livegate._answer import read_answer
from livegate._media import Media, Picture, read, to_base64, to_frames
from livegate._retry import Repeat
from livegate.errors import ApiError
from livegate.types import (
    ChallengeType,
    Frame,
    FrameResult,
    Health,
    InteractiveSessionCreated,
    InteractiveSessionStatus,
    Preset,
    PresetName,
    SessionCancelled,
    SessionCreated,
    SessionRequest,
    SessionStatus,
    Verdict,
)

T = TypeVar("T")

SERVER_TO_SERVER = "/v1/liveness"
INTERACTIVE = "/api/v1/liveness"
_IS_JSON = {"Content-Type": "application/json"}
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_QUERY = ("num_challenges", "timeout_seconds", "challenges", "preset", "mirrored")


class VerifyOptions(TypedDict):
    """Options of a verify."""

    reference_image: NotRequired[Media]
    """JPEG or PNG of the face to compare with; the answer then has `reference_match`."""
    reference_embedding: NotRequired[Sequence[float]]
    """512 floats, instead of `reference_image`."""
    attestation: NotRequired[str]
    """Opaque, up to 16 KiB. Its SHA-256 goes into the receipt."""
    idempotency_key: NotRequired[str]
    """A key of your own instead of a random one."""


class InteractiveOptions(TypedDict):
    """Options of an interactive session. The service draws what is left out."""

    num_challenges: NotRequired[int]
    """1 to 7; default 3."""
    timeout_seconds: NotRequired[float]
    """Seconds for each challenge, 1 to 60; default 5."""
    challenges: NotRequired[Sequence[ChallengeType]]
    """These challenges in this order. Not together with `num_challenges` or `preset`."""
    preset: NotRequired[PresetName]
    mirrored: NotRequired[bool]
    """Whether frames will be mirror images."""
    reference_image: NotRequired[Media]
    """JPEG or PNG of one face; the verdict then says whether the faces match."""
    reference_embedding: NotRequired[Sequence[float]]
    """512 floats, instead of `reference_image`."""
    attestation: NotRequired[str]
    """Opaque, up to 16 KiB. Its SHA-256 goes into the receipt."""
    subject_ref: NotRequired[str]
    """Your reference of the person, up to 128 characters, for the limit of attempts."""
    test_outcome: NotRequired[str]
    """The outcome to give. Keys made for tests only."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request whose answer is a `T`."""

    method: str
    path: str
    repeat: Repeat = Repeat.ALWAYS
    params: Mapping[str, str] | None = None
    # Somebody's face belongs in no log, so it is not shown.
    content: bytes | None = field(default=None, repr=False)
    image: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_verify: bool = False

    def read(self, response: httpx.Response, attempt: int) -> T:
        """The answer. Raises `ApiError`."""
        try:
            answer: T = read_answer(response, verify=self.is_verify)
        except ApiError as error:
            # The answer to the first try was lost, and that try did it.
            if attempt and self.method == "DELETE" and error.code == "SESSION_NOT_FOUND":
                return {"cancelled": self.path.rpartition("/")[2]}  # type: ignore[return-value]
            raise
        return answer


def create_session(options: SessionRequest) -> Call[SessionCreated]:
    return Call("POST", f"{SERVER_TO_SERVER}/session", content=_json(options), headers=_IS_JSON)


def verify(
    session_id: str,
    *,
    frames: Iterable[Picture | Frame] | None = None,
    video: Media | None = None,
    **options: Unpack[VerifyOptions],
) -> Call[Verdict]:
    """Takes `frames` or `video`. Without a key a lost answer is not asked for again."""
    fields = _given(options)
    key = fields.pop("idempotency_key", None)
    body = {
        "session_id": session_id,
        "mode": "images" if video is None else "video",
        "frames": None if frames is None else to_frames(frames),
        "video_b64": None if video is None else to_base64(video),
        **_with_reference(fields),
    }
    return Call(
        "POST",
        f"{SERVER_TO_SERVER}/verify",
        repeat=Repeat.SAME_ANSWER if key else Repeat.UNSENT,
        content=_json(_given(body)),
        headers={**_IS_JSON, "Idempotency-Key": key} if key else _IS_JSON,
        is_verify=True,
    )


def session_status(session_id: str) -> Call[SessionStatus]:
    return Call("GET", f"{SERVER_TO_SERVER}/session/{_checked(session_id)}")


def health() -> Call[Health]:
    return Call("GET", f"{SERVER_TO_SERVER}/health")


def create_interactive_session(options: InteractiveOptions) -> Call[InteractiveSessionCreated]:
    fields = _given(options)
    params = {name: _text(fields.pop(name)) for name in _IN_QUERY if name in fields}
    path = f"{INTERACTIVE}/sessions"
    if not fields:
        return Call("POST", path, params=params)
    content = _json(_with_reference(fields))
    return Call("POST", path, params=params, content=content, headers=_IS_JSON)


def submit_frame(session_id: str, image: Media) -> Call[FrameResult]:
    path = f"{INTERACTIVE}/sessions/{_checked(session_id)}/frame"
    return Call("POST", path, repeat=Repeat.NEVER, image=read(image))


def interactive_session(session_id: str) -> Call[InteractiveSessionStatus]:
    return Call("GET", f"{INTERACTIVE}/sessions/{_checked(session_id)}")


def cancel_interactive_session(session_id: str) -> Call[SessionCancelled]:
    return Call("DELETE", f"{INTERACTIVE}/sessions/{_checked(session_id)}")


def presets() -> Call[list[Preset]]:
    return Call("GET", f"{INTERACTIVE}/presets")


def jwks() -> Call[dict[str, Any]]:
    return Call("GET", "/.well-known/jwks.json")


def _json(body: object) -> bytes:
    return json.dumps(body, allow_nan=False).encode()


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _with_reference(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body, with the reference as the API takes it."""
    if "reference_image" in fields:
        fields["reference_image_b64"] = to_base64(fields.pop("reference_image"))
    if "reference_embedding" in fields:
        fields["reference_embedding"] = [float(value) for value in fields["reference_embedding"]]
    return fields


def _text(value: object) -> str:
    """A value as the query has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(value)
    return str(value)


def _checked(session_id: str) -> str:
    # An id may come from a browser. It must not become another path.
    if not _SESSION_ID.fullmatch(session_id):
        raise ValueError("A session_id is 1 to 64 letters, digits, - and _.")
    return session_id
