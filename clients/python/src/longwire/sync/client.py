"""The verbs, without a loop."""

import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import overload

from .. import client as _client
from ..frames import Done, Found, ModuleView, OnConflict, OnDisconnect, RouteView, StatusPage, Where
from ..link import Link
from ..options import Options
from ._portal import Portal
from .job import Feed, Job


class Client:
    """A connection to a Longwire server, in a thread of its own, which `close` ends. `connect` makes one.

    Any thread may call it, also one in which a loop runs (as that of a notebook). Ctrl-C ends the call that waits, and nothing else.
    """

    def __init__(self, url: str, options: Options) -> None:
        portal = Portal()
        try:
            self._client = portal.call(_connect(url, options))
        except BaseException:
            portal.close()
            raise
        self._portal = portal
        # Also for whoever forgets, and at the program's end.
        self._closed = weakref.finalize(self, portal.close, self._client.close)

    def __repr__(self) -> str:
        return repr(self._client).replace("longwire.", "longwire.sync.", 1)

    def start(
        self,
        route: str,
        input: object = None,
        *,
        connid: str | int | None = None,
        time: float | None = None,
        idle_time: float | None = None,
        queue_time: float | None = None,
        tags: Sequence[str] | None = None,
        on_conflict: OnConflict | None = None,
        on_disconnect: OnDisconnect | None = None,
    ) -> Job:
        """Starts a job and watches it, as `longwire.Client.start` does."""
        starting = self._client.start(
            route,
            input,
            connid=connid,
            time=time,
            idle_time=idle_time,
            queue_time=queue_time,
            tags=tags,
            on_conflict=on_conflict,
            on_disconnect=on_disconnect,
        )
        return Job(self._portal, self._portal.call(starting))

    def watch(self, connid: str | int | None = None, *, job: str | None = None, after: int = 0) -> Job:
        """Watches a job from after that number on: that of this `connid` which runs, or else the last that did; or exactly that `job`."""
        return Job(self._portal, self._portal.call(self._client.watch(connid, job=job, after=after)))

    def feed(self, after: int | None = None) -> Feed:
        """Every job's changes of state, from after that number on, or from now on."""
        return Feed(self._portal, self._portal.call(self._client.feed(after).open()))

    def kill(
        self,
        connid: str | int | None = None,
        reason: str | None = None,
        *,
        job: str | None = None,
        where: Where | None = None,
        wait: bool = False,
        timeout: float | None = None,
    ) -> Done:
        """Kills the job of this `connid`, or exactly that `job`, or all `where` that fits.

        Returns once the kill was accepted, or, with `wait`, once it is dead, with how it `ended`. That of many says how many were `killed`.
        After `timeout` seconds a `TimeoutError`: then it may be killed all the same.
        """
        return self._portal.call(self._client.kill(connid, reason, job=job, where=where, wait=wait), timeout)

    @overload
    def extend(self, connid: str | int, time: float) -> Done: ...

    @overload
    def extend(self, *, job: str, time: float) -> Done: ...

    def extend(self, connid: str | int | None = None, time: float | None = None, *, job: str | None = None) -> Done:
        """Moves the deadline of the job of this `connid`, or of exactly that `job`, to so many seconds from now."""
        return self._portal.call(self._client._extend(connid, job, time))

    def status(
        self,
        connid: str | int | None = None,
        *,
        job: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        where: Where | None = None,
    ) -> StatusPage:
        """What runs, oldest first: a page of it, from after that job on; or how one job stands, an ended one too, while it is kept.

        One job is that of this `connid` which runs, or else the last that did; or exactly that `job`.
        """
        return self._portal.call(self._client.status(connid, job=job, limit=limit, after=after, where=where))

    def routes(self) -> list[RouteView]:
        """What may be started, with its terms."""
        return self._portal.call(self._client.routes())

    def search(
        self,
        lib: str | Sequence[str] | None = None,
        text: str | None = None,
        *,
        limit: int | None = None,
        offset: int | None = None,
        kind: str | Sequence[str] | None = None,
        since: str | None = None,
        catalogue: str | None = None,
    ) -> Found:
        """Searches libraries: `client.search(["vector"], "push")`."""
        searching = self._client.search(
            lib, text, limit=limit, offset=offset, kind=kind, since=since, catalogue=catalogue
        )
        return self._portal.call(searching)

    def modules(self) -> list[ModuleView]:
        """The catalogues that can be searched; the first is searched where a question names none."""
        return self._portal.call(self._client.modules())

    @property
    def link(self) -> Link:
        """How the connection is doing."""
        return self._client.link

    def links(self) -> Iterator[Link]:
        """How the connection is doing, now and at each change; of changes that come faster than they are read the latest."""
        changes = self._client.links()
        while True:
            link = self._portal.call(_next(changes))
            yield link
            if link.state == "closed":
                return

    def close(self) -> None:
        """Closes the connection and ends its thread, and waits until that is done. Jobs go on."""
        self._closed()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(url: str, options: Options | None = None) -> Client:
    """Connects to the server at an address such as `http://127.0.0.1:8000`: `with longwire.sync.connect(url) as client`, or close it in the end."""
    return Client(url, options or Options())


async def _connect(url: str, options: Options) -> _client.Client:
    return await _client.connect(url, options)


async def _next(changes: AsyncIterator[Link]) -> Link:
    return await changes.__anext__()
