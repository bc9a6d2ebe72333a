"""Verifies a clip, asynchronously: python clip.py CLIP [ACTION ...]"""

import asyncio
import os
import sys
from typing import Any

from livegate import AsyncLivegate, NewSessionNeeded


async def main(clip: str, actions: Any) -> None:
    async with AsyncLivegate(os.environ["BASE"], os.environ["KEY"]) as livegate:
        session = await livegate.create_session(actions=actions)
        try:
            verdict = await livegate.verify_video(session["session_id"], clip)
        except NewSessionNeeded as error:
            sys.exit(f"{error.code}: create a new session and capture again.")
    print(verdict["verified"], verdict["reason_codes"], verdict["anti_spoof_avg_score"])


asyncio.run(main(sys.argv[1], sys.argv[2:] or None))
