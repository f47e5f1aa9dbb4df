"""One job that prints 100,000 numbered lines, through a network that breaks 50 times."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Iterable

import pytest
from proxy import CuttingProxy
from scripted import quick
from server import Server

import longwire
from longwire import sync

LINES = 100_000
CUTS = 50
# 50 times that is less than what is sent in all, so that each cut is in the midst of the job.
BYTES = 20_000


class Lines:
    """Counts lines, however they are cut into events."""

    def __init__(self) -> None:
        self.count: Counter[int] = Counter()
        self.gaps = 0
        self.events = 0
        self._rest = ""

    def take(self, item: longwire.Event | longwire.Gap) -> None:
        if "gap" in item:
            self.gaps += 1
            return
        self.events += 1
        output = item.get("output", "")
        assert isinstance(output, str)
        *whole, self._rest = (self._rest + output).split("\n")
        self.count.update(map(int, whole))

    def figures(self) -> tuple[int, int, int]:
        """Received, missing, twice."""
        assert self._rest == "" and self.gaps == 0
        missing = sum(1 for line in range(1, LINES + 1) if line not in self.count)
        return self.count.total(), missing, sum(1 for times in self.count.values() if times > 1)


async def taken(items: AsyncIterable[longwire.Event | longwire.Gap]) -> Lines:
    lines = Lines()
    async for item in items:
        lines.take(item)
    return lines


def taken_without_a_loop(items: Iterable[longwire.Event | longwire.Gap]) -> Lines:
    lines = Lines()
    for item in items:
        lines.take(item)
    return lines


def told(capsys: pytest.CaptureFixture[str], who: str, lines: Lines, cut: int) -> None:
    received, missing, twice = lines.figures()
    with capsys.disabled():
        print(
            f"\n  {who}: {cut} cuts, {lines.events} events; lines received {received}, missing {missing}, twice {twice}"
        )
    assert (received, missing, twice) == (LINES, 0, 0)
    assert cut == CUTS
    assert lines.events > 10 * CUTS, "most cuts were in the midst of one event"


async def test_no_line_is_missing_or_twice(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    async with CuttingProxy(server.port, CUTS, BYTES) as proxy, longwire.connect(proxy.url, quick()) as client:
        job = await client.start("lines", {"n": LINES})
        lines = await asyncio.wait_for(taken(job), 100)
        assert (await job)["exit_code"] == 0
        told(capsys, "asyncio", lines, proxy.cut)


async def test_the_same_without_a_loop(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    def work(url: str) -> Lines:
        with sync.connect(url, quick()) as client:
            job = client.start("lines", {"n": LINES})
            lines = taken_without_a_loop(job)
            assert job.result()["exit_code"] == 0
            return lines

    async with CuttingProxy(server.port, CUTS, BYTES) as proxy:
        lines = await asyncio.wait_for(asyncio.to_thread(work, proxy.url), 100)
        told(capsys, "longwire.sync", lines, proxy.cut)


async def test_the_same_for_a_reader_that_falls_behind(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    behind = 0

    async def slowly(job: longwire.Job) -> AsyncIterable[longwire.Event | longwire.Gap]:
        nonlocal behind
        async for item in job:
            yield item
            if job.seen % 2000 == 0:
                # More than the moment for which a reader is waited for.
                await asyncio.sleep(0.12)
                behind += job._cursor.behind

    async with CuttingProxy(server.port, CUTS, BYTES) as proxy, longwire.connect(proxy.url, quick()) as client:
        job = await client.start("lines", {"n": LINES})
        lines = await asyncio.wait_for(taken(slowly(job)), 100)
        told(capsys, f"asyncio, {behind} times behind", lines, proxy.cut)
        assert behind > 0


async def test_two_handles_of_one_job_on_one_connection(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    async with CuttingProxy(server.port, CUTS, BYTES) as proxy, longwire.connect(proxy.url, quick()) as client:
        job = await client.start("lines", {"n": LINES})
        first = asyncio.create_task(taken(job))
        second = asyncio.create_task(taken(await client.watch(job.connid)))
        for name, lines in (("first", first), ("second", second)):
            told(capsys, f"asyncio, {name} of two handles", await asyncio.wait_for(lines, 100), proxy.cut)
