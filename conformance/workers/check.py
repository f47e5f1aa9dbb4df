"""Runs the workers of `examples/workers` against a server, and kills one that holds a hundred jobs.

    check.py WS_URL EXAMPLES_FOLDER        all of it
    check.py hold WS_URL ROUTE SLOTS       a worker that holds what it is given and does nothing
"""

import asyncio
import json
import os
import signal
import sys
import time

from websockets.asyncio.client import connect

PATIENCE = 60
MANY = 100


class Client:
    """Starts jobs and hears of their events."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def hear(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))

    async def start(self, route, connid, given):
        await self.say(route=route, connid=connid, input=given, time=120)

    async def until(self, connid, *statuses):
        """The first event of that job with one of these statuses, and what was printed before it."""
        printed = ""
        while True:
            frame = await self.hear()
            if frame.get("status") == "error":
                raise AssertionError(frame)
            # The reply to a kill names the job, too.
            if frame.get("connid") == connid and frame.get("route") != "kill":
                printed += frame.get("output", "")
                if frame["status"] in statuses:
                    return frame, printed

    async def ends(self, connids):
        """The last event of each of these."""
        ends = {}
        while len(ends) < len(connids):
            frame = await self.hear()
            if frame.get("connid") in connids and frame.get("status") in ("ok", "failed", "killed", "timeout", "lost"):
                ends[frame["connid"]] = frame
        return ends


async def running(*argv, folder):
    return await asyncio.create_subprocess_exec(*argv, cwd=folder)


async def render_and_kill(client, name):
    """A worker that connects: a job to its end, and one that is killed in its midst."""
    await client.start("render", f"{name}-1", {"frames": 3, "seconds": 0.05})
    end, printed = await client.until(f"{name}-1", "ok", "failed", "lost")
    assert end["status"] == "ok" and end["result"] == {"frames": 3}, end
    assert printed == "frame 1\nframe 2\nframe 3\n", printed
    await client.start("render", f"{name}-2", {"frames": 1000, "seconds": 0.05})
    while "output" not in await client.hear():
        pass
    await client.say(route="kill", connid=f"{name}-2", reason="enough")
    end, _ = await client.until(f"{name}-2", "ok", "failed", "killed", "lost")
    assert end["status"] == "killed" and not end["kill"]["forced"], end
    print(f"  {name}: served, and ended within {end['kill']['ms']} ms when it was told to")


async def count(client):
    """Two processes that the server keeps, in bash."""
    for number, connid in enumerate(["c-1", "c-2"]):
        await client.start("count", connid, 2 + number)
    ends = await client.ends({"c-1", "c-2"})
    assert all(end["status"] == "ok" and end["result"] == "lift-off" for end in ends.values()), ends
    await client.start("count", "c-3", 1000)
    await client.until("c-3", "running")
    await client.say(route="kill", connid="c-3")
    end, _ = await client.until("c-3", "ok", "killed", "lost")
    assert end["status"] == "killed" and not end["kill"]["forced"], end
    print(f"  worker.sh: served, and ended within {end['kill']['ms']} ms when it was told to")


async def learn(client):
    """Real work, with progress, and a kill in its midst."""
    await client.start("learn", "l-1", {"epochs": 30})
    progress = []
    while True:
        frame = await client.hear()
        if "progress" in frame:
            progress.append(frame["progress"]["done"])
        if frame.get("status") in ("ok", "failed", "lost"):
            break
    assert frame["status"] == "ok" and frame["result"]["loss"] < 1e-3, frame
    assert progress == sorted(progress) and progress[-1] == 30, progress
    await client.start("learn", "l-2", {"epochs": 100_000})
    while "progress" not in await client.hear():
        pass
    await client.say(route="kill", connid="l-2")
    end, _ = await client.until("l-2", "ok", "killed", "lost")
    assert end["status"] == "killed" and not end["kill"]["forced"], end
    print(f"  learn.py: a loss of {frame['result']['loss']:.1e}, and ended within {end['kill']['ms']} ms when it was told to")


async def vanish_and_lose(client, url):
    """`kill -9` of a worker that holds a hundred jobs, on a route that serves none twice."""
    hold = [sys.executable, __file__, "hold", url, "once", str(MANY)]
    worker = await asyncio.create_subprocess_exec(*hold, stdout=asyncio.subprocess.PIPE)
    connids = {f"once-{n}" for n in range(MANY)}
    for connid in connids:
        await client.start("once", connid, None)
    await all_run(client, connids, 1)
    # A job that was not sent to it yet would wait for another worker, and not be lost.
    assert await worker.stdout.readline() == b"all are here\n"
    began = time.monotonic()
    worker.send_signal(signal.SIGKILL)
    ends = await client.ends(connids)
    took = time.monotonic() - began
    assert all(end["status"] == "lost" and end["error"]["code"] == "worker_lost" for end in ends.values()), ends
    await worker.wait()
    print(f"  kill -9 of a worker with {MANY} jobs: all lost and said so after {took:.2f} s")
    assert took < 10, took


async def vanish_and_go_on(client, folder, url):
    """The same where a second worker is there and the route asks for another attempt."""
    first = await running(sys.executable, "worker.py", url, str(MANY), folder=folder)
    connids = {f"again-{n}" for n in range(MANY)}
    for connid in connids:
        await client.start("render", connid, {"frames": 2, "seconds": 2})
    await all_run(client, connids, 1)
    second = await running(sys.executable, "worker.py", url, str(MANY), folder=folder)
    # It sits once it is given a job of its own.
    await client.start("render", "sign", {"frames": 1, "seconds": 0})
    await client.until("sign", "ok")
    began = time.monotonic()
    first.send_signal(signal.SIGKILL)
    await all_run(client, connids, 2)
    handed = time.monotonic() - began
    ends = await client.ends(connids)
    took = time.monotonic() - began
    assert all(end["status"] == "ok" and end["attempt"] == 2 for end in ends.values()), ends
    for worker in (first, second):
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    print(f"  the same with another worker: all handed over again after {handed:.2f} s, all ended ok after {took:.2f} s")
    assert handed < 10, handed


async def all_run(client, connids, attempt):
    """Waits until each of these runs, at that attempt."""
    waiting = set(connids)
    while waiting:
        frame = await client.hear()
        if frame.get("status") == "running" and frame.get("attempt", 1) == attempt:
            waiting.discard(frame.get("connid"))


async def check(url, folder):
    async with connect(url) as socket:
        client = Client(socket)
        for argv in ([sys.executable, "worker.py", url], ["node", "worker.mjs", url]):
            worker = await running(*argv, folder=folder)
            await render_and_kill(client, os.path.basename(argv[1]))
            worker.kill()
            await worker.wait()
        await count(client)
        await learn(client)
        await vanish_and_lose(client, url)
        await vanish_and_go_on(client, folder, url)


async def hold(url, route, slots):
    async with connect(url) as socket:
        await socket.send(json.dumps({"route": "claim", "routes": [route], "slots": int(slots), "worker": "holder"}))
        held = 0
        async for frame in socket:
            held += "input" in json.loads(frame)
            if held == int(slots):
                print("all are here", flush=True)


if sys.argv[1] == "hold":
    asyncio.run(hold(*sys.argv[2:]))
else:
    asyncio.run(check(*sys.argv[1:]))
