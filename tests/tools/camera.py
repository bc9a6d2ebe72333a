"""Stands for an integrator's camera: frames for whatever challenge a session has."""

import json
import os


def capture(challenge):
    with open(os.environ["PICTURES"]) as file:
        pictures = json.load(file)
    shown = [(phase, image) for phase in ["center", *challenge] for image in pictures[phase]]
    return [
        {"index": index, "timestamp_ms": 250 * index, "phase": phase, "image_b64": image}
        for index, (phase, image) in enumerate(shown)
    ]
