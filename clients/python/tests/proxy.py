"""A network that breaks: what is behind it is cut off again and again, in the midst of a frame as well."""

import asyncio
import contextlib
from types import TracebackType


class CuttingProxy:
    """Cuts each of the first connections after so many bytes from the server."""

    def __init__(self, port: int, cuts: int, after: int) -> None:
        self._port = port
        self._left = cuts
        self._after = after
        self._server: asyncio.Server | None = None
        self.cut = 0
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(_pipe(reader, outer))
        try:
            await self._down(inner, writer)
        finally:
            up.cancel()
            for end in (writer, outer):
                end.transport.abort()
            await asyncio.gather(up, return_exceptions=True)

    async def _down(self, inner: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection that was never upgraded is not cut: the client is told of those, and they would not count."""
        head = await inner.readuntil(b"\r\n\r\n")
        writer.write(head)
        budget = self._after
        with contextlib.suppress(ConnectionError):
            while data := await inner.read(4096):
                writer.write(data[:budget] if self._left else data)
                await writer.drain()
                budget -= len(data)
                if self._left and budget <= 0:
                    self._left -= 1
                    self.cut += 1
                    return

    async def __aenter__(self) -> "CuttingProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
