#!/usr/bin/env python3
"""The three actions with the package `aiohttp`."""

import asyncio
import sys

import aiohttp
from checks import OUTCOMES, check

NAME = "python-aiohttp"


async def ask(socket, **frame):
    """Sends a frame and returns the next one that comes."""
    await socket.send_json(frame)
    return await socket.receive_json()


async def outcome(socket):
    """Reads on to the frame that ends the request."""
    frame = {"status": None}
    while frame["status"] not in OUTCOMES:
        frame = await socket.receive_json()
    return frame


async def three_actions(mine, other):
    first = await ask(mine, route="request", connid=NAME, time="30", id=1)
    check("a start is answered", (first["id"], first["connid"], first["status"]) == (1, NAME, "running"), first)

    jobs = {job["connid"]: job for job in (await ask(other, route="status"))["jobs"]}
    check("status lists it with the time left", 0 < jobs[NAME]["left"] <= 30, jobs)

    killed = await ask(other, route="kill", connid=NAME)
    check("a kill from another socket is ok", killed["status"] == "ok", killed)
    end = await outcome(mine)
    check("the starter is told that it was killed", (end["connid"], end["status"]) == (NAME, "killed"), end)

    refused = await ask(other, route="kill", connid="nobody")
    check("an unknown connid is refused", refused["message"].startswith("invalid connection id: "), refused)

    await ask(mine, route="request", connid=NAME, time="0.1")
    end = await outcome(mine)
    check("the time runs out and it is ok", end["status"] == "ok", end)


async def main(url):
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        async with session.ws_connect(url, protocols=["longwire.v1"]) as mine, session.ws_connect(url) as other:
            await three_actions(mine, other)


asyncio.run(main(sys.argv[1]))
