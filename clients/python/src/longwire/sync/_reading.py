"""Reading from a position without a loop."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from ..frames import Gap
from ._portal import Portal

T = TypeVar("T")


class Reading(Generic[T]):
    """An iterator over what a position is handed. What was fetched and not read is kept: Ctrl-C loses nothing."""

    def __init__(self, portal: Portal, batch: Callable[[], Coroutine[Any, Any, list[T | Gap]]]) -> None:
        self._portal = portal
        self._batch = batch
        self._fetched: deque[T | Gap] = deque()

    def _read(self) -> T | Gap:
        if not self._fetched:
            self._portal.call(self._fetch())
        if not self._fetched:
            raise StopIteration
        return self._fetched.popleft()

    async def _fetch(self) -> None:
        # In the loop's thread, and without a pause between the two.
        self._fetched.extend(await self._batch())
