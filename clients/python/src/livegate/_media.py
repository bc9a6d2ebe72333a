"""Pictures and clips, from files or from memory."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from livegate.types import Frame

Media: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str]
"""The content of a picture or clip, or the path of its file."""


@dataclass(frozen=True)
class Picture:
    """One picture of a capture."""

    # Somebody's face belongs in no log, so it is not shown.
    image: Media = field(repr=False)
    """JPEG or PNG."""
    phase: str
    """`center`, or the name of the action that the picture belongs to."""
    timestamp_ms: float
    """Milliseconds since the capture began; greater than that of the picture before."""


def read(media: Media) -> bytes:
    if isinstance(media, (str, os.PathLike)):
        return Path(media).read_bytes()
    return bytes(media)


def to_base64(media: Media) -> str:
    return base64.b64encode(read(media)).decode("ascii")


def to_frames(pictures: Iterable[Picture | Frame]) -> list[Frame]:
    """The frames of a request. Those that have the API's form already stay as they are."""
    return [
        Frame(
            index=index,
            timestamp_ms=picture.timestamp_ms,
            phase=picture.phase,
            image_b64=to_base64(picture.image),
        )
        if isinstance(picture, Picture)
        else picture
        for index, picture in enumerate(pictures)
    ]
