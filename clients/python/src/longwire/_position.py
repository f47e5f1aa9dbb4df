"""What a job's handle and the feed have in common: reading from a position."""

import asyncio
import contextlib
import weakref
from typing import Generic, TypeVar

from ._cursor import Cursor
from ._desk import Desk
from ._watched import Watched
from .errors import closed
from .frames import Gap

T = TypeVar("T")


class Position(Generic[T]):
    """A reader at a position of its own. Forgetting it ends the watch, too."""

    def __init__(self, desk: Desk, watched: Watched[T], cursor: Cursor[T]) -> None:
        self._desk = desk
        self._watched = watched
        self._cursor = cursor
        loop = asyncio.get_running_loop()
        self._left = weakref.finalize(self, _leave_from_anywhere, loop, desk, watched, cursor)
        self._left.atexit = False

    def leave(self) -> None:
        """Lets go: ends the watch, and leaves jobs alone (but those that die with their last watcher). What waits can still be read."""
        self._left.detach()
        self._desk.leave(self._watched, self._cursor)
        self._cursor.fail(closed())

    async def _next(self) -> T | Gap:
        return await self._cursor.take()


def _leave_from_anywhere(loop: asyncio.AbstractEventLoop, desk: Desk, watched: Watched[T], cursor: Cursor[T]) -> None:
    """Garbage may be collected in any thread, and after the loop's end."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(desk.leave, watched, cursor)
