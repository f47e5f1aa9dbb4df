"""A server that says what it is told to, over real sockets."""

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request
from websockets.typing import Subprotocol

import longwire

PATIENCE = 20.0
Frame = dict[str, Any]


def quick(**others: Any) -> longwire.Options:
    """No test waits for a back-off."""
    return longwire.Options(**({"least_wait": 0.001, "most_wait": 0.001} | others))


class Peer:
    """The server's end of a socket."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    async def hears(self) -> tuple[int, Frame]:
        """The next frame, without its `id`, and that."""
        frame: Frame = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
        return frame.pop("id"), frame

    async def expects(self, expected: Frame) -> int:
        """The next frame has to be this."""
        number, frame = await self.hears()
        assert frame == expected
        return number

    async def says(self, *frames: Frame) -> None:
        for frame in frames:
            await self._socket.send(json.dumps(frame))

    async def says_text(self, text: str | bytes) -> None:
        await self._socket.send(text)

    async def cut(self) -> None:
        """The connection breaks."""
        self._socket.transport.abort()
        await self._socket.wait_closed()

    async def closes(self, code: int, reason: str = "") -> None:
        await self._socket.close(code, reason)

    async def until_left(self) -> None:
        await asyncio.wait_for(self._socket.wait_closed(), PATIENCE)

    async def synced(self, client: longwire.Client) -> None:
        """Returns once the client has taken everything that it was told so far."""
        asking = asyncio.create_task(client.routes())
        number = await self.expects({"route": "routes"})
        await self.says({"id": number, "route": "routes", "status": "ok", "routes": []})
        await asyncio.wait_for(asking, PATIENCE)

    def nothing_waits(self) -> bool:
        """The client has sent nothing that was not heard."""
        return len(self._socket.recv_messages.frames) == 0

    async def starts(self, client: longwire.Client, name: str, route: str = "script") -> longwire.Job:
        """A job of that name is started and answered, as number 1 of its log."""
        starting = asyncio.create_task(client.start(route, connid=name))
        number = await self.expects({"route": route, "connid": name})
        await self.says(begun(number, name))
        return await asyncio.wait_for(starting, PATIENCE)


class Script:
    """Listens, and hands over each socket."""

    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._over = asyncio.Event()
        self._server: Server | None = None
        self.url = ""
        self.is_silent = False
        """Connections are taken, and never answered."""

    async def accept(self) -> Peer:
        return await asyncio.wait_for(self._peers.get(), PATIENCE)

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == "/ws"
        self._peers.put_nowait(Peer(socket))
        await self._over.wait()

    async def _upgrade(self, socket: ServerConnection, request: Request) -> None:
        if self.is_silent:
            await self._over.wait()

    async def __aenter__(self) -> "Script":
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=[Subprotocol("longwire.v1")],
            process_request=self._upgrade,
            compression=None,
            ping_interval=None,
            max_size=2**24,
            close_timeout=1,
        )
        self.url = f"http://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
        return self

    async def stop(self) -> None:
        """Nobody answers there any more."""
        assert self._server is not None
        self._over.set()
        self._server.close()
        await self._server.wait_closed()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def begun(number: int, name: str, seq: int = 1) -> Frame:
    return {
        "id": number,
        "connid": name,
        "job": f"job-{name}",
        "seq": seq,
        "status": "running",
        "route": "script",
        "time": 60,
        "left": 60,
    }


def watching(number: int, name: str, seq: int = 1) -> Frame:
    return {"id": number, "route": "watch", "connid": name, "job": f"job-{name}", "status": "ok", "seq": seq}


def output(name: str, seq: int, **more: object) -> Frame:
    return {"connid": name, "seq": seq, "status": "running", "output": f"{seq}\n", "stream": "stdout", **more}


def ended(name: str, seq: int, status: str = "ok", **more: object) -> Frame:
    return {"connid": name, "seq": seq, "status": status, **more}


def refusal(number: int, code: str, **more: object) -> Frame:
    return {"id": number, "status": "error", "code": code, "message": f"it is {code}", **more}


async def within(waiting: Any) -> Any:
    return await asyncio.wait_for(waiting, PATIENCE)


async def seen(job: longwire.Job) -> list[int | tuple[int, int]]:
    """What is read to the end: numbers of events, and gaps."""
    items: list[int | tuple[int, int]] = []

    async def read() -> None:
        async for item in job:
            items.append((item["gap"]["from"], item["gap"]["to"]) if "gap" in item else item["seq"])

    await within(read())
    return items
