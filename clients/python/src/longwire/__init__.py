"""Start, watch and kill long-running requests over one WebSocket: the client of Longwire.

    async with longwire.connect("http://127.0.0.1:8000") as client:
        job = await client.start("report", {"month": 3}, time=600)
        async for event in job:
            print(event)
        print(await job)

`longwire.sync` has the same without `await`, for scripts and notebooks. `Worker` serves a route.
"""

from . import sync
from ._asks import new_connid
from .client import Client, Connecting, connect
from .errors import (
    ConnectionError,
    Fail,
    JobError,
    JobFailed,
    JobKilled,
    JobLost,
    JobTimeout,
    LongwireError,
    Refused,
    ToldToEnd,
)
from .feed import Feed
from .frames import Event, FeedChange, Gap, Progress, StatusPage
from .job import Job
from .link import Link
from .options import Options
from .tasks import ThreadJob, WorkerJob
from .worker import Worker

__all__ = [
    "Client",
    "Connecting",
    "ConnectionError",
    "Event",
    "Fail",
    "Feed",
    "FeedChange",
    "Gap",
    "Job",
    "JobError",
    "JobFailed",
    "JobKilled",
    "JobLost",
    "JobTimeout",
    "Link",
    "LongwireError",
    "Options",
    "Progress",
    "Refused",
    "StatusPage",
    "ThreadJob",
    "ToldToEnd",
    "Worker",
    "WorkerJob",
    "connect",
    "new_connid",
    "sync",
]
