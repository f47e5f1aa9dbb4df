"""All that a client's connection knows and that outlives it: what was asked and is not answered, and what is watched.

Nothing here does I/O: frames go in, frames come out.
"""

import asyncio
import base64
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ._asks import MOST_TRIES, Ask, Frame, WatchOn, no_reply
from ._cursor import Cursor, Taken
from ._text import frame_text
from ._watched import Watched
from .errors import LongwireError, Refused, unexpected
from .frames import OUTCOMES, Ended, Event, FeedChange, Gap

MOMENT = 0.1
"""How long a reader that has fallen behind is waited for, in seconds, where nobody else waits for the connection."""

T = TypeVar("T")


class Desk:
    """What was asked and is not answered, and what is watched."""

    def __init__(self, wake: Callable[[], None], frame_bytes: int) -> None:
        self._wake = wake
        self._frame_bytes = frame_bytes
        self._last_id = 0
        self._asked: dict[int, Ask] = {}
        self._to_send: deque[int] = deque()
        self.jobs: dict[str, Watched[Event]] = {}
        self._names: dict[str, list[Watched[Event]]] = {}
        """What is watched by its name: its frames say no more."""
        self.feed: Watched[FeedChange] = Watched(None, None)
        self._full: Cursor[Event] | None = None
        self._room = asyncio.Event()

    def ask(self, ask: Ask) -> int:
        """Sends it as soon as there is a connection."""
        self._last_id += 1
        self._asked[self._last_id] = ask
        self._to_send.append(self._last_id)
        self._room.set()
        self._wake()
        return self._last_id

    def next_text(self) -> str | None:
        """The text of the next frame to send."""
        while self._to_send:
            number = self._to_send.popleft()
            if (ask := self._asked.get(number)) is None:
                continue
            if ask.is_abandoned:
                # What was not sent yet is not to be done.
                del self._asked[number]
                continue
            try:
                return frame_text({"id": number, **ask.next_try()}, self._frame_bytes)
            except (Refused, TypeError, ValueError, RecursionError) as error:
                # An input that is no JSON, or too large, is whoever's asked.
                self._asked.pop(number).fail(error)
        return None

    def connected(self) -> None:
        """There is a new connection: what was not answered is asked again, and what was watched is watched on."""
        self._to_send.clear()
        for number, ask in list(self._asked.items()):
            if not ask.is_wanted:
                del self._asked[number]
            elif ask.tries >= MOST_TRIES:
                del self._asked[number]
                ask.fail(no_reply(ask.tries))
            else:
                self._to_send.append(number)
        for watched in list(self.jobs.values()):
            if not watched.has_ended or any(not cursor.behind for cursor in watched.cursors):
                self._watch_on(watched)
        if self.feed.cursors:
            self._watch_on(self.feed)
        self._wake()

    def fail(self, error: LongwireError) -> None:
        """There will be no connection any more."""
        self._to_send.clear()
        asked, self._asked = self._asked, {}
        for ask in asked.values():
            ask.fail(error)
        for watched in self.jobs.values():
            watched.fail(error)
        self.feed.fail(error)
        self.jobs.clear()
        self._names.clear()
        self._room.set()

    def hear(self, frame: Frame) -> None:
        """Takes a frame of the server."""
        if frame.get("id") is not None or frame.get("status") == "error":
            self._answer(frame)
        elif "gap" in frame:
            self._gap(frame)
        elif "feed" in frame:
            self._change(frame)
        elif "connid" in frame and "seq" in frame:
            self._event(frame)

    async def breathe(self) -> None:
        """A reader that has no place for more is given the turn; and a moment, where nobody else waits for the connection."""
        cursor, self._full = self._full, None
        if cursor is None:
            return
        await asyncio.sleep(0)
        if cursor.is_full and cursor.is_read and self._is_alone(cursor):
            self._room.clear()
            room = asyncio.ensure_future(self._room.wait())
            try:
                await asyncio.wait({room}, timeout=MOMENT)
            finally:
                room.cancel()

    def _is_alone(self, cursor: Cursor[Event]) -> bool:
        if self.feed.cursors or len(self.jobs) != 1 or any(ask.is_wanted for ask in self._asked.values()):
            return False
        return all(cursor in watched.cursors for watched in self.jobs.values())

    def open_job(self, job: str, connid: str, cursor: Cursor[Event], *, by_name: bool) -> Watched[Event]:
        """A position in the log of a job that the server sends from there on."""
        watched = self.jobs.get(job)
        if watched is None:
            watched = self.jobs[job] = Watched(job, connid, cursor.last)
            watched.cursors.append(cursor)
            if by_name:
                self._names.setdefault(connid, []).append(watched)
        else:
            # Whoever was there before may be further back.
            watched.cursors.append(cursor)
            self._watch_on(watched)
        self._attend(watched, cursor)
        return watched

    def open_feed(self, cursor: Cursor[FeedChange]) -> None:
        """A position in the feed."""
        self.feed.cursors.append(cursor)
        if len(self.feed.cursors) > 1:
            self._watch_on(self.feed)
        self._attend(self.feed, cursor)

    def _attend(self, watched: Watched[T], cursor: Cursor[T]) -> None:
        cursor.more = lambda: self._watch_on(watched)
        cursor.room = self._room.set

    def leave(self, watched: Watched[T], cursor: Cursor[T]) -> None:
        """Nobody reads there any more."""
        if cursor not in watched.cursors:
            return
        watched.cursors.remove(cursor)
        self._room.set()
        if watched.cursors:
            return
        if watched.job is None:
            self.ask(Ask({"route": "unwatch"}))
        else:
            self._forget(watched.job)
            self.ask(Ask({"route": "unwatch", "job": watched.job}))

    def lost(self, watched: Watched[T], error: LongwireError) -> None:
        """The server cannot go on with it."""
        if watched.job is not None and self.jobs.get(watched.job) is watched:
            self._forget(watched.job)
        watched.fail(error)

    def watched_on(self, watched: Watched[T], number: int) -> None:
        """The server goes on with it, and its frames say their `job`."""
        watched.answered(number)
        self._forget_name(watched)

    def _forget(self, job: str) -> None:
        watched = self.jobs.pop(job, None)
        if watched is not None:
            self._forget_name(watched)

    def _forget_name(self, watched: Watched[T]) -> None:
        named = [one for one in self._names.get(watched.connid or "", []) if one is not watched]
        if named:
            self._names[watched.connid or ""] = named
        else:
            self._names.pop(watched.connid or "", None)

    def _watch_on(self, watched: Watched[T]) -> None:
        """Asks the server to go on from where whoever is furthest back is."""
        frame = {"route": "watch", "job": watched.job, "after": watched.position()}
        ask = WatchOn(frame, cast(Any, watched))
        ask.number = self.ask(ask)
        watched.asked(ask.number)

    def _answer(self, frame: Frame) -> None:
        number = frame.pop("id", None)
        ask = self._asked.pop(number, None) if isinstance(number, int) else None
        if ask is None:
            return
        if frame.get("status") == "error":
            ask.refused(Refused(frame), self)
            return
        try:
            ask.hear(frame, self)
        except (KeyError, TypeError, ValueError):
            ask.fail(unexpected(f"{frame}, which answers something else"))

    def _about(self, frame: Frame, first: int) -> Watched[Event] | None:
        """The watched job that a frame is about, which stands for numbers of its log from the first on."""
        job = frame.get("job")
        if job is not None:
            return self.jobs.get(job)
        named = self._names.get(frame["connid"], [])
        if len(named) > 1:
            # What is watched by its name says no job. Each comes in order, so it is the one whose turn this is; where that is said of several,
            # or of none, they are watched by their jobs.
            due = [one for one in named if one.heard + 1 == first]
            if len(due) == 1:
                return due[0]
            for one in named:
                if not one.is_asked_for:
                    self._watch_on(one)
            return None
        return named[0] if named else None

    def _event(self, frame: Frame) -> None:
        seq = frame["seq"]
        watched = self._about(frame, seq)
        if watched is None:
            return
        if frame.pop("encoding", "text") == "base64":
            frame["output"] = base64.b64decode(frame["output"], validate=True)
        event = cast(Event, frame)
        watched.heard = max(watched.heard, seq)
        self._offer(watched, seq, seq, event)
        if event["status"] in OUTCOMES:
            self._ended(watched, event)

    def _offer(self, watched: Watched[Event], first: int, last: int, item: Event | Gap) -> None:
        taken = set()
        for cursor in watched.cursors:
            taken.add(cursor.next(first, last, item))
            if cursor.is_full and cursor.hears:
                self._full = cursor
        if Taken.STILL_A_HOLE in taken:
            what = f"event {first} of job {watched.job}, time and again, where {watched.position() + 1} is due"
            self.lost(watched, unexpected(what))
            self.ask(Ask({"route": "unwatch", "job": watched.job}))
        elif Taken.HOLE in taken:
            self._watch_on(watched)

    def ended(self, watched: Watched[Event], ended: Ended) -> None:
        """Nothing is left to be sent, says the reply to a watch: it has ended so."""
        self._ended(watched, cast(Event, {"connid": watched.connid, "job": watched.job, **ended}), in_short=True)

    def _ended(self, watched: Watched[Event], event: Event, *, in_short: bool = False) -> None:
        """Whoever has come to the outcome is done; who has not asks for the rest."""
        watched.has_ended = True
        for cursor in watched.cursors:
            cursor.ended(event, in_short=in_short)
        watched.cursors = [cursor for cursor in watched.cursors if cursor.last < event["seq"]]
        if not watched.cursors and watched.job is not None:
            self._forget(watched.job)

    def _gap(self, frame: Frame) -> None:
        first, last = int(frame["gap"]["from"]), int(frame["gap"]["to"])
        gap: Gap = {"gap": {"from": first, "to": last}}
        if frame.get("connid") is None and frame.get("job") is None:
            for cursor in self.feed.cursors:
                cursor.skipping(first, last, gap)
        elif (watched := self._about(frame, first)) is not None:
            watched.heard = max(watched.heard, last)
            self._offer(watched, first, last, gap)

    def _change(self, frame: Frame) -> None:
        number = int(frame["feed"])
        self.feed.heard = max(self.feed.heard, number)
        for cursor in self.feed.cursors:
            cursor.skipping(number, number, cast(FeedChange, frame))
