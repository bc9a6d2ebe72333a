"""Refused requests and valid ones in turn, by clients that keep connections open: aiohttp, requests, httpx."""

import asyncio
import os
from pathlib import Path

import aiohttp
import httpx
import requests

BASE = os.environ["BASE"]
TIMES = int(os.environ["TIMES"])


def parse(line):
    name, method, path, status, size, *headers = line.split("\t")
    body = b"{}" if size == "2" else b"x" * int(size)
    return name, method, path, int(status), dict(h.split(": ") for h in headers), body


valid, *refusals = [parse(line) for line in Path(os.environ["CALLS"]).read_text().splitlines()]
failures = []


def note(client, call, after, answered):
    if answered != call[3]:
        failures.append(f"{client}: {call[0]} after {after}: {answered!r}")


async def with_aiohttp():
    async with aiohttp.ClientSession() as session:

        async def expect(call, after):
            _, method, path, _, headers, body = call
            try:
                async with session.request(method, BASE + path, headers=headers, data=body) as answer:
                    await answer.read()
                    note("aiohttp", call, after, answer.status)
            except aiohttp.ClientError as error:
                note("aiohttp", call, after, error)

        for refusal in refusals:
            for _ in range(TIMES):
                await expect(refusal, "a valid one")
                await expect(valid, refusal[0])
            await asyncio.gather(*(expect(refusal, "others") for _ in range(TIMES)))
            await asyncio.gather(*(expect(valid, f"all {refusal[0]}") for _ in range(TIMES)))


def one_by_one(client, session, errors, **body_as):
    for refusal in refusals:
        for call, after in [(refusal, "a valid one"), (valid, refusal[0])] * TIMES:
            _, method, path, _, headers, body = call
            content = {name: body for name in body_as}
            try:
                answered = session.request(method, BASE + path, headers=headers, **content).status_code
            except errors as error:
                answered = error
            note(client, call, after, answered)


assert TIMES > 0 and refusals
asyncio.run(with_aiohttp())
with requests.Session() as session:
    session.trust_env = False
    one_by_one("requests", session, requests.RequestException, data=None)
with httpx.Client(trust_env=False) as session:
    one_by_one("httpx", session, httpx.HTTPError, content=None)
print("done" if not failures else "\n".join(dict.fromkeys(failures)))
