"""Requests that are not answered yet: what to send for each, and what its answer means."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ._cursor import Cursor
from .errors import ConnectionError, Refused
from .frames import OUTCOMES, Event, FeedChange

if TYPE_CHECKING:
    from ._desk import Desk
    from ._watched import Watched

Frame = dict[str, Any]
T = TypeVar("T")

MOST_TRIES = 5
"""How often a request is sent before its server is given up."""
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def no_reply(tries: int) -> ConnectionError:
    """Why a request that was sent so often is given up."""
    return ConnectionError("no_reply", f"the connection broke {tries} times before the server answered")


class NewConnid(str):
    """A name that nobody else makes. The first start with it is looked for where its reply was lost."""

    __slots__ = ("is_unused",)

    def __init__(self, _: str) -> None:
        self.is_unused = True


def new_connid() -> str:
    """A name for one start that nobody else makes: 65 bits of chance, in letters and figures that are not mistaken for one another.

    `start` makes one where it is given none. Made before, it is also known where the start is cancelled:
    `connid = longwire.new_connid()`, `client.start(…, connid=connid)`, and then `client.kill(connid)`.
    """
    return NewConnid("".join(secrets.choice(_LETTERS) for _ in range(13)))


class Ask:
    """A request that is not answered yet. Nobody waits for this one."""

    def __init__(self, frame: Frame) -> None:
        self.frame = {key: value for key, value in frame.items() if value is not None}
        self.tries = 0

    def next_try(self) -> Frame:
        """What to send now."""
        self.tries += 1
        return self.frame

    @property
    def is_wanted(self) -> bool:
        """Whether to send it on a new connection, too."""
        return False

    @property
    def is_abandoned(self) -> bool:
        """Whether somebody waited for it, and nobody does any more."""
        return False

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """The server's answer, which is no refusal."""

    def refused(self, refusal: Refused, desk: "Desk") -> None:
        """The server's refusal."""
        self.fail(refusal)

    def fail(self, error: Exception) -> None:
        """There will be no answer."""


class Awaited(Ask, Generic[T]):
    """A request that somebody waits for."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    @property
    def is_wanted(self) -> bool:
        return not self.reply.done()

    @property
    def is_abandoned(self) -> bool:
        return self.reply.done()

    def fail(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)


class Verb(Awaited[T]):
    """A verb, of whose answer is handed on what `read` makes of it."""

    def __init__(self, frame: Frame, read: Callable[[Frame], T]) -> None:
        super().__init__(frame)
        self._read = read

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """Hands it on."""
        if answer["route"] != self.frame["route"]:
            raise ValueError(answer["route"])
        if not self.reply.done():
            self.reply.set_result(self._read(answer))

    def refused(self, refusal: Refused, desk: "Desk") -> None:
        """A kill that is sent again may come after the death that it caused."""
        ended = refusal.ended
        if self.frame["route"] == "kill" and self.tries > 1 and ended is not None and ended["status"] == "killed":
            target: Frame = {key: self.frame[key] for key in ("connid", "job") if key in self.frame}
            self.hear({"route": "kill", **target, "status": "ok", "seq": ended["seq"], "ended": ended}, desk)
        else:
            self.fail(refusal)


class OpenJob(Awaited["tuple[Frame, Watched[Event], Cursor[Event]]"]):
    """A watch: its answer opens a position in the job's log."""

    @property
    def after(self) -> int:
        """The number after which it begins."""
        return int(self.frame.get("after", 0))

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """Opens the position."""
        after = int(answer["seq"]) if answer["route"] != "watch" else self.after
        cursor: Cursor[Event] = Cursor(after)
        watched = desk.open_job(str(answer["job"]), str(answer["connid"]), cursor, by_name="job" not in self.frame)
        if "ended" in answer:
            desk.ended(watched, answer["ended"])
        if self.reply.done():
            desk.leave(watched, cursor)
        else:
            self.reply.set_result((answer, watched, cursor))


class Start(OpenJob):
    """A start. One that may have been heard is not simply sent again, so that no work is done twice."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        connid = self.frame.setdefault("connid", new_connid())
        self._made = isinstance(connid, NewConnid) and connid.is_unused
        if self._made:
            connid.is_unused = False
        self._replaces = self.frame.get("on_conflict") == "replace"
        self._first_sent = 0.0
        self._looked: str | None = None
        """The `on_conflict` to send it with after all, now that its job was looked for."""

    @property
    def after(self) -> int:
        """A start that is looked for begins where it would have begun: after its acceptance."""
        return 1

    def next_try(self) -> Frame:
        """The start; or what finds out whether it was heard. Sent again it joins its job: the first may come late."""
        frame = super().next_try()
        looked, self._looked = self._looked, None
        if self.tries == 1:
            self._first_sent = asyncio.get_running_loop().time()
            return frame
        if looked is None and self._made:
            return {"route": "watch", "connid": frame["connid"], "after": self.after}
        if looked is None and self._replaces:
            return {"route": "status", "connid": frame["connid"]}
        return frame | {"on_conflict": looked or "attach"}

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """Opens the position; or says how the start is to be sent after all."""
        if self._replaces and self.tries > 1 and answer["route"] == "status":
            self._send_after_all("replace" if self._is_older(answer["jobs"]) else "attach", desk)
        else:
            super().hear(answer, desk)

    def _is_older(self, jobs: list[Frame]) -> bool:
        """Whether a job runs that was there before this start, and is to be replaced. One that is younger came of it."""
        since = asyncio.get_running_loop().time() - self._first_sent
        return any(job["status"] not in OUTCOMES and job["elapsed"] > since for job in jobs)

    def refused(self, refusal: Refused, desk: "Desk") -> None:
        """That a job is unknown says that its start was never heard; of a name that was used before, also that it expired."""
        is_looked_for = self.tries > 1 and (self._made or self._replaces)
        unheard = {"unknown_connid"} if self._made else {"unknown_connid", "expired"}
        if is_looked_for and refusal.code in unheard:
            self._send_after_all("attach", desk)
        else:
            self.fail(refusal)

    def _send_after_all(self, on_conflict: str, desk: "Desk") -> None:
        if self.tries < MOST_TRIES:
            self._looked = on_conflict
            desk.ask(self)
        else:
            self.fail(no_reply(self.tries))


class OpenFeed(Awaited[Cursor[FeedChange]]):
    """A watch of the feed."""

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """Opens a position in it."""
        head = int(answer["feed"])
        cursor: Cursor[FeedChange] = Cursor(self.frame.get("after", head))
        desk.open_feed(cursor)
        if self.reply.done():
            desk.leave(desk.feed, cursor)
        else:
            self.reply.set_result(cursor)


class WatchOn(Ask):
    """Asks the server to send from a position on."""

    def __init__(self, frame: Frame, watched: "Watched[Event] | Watched[FeedChange]") -> None:
        super().__init__(frame)
        self._watched = watched
        self.number = 0

    def hear(self, answer: Frame, desk: "Desk") -> None:
        """It does, unless nothing is left."""
        desk.watched_on(cast("Watched[Any]", self._watched), self.number)
        if "ended" in answer:
            desk.ended(cast("Watched[Event]", self._watched), answer["ended"])

    def refused(self, refusal: Refused, desk: "Desk") -> None:
        """It cannot."""
        desk.lost(cast("Watched[Any]", self._watched), refusal)
