"""The verbs."""

import asyncio
from collections.abc import AsyncIterator, Generator, Sequence
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from ._asks import Awaited, Frame, OpenFeed, OpenJob, Start, Verb
from ._connection import Connection
from ._desk import Desk
from ._position import Position
from .errors import Refused, closed
from .feed import Feed
from .frames import (
    VERBS,
    Done,
    FeedChange,
    Found,
    ModuleView,
    OnConflict,
    OnDisconnect,
    RouteView,
    Started,
    StatusPage,
    Where,
)
from .job import Job
from .link import Link
from .options import Options

T = TypeVar("T")


class Client:
    """A connection to a Longwire server, which is made anew by itself where it breaks. `connect` makes one.

    Its methods may be called by any task of the loop it was made in. Every one of them may raise `Refused`, where the server refuses what was
    asked, and `ConnectionError`, where the connection is gone for good.
    """

    def __init__(self, url: str, options: Options) -> None:
        self._connection = Connection(url, options)
        self._desk = Desk(self._connection.wake, options.frame_bytes)

    def __repr__(self) -> str:
        return f"<longwire.Client {self._connection.url} {self.link.state}>"

    async def start(
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
        """Starts a job and watches it.

        `input` is anything that `json.dumps` takes; times are seconds. Where no `connid` is given one is made, as by `longwire.new_connid`, and
        the job is never run twice, though the reply be lost. With one of yours a start whose reply was lost is repeated with
        `on_conflict="attach"`: where it has ended meanwhile, it runs again. One with `on_conflict="replace"` kills no job that it started.

        A start that is cancelled may have been heard; then the job runs, by its `connid`.
        """
        if route in VERBS:
            # It would be that verb: a start named `kill` kills.
            message = f"{route!r} is a verb, not a route that starts jobs"
            raise Refused({"status": "error", "code": "unknown_route", "message": message, "field": "route"})
        start = Start(
            {
                "route": route,
                "connid": connid,
                "time": time,
                "idle_time": idle_time,
                "queue_time": queue_time,
                "input": input,
                "tags": None if tags is None else list(tags),
                "on_conflict": on_conflict,
                "on_disconnect": on_disconnect,
            }
        )
        return await self._open(start)

    async def watch(self, connid: str | int | None = None, *, job: str | None = None, after: int = 0) -> Job:
        """Watches a job from after that number on: that of this `connid` which runs, or else the last that did; or exactly that `job`."""
        return await self._open(OpenJob({"route": "watch", **_target("watch", connid, job), "after": after}))

    async def _open(self, opening: OpenJob) -> Job:
        try:
            answer, watched, cursor = await self._reply(opening)
        except asyncio.CancelledError:
            # The answer may have come in this very turn.
            if opening.reply.done() and not opening.reply.cancelled() and opening.reply.exception() is None:
                _, watched, cursor = opening.reply.result()
                self._desk.leave(watched, cursor)
            raise
        started = None if answer["route"] == "watch" else cast(Started, answer)
        return Job(self, self._desk, watched, cursor, started)

    def feed(self, after: int | None = None) -> Feed:
        """Every job's changes of state, from after that number on, or from when it is opened: `async for change in client.feed()`."""

        async def open_it() -> Position[FeedChange]:
            cursor = await self._reply(OpenFeed({"route": "watch", "after": after}))
            return Position(self._desk, self._desk.feed, cursor)

        return Feed(open_it)

    async def kill(
        self,
        connid: str | int | None = None,
        reason: str | None = None,
        *,
        job: str | None = None,
        where: Where | None = None,
        wait: bool = False,
    ) -> Done:
        """Kills the job of this `connid`, or exactly that `job`, or all `where` that fits.

        Returns once the kill was accepted, or, with `wait`, once it is dead, with how it `ended`. That of many says how many were `killed`.
        """
        target = _target("kill", connid, job) if where is None else {"connid": connid, "job": job, "where": where}
        asked = {"route": "kill", **target, "reason": reason, "wait": wait or None}
        return await self._reply(Verb(asked, _done))

    @overload
    async def extend(self, connid: str | int, time: float) -> Done: ...

    @overload
    async def extend(self, *, job: str, time: float) -> Done: ...

    async def extend(
        self, connid: str | int | None = None, time: float | None = None, *, job: str | None = None
    ) -> Done:
        """Moves the deadline of the job of this `connid`, or of exactly that `job`, to so many seconds from now."""
        return await self._extend(connid, job, time)

    async def _extend(self, connid: str | int | None, job: str | None, time: float | None) -> Done:
        return await self._reply(Verb({"route": "extend", **_target("extend", connid, job), "time": time}, _done))

    async def status(
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
        one = {} if connid is None and job is None else _target("status", connid, job)
        asked = {"route": "status", **one, "limit": limit, "after": after, "where": where}
        return await self._reply(Verb(asked, _page))

    async def routes(self) -> list[RouteView]:
        """What may be started, with its terms."""
        return await self._reply(Verb({"route": "routes"}, lambda answer: cast(list[RouteView], answer["routes"])))

    async def search(
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
        """Searches libraries: `await client.search(["vector"], "push")`."""
        asked = {"route": "query/module", "lib": lib, "text": text, "limit": limit, "offset": offset}
        return await self._reply(Verb(asked | {"kind": kind, "since": since, "catalogue": catalogue}, _found))

    async def modules(self) -> list[ModuleView]:
        """The catalogues that can be searched; the first is searched where a question names none."""
        return await self._reply(Verb({"route": "modules"}, lambda answer: cast(list[ModuleView], answer["modules"])))

    @property
    def link(self) -> Link:
        """How the connection is doing."""
        return self._connection.links.now

    def links(self) -> AsyncIterator[Link]:
        """How the connection is doing, now and at each change; of changes that come faster than they are read the latest."""
        return self._connection.links.changes()

    async def close(self) -> None:
        """Closes the connection, and waits until that is done. Jobs go on."""
        await self._connection.close()

    async def _reply(self, ask: Awaited[T]) -> T:
        if self.link.state == "closed":
            raise self.link.why or closed()
        self._desk.ask(ask)
        return await ask.reply


def _target(verb: str, connid: str | int | None, job: str | None) -> Frame:
    """Which job a verb is about."""
    if (connid is None) == (job is None):
        raise TypeError(f"{verb} takes a connid or a job: one of them")
    return {"connid": connid} if job is None else {"job": job}


def _done(answer: Frame) -> Done:
    return cast(Done, answer)


def _page(answer: Frame) -> StatusPage:
    return {"jobs": answer["jobs"], "total": answer.get("total"), "next": answer.get("next")}


def _found(answer: Frame) -> Found:
    return {"message": answer["message"], "data": answer["data"]}


class Connecting:
    """A connection to be made: `async with connect(url) as client`, or `client = await connect(url)` and, in the end, `client.close()`."""

    def __init__(self, url: str, options: Options) -> None:
        self._url = url
        self._options = options
        self._client: Client | None = None

    async def _connect(self) -> Client:
        client = Client(self._url, self._options)
        await client._connection.start(client._desk)
        self._client = client
        return client

    def __await__(self) -> Generator[Any, None, Client]:
        return self._connect().__await__()

    async def __aenter__(self) -> Client:
        return await self._connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()


def connect(url: str, options: Options | None = None) -> Connecting:
    """Connects to the server at an address such as `http://127.0.0.1:8000` or `ws://127.0.0.1:8000/ws`.

    The first connection is tried once, and is a `ConnectionError` where it cannot be made; after that it is made anew by itself.
    """
    return Connecting(url, options or Options())
