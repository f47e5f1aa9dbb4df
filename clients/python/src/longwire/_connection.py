"""The task that owns the socket: it makes it anew when it breaks."""

import asyncio
import json
import random
from typing import Any, Protocol

from ._wire import Broken, Wire, not_understood
from .errors import ConnectionError, LongwireError, closed
from .link import Link, Links
from .options import Options


class Station(Protocol):
    """What a connection serves: frames go in, frames come out."""

    def next_text(self) -> str | None:
        """The text of the next frame to send."""

    def connected(self) -> None:
        """There is a new connection."""

    def hear(self, frame: dict[str, Any]) -> None:
        """Takes a frame of the server. A `Broken` that it raises ends the connection."""

    async def breathe(self) -> None:
        """Called after each frame; what it waits for holds up the connection."""

    def fail(self, error: LongwireError) -> None:
        """There will be no connection any more."""


class Connection:
    """A connection that is made anew where it breaks, until it is closed or breaks for good."""

    def __init__(self, url: str, options: Options) -> None:
        self.url = url
        self.options = options
        self.links = Links()
        self._to_write = asyncio.Event()
        self._attempts = 0
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is something to write."""
        self._to_write.set()

    async def start(self, station: Station) -> None:
        """Connects; tries once."""
        wire = await Wire.open(self.url, self.options)
        self._task = asyncio.create_task(self._run(station, wire), name=f"longwire {self.url}")

    async def close(self) -> None:
        """Closes it, and waits until that is done."""
        if self._task is not None:
            self._task.cancel()
            # The cancellation of whoever waits here is theirs.
            await asyncio.wait({self._task})

    async def ended(self) -> None:
        """Waits until there is no connection any more."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _run(self, station: Station, wire: Wire) -> None:
        error: LongwireError = closed()
        try:
            while True:
                self.links.set(Link("connected"))
                station.connected()
                error = await self._serve(station, wire)
                wire = await self._again(error)
        except Broken as broken:
            error = broken.error
        except asyncio.CancelledError:
            error = closed()
        except Exception as wrong:
            error = ConnectionError("internal", f"this client failed: {wrong!r}")
            raise
        finally:
            station.fail(error)
            self.links.set(Link("closed", why=error))

    async def _serve(self, station: Station, wire: Wire) -> LongwireError:
        """Serves one socket, until there is use in coming back."""
        parts = [self._read(station, wire), self._write(station, wire), wire.watch()]
        tasks = [asyncio.ensure_future(part) for part in parts]
        async with wire:
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [end for end in ends if isinstance(end, Exception)]
        for end in wrong:
            if not isinstance(end, Broken) or end.for_good:
                raise end
        return wrong[0].error if wrong and isinstance(wrong[0], Broken) else closed()

    async def _read(self, station: Station, wire: Wire) -> None:
        while True:
            text = await wire.read()
            try:
                frame = json.loads(text)
            except ValueError:
                raise not_understood(text) from None
            if not isinstance(frame, dict):
                raise not_understood(text)
            self._attempts = 0
            if "notice" in frame:
                self._notice(frame)
                continue
            try:
                station.hear(frame)
            except (KeyError, TypeError, ValueError) as error:
                raise not_understood(f"{text} ({error!r})") from error
            await station.breathe()

    def _notice(self, frame: dict[str, Any]) -> None:
        if frame["notice"] == "shutting_down":
            self.links.set(Link("shutting_down", left=frame.get("left")))

    async def _write(self, station: Station, wire: Wire) -> None:
        while True:
            self._to_write.clear()
            while (text := station.next_text()) is not None:
                await wire.write(text)
            await self._to_write.wait()

    async def _again(self, why: LongwireError) -> Wire:
        """Connects again, as long as there is patience."""
        loop = asyncio.get_running_loop()
        patience = self.options.patience
        if self._attempts == 0:
            # Of connections that break before anything was heard, the first counts.
            self._broken_at = loop.time()
        until = None if patience is None else self._broken_at + patience
        while until is None or loop.time() < until:
            wait = self.options.wait(self._attempts, random.random())
            self._attempts += 1
            self.links.set(Link("reconnecting", attempts=self._attempts, why=why))
            await asyncio.sleep(wait if until is None else min(wait, until - loop.time()))
            left = None if until is None else until - loop.time()
            if left is not None and left <= 0:
                break
            try:
                return await Wire.open(self.url, self.options, left)
            except ConnectionError as error:
                why = error
        raise Broken(why)
