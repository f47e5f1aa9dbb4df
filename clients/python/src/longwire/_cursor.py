"""A position in a log, and what waits there for its reader."""

import asyncio
import enum
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .errors import LongwireError
from .frames import Event, Gap

T = TypeVar("T")

WAITING = 64
"""What waits for a slow reader."""
MOST_HOLES = 3
"""How often in a row a server may leave out what it was asked for."""


class Taken(enum.Enum):
    """What became of what was offered."""

    YES = enum.auto()
    NO = enum.auto()
    """It was seen before, or there was no place for it."""
    HOLE = enum.auto()
    """Something before it is missing: ask for it."""
    STILL_A_HOLE = enum.auto()
    """The server leaves it out whenever it is asked."""


class Cursor(Generic[T]):
    """A position in a log, and what waits for its reader.

    A reader that does not keep up is not waited for, as others are read from the same socket: what comes is dropped, and
    asked for again once the reader has taken all that waits for it.
    """

    def __init__(self, last: int) -> None:
        self.last = last
        self.waiting: deque[T | Gap] = deque()
        self.behind = False
        """What came after `last` was dropped; nothing is taken until the reader asks for more."""
        self.awaits: int | None = None
        """The watch whose answer is the sign that the server sends from `last` on; nothing is taken before it."""
        self.is_read = False
        """Whether there is a reader that has read at all."""
        self.outcome: Event | None = None
        self.in_short = False
        """The outcome is known from the reply to a watch, which says no result."""
        self.error: LongwireError | None = None
        """There will be no more after what waits."""
        self.settled = asyncio.Event()
        """The outcome is known, or never will be."""
        self.more: Callable[[], None] = lambda: None
        """Asks for what was dropped."""
        self.room: Callable[[], None] = lambda: None
        """There is room again."""
        self._holes = 0
        self._news = asyncio.Event()

    @property
    def hears(self) -> bool:
        """Whether what comes is the reader's."""
        return not self.behind and self.awaits is None and self.error is None

    @property
    def is_over(self) -> bool:
        """Whether the outcome was taken, by whichever of its readers."""
        return self.outcome is not None and not self.waiting and self.last >= self.outcome["seq"]

    @property
    def is_full(self) -> bool:
        """Whether there is no place for more."""
        return len(self.waiting) >= WAITING

    def next(self, first: int, last: int, item: T | Gap) -> Taken:
        """What stands for these numbers of a log without holes.

        Only the server knows what is no longer kept: where something is missing and it said nothing, that is asked for, and no gap is made up.
        """
        if self.hears and first > self.last + 1:
            self._holes += 1
            return Taken.HOLE if self._holes < MOST_HOLES else Taken.STILL_A_HOLE
        return self.skipping(first, last, item)

    def skipping(self, first: int, last: int, item: T | Gap) -> Taken:
        """What stands for these numbers of a log that may have holes."""
        if not self.hears or last <= self.last:
            return Taken.NO
        return self._put(last, _gap(self.last + 1, last) if first <= self.last else item)

    def _put(self, last: int, item: T | Gap) -> Taken:
        if self.is_full:
            self.behind = True
            return Taken.NO
        self.waiting.append(item)
        self.last = last
        self._holes = 0
        self._news.set()
        return Taken.YES

    def ended(self, event: Event, *, in_short: bool = False) -> None:
        """The outcome is known, whether or not the reader has come to it."""
        if self.outcome is None or not in_short:
            self.outcome, self.in_short = event, in_short
        self.settled.set()
        self._news.set()

    def fail(self, error: LongwireError) -> None:
        """There will be no more, after what waits."""
        if self.error is None:
            self.error = error
            self.awaits = None
        self.settled.set()
        self._news.set()

    async def take(self) -> T | Gap:
        """The next; waits for it. After the outcome a `StopAsyncIteration`. A reader that is cancelled has lost nothing."""
        await self._something()
        if not self.waiting:
            raise StopAsyncIteration
        item = self.waiting.popleft()
        self.room()
        return item

    async def take_all(self) -> list[T | Gap]:
        """All that wait; waits for one. None after the outcome."""
        await self._something()
        items = list(self.waiting)
        self.waiting.clear()
        self.room()
        return items

    async def _something(self) -> None:
        self.is_read = True
        while not self.waiting and not self.is_over:
            if self.error is not None:
                raise self.error
            if self.behind:
                self.behind = False
                self.more()
            self._news.clear()
            await self._news.wait()


def _gap(first: int, last: int) -> Gap:
    return {"gap": {"from": first, "to": last}}
