"""A view starts a job and hands the browser its connid; the page watches it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

import longwire

SERVER = os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000")
PAGE = Path(__file__).with_name("page.html").read_text().replace("SERVER", SERVER)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # One connection for the whole application: it is made anew by itself.
    async with longwire.connect(SERVER) as app.state.longwire:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.post("/reports", status_code=202)
async def start(request: Request, pages: int) -> dict[str, str]:
    client: longwire.Client = request.app.state.longwire
    job = await client.start("report", {"pages": pages}, time=600)
    # The job goes on; only this watch ends.
    job.leave()
    return {"connid": job.connid}


@app.delete("/reports/{connid}")
async def kill(request: Request, connid: str) -> dict[str, str]:
    client: longwire.Client = request.app.state.longwire
    try:
        done = await client.kill(connid, "by its user")
    except longwire.Refused as refused:
        raise HTTPException(404, refused.message) from refused
    return {"status": done["status"]}
