"""One socket: what is written to it and read from it, within bounds and in time."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from ._address import socket_address
from .errors import ConnectionError, LongwireError, unexpected
from .options import Options

SUBPROTOCOL = Subprotocol("longwire.v1")
MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message that is read."""
CLOSE_TIMEOUT = 1.0
FOR_GOOD = frozenset({1002, 1007, 1008, 1009})
"""Closes that say that there is no use in coming back."""


class Broken(Exception):
    """The socket's end. `for_good`: there is no use in coming back."""

    def __init__(self, error: LongwireError, *, for_good: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.for_good = for_good


def not_understood(what: str) -> Broken:
    """The server does not speak this protocol."""
    return Broken(unexpected(what), for_good=True)


class Wire:
    """An open socket, to be left with `close`."""

    def __init__(self, socket: ClientConnection, options: Options) -> None:
        self._socket = socket
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._writing_since: float | None = None

    @classmethod
    async def open(cls, url: str, options: Options, within: float | None = None) -> "Wire":
        """Connects and agrees on the protocol, within the time-out of the options or what is left of it all."""
        address = socket_address(url)
        seconds = options.connect_timeout if within is None else min(within, options.connect_timeout)
        try:
            socket = await _dial(address, options, seconds)
        except (TimeoutError, asyncio.TimeoutError):
            why = f"no Longwire at {url} (no answer within {seconds:.3g} s)"
            raise ConnectionError("unreachable", why) from None
        except InvalidStatus as error:
            why = f"{url} answers, but is no Longwire (HTTP status {error.response.status_code} instead of a socket)"
            raise ConnectionError("not_longwire", why) from None
        except (InvalidHandshake, WebSocketException) as error:
            if isinstance(error.__cause__, EOFError):
                # As a server does that just dies, or a proxy that has none.
                why = f"no Longwire at {url} (it hung up before it had answered)"
                raise ConnectionError("unreachable", why) from None
            raise ConnectionError("not_longwire", f"{url} answers, but is no Longwire ({error})") from None
        except OSError as error:
            raise ConnectionError("unreachable", f"no Longwire at {url} ({error.strerror or error})") from None
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close()
            raise ConnectionError(
                "not_longwire", f"{url} answers, but is no Longwire (its socket does not speak {SUBPROTOCOL})"
            )
        return cls(socket, options)

    async def read(self) -> str:
        """The next text."""
        try:
            message = await self._socket.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from None
        self._heard_at = self._loop.time()
        if not isinstance(message, str):
            raise not_understood(f"a binary message of {len(message)} bytes")
        return message

    async def write(self, text: str) -> None:
        """Returns once there is room for more."""
        self._writing_since = self._loop.time()
        try:
            await self._socket.send(text)
        except ConnectionClosed as closed:
            raise _closed(closed) from None
        self._writing_since = None

    async def watch(self) -> None:
        """Pings a server that says nothing; raises once it has been silent, or has not read, for too long."""
        # Not with `asyncio.wait_for`: before Python 3.12 it may swallow a cancellation.
        ping: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(self._until_due(is_pinged=ping is not None and not ping.done()))
                now, options = self._loop.time(), self._options
                if self._writing_since is not None and now - self._writing_since >= options.write_timeout:
                    raise _lost("the server reads no more")
                if now - self._heard_at >= options.dead_after:
                    raise _lost("nothing heard for too long")
                if now - self._heard_at >= options.ping_after and (ping is None or ping.done()):
                    ping = asyncio.create_task(self._ping())
        finally:
            if ping is not None:
                ping.cancel()
                await asyncio.gather(ping, return_exceptions=True)

    def _until_due(self, *, is_pinged: bool) -> float:
        """Until something has to be done if nothing happens; a write that begins meanwhile is looked at a little late."""
        options = self._options
        silence = options.dead_after if is_pinged else min(options.ping_after, options.dead_after)
        due = self._heard_at + silence
        if self._writing_since is not None:
            due = min(due, self._writing_since + options.write_timeout)
        return max(0.001, min(due - self._loop.time(), options.write_timeout / 4))

    async def _ping(self) -> None:
        # Whoever reads hears of a connection that is closed.
        with contextlib.suppress(ConnectionClosed):
            await (await self._socket.ping())
            self._heard_at = self._loop.time()

    async def close(self) -> None:
        """Says goodbye, and hangs up; whoever does not answer is left."""
        await self._socket.close()

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _dial(address: str, options: Options, seconds: float) -> ClientConnection:
    tls: dict[str, Any] = {} if options.ssl is None else {"ssl": options.ssl}
    return await connect(
        address,
        subprotocols=[SUBPROTOCOL],
        compression=None,
        additional_headers=dict(options.headers),
        proxy=None,
        open_timeout=seconds,
        # The rules of silence are our own: whatever is heard counts, not the answers to pings alone.
        ping_interval=None,
        close_timeout=CLOSE_TIMEOUT,
        max_size=MESSAGE_BYTES,
        **tls,
    )


def _lost(why: str) -> Broken:
    return Broken(ConnectionError("connection_lost", f"the connection was lost ({why})"))


def _closed(closed: ConnectionClosed) -> Broken:
    """Whether to come back is the server's to say; what we close for good is its fault."""
    sent, received = closed.sent, closed.rcvd
    if sent is not None and sent.code in FOR_GOOD and not closed.rcvd_then_sent:
        return not_understood(f"{sent.reason} ({sent.code})")
    if received is None:
        return _lost("it ended")
    if received.code in FOR_GOOD:
        why = f"the server closed the connection: {received.reason} ({received.code})"
        return Broken(ConnectionError("closed_by_server", why), for_good=True)
    return _lost(f"closed with code {received.code}" + (f": {received.reason}" if received.reason else ""))
