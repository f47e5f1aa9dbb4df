"""Plays the dialects of the bench against its contenders, and says what does not hold.

Usage: check.sh [--many] [NAME...]       all of them where none is named
`--many` adds 10,000 idle sockets, and 100,000 running requests of which 2,000 are killed from other sockets.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

HERE = Path(__file__).resolve().parent
PATIENCE = 60.0
IDLE, RUNNING, UNSEEN, KILLED, SOCKETS = 10_000, 100_000, 5_000, 2_000, 8

Answer = dict[str, Any]


class Wrong(Exception):
    """Something does not hold."""


def holds(so: bool, what: str) -> None:
    if not so:
        raise Wrong(what)


class Json:
    """Frames of the dialect as they are."""

    path = "/ws"

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def greet(self) -> None:
        pass

    async def ask(self, route: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"route": route, **fields}))

    async def answer(self) -> Answer:
        return json.loads(await self.connection.recv())

    async def told(self, route: str, **fields: Any) -> Answer:
        await self.ask(route, **fields)
        return await self.answer()


class JsonRpc(Json):
    asked = 0

    async def ask(self, route: str, **fields: Any) -> None:
        self.asked += 1
        call = {"jsonrpc": "2.0", "id": self.asked, "method": route, "params": fields}
        await self.connection.send(json.dumps(call))

    async def answer(self) -> Answer:
        return (await super().answer())["result"]


class SocketIo(Json):
    path = "/socket.io/?EIO=4&transport=websocket"
    asked = 0

    async def greet(self) -> None:
        holds((await self.connection.recv()).startswith("0{"), "Engine.IO opens")
        await self.connection.send("40")
        holds((await self.connection.recv()).startswith("40{"), "Socket.IO connects")
        self.acknowledged: asyncio.Queue[Answer] = asyncio.Queue()
        self.reader = asyncio.create_task(self.read())

    async def read(self) -> None:
        """Reads all the time, as this server closes sockets that leave its pings unanswered."""
        with suppress(ConnectionClosed):
            async for packet in self.connection:
                if packet == "2":
                    await self.connection.send("3")
                else:
                    self.acknowledged.put_nowait(json.loads(packet[packet.index("[") :])[0])

    async def ask(self, route: str, **fields: Any) -> None:
        self.asked += 1
        await self.connection.send(f"42{self.asked}" + json.dumps([route, fields]))

    async def answer(self) -> Answer:
        return await self.acknowledged.get()


async def client(port: int, dialect: type[Json]) -> Json:
    connection = await connect(
        f"ws://127.0.0.1:{port}{dialect.path}", compression=None, ping_interval=None, open_timeout=PATIENCE, proxy=None
    )
    speaks = dialect(connection)
    await speaks.greet()
    return speaks


async def total(asker: Json, wanted: int) -> Answer:
    """The first status with that many running: a start is answered only at its end."""
    while (status := await asker.told("status"))["total"] != wanted:
        holds(status["total"] <= max(wanted, RUNNING), f"{wanted} running, not {status['total']}")
        await asyncio.sleep(0.05)
    return status


async def plays(port: int, dialect: type[Json]) -> None:
    starter, other = await client(port, dialect), await client(port, dialect)
    told = await starter.told("request", connid="a-0", time=0)
    holds(told == {"connid": "a-0", "status": "ok"}, f"time 0 is answered at once: {told}")

    before = asyncio.get_running_loop().time()
    told = await starter.told("request", connid="a-1", time=0.3)
    took = asyncio.get_running_loop().time() - before
    holds(told == {"connid": "a-1", "status": "ok"} and 0.29 <= took < 2, f"0.3 s are 0.3 s: {told} after {took}")

    await starter.ask("request", connid="a-2", time=600)
    status = await total(other, 1)
    job = status["jobs"][0]
    holds(status["route"] == "status" and (job["connid"], job["time"]) == ("a-2", 600), f"status: {status}")
    holds(590 < job["timeleft"] < 600.01, f"the time left: {job}")

    told = await other.told("kill", connid="a-2")
    holds(told == {"connid": "a-2", "status": "ok", "route": "kill"}, f"who kills is told: {told}")
    told = await starter.answer()
    holds(told == {"connid": "a-2", "status": "killed"}, f"who started is told: {told}")
    told = await other.told("kill", connid="a-2")
    holds(told["status"] != "ok", f"what is not there is not killed: {told}")

    status = await other.told("status")
    holds(status == {"route": "status", "total": 0, "jobs": []}, f"status is empty: {status}")
    await asyncio.gather(starter.connection.close(), other.connection.close())


async def many(port: int, dialect: type[Json]) -> None:
    idle: list[Json] = []
    for _ in range(IDLE // 100):
        idle += await asyncio.gather(*(client(port, dialect) for _ in range(100)))
    starters, killers = idle[:SOCKETS], idle[SOCKETS : 2 * SOCKETS]
    names = [f"{n % SOCKETS}-{n}" for n in range(RUNNING)]
    for n, name in enumerate(names):
        await starters[n % SOCKETS].ask("request", connid=name, time=600)
        if n % UNSEEN == 0:
            # More of them on their way would hold up the answers to pings, for which servers have patience.
            await total(idle[-1], n + 1)
    status = await total(idle[-1], RUNNING)
    holds(len(status["jobs"]) == 100, f"status has the first 100, not {len(status['jobs'])}")

    async def kills(at: int) -> None:
        for name in names[:KILLED][at::SOCKETS]:
            told = await killers[at].told("kill", connid=name)
            holds(told == {"connid": name, "status": "ok", "route": "kill"}, f"a kill among many: {told}")

    await asyncio.gather(*map(kills, range(SOCKETS)))
    notices = {(told["connid"], told["status"]) for n in range(KILLED) for told in [await starters[n % SOCKETS].answer()]}
    holds(notices == {(name, "killed") for name in names[:KILLED]}, f"every notice comes: {len(notices)} of {KILLED}")
    await total(idle[-1], RUNNING - KILLED)
    holds(all(speaks.connection.state.name == "OPEN" for speaks in idle), "idle sockets stay open")
    for speaks in idle:
        speaks.connection.transport.abort()


async def answers(port: int, dialect: type[Json]) -> None:
    """All that a floor does; several at once, as those are answered in one turn."""
    speaks = await client(port, dialect)
    for n in range(100):
        await speaks.ask("request", connid=f'"é"-{n}', time=0)
    for n in range(100):
        told = await speaks.answer()
        holds(told == {"connid": f'"é"-{n}', "status": "ok"}, f"answer {n}: {told}")
    await speaks.connection.close()


async def answers_many(port: int, dialect: type[Json]) -> None:
    idle = [await client(port, dialect) for _ in range(IDLE)]
    told = await idle[-1].told("request", connid="a", time=0)
    holds(told == {"connid": "a", "status": "ok"}, f"with {IDLE} idle sockets: {told}")
    for speaks in idle:
        speaks.connection.transport.abort()


async def echoes(port: int, _: type[Json]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = os.urandom(1_000_000)
    writer.write(sent)
    holds(await reader.readexactly(len(sent)) == sent, "what comes back is what was sent")
    writer.close()


async def own(port: int, _: type[Json]) -> None:
    """Celery speaks no dialect: its program starts, revokes and lists."""
    folder = HERE / "celery"
    program = await asyncio.create_subprocess_exec(
        folder / ".venv/bin/python", "check.py", cwd=folder, env={**os.environ, "PORT": str(port)}
    )
    holds(await program.wait() == 0, "celery/check.py")


Play = Callable[[int, type[Json]], Awaitable[None]]
# name: folder, arguments of serve.sh, dialect, what is played, and what is played with --many
CONTENDERS: dict[str, tuple[str, list[str], type[Json], Play, Play | None]] = {
    "channels-daphne": ("channels", ["daphne"], Json, plays, many),
    "channels-uvicorn": ("channels", ["uvicorn"], Json, plays, many),
    "websockets": ("websockets", [], Json, plays, many),
    "node-ws": ("node-ws", [], Json, plays, many),
    "socket-io": ("socket-io", [], SocketIo, plays, many),
    "jsonrpsee": ("jsonrpsee", [], JsonRpc, plays, many),
    "uwebsockets": ("uwebsockets", [], Json, plays, many),
    "celery": ("celery", [], Json, own, None),
    "bare": ("floors", ["bare"], Json, answers, answers_many),
    "bare-fastest": ("floors", ["bare-fastest"], Json, answers, answers_many),
    "echo": ("floors", ["echo"], Json, echoes, None),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def up(port: int, server: asyncio.subprocess.Process) -> None:
    while True:
        holds(server.returncode is None, f"the server runs (it ended with {server.returncode})")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            return writer.close()
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)


def only_loopback(port: int) -> None:
    lines = [line.split() for table in ("tcp", "tcp6") for line in open(f"/proc/net/{table}")]
    listens = [fields[1] for fields in lines if fields[3] == "0A" and fields[1].endswith(f":{port:04X}")]
    holds(listens == [f"0100007F:{port:04X}"], f"it listens on 127.0.0.1 alone, not on {listens}")


async def within(seconds: float, what: str, done: Awaitable[Any]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await done
    except TimeoutError:
        raise Wrong(f"{what} within {seconds:g} s") from None


async def check(name: str, with_many: bool) -> None:
    folder, arguments, dialect, play, play_many = CONTENDERS[name]
    ready = await asyncio.create_subprocess_exec(HERE / folder / "ready.sh")
    holds(await ready.wait() == 0, "ready.sh")
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        HERE / folder / "serve.sh", *arguments, env={**os.environ, "PORT": str(port)}, start_new_session=True
    )
    try:
        await within(PATIENCE, "it starts", up(port, server))
        only_loopback(port)
        await within(PATIENCE, "it answers", play(port, dialect))
        if with_many and play_many:
            await within(5 * PATIENCE, "it answers many", play_many(port, dialect))
        server.terminate()
        await within(PATIENCE if with_many else 15, "it stops at SIGTERM", server.wait())
    finally:
        if server.returncode is None:
            os.killpg(server.pid, signal.SIGKILL)
            await server.wait()


async def main() -> int:
    parser = argparse.ArgumentParser(usage="check.sh [--many] [NAME...]")
    parser.add_argument("--many", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    wrong = 0
    for name in given.names or CONTENDERS:
        try:
            await check(name, given.many)
            print(f"{name}: all holds", flush=True)
        except Exception as why:
            wrong += 1
            print(f"{name}: WRONG: {type(why).__name__}: {why}", flush=True)
    return 1 if wrong else 0


sys.exit(asyncio.run(main()))
