"""A worker: a program that serves routes."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, overload

from ._bench import Bench
from ._connection import Connection
from ._held import Held
from ._run import Run
from ._signals import signals
from .options import Options
from .tasks import CoroutineFunction, PlainFunction

C = TypeVar("C", bound=CoroutineFunction)
P = TypeVar("P", bound=PlainFunction)


class Worker:
    """Serves routes: each job of theirs that the server hands over is given to the route's function.

        worker = longwire.Worker("http://127.0.0.1:8000", slots=4)

        @worker.route("render")
        async def render(job):
            await job.progress(1, 2)
            return {"frames": 2}

        worker.run_forever()

    `slots` is how many jobs it serves at once; `name` is shown to people; `grace` is how many seconds the jobs it holds have to end once it is
    told to stop. What a function returns is the result; what it raises is the failure.
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
        self._url = url
        self._options = options or Options()
        self._slots = slots
        self._name = name
        self._grace = grace
        self._functions: dict[str, CoroutineFunction | PlainFunction] = {}
        self._bench: Bench | None = None
        self._connection: Connection | None = None
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    def route(self, name: str) -> "_Decorator":
        """The function below serves this route: a coroutine function in the worker's loop, a plain one in a thread of its own."""
        return _Decorator(self._functions, name)

    async def run(self) -> None:
        """Works until it is told to stop (`stop`, SIGTERM, SIGINT), then lets what it holds end within the grace. A second signal cuts that short.

        Raises where the server refuses the claim, or the connection is gone for good.
        """
        with signals(asyncio.get_running_loop(), self.stop_soon):
            async with self:
                await self._until_stop()

    def run_forever(self) -> None:
        """The same for a program that does nothing else: blocks until it was told to stop."""
        asyncio.run(self.run())

    async def start(self) -> None:
        """Connects, and returns once the claim stands; `stop` ends it. The first connection is tried once; where that fails it may be started again."""
        if not self._functions:
            raise ValueError("a worker serves at least one route: decorate a function with @worker.route(NAME)")
        if self._bench is not None:
            raise RuntimeError("the worker has been started already")
        claim: dict[str, Any] = {"route": "claim", "routes": list(self._functions), "slots": self._slots}
        if self._name is not None:
            claim["worker"] = self._name
        self._connection = Connection(self._url, self._options)
        self._bench = Bench(self._connection.wake, claim, self._options.frame_bytes)
        self._bench.begin = self._begin
        self._bench.told = self._told
        try:
            await self._connection.start(self._bench)
            await self._wait(lambda bench: bench.stands)
        except BaseException:
            await self._leave()
            raise

    async def stop(self) -> None:
        """Takes no more jobs, lets those that it holds end within the grace, and leaves. What has not ended by then is not this worker's any more."""
        bench = self._bench
        if bench is None:
            return
        try:
            if bench.error is None:
                bench.stop()
                drained = asyncio.ensure_future(self._wait(lambda bench: bench.stands and not bench.held))
                hurried = asyncio.ensure_future(self._hurry.wait())
                waiting = {drained, hurried}
                try:
                    await asyncio.wait(waiting, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in waiting:
                        task.cancel()
                    await asyncio.gather(*waiting, return_exceptions=True)
        finally:
            await self._leave()

    def stop_soon(self) -> None:
        """Has `run` stop; called in the worker's loop. A second call cuts the grace short."""
        (self._hurry if self._stop.is_set() else self._stop).set()

    async def __aenter__(self) -> "Worker":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.stop()
        else:
            await self._leave()

    async def _until_stop(self) -> None:
        assert self._connection is not None and self._bench is not None
        stop = asyncio.ensure_future(self._stop.wait())
        ended = asyncio.ensure_future(self._connection.ended())
        try:
            await asyncio.wait({stop, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            ended.cancel()
            await asyncio.gather(stop, ended, return_exceptions=True)
        if self._bench.error is not None:
            raise self._bench.error

    async def _wait(self, is_so: Callable[[Bench], bool]) -> None:
        bench = self._bench
        assert bench is not None
        while not is_so(bench):
            if bench.error is not None:
                raise bench.error
            bench.changed.clear()
            await bench.changed.wait()

    async def _leave(self) -> None:
        """What still runs is told to end, and nothing is said of it: the server gives it to others."""
        assert self._connection is not None
        try:
            await self._connection.close()
        finally:
            # Also where whoever waits for it is cancelled.
            for run in self._runs.values():
                run.tell()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=1.0)
            for task in self._tasks:
                task.cancel()
            self._bench = None
            # These belong to the loop that waited for them, and the next start may be in another.
            self._stop, self._hurry = asyncio.Event(), asyncio.Event()

    def _begin(self, held: Held) -> None:
        assert self._bench is not None
        run = Run(held, self._bench, self._functions[held.handed["route"]])
        self._runs[held.lease] = run
        task = asyncio.create_task(run.to_its_end())
        self._tasks.add(task)

        def done(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            self._runs.pop(held.lease, None)

        task.add_done_callback(done)

    def _told(self, held: Held) -> None:
        run = self._runs.get(held.lease)
        if run is not None:
            run.tell()


class _Decorator:
    def __init__(self, functions: dict[str, CoroutineFunction | PlainFunction], name: str) -> None:
        self._functions = functions
        self._name = name

    @overload
    def __call__(self, function: C) -> C: ...

    @overload
    def __call__(self, function: P) -> P: ...

    def __call__(self, function: Any) -> Any:
        if self._name in self._functions:
            raise ValueError(f"route {self._name!r} has a function already")
        self._functions[self._name] = function
        return function
