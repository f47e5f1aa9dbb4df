"""The client without `await`, for scripts and notebooks: the same names, iterators in the place of asynchronous ones.

with longwire.sync.connect("http://127.0.0.1:8000") as client:
    job = client.start("report", {"month": 3}, time=600)
    for event in job:
        print(event)
    print(job.result())
"""

from ..options import Options
from .client import Client, connect
from .job import Feed, Job
from .worker import Worker

__all__ = ["Client", "Feed", "Job", "Options", "Worker", "connect"]
