"""What no schema says of a request: that a picture is one, and a session exists."""

import base64
import itertools
import os
import re

import requests
import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.transport.serialization import Binary

from camera import capture, live

BASE, KEY = os.environ["BASE"], os.environ["KEY"]
ACTIONS = ["turn_left", "turn_right"]
LIVE = capture(["turn_left", "turn_right", "center"])
NUMBERS = ["1", "2", "3", "4", "5", "6", "7"]
PRESETS = ["eye", "smile", "head_turn", "multi_range", "full"]
CLIPS = [base64.b64encode(clip).decode() for clip in (b"no clip", open(os.environ["CLIP"], "rb").read())]
COUNT = itertools.count()
INTERACTIVE = "/api/v1/liveness/sessions"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
last_session = None
last_interactive = None

# A file that is no picture is refused, and no schema says what a picture is.
FRAMES = [Binary(picture) for picture in live("SMILE")]
schemathesis.openapi.format("binary", strategies.sampled_from(FRAMES))


def session_id():
    """A new session; every fifth time the one before, which is used by now."""
    global last_session
    if next(COUNT) % 5 or last_session is None:
        url, headers = f"{BASE}/v1/liveness/session", {"X-AI-API-Key": KEY}
        created = requests.post(url, headers=headers, json={"actions": ACTIONS}, timeout=10)
        last_session = created.json()["session_id"]
    return last_session


def interactive_id():
    """A new interactive session; three times of four the one before, which is over sooner or later."""
    global last_interactive
    if next(COUNT) % 4 == 0 or last_interactive is None:
        query, headers = {"challenges": "SMILE", "timeout_seconds": 60}, {"X-AI-API-Key": KEY}
        created = requests.post(BASE + INTERACTIVE, params=query, headers=headers, timeout=10)
        last_interactive = created.json()["session_id"]
    return last_interactive


def of_a_live_key(options):
    """The options without an outcome: it is text, and no schema says that only test keys take it. An empty one is left."""
    return {f: v for f, v in options.items() if f != "test_outcome" or not (isinstance(v, str) and v)}


def compatible(query):
    """The query without parameters that are fine by themselves and exclude one another."""
    query = of_a_live_key(query)
    if str(query.get("num_challenges")) in NUMBERS and ("challenges" in query or "preset" in query):
        del query["num_challenges"]
    if "challenges" in query and query.get("preset") in PRESETS:
        del query["preset"]
    return query


def referred(body):
    """The body with a meaningful reference, and one alone."""
    body = dict(body)
    if isinstance(body.get("reference_image_b64"), str):
        body["reference_image_b64"] = LIVE[0]["image_b64"]
        if body.get("reference_embedding") is not None:
            del body["reference_embedding"]
    numbers = body.get("reference_embedding")
    # Numbers of this length that are zero, or beyond single precision, have no direction.
    if isinstance(numbers, list) and len(numbers) == 512 and all(type(n) in (int, float) for n in numbers):
        body["reference_embedding"] = [1.0, *[max(-1.0, min(1.0, n)) for n in numbers[1:]]]
    return body


def completed(verify, frame_fields):
    """The body with whatever of it has the right type made meaningful too."""
    verify = dict(verify)
    if isinstance(verify.get("session_id"), str):
        verify["session_id"] = session_id()
    # The medium that the mode asks for, and no other.
    if verify.get("mode") == "images":
        if isinstance(verify.get("video_b64"), str):
            del verify["video_b64"]
        if verify.get("frames") is None:
            verify["frames"] = LIVE
    if verify.get("mode") == "video":
        if isinstance(verify.get("frames"), list):
            del verify["frames"]
        if isinstance(verify.get("video_b64") or "", str):
            verify["video_b64"] = CLIPS[next(COUNT) % 2]
    if isinstance(verify.get("frames"), list):
        # Some do what is asked; the others' tags do not fit what is to be seen.
        tags = bool(next(COUNT) % 2)
        pairs = zip(verify["frames"], itertools.cycle(LIVE))
        verify["frames"] = [
            completed_frame(frame, index, live, tags, frame_fields)
            for index, (frame, live) in enumerate(pairs)
        ]
    return verify


def completed_frame(frame, index, live, tags, documented):
    if not isinstance(frame, dict):
        return frame
    meant = {**live, "index": index, "timestamp_ms": 10 * index}
    if not tags:
        del meant["phase"]
    fields = frame.keys() & meant.keys()
    return {**frame, **{f: meant[f] for f in fields if fits(frame[f], meant[f], documented[f])}}


def fits(generated, meant, documented):
    """Whether it could be meant: of the same type, and no smaller than is documented."""
    if isinstance(meant, str):
        return isinstance(generated, str)
    is_number = isinstance(generated, (int, float)) and not isinstance(generated, bool)
    return is_number and generated >= documented.get("minimum", generated)


def as_documented(session, schema):
    """Without what the server refuses, or takes, and the document does not say so."""
    fields = schema["properties"]
    if "additionalProperties" not in schema:
        session = {field: value for field, value in session.items() if field in fields}
    # Limits are compared with a hair of slack.
    session = {f: round(value, 5) if isinstance(value, float) else value for f, value in session.items()}
    silent = [field for field in session if field in fields and "nullable" not in fields[field]]
    return {f: value for f, value in session.items() if value is not None or f not in silent}


@schemathesis.hook
def filter_body(context, body):
    # The name of a form's field stands in a header, where no control character may.
    is_form = context.operation.path == f"{INTERACTIVE}/{{id}}/frame" and isinstance(body, dict)
    return not is_form or all(name.isprintable() for name in body)


@schemathesis.hook
def before_call(context, case, kwargs):
    # Whether the result is valid by the document is found out anew after this.
    if case.operation.path == INTERACTIVE and case.query:
        case.query = compatible(case.query)
    # An id from an earlier answer is kept.
    path = case.path_parameters
    if case.operation.path.startswith(INTERACTIVE) and "id" in path and not UUID.fullmatch(path["id"]):
        path["id"] = interactive_id()
    if not isinstance(case.body, dict):
        return
    if case.operation.path in ("/v1/liveness/verify", INTERACTIVE):
        case.body = referred(case.body)
    schemas = case.operation.schema.raw_schema["components"]["schemas"]
    if case.operation.path == "/v1/liveness/verify":
        case.body = completed(case.body, schemas["Frame"]["properties"])
    if case.operation.path == INTERACTIVE:
        case.body = of_a_live_key(case.body)
    if case.operation.path == "/v1/liveness/session":
        case.body = of_a_live_key(case.body)
        case.body = as_documented(case.body, schemas["SessionRequest"])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # White space is no body, and the body of a session is optional.
    is_blank = isinstance(body := response.request.body, bytes) and not body.strip()
    is_session = case.operation.path in ("/v1/liveness/session", INTERACTIVE)
    # Nobody refuses a header for being unknown.
    is_header = any(name.lower().startswith("x-schemathesis-unknown") for name in response.request.headers)
    return not ((is_blank and is_session or is_header) and isinstance(failure, AcceptedNegativeData))
