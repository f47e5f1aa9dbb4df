"""Every job's changes of state."""

from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any

from ._position import Position
from .frames import FeedChange, Gap


class Feed:
    """Every job's changes of state. It is opened by `await`, by `async with`, or by the first turn of an `async for`."""

    def __init__(self, open_it: Callable[[], Awaitable[Position[FeedChange]]]) -> None:
        self._open_it = open_it
        self._position: Position[FeedChange] | None = None

    async def open(self) -> "Feed":
        """Opens it, where it is not open yet."""
        if self._position is None:
            self._position = await self._open_it()
        return self

    def __await__(self) -> Generator[Any, None, "Feed"]:
        return self.open().__await__()

    async def __aenter__(self) -> "Feed":
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> FeedChange | Gap:
        await self.open()
        assert self._position is not None
        return await self._position._next()

    async def _batch(self) -> list[FeedChange | Gap]:
        """All that wait, at least one."""
        await self.open()
        assert self._position is not None
        return await self._position._cursor.take_all()

    def leave(self) -> None:
        """Lets go of it."""
        if self._position is not None:
            self._position.leave()
