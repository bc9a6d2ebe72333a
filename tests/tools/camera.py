"""Stands for an integrator's camera: frames for whatever challenge a session has."""

import base64
import json
import os


def pictures(name):
    with open(os.environ["PICTURES"]) as file:
        return json.load(file)[name]


def live(challenge):
    """Pictures of somebody who does what an interactive challenge asks, in their order."""
    return [base64.b64decode(image) for image in pictures(challenge)]


def capture(challenge):
    shown = [(phase, image) for phase in ["center", *challenge] for image in pictures(phase)]
    return [
        {"index": index, "timestamp_ms": 10 * index, "phase": phase, "image_b64": image}
        for index, (phase, image) in enumerate(shown)
    ]
