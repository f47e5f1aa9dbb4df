"""A thread with a loop of its own, and the way into it."""

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..errors import ConnectionError, closed

T = TypeVar("T")


class Portal:
    """A thread with a loop of its own, to be ended by `close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._last: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._is_closed = False
        # Whoever collects garbage in a call may close it there.
        self._lock = threading.RLock()
        # A program that forgets to close it ends all the same.
        self._thread = threading.Thread(target=self._run, name="longwire", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self._wind_up())
        finally:
            self.loop.close()

    async def _wind_up(self) -> None:
        """Does the last thing, and cancels what still waits, so that nobody waits for it for ever."""
        if self._last is not None:
            await self._last()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Does it there and waits for it, so many seconds at most. Ctrl-C here cancels it there."""
        future = self._submit(work)
        try:
            return future.result(timeout)
        except concurrent.futures.CancelledError:
            raise closed() from None
        except concurrent.futures.TimeoutError:
            if future.done():
                raise
            future.cancel()
            raise TimeoutError(f"not done within {timeout} s") from None
        except BaseException:
            future.cancel()
            raise

    def _submit(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        try:
            if threading.current_thread() is self._thread:
                raise RuntimeError("this would wait for itself: in the client's own thread use the asynchronous client")
            if os.getpid() != self._process:
                raise ConnectionError("closed", "the client is another process's: make one after the fork, not before")
            with self._lock:
                if self._is_closed:
                    raise closed()
                try:
                    return asyncio.run_coroutine_threadsafe(work, self.loop)
                except RuntimeError:
                    raise closed() from None
        except BaseException:
            work.close()
            raise

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Does the last thing there, ends the thread and waits for it.

        In its own thread, where garbage may be collected, too, it cannot wait; and a forked process has no such thread.
        """
        if os.getpid() != self._process:
            return
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._last = last
                self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()
