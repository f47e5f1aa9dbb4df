"""The same with Longwire: the server is all that runs beside it."""

import os

import longwire
import longwire.sync

SERVER = os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000")
worker = longwire.sync.Worker(SERVER)


@worker.route("report")
def report(job: longwire.ThreadJob) -> dict[str, int]:
    pages = job.input["pages"]
    for page in range(1, pages + 1):
        job.sleep(0.02)
        job.progress(page, pages)
    return {"pages": pages}


def start(client: longwire.sync.Client, pages: int) -> str:
    return client.start("report", {"pages": pages}, time=600).connid


def progress(client: longwire.sync.Client, connid: str) -> object:
    return client.status(connid)["jobs"][0].get("progress")


def kill(client: longwire.sync.Client, connid: str) -> object:
    return client.kill(connid, wait=True)["ended"]["kill"]


def result(client: longwire.sync.Client, connid: str) -> object:
    return client.watch(connid).result(timeout=60)


if __name__ == "__main__":
    worker.run()
