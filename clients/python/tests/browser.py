"""A real browser, by its DevTools protocol."""

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 30


class Page:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self._events: set[str | None] = set()
        self.session: str | None = None

    async def asks(self, method: str, **params: Any) -> Any:
        self._last += 1
        asked = {"id": self._last, "method": method, "params": params}
        await self._socket.send(json.dumps(asked | ({"sessionId": self.session} if self.session else {})))
        while (answer := await self._hears()).get("id") != self._last:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    async def _hears(self) -> Any:
        message = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
        self._events.add(message.get("method"))
        return message

    async def does(self, script: str) -> Any:
        done = await self.asks("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, condition: str) -> None:
        """Waits in the page, for its next frames, until that holds."""
        await self.does(
            f"""new Promise((done, failed) => {{
                const until = Date.now() + {PATIENCE * 1000};
                const look = () => ({condition}) ? done(true)
                    : Date.now() > until ? failed(new Error({json.dumps(condition)} + document.body.innerHTML))
                    : setTimeout(look, 10);
                look();
            }})"""
        )

    async def shows(self, state: str) -> None:
        await self.until(f"document.querySelector('#state')?.textContent === {json.dumps(state)}")

    async def clicks(self, what: str) -> None:
        await self.until(f"document.querySelector({json.dumps(what)})")
        await self.does(f"document.querySelector({json.dumps(what)}).click()")

    async def loads(self, method: str, **params: Any) -> None:
        """Does what loads a page (`Page.navigate`, `Page.reload`), and waits for that."""
        self._events.clear()
        await self.asks(method, **params)
        while "Page.loadEventFired" not in self._events:
            await self._hears()


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Page]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("the recipes' pages are tested in Chromium, which is not here: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        browser = await asyncio.create_subprocess_exec(
            program,
            *options,
            f"--user-data-dir={folder}",
            "--remote-debugging-port=0",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert browser.stderr is not None
            async with connect(await _address(browser.stderr), max_size=None, proxy=None, compression=None) as socket:
                page = Page(socket)
                target = await page.asks("Target.createTarget", url="about:blank")
                attached = await page.asks("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                page.session = attached["sessionId"]
                await page.asks("Page.enable")
                await page.loads("Page.navigate", url=url)
                yield page
        finally:
            browser.terminate()
            await browser.communicate()


async def _address(said: asyncio.StreamReader) -> str:
    lines = []
    while line := await asyncio.wait_for(said.readline(), PATIENCE):
        lines.append(line.decode())
        if found := re.search(r"DevTools listening on (ws://\S+)", lines[-1]):
            return found[1]
    raise AssertionError("the browser did not start:\n" + "".join(lines))
