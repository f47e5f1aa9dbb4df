"""A job that a worker holds: what was said of it and is not answered yet."""

import asyncio
from collections import deque
from typing import Any

from .errors import LongwireError, Refused
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
        self.is_late = False
        """The server could not take it in when it was said."""
        self.is_of_a_refusal = False
        """An end that says of what another was refused."""

    @property
    def is_end(self) -> bool:
        """Whether it is the last that is said."""
        return bool(self.frame["route"] == "end")

    def becomes(self, refused: Refused) -> None:
        """An end that says of what the job has failed."""
        error = {"code": refused.code, "message": refused.message}
        self.frame = {"route": "end", "lease": self.frame["lease"], "error": error}
        self.is_of_a_refusal = True


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
        self.waiting_end: Said | None = None
        """The end, while it is not to be said."""
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
        """The end, after the last progress; what of it is to be said now."""
        last: list[Said] = []
        if self._next_progress is not None:
            last.append(self._say(Said({"route": "append", "lease": self.lease, "progress": self._next_progress})))
            self._next_progress = None
        self.waiting_end = self._say(Said({"route": "end", "lease": self.lease, **frame}))
        return [*last, *self.released()]

    def due(self) -> list[Said]:
        """What is not answered yet and may be said."""
        if self.said and self.said[-1].is_end:
            self.waiting_end = self.said[-1]
        return [*(said for said in self.said if not said.is_end), *self.released()]

    def released(self) -> list[Said]:
        """The end, once nothing that the server could not take in is left: after the end it would come too late."""
        if self.waiting_end is None or any(said.is_late and not said.is_end for said in self.said):
            return []
        end, self.waiting_end = self.waiting_end, None
        return [end]

    def _say(self, said: Said) -> Said:
        self.said.append(said)
        return said

    def answered(self, said: Said) -> list[Said]:
        """It need not be said again; what is to be said now."""
        if said in self.said:
            self.said.remove(said)
        self._room.set()
        if said is self._progress:
            self._progress, progress = None, self._next_progress
            self._next_progress = None
            if progress is not None and (more := self.progress(progress)) is not None:
                return [more]
        return self.released()

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
