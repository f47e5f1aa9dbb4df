"""What is watched on a connection: once for all that read it, each at a position of its own."""

from typing import Generic, TypeVar

from ._cursor import Cursor
from .errors import LongwireError

T = TypeVar("T")


class Watched(Generic[T]):
    """A job's log, or the feed, and the cursors in it.

    The server sends it once a socket, from the position of whoever is furthest back; the others drop what they have seen.
    """

    def __init__(self, job: str | None, connid: str | None, heard: int = 0) -> None:
        self.job = job
        """None for the feed."""
        self.connid = connid
        self.cursors: list[Cursor[T]] = []
        self.heard = heard
        """The highest number that was heard of, or that it is watched after."""
        self.has_ended = False
        """The outcome was heard: nothing more comes by itself."""

    @property
    def is_asked_for(self) -> bool:
        """Whether the server was asked to go on, and has not answered yet."""
        return any(cursor.awaits is not None for cursor in self.cursors)

    def position(self) -> int:
        """Where the server has to go on so that each gets what it lacks. One that is behind lacks nothing before it asks."""
        lasts = [cursor.last for cursor in self.cursors if not cursor.behind and cursor.error is None]
        return min(lasts, default=self.heard)

    def asked(self, number: int) -> None:
        """The server was asked to go on from there, by this request."""
        for cursor in self.cursors:
            if not cursor.behind and cursor.error is None:
                cursor.awaits = number

    def answered(self, number: int) -> None:
        """The server goes on from there, unless it was asked for something else since."""
        for cursor in self.cursors:
            if cursor.awaits == number:
                cursor.awaits = None

    def fail(self, error: LongwireError) -> None:
        """There will be no more."""
        for cursor in self.cursors:
            cursor.fail(error)
        self.cursors.clear()
