"""Serves the route `report`: four at once."""

import asyncio
import os

import longwire

worker = longwire.Worker(os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000"), slots=4, name="reports")


@worker.route("report")
async def report(job: longwire.WorkerJob) -> object:
    pages = job.input["pages"]
    if pages > 1000:
        raise longwire.Fail("too_long", f"{pages} pages; 1000 are the most", detail={"most": 1000})
    for page in range(1, pages + 1):
        await asyncio.sleep(0.02)  # the work; a kill arrives here, as asyncio.CancelledError
        await job.print("page", page)
        await job.progress(page, pages)
    return {"pages": pages}


if __name__ == "__main__":
    worker.run_forever()
