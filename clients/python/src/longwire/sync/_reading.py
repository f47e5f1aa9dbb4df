"""Reading from a position without a loop."""

import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from ..frames import Gap
from ._portal import Portal

T = TypeVar("T")


class Reading(Generic[T]):
    """An iterator over what a position is handed. What was fetched and not read is kept: Ctrl-C loses nothing.

    Several threads may read from one: each item goes to one of them.
    """

    def __init__(self, portal: Portal, batch: Callable[[], Coroutine[Any, Any, list[T | Gap]]]) -> None:
        self._portal = portal
        self._batch = batch
        self._fetched: deque[T | Gap] = deque()
        self._reads = threading.Lock()

    def _read(self) -> T | Gap:
        with self._reads:
            if not self._fetched:
                self._portal.call(self._fetch())
            if not self._fetched:
                raise StopIteration
            item = self._fetched.popleft()
            self._took(item)
            return item

    def _took(self, item: T | Gap) -> None:
        """Called for each that is read, in order."""

    async def _fetch(self) -> None:
        # In the loop's thread, and without a pause between the two. What Ctrl-C left behind comes first.
        if not self._fetched:
            self._fetched.extend(await self._batch())
