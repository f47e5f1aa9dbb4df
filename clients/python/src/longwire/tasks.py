"""What a worker's function is given."""

import asyncio
import math
import operator
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, SupportsFloat, SupportsIndex

from ._bench import Bench
from ._held import Held
from ._output import Bytes, pieces
from .errors import ToldToEnd
from .frames import Clock, Progress, Stream, Wish

Number = SupportsFloat | SupportsIndex
"""`int` and `float`, `Decimal` and `Fraction`, and the numbers of other libraries."""

_NOTE_BYTES = 1024


class _Facts:
    def __init__(self, held: Held) -> None:
        handed = held.handed
        self._held = held
        self.input: Any = handed.get("input")
        """What the start was given; none where there is none."""
        self.connid = str(handed["connid"])
        """The client's name for it."""
        self.id = str(handed["job"])
        """The server's name for it, which no other job ever has."""
        self.route = str(handed["route"])
        """What it was started on."""
        self.attempt = int(handed["attempt"])
        """How often it was begun: from 2 where somebody began it before and is gone."""
        self.time = float(handed["time"])
        """Seconds it was given in all."""
        self.left = float(handed["left"])
        """Seconds to its deadline when it was handed over."""
        self.grace = float(handed["grace"])
        """Seconds it has to end once it is told to."""

    @property
    def kill(self) -> Wish | None:
        """Who asked for its end, and why; once it is told to end by a kill."""
        ending = self._held.ending or {}
        return ending.get("kill")

    @property
    def clock(self) -> Clock | None:
        """The clock that ran out; once it is told to end by one."""
        ending = self._held.ending or {}
        return ending.get("clock")


class WorkerJob(_Facts):
    """A job that a coroutine function serves. A kill or a clock that ran out arrives as `asyncio.CancelledError`."""

    def __init__(self, held: Held, bench: Bench) -> None:
        super().__init__(held)
        self._bench = bench

    async def print(self, *values: object, sep: str = " ", end: str = "\n", stream: Stream = "stdout") -> None:
        """Output, written as `print` does. Returns once it is on its way; waits where too much is not answered yet."""
        await self.write(sep.join(map(str, values)) + end, stream=stream)

    async def write(self, output: str | Bytes, *, stream: Stream = "stdout") -> None:
        """Output as it is. Bytes need be no text."""
        for frame, size in pieces(output, stream):
            await self._held.room()
            if self._held.is_gone:
                return
            self._bench.say(self._held, self._held.append(frame, size))

    async def progress(self, done: Number | None = None, total: Number | None = None, note: str | None = None) -> None:
        """How far it is. Of progress that comes faster than ten a second the last is kept.

        Numbers of any kind; what is none is a `TypeError`, and one that is not finite a `ValueError`.
        """
        told = _progress(done, total, note)
        if not self._held.is_gone and (said := self._held.progress(told)) is not None:
            self._bench.say(self._held, said)


class ThreadJob(_Facts):
    """A job that a plain function serves, in a thread of its own. Python cannot end a thread: ask `told_to_end`, or call `check` or `sleep`."""

    def __init__(self, held: Held, bench: Bench, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(held)
        self._job = WorkerJob(held, bench)
        self._loop = loop
        self._told = threading.Event()

    def told_to_end(self) -> bool:
        """Whether it is to end: it was killed, is out of time, or is no longer this worker's."""
        return self._told.is_set()

    def check(self) -> None:
        """Raises `ToldToEnd` once it is to end."""
        if self._told.is_set():
            raise ToldToEnd

    def sleep(self, seconds: float) -> None:
        """Sleeps; raises `ToldToEnd` as soon as it is to end."""
        self._told.wait(seconds)
        self.check()

    def print(self, *values: object, sep: str = " ", end: str = "\n", stream: Stream = "stdout") -> None:
        """Output, written as `print` does. Returns once it is on its way; waits where too much is not answered yet."""
        self._do(self._job.print(*values, sep=sep, end=end, stream=stream))

    def write(self, output: str | Bytes, *, stream: Stream = "stdout") -> None:
        """Output as it is. Bytes need be no text."""
        self._do(self._job.write(output, stream=stream))

    def progress(self, done: Number | None = None, total: Number | None = None, note: str | None = None) -> None:
        """How far it is, as `WorkerJob.progress` says it."""
        self._do(self._job.progress(done, total, note))

    def _do(self, saying: Coroutine[Any, Any, None]) -> None:
        """What is no longer this worker's ends here; what was told to end may still say what it did."""
        if self._held.is_gone or self._loop.is_closed():
            saying.close()
            raise ToldToEnd
        asyncio.run_coroutine_threadsafe(saying, self._loop).result()


def _progress(done: object, total: object, note: object) -> Progress:
    told: Progress = {}
    if done is not None:
        told["done"] = _number("done", done)
    if total is not None:
        told["total"] = _number("total", total)
    if note is not None:
        if not isinstance(note, str):
            raise TypeError(f"progress: note is {note!r}, and has to be a text")
        told["note"] = note.encode(errors="replace")[:_NOTE_BYTES].decode(errors="ignore")
    return told


def _number(name: str, value: object) -> float:
    """As JSON has it."""
    try:
        if isinstance(value, SupportsIndex):
            whole = int(operator.index(value))
            # JSON bounds no integer, and the server does.
            float(whole)
            return whole
        if not isinstance(value, SupportsFloat):
            raise TypeError(f"progress: {name} is {value!r}, and has to be a number")
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"progress: {name} is {value!r:.100}, and has to be a finite number")
    return number


class CoroutineFunction(Protocol):
    """A function that serves a route as a coroutine."""

    def __call__(self, job: WorkerJob, /) -> Coroutine[Any, Any, object]:
        """What it returns is the result, what it raises the failure."""


class PlainFunction(Protocol):
    """A function that serves a route in a thread."""

    def __call__(self, job: ThreadJob, /) -> object:
        """What it returns is the result, what it raises the failure."""
