"""Requests on Celery: tasks that the worker holds until their time is up, in Redis all the while."""

import os
from datetime import datetime, timezone
from typing import Any

from celery import Celery
from celery.result import AsyncResult

REDIS = f"redis://127.0.0.1:{os.environ['PORT']}"
app = Celery("tasks", broker=f"{REDIS}/0", backend=f"{REDIS}/1")
app.conf.broker_connection_retry_on_startup = True


@app.task(name="request")
def request() -> str:
    return "ok"


def start(connid: str, time: float, **options: Any) -> AsyncResult:
    return request.apply_async(task_id=connid, countdown=time or None, **options)


def kill(connid: str) -> bool:
    """Whether the worker has it."""
    replies = app.control.revoke(connid, reply=True, limit=1, timeout=10)
    return any("ok" in reply for answer in replies for reply in answer.values())


def held() -> list[dict[str, Any]]:
    """All that the worker holds and will run. A revoked task stays in its schedule until its time."""
    inspect = app.control.inspect(limit=1, timeout=10)
    revoked = {connid for ids in (inspect.revoked() or {}).values() for connid in ids}
    scheduled = [task for tasks in (inspect.scheduled() or {}).values() for task in tasks]
    return [task for task in scheduled if task["request"]["id"] not in revoked]


def status() -> dict[str, float]:
    """The time left of each, in seconds."""
    now = datetime.now(timezone.utc)
    return {task["request"]["id"]: (datetime.fromisoformat(task["eta"]) - now).total_seconds() for task in held()}
