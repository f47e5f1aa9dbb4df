"""Requests on `websockets`: a dict of names to a socket and a timer of the loop."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from itertools import islice

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosedError

running: dict[str, tuple[ServerConnection, asyncio.TimerHandle, float]] = {}


def tell(websocket: ServerConnection, connid: str, **answer: str) -> None:
    """Sends without waiting: whoever ends a request must not hang on its starter, nor fail with it."""
    broadcast([websocket], json.dumps({"connid": connid, **answer}))


def end(connid: str) -> None:
    websocket, _, _ = running.pop(connid)
    tell(websocket, connid, status="ok")


def start(websocket: ServerConnection, connid: str, time: float) -> str | None:
    if time == 0:
        return "ok"
    if connid in running:
        return "duplicate"
    running[connid] = (websocket, asyncio.get_running_loop().call_later(time, end, connid), time)
    return None


def kill(connid: str) -> str:
    if connid not in running:
        return "unknown"
    websocket, timer, _ = running.pop(connid)
    timer.cancel()
    tell(websocket, connid, status="killed")
    return "ok"


def status() -> dict:
    now = asyncio.get_running_loop().time()
    jobs = [
        {"connid": connid, "time": time, "timeleft": timer.when() - now}
        for connid, (_, timer, time) in islice(running.items(), 100)
    ]
    return {"route": "status", "total": len(running), "jobs": jobs}


def answer(websocket: ServerConnection, message: dict) -> dict | None:
    match message:
        case {"route": "request", "connid": connid, "time": time}:
            outcome = start(websocket, connid, time)
            return outcome and {"connid": connid, "status": outcome}
        case {"route": "kill", "connid": connid}:
            return {"connid": connid, "status": kill(connid), "route": "kill"}
        case {"route": "status"}:
            return status()
    return {"status": "unknown route"}


async def handler(websocket: ServerConnection) -> None:
    # Nothing is logged of clients that go without a word.
    with suppress(ConnectionClosedError):
        async for message in websocket:
            if (reply := answer(websocket, json.loads(message))) is not None:
                await websocket.send(json.dumps(reply))


async def main() -> None:
    async with serve(handler, "127.0.0.1", int(os.environ["PORT"]), compression=None) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()


uvloop.run(main())
