"""A thread with a loop of its own, and the way into it."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Portal:
    """A thread with a loop of its own, to be ended by `close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        # A program that forgets to close it ends all the same.
        self._thread = threading.Thread(target=self._run, name="longwire", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Does it there and waits for it. Ctrl-C here cancels it there."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("this would wait for itself: in the client's own thread use the asynchronous client")
        if not self._thread.is_alive() or self.loop.is_closed():
            work.close()
            raise RuntimeError("the client was closed")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Ends the thread and waits for it."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
