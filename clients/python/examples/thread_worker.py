"""Serves the route `report` with a plain function, which runs in a thread."""

import os

import longwire

worker = longwire.sync.Worker(os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000"))


@worker.route("report")
def report(job: longwire.ThreadJob) -> object:
    pages = job.input["pages"]
    for page in range(1, pages + 1):
        job.sleep(0.02)  # the work; raises longwire.ToldToEnd once the job is to end
        job.progress(page, pages)
    return {"pages": pages}


if __name__ == "__main__":
    worker.run()
