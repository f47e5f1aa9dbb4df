"""A job that is watched."""

from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._cursor import Cursor
from ._desk import Desk
from ._position import Position
from ._watched import Watched
from .errors import result_of
from .frames import Done, Event, Gap, Started

if TYPE_CHECKING:
    from .client import Client


class Job(Position[Event]):
    """A job that is watched: its events, each once and in order, across lost connections; and its result.

    `async for event in job` reads the events, `await job` waits for the result. Both may be done at once, and leaving the loop keeps
    the position. Letting go of it (`leave`, `async with`, or forgetting it) ends the watch and leaves the job alone, unless it was started
    to die with its last watcher.
    """

    def __init__(
        self, client: "Client", desk: Desk, watched: Watched[Event], cursor: Cursor[Event], started: Started | None
    ) -> None:
        super().__init__(desk, watched, cursor)
        self._client = client
        self.connid = str(watched.connid)
        """Your name for it, or the one that was made for it."""
        self.id = str(watched.job)
        """The server's name for it, which no other job ever has."""
        self.started = started
        """The reply to its start; none where it is only watched, or where the reply was lost and made up for."""
        self.seen = cursor.last
        """The number of the last event that was read here: what to watch on after."""

    def __repr__(self) -> str:
        return f"<longwire.Job {self.connid} seen={self.seen}>"

    def __aiter__(self) -> "Job":
        return self

    async def __anext__(self) -> Event | Gap:
        return self._saw(await self._next())

    def _saw(self, item: Event | Gap) -> Event | Gap:
        self.seen = item["gap"]["to"] if "gap" in item else item["seq"]
        return item

    async def _batch(self) -> list[Event | Gap]:
        """All that wait, at least one; none after the end. Whoever is cancelled has lost nothing."""
        return [self._saw(item) for item in await self._cursor.take_all()]

    def __await__(self) -> Generator[Any, None, Any]:
        return self.result().__await__()

    async def result(self) -> Any:
        """Waits for the result, whether or not the events are read. Any outcome but `ok` is a `JobError`."""
        return result_of(await self.outcome())

    async def outcome(self) -> Event:
        """Waits for the last event, whether or not the events are read."""
        await self._cursor.settled.wait()
        event = self._cursor.outcome
        if event is None:
            raise self._cursor.error or RuntimeError("a job was settled without an outcome")
        if self._cursor.in_short and event["status"] == "ok":
            # It was watched from after its end, and only its last event has the result.
            last = await self.watch(event["seq"] - 1)
            event = await last.outcome()
            self._cursor.ended(event)
        return event

    async def kill(self, reason: str | None = None, *, wait: bool = False) -> Done:
        """Kills it. Returns once the kill was accepted, or, with `wait`, once it is dead, with how it `ended`."""
        return await self._client.kill(job=self.id, reason=reason, wait=wait)

    async def extend(self, time: float) -> Done:
        """Moves its deadline to so many seconds from now."""
        return await self._client.extend(job=self.id, time=time)

    async def watch(self, after: int = 0) -> "Job":
        """Another handle of it, from after that number on."""
        return await self._client.watch(job=self.id, after=after)

    async def __aenter__(self) -> "Job":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
