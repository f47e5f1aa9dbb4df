"""Every test ends: what hangs is told where."""

import faulthandler
from collections.abc import AsyncIterator, Iterator

import pytest
from scripted import Peer, Script, quick
from server import Server, started

import longwire

SECONDS = 120


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with Script() as script:
        yield script


@pytest.fixture
async def pair(script: Script) -> AsyncIterator[tuple[longwire.Client, Peer]]:
    """A client, and the server's end of its socket."""
    async with longwire.connect(script.url, quick()) as client:
        yield client, await script.accept()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The real server."""
    with started() as server:
        yield server
