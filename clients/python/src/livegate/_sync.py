"""The client that blocks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

import httpx
from typing_extensions import Self, Unpack

from livegate import _requests as requests
from livegate._media import Media, Picture
from livegate._requests import Call, InteractiveOptions, VerifyOptions
from livegate._retry import pause
from livegate._settings import Settings, headers, no_answer
from livegate.errors import LivegateError, NewSessionNeeded
from livegate.types import (
    Frame,
    FrameResult,
    Health,
    InteractiveSessionCreated,
    InteractiveSessionStatus,
    Preset,
    SessionCancelled,
    SessionCreated,
    SessionRequest,
    SessionStatus,
    Verdict,
)

T = TypeVar("T")


class Livegate:
    """A Livegate service. One object serves any number of threads.

    Every method raises `ApiError` for an answer that is an error, and `NoAnswer` if none came.
    A verdict is never an error, whether it is yes or no.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        client_token: str | None = None,
        timeout: float = 10.0,
        verify_timeout: float = 30.0,
        retries: int = 3,
        idempotency: bool = True,
        http: httpx.Client | None = None,
    ) -> None:
        """`base_url`: such as `https://livegate.example.com`.

        `client_token`: of one interactive session, instead of `api_key`.
        `timeout`, `verify_timeout`: seconds that one step (connecting, sending, waiting for the
        answer) may take. `verify_timeout` must be longer than the service's own limit (15 s
        unless the operator chose otherwise).
        `retries`: how often a request is sent again, at most.
        `idempotency`: send an `Idempotency-Key` with every verify. A lost answer is then asked for
        again; the service keeps it for two minutes, encrypted.
        `http`: an httpx client with proxies or certificates of your own. You close it yourself.
        """
        secret = headers(api_key, client_token)
        self._settings = Settings(base_url, secret, timeout, verify_timeout, retries, idempotency)
        self._http = http or httpx.Client()
        self._owns_http = http is None

    def create_session(self, **options: Unpack[SessionRequest]) -> SessionCreated:
        """Creates a session. Name no `actions` for real users: the service draws them."""
        return self._send(requests.create_session(options))

    def verify(
        self,
        session_id: str,
        frames: Iterable[Picture | Frame],
        **options: Unpack[VerifyOptions],
    ) -> Verdict:
        """Verifies a capture of 8 to 20 frames.

        `frames`: pictures from files or memory, or frames in the API's form, as an app sends them.
        `reference_image` or `reference_embedding` (512 floats): the face to compare with; the
        answer has `reference_match`. `attestation`: opaque, up to 16 KiB; the receipt has its hash.
        `idempotency_key`: your own instead of a random one.
        Raises `NewSessionNeeded` if the session is used up or gone.
        """
        return self._verify(session_id, frames=frames, **options)

    def verify_video(
        self,
        session_id: str,
        video: Media,
        **options: Unpack[VerifyOptions],
    ) -> Verdict:
        """Verifies a clip (mp4, mov or webm, up to 25 MiB and 30 s). Else as `verify`."""
        return self._verify(session_id, video=video, **options)

    def check(
        self,
        capture: Callable[[SessionCreated], Iterable[Picture | Frame]],
        **options: Unpack[SessionRequest],
    ) -> Verdict:
        """Creates a session, calls `capture` with it and verifies what it returns.

        If the session is lost or its verification fails on the server, all of it happens once
        more, with a new session and a new capture.
        """
        session = self.create_session(**options)
        try:
            return self.verify(session["session_id"], capture(session))
        except NewSessionNeeded:
            session = self.create_session(**options)
            return self.verify(session["session_id"], capture(session))

    def session_status(self, session_id: str) -> SessionStatus:
        """What became of a session. It has no scores, embedding or picture."""
        return self._send(requests.session_status(session_id))

    def health(self) -> Health:
        """The health page, also if it says that the service is down. Needs no key."""
        return self._send(requests.health())

    def create_interactive_session(
        self, **options: Unpack[InteractiveOptions]
    ) -> InteractiveSessionCreated:
        """Creates an interactive session. Its `client_token` is for the browser."""
        return self._send(requests.create_interactive_session(options))

    def submit_frame(self, session_id: str, image: Media) -> FrameResult:
        """Sends one frame, JPEG or PNG. It is never sent again: send the next one.

        An error that is `temporary` leaves the session as it was.
        """
        return self._send(requests.submit_frame(session_id, image))

    def interactive_session(self, session_id: str) -> InteractiveSessionStatus:
        """The state of an interactive session; with the key, its verdict. Gate on `is_live`."""
        return self._send(requests.interactive_session(session_id))

    def cancel_interactive_session(self, session_id: str) -> SessionCancelled:
        """Cancels an interactive session."""
        return self._send(requests.cancel_interactive_session(session_id))

    def presets(self) -> list[Preset]:
        """The ready-made interactive sessions."""
        return self._send(requests.presets())

    def jwks(self) -> dict[str, Any]:
        """The public keys of receipts, for `livegate.receipts.verify_receipt`. Needs no key."""
        return self._send(requests.jwks())

    def close(self) -> None:
        """Closes the connections."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _verify(self, session_id: str, **options: Any) -> Verdict:
        if self._settings.idempotency:
            options.setdefault("idempotency_key", str(uuid.uuid4()))
        return self._send(requests.verify(session_id, **options))

    def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            try:
                return call.read(self._http.request(**self._settings.arguments(call)), attempt)
            except httpx.TransportError as failure:
                error: LivegateError = no_answer(failure)
            except LivegateError as failure:
                error = failure
            seconds = pause(call.repeat, error, attempt, self._settings.retries)
            if seconds is None:
                raise error
            time.sleep(seconds)
            attempt += 1
