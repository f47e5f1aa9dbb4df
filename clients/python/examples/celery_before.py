"""A task of Celery: a broker and a result backend run beside it."""

import time

from celery import Celery, Task
from celery.result import AsyncResult

app = Celery("reports", broker="redis://127.0.0.1", backend="redis://127.0.0.1")


@app.task(bind=True, name="report", time_limit=600, acks_late=True, max_retries=2)
def report(self: Task, pages: int) -> dict[str, int]:
    for page in range(1, pages + 1):
        time.sleep(0.02)
        self.update_state(state="PROGRESS", meta={"done": page, "total": pages})
    return {"pages": pages}


def start(pages: int) -> str:
    return report.delay(pages).id


def progress(task_id: str) -> object:
    return AsyncResult(task_id, app=app).info


def kill(task_id: str) -> None:
    app.control.revoke(task_id, terminate=True)


def result(task_id: str) -> object:
    return AsyncResult(task_id, app=app).get(timeout=60)
