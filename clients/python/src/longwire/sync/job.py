"""A job that is watched, and the feed, without a loop."""

from types import TracebackType
from typing import Any

from .. import feed as _feed
from .. import job as _job
from ..frames import Done, Event, FeedChange, Gap, Started
from ._portal import Portal
from ._reading import Reading


class Job(Reading[Event]):
    """A job that is watched: `for event in job` reads its events, each once and in order, across lost connections; `job.result()` waits for its result."""

    def __init__(self, portal: Portal, job: _job.Job) -> None:
        super().__init__(portal, job._batch)
        self._job = job
        self.seen = job.seen
        """The number of the last event that was read here: what to watch on after."""

    def __repr__(self) -> str:
        return f"<longwire.sync.Job {self.connid} seen={self.seen}>"

    @property
    def connid(self) -> str:
        """Your name for it, or the one that was made for it."""
        return self._job.connid

    @property
    def id(self) -> str:
        """The server's name for it, which no other job ever has."""
        return self._job.id

    @property
    def started(self) -> Started | None:
        """The reply to its start; none where it is only watched, or where the reply was lost and made up for."""
        return self._job.started

    def __iter__(self) -> "Job":
        return self

    def __next__(self) -> Event | Gap:
        return self._read()

    def _took(self, item: Event | Gap) -> None:
        self.seen = item["gap"]["to"] if "gap" in item else item["seq"]

    def result(self, timeout: float | None = None) -> Any:
        """Waits for the result, whether or not the events are read. Any outcome but `ok` is a `JobError`.

        After `timeout` seconds a `TimeoutError`; the job goes on, and can be waited for again.
        """
        return self._portal.call(self._job.result(), timeout)

    def outcome(self, timeout: float | None = None) -> Event:
        """Waits for the last event, whether or not the events are read; after `timeout` seconds a `TimeoutError`, as of `result`."""
        return self._portal.call(self._job.outcome(), timeout)

    def kill(self, reason: str | None = None, *, wait: bool = False, timeout: float | None = None) -> Done:
        """Kills it. Returns once the kill was accepted, or, with `wait`, once it is dead, with how it `ended`.

        After `timeout` seconds a `TimeoutError`: then it may be killed all the same.
        """
        return self._portal.call(self._job.kill(reason, wait=wait), timeout)

    def extend(self, time: float) -> Done:
        """Moves its deadline to so many seconds from now."""
        return self._portal.call(self._job.extend(time))

    def watch(self, after: int = 0) -> "Job":
        """Another handle of it, from after that number on."""
        return Job(self._portal, self._portal.call(self._job.watch(after)))

    def leave(self) -> None:
        """Lets go: ends the watch, and leaves the job alone, unless it was started to die with its last watcher."""
        self._portal.call(_leave(self._job))

    def __enter__(self) -> "Job":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class Feed(Reading[FeedChange]):
    """Every job's changes of state, from when it was opened."""

    def __init__(self, portal: Portal, feed: _feed.Feed) -> None:
        super().__init__(portal, feed._batch)
        self._feed = feed

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> FeedChange | Gap:
        return self._read()

    def leave(self) -> None:
        """Lets go of it."""
        self._portal.call(_leave(self._feed))

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


async def _leave(what: _job.Job | _feed.Feed) -> None:
    what.leave()
