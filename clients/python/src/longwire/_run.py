"""One job's function, from its beginning to its end."""

import asyncio
import contextlib
import inspect
import logging
import re
import threading
from typing import Any, cast

from ._bench import Bench
from ._held import Held
from ._text import text_of
from .errors import Fail, LongwireError, ToldToEnd
from .tasks import CoroutineFunction, PlainFunction, ThreadJob, WorkerJob

_log = logging.getLogger("longwire.worker")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MESSAGE = 4000

_Work = asyncio.Future[object]


class Run:
    """A function that serves a job."""

    def __init__(self, held: Held, bench: Bench, function: CoroutineFunction | PlainFunction) -> None:
        self._held = held
        self._bench = bench
        self._thread: ThreadJob | None = None
        if _is_coroutine_function(function):
            job = WorkerJob(held, bench)
            self._work: _Work = asyncio.ensure_future(cast(CoroutineFunction, function)(job))
        else:
            loop = asyncio.get_running_loop()
            self._thread = ThreadJob(held, bench, loop)
            self._work = _in_thread(cast(PlainFunction, function), self._thread, loop)

    def tell(self) -> None:
        """It is to end."""
        if self._thread is not None:
            self._thread._told.set()
        elif not self._work.done():
            self._work.cancel()

    async def to_its_end(self) -> None:
        """Waits for the function, and says how it ended."""
        try:
            await asyncio.wait([self._work])
        except asyncio.CancelledError:
            self.tell()
            raise
        end = self._end()
        if not self._held.is_gone:
            for said in self._held.end(end):
                self._bench.say(self._held, said)

    def _end(self) -> dict[str, Any]:
        error = asyncio.CancelledError() if self._work.cancelled() else self._work.exception()
        if error is None:
            return self._result(self._work.result())
        if isinstance(error, (asyncio.CancelledError, ToldToEnd)):
            if self._held.failure is not None:
                return {"error": failure(self._held.failure)}
            if self._held.ending is not None:
                return {}
            return {
                "error": {
                    "code": "cancelled",
                    "message": "the function ended by a cancellation that was not the server's",
                }
            }
        if not isinstance(error, Fail):
            _log.error("%s of %s failed", self._held.handed["connid"], self._held.handed["route"], exc_info=error)
        return {"error": failure(error)}

    def _result(self, result: object) -> dict[str, Any]:
        if self._held.failure is not None:
            return {"error": failure(self._held.failure)}
        try:
            text_of(result)
        except (TypeError, ValueError, RecursionError) as error:
            return {"error": {"code": "bad_result", "message": f"what the function returned is no JSON: {error}"}}
        return {} if result is None else {"result": result}


def _is_coroutine_function(function: object) -> bool:
    """Also of an object that is called as one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def failure(error: BaseException) -> dict[str, Any]:
    """What a failure says: its `code`, or its class's name in small letters; its message; its `detail`. Nothing of the stack."""
    code = getattr(error, "code", None)
    if not isinstance(code, str) or not _WORD.fullmatch(code):
        code = re.sub(r"[^a-z0-9_.-]", "_", type(error).__name__.lower())[:64]
    message = error.message if isinstance(error, LongwireError) else str(error)
    said: dict[str, Any] = {"code": code, "message": message.encode(errors="replace").decode()[:_MESSAGE]}
    detail = getattr(error, "detail", None)
    if detail is not None:
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            text_of(detail)
            said["detail"] = detail
    return said


def _in_thread(function: PlainFunction, job: ThreadJob, loop: asyncio.AbstractEventLoop) -> _Work:
    """A thread of its own, which does not hold up the end of the program: it may be one that does not listen."""
    work: _Work = loop.create_future()

    def finish(result: object, error: BaseException | None) -> None:
        if work.done():
            return
        if error is None:
            work.set_result(result)
        else:
            work.set_exception(error)

    def run() -> None:
        result: object = None
        error: BaseException | None = None
        try:
            result = function(job)
        except StopIteration as stop:
            error = RuntimeError(f"the function raised {stop!r}")
        except BaseException as wrong:
            error = wrong
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, name=f"longwire {job.route} {job.connid}", daemon=True).start()
    return work
