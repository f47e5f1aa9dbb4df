"""A view starts a job and hands the browser its connid; the page watches it, and only whose job it is may kill it."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response
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


Visitor = Annotated[str | None, Cookie()]


def owner(visitor: Visitor = None) -> str:
    """Whose jobs they are, as a tag. In an application that knows its users this is the user's id."""
    if visitor is None:
        raise HTTPException(401, "load the page first")
    # Everybody may read tags, so it is not the cookie itself.
    return "owner:" + hashlib.sha256(visitor.encode()).hexdigest()[:32]


Owner = Annotated[str, Depends(owner)]


@app.get("/", response_class=HTMLResponse)
async def page(response: Response, visitor: Visitor = None) -> str:
    if visitor is None:
        response.set_cookie("visitor", secrets.token_urlsafe(), httponly=True, samesite="lax")
    return PAGE


@app.post("/reports", status_code=202)
async def start(request: Request, pages: int, owner: Owner) -> dict[str, str]:
    client: longwire.Client = request.app.state.longwire
    job = await client.start("report", {"pages": pages}, time=600, tags=[owner])
    # The job goes on; only this watch ends.
    job.leave()
    return {"connid": job.connid}


@app.delete("/reports/{connid}")
async def kill(request: Request, connid: str, owner: Owner) -> dict[str, str]:
    client: longwire.Client = request.app.state.longwire
    try:
        job = (await client.status(connid))["jobs"][0]
        if owner not in job.get("tags", []):
            raise HTTPException(404, "no report of yours")
        # That job, and not what may have its connid by now.
        done = await client.kill(job=job["job"], reason="by its user")
    except longwire.Refused as refused:
        raise HTTPException(404, refused.message) from refused
    return {"status": done["status"]}
