"""Verifies a folder of frames named NN_PHASE.jpg: python frames.py FOLDER [ACTION ...]"""

import os
import sys
from pathlib import Path
from typing import Any

from livegate import Livegate, Picture, info

folder = Path(sys.argv[1])
actions: Any = sys.argv[2:] or None  # None for real users
with Livegate(os.environ["BASE"], os.environ["KEY"]) as livegate:
    session = livegate.create_session(actions=actions)
    files = enumerate(sorted(folder.glob("*.jpg")))
    pictures = [Picture(file, file.stem[3:], 250 * number) for number, file in files]
    verdict = livegate.verify(session["session_id"], pictures)
print(verdict["verified"], verdict["reason_codes"], info(verdict).request_id)
