"""A job that a worker holds: what was said of it and is not answered yet."""

import asyncio
from collections import deque
from typing import Any

from .errors import LongwireError
from .frames import Progress

MOST_SAID = 64
"""Pieces of output that may wait for their answers, and"""
MOST_SAID_BYTES = 262_144
"""how long they may be in all."""


class Said:
    """Something that was said of a job, and has to be said again on another connection as long as it is not answered."""

    def __init__(self, frame: dict[str, Any], size: int = 0) -> None:
        self.frame = frame
        self.size = size
        self.is_of_a_refusal = False
        """An end that says of what another was refused."""


class Held:
    """A job that a worker holds. Nothing here does I/O."""

    def __init__(self, handed: dict[str, Any]) -> None:
        self.handed = handed
        self.lease = str(handed["lease"])
        self.seen = int(handed["seq"])
        self.said: deque[Said] = deque()
        """What is not answered yet, in its order."""
        self.ending: dict[str, Any] | None = None
        """The event that told it to end."""
        self.is_gone = False
        """It is no longer this worker's."""
        self.failure: LongwireError | None = None
        """What was said of it was refused, and that is what it fails of."""
        self._progress: Said | None = None
        self._next_progress: Progress | None = None
        self._room = asyncio.Event()

    def append(self, frame: dict[str, Any], size: int) -> Said:
        """Output."""
        return self._say(Said({"route": "append", "lease": self.lease, **frame}, size))

    def progress(self, progress: Progress) -> Said | None:
        """Progress; of what comes faster than it is answered the last is kept."""
        if self._progress is not None:
            self._next_progress = progress
            return None
        self._progress = self._say(Said({"route": "append", "lease": self.lease, "progress": progress}))
        return self._progress

    def end(self, frame: dict[str, Any]) -> list[Said]:
        """The end, after the last progress."""
        last: list[Said] = []
        if self._next_progress is not None:
            last.append(self._say(Said({"route": "append", "lease": self.lease, "progress": self._next_progress})))
            self._next_progress = None
        return [*last, self._say(Said({"route": "end", "lease": self.lease, **frame}))]

    def _say(self, said: Said) -> Said:
        self.said.append(said)
        return said

    def answered(self, said: Said) -> Said | None:
        """It need not be said again; what is to be said now."""
        if said in self.said:
            self.said.remove(said)
        self._room.set()
        if said is not self._progress:
            return None
        self._progress, progress = None, self._next_progress
        self._next_progress = None
        return None if progress is None else self.progress(progress)

    def gone(self) -> None:
        """It is no longer this worker's, and nothing more is said of it."""
        self.is_gone = True
        self.said.clear()
        self._room.set()

    async def room(self) -> None:
        """Waits until there is room for more output."""
        while not self.is_gone and (
            len(self.said) >= MOST_SAID or sum(said.size for said in self.said) >= MOST_SAID_BYTES
        ):
            self._room.clear()
            await self._room.wait()
