"""Plays backend and browser of a live session: python live.py FOLDER [CHALLENGE ...]"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from livegate import Livegate, LivegateError

challenges: Any = sys.argv[2:] or None  # None for real users
backend = Livegate(os.environ["BASE"], os.environ["KEY"])
session = backend.create_interactive_session(challenges=challenges)
browser = Livegate(os.environ["BASE"], client_token=session["client_token"])
for file in sorted(Path(sys.argv[1]).glob("*.jpg")):
    try:
        answer = browser.submit_frame(session["session_id"], file)
    except LivegateError as error:
        if not error.temporary:
            raise
        continue  # The next frame takes its place.
    print(answer["challenge_type"], answer["passed"], answer["feedback"])
    if answer["state"] != "in_progress":
        break
    time.sleep(0.125)
status = backend.interactive_session(session["session_id"])
print(status["state"], status.get("is_live"), status.get("reason_codes"))
