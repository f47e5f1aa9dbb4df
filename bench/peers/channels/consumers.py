"""Requests on Django Channels: a dict of names to a consumer and a timer of the loop.

The registry is the process's own. A channel layer would be for several processes, and drops what exceeds its capacity.
"""

import asyncio
from itertools import islice
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

running: dict[str, tuple["Requests", asyncio.TimerHandle, float]] = {}
# The loop holds tasks weakly.
telling: set[asyncio.Task[None]] = set()


class Requests(AsyncJsonWebsocketConsumer):
    open = True

    async def disconnect(self, code: int) -> None:
        self.open = False

    async def receive_json(self, content: dict[str, Any]) -> None:
        match content:
            case {"route": "request", "connid": connid, "time": time}:
                await self.start(connid, time)
            case {"route": "kill", "connid": connid}:
                await self.kill(connid)
            case {"route": "status"}:
                await self.send_json(status())
            case _:
                await self.send_json({"status": "unknown route"})

    async def tell(self, connid: str, status: str) -> None:
        """To a socket that may be gone: its requests outlive it."""
        if self.open:
            await self.send_json({"connid": connid, "status": status})

    async def start(self, connid: str, time: float) -> None:
        if time == 0:
            await self.tell(connid, "ok")
        elif connid in running:
            await self.tell(connid, "duplicate")
        else:
            running[connid] = (self, asyncio.get_running_loop().call_later(time, end, connid), time)

    async def kill(self, connid: str) -> None:
        found = running.pop(connid, None)
        if found:
            consumer, timer, _ = found
            timer.cancel()
            await consumer.tell(connid, "killed")
        await self.send_json({"connid": connid, "status": "ok" if found else "unknown", "route": "kill"})


def end(connid: str) -> None:
    consumer, _, _ = running.pop(connid)
    task = asyncio.get_running_loop().create_task(consumer.tell(connid, "ok"))
    telling.add(task)
    task.add_done_callback(telling.discard)


def status() -> dict[str, Any]:
    now = asyncio.get_running_loop().time()
    jobs = [
        {"connid": connid, "time": time, "timeleft": timer.when() - now}
        for connid, (_, timer, time) in islice(running.items(), 100)
    ]
    return {"route": "status", "total": len(running), "jobs": jobs}
