"""A worker, without a loop."""

from types import TracebackType

from .. import worker as _worker
from .._signals import signals
from ..options import Options
from ._portal import Portal


class Worker:
    """Serves routes, as `longwire.Worker` does, in a thread of its own: `run` blocks, `start` and `stop` (or `with`) do not.

    Its functions are plain ones, or coroutine functions.
    """

    def __init__(
        self,
        url: str,
        *,
        slots: int = 1,
        name: str | None = None,
        grace: float = 30.0,
        options: Options | None = None,
    ) -> None:
        self._worker = _worker.Worker(url, slots=slots, name=name, grace=grace, options=options)
        self._portal: Portal | None = None

    def route(self, name: str) -> "_worker._Decorator":
        """The function below serves this route."""
        return self._worker.route(name)

    def run(self) -> None:
        """Works until it is told to stop (Ctrl-C, SIGTERM), then lets what it holds end within the grace. A second signal cuts that short."""
        portal = Portal()
        try:
            with signals(portal.loop, self._worker.stop_soon):
                portal.call(self._worker.run())
        finally:
            portal.close()

    def start(self) -> None:
        """Connects, and returns once the claim stands."""
        portal = Portal()
        try:
            portal.call(self._worker.start())
        except BaseException:
            portal.close()
            raise
        self._portal = portal

    def stop(self) -> None:
        """Takes no more jobs, lets those that it holds end within the grace, and leaves."""
        if self._portal is not None:
            try:
                self._portal.call(self._worker.stop())
            finally:
                self._portal.close()
                self._portal = None

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
