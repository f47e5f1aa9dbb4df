"""The server's frames, as types.

They hold what `docs/schema/server.json` says, and a test compares the two. Times are seconds, points in time RFC 3339 in UTC.
What a job is given and what it returns is any JSON, and so is `Any` here.
"""

from typing import Any, Literal, TypedDict, final

Status = Literal["queued", "running", "ending", "ok", "failed", "killed", "timeout", "lost"]
"""How a job stands; the last five are outcomes."""
Clock = Literal["time", "idle_time", "queue_time"]
"""The clocks that a job may run out of."""
Stream = Literal["stdout", "stderr"]
"""Where output was printed."""
OnConflict = Literal["reject", "attach", "replace"]
"""What a start does where its connid is in use."""
OnDisconnect = Literal["keep", "kill"]
"""What becomes of a job whose last watcher is gone."""

OUTCOMES = frozenset({"ok", "failed", "killed", "timeout", "lost"})
"""The statuses that are the last."""
VERBS = frozenset(
    {"kill", "status", "watch", "unwatch", "extend", "routes", "query/module", "modules", "claim", "append", "end"}
)
"""What a frame's `route` may be beside the name of a route: these start no jobs."""


@final
class Progress(TypedDict, total=False):
    """How far a job is."""

    done: float
    total: float
    note: str


class _Failure(TypedDict):
    code: str
    message: str


@final
class Failure(_Failure, total=False):
    """Of what a job failed; `detail` is for programs."""

    detail: Any


class _Wish(TypedDict):
    by: str


class _Receipt(TypedDict):
    by: str
    forced: bool
    ms: int


@final
class Wish(_Wish, total=False):
    """Who asked for a job's end, and why."""

    reason: str


@final
class Receipt(_Receipt, total=False):
    """How a killed job was ended: whether by force, how long it took in milliseconds, and how many of its processes survived."""

    reason: str
    signals: list[str]
    survivors: int


class _Ended(TypedDict):
    status: Status
    seq: int


@final
class Ended(_Ended, total=False):
    """How a job ended, in short."""

    clock: Clock
    error: Failure
    kill: Receipt


class _Event(TypedDict):
    connid: str
    seq: int
    status: Status


@final
class Event(_Event, total=False):
    """Something that happened to a job: `seq` numbers it in the job's log, `status` is how the job stands after it.

    `output` is text, or bytes where it is no UTF-8. `at` is when it happened, where the address that was connected to ends with `?times=true`.
    """

    at: str
    attempt: int
    clock: Clock
    error: Failure
    job: str
    kill: Wish | Receipt
    left: float
    output: str | bytes
    progress: Progress
    result: Any
    route: str
    stream: Stream
    time: float


Range = TypedDict("Range", {"from": int, "to": int})
"""Numbers of a log, both included."""


@final
class Gap(TypedDict):
    """Comes in the place of events that are no longer kept."""

    gap: Range


class _FeedChange(TypedDict):
    feed: int
    at: str
    connid: str
    job: str
    route: str
    seq: int
    status: Status


@final
class FeedChange(_FeedChange, total=False):
    """Some job's change of state; `feed` numbers it in the feed. The first of a job says who started it (`by`) and its `tags`."""

    by: str
    left: float
    tags: list[str]


class _Started(TypedDict):
    connid: str
    job: str
    seq: int
    status: Status
    route: str
    time: float
    left: float


@final
class Started(_Started, total=False):
    """The reply to a start."""

    attached: bool
    position: int


class _Done(TypedDict):
    route: str
    status: Status


@final
class Done(_Done, total=False):
    """The reply to a kill, an extend, a watch."""

    connid: str
    ended: Ended
    feed: int
    job: str
    killed: int
    left: float
    seq: int
    time: float


class _JobView(TypedDict):
    connid: str
    job: str
    route: str
    status: Status
    time: float
    elapsed: float
    accepted_at: str
    seq: int
    by: str


@final
class JobView(_JobView, total=False):
    """A job, as `status` shows it."""

    attempt: int
    clock: Clock
    ended_at: str
    error: Failure
    idle_time: float
    kill: Wish | Receipt
    left: float
    position: int
    progress: Progress
    queue_time: float
    result: Any
    started_at: str
    tags: list[str]


@final
class StatusPage(TypedDict):
    """What runs: a page of it. `total` is none where it would take looking at each; `next` is none on the last page alone."""

    jobs: list[JobView]
    total: int | None
    next: str | None


class _RouteView(TypedDict):
    route: str
    time: float
    max_time: float
    kill_grace: float
    durable: bool
    queued: int
    running: int


@final
class RouteView(_RouteView, total=False):
    """What may be started, with its terms."""

    concurrency: int
    description: str
    idle_time: float
    queue_time: float
    schema: Any
    workers: int


@final
class Found(TypedDict):
    """What a search found."""

    message: str
    data: Any


class _ModuleView(TypedDict):
    name: str
    state: Literal["ready", "reading", "broken"]
    symbols: int
    libs: int
    bytes: int


@final
class ModuleView(_ModuleView, total=False):
    """A catalogue that can be searched."""

    digest: str
    sources: list[str]
    title: str
    trouble: str


@final
class Where(TypedDict, total=False):
    """Which jobs a status is to show."""

    route: str
    tag: str
