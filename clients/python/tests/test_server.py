"""Against the real server."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from scripted import quick, within
from server import Server, started

import longwire

HERE = Path(__file__).parent


async def test_start_watch_and_kill(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        job = await client.start("sleeps", connid="a", tags=["march"], time=60)
        assert (await client.extend("a", 120))["time"] == pytest.approx(120)
        page = await client.status(where={"tag": "march"})
        assert [(one["connid"], one["status"]) for one in page["jobs"]] == [("a", "running")]
        watching = await client.watch("a")
        done = await job.kill("wrong month", wait=True)
        assert done["ended"]["status"] == "killed"
        with pytest.raises(longwire.JobKilled) as killed:
            await within(job)
        receipt = killed.value.receipt
        assert receipt is not None
        assert (receipt["by"], receipt["reason"], receipt["survivors"]) == ("anonymous", "wrong month", 0)
        assert str(killed.value) == "a was killed by anonymous: wrong month (killed)"
        assert [event["status"] async for event in watching if "status" in event][-2:] == ["ending", "killed"]


async def test_a_handle_of_an_ended_job_kills_no_other_of_its_name(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        first = await client.start("request", connid="twin", time=0.05)
        await within(first)
        second = await client.start("request", connid="twin", time=60)
        old = await client.watch(job=first.id)
        with pytest.raises(longwire.Refused, match="already_ended"):
            await old.kill("meant for the first")
        assert (await client.status("twin"))["jobs"][0]["job"] == second.id
        assert (await client.status(job=first.id))["jobs"][0]["status"] == "ok"
        assert (await client.extend(job=second.id, time=50))["time"] == pytest.approx(50, abs=1)
        done = await client.kill(job=second.id, wait=True)
        assert (done["job"], done["ended"]["status"]) == (second.id, "killed")


async def test_a_kill_of_all_that_fit_says_how_many(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        jobs = [await client.start("request", tags=["nightly"], time=60) for _ in range(2)]
        assert (await client.kill(where={"tag": "nightly"}, reason="wrong month"))["killed"] == 2
        assert [(await within(job.outcome()))["status"] for job in jobs] == ["killed", "killed"]
        assert (await client.kill(where={"tag": "nightly"}))["killed"] == 0
        with pytest.raises(longwire.Refused) as refused:
            await client.kill("a", where={"tag": "nightly"})
        assert refused.value.code == "invalid_field"


async def test_events_say_when_they_happened_where_that_is_asked_for(server: Server) -> None:
    async with longwire.connect(server.url + "?times=true") as client:
        job = await client.start("request", time=0.05)
        assert ["at" in event async for event in job] == [True]
    async with longwire.connect(server.url) as client:
        assert ["at" in event async for event in await client.watch(job=job.id)] == [False, False]


async def test_every_outcome_but_ok_is_an_error_of_its_own(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        with pytest.raises(longwire.JobFailed) as failed:
            await (await client.start("fails"))
        assert (failed.value.code, failed.value.detail["exit_code"]) == ("exit", 1)
        with pytest.raises(longwire.JobTimeout) as late:
            await (await client.start("sleeps", time=0.1))
        assert (late.value.code, late.value.clock) == ("timeout", "time")
        worker = longwire.Worker(server.url)

        @worker.route("render")
        async def hold(job: longwire.WorkerJob) -> None:
            await job.print("held")
            await asyncio.Event().wait()

        await worker.start()
        job = await client.start("render")
        async for event in job:
            if "output" in event:
                break
        await worker._leave()
        with pytest.raises(longwire.JobLost) as lost:
            await within(job)
        assert lost.value.code == "lost"
        assert lost.value.failure is not None and lost.value.failure["code"] == "worker_lost"


async def test_refusals_name_the_field(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        for route, given, code, field in [
            ("nobody", None, "unknown_route", "route"),
            ("resize", {"width": "640"}, "invalid_field", "input.width"),
        ]:
            with pytest.raises(longwire.Refused) as refused:
                await client.start(route, given)
            assert (refused.value.code, refused.value.field) == (code, field)
        with pytest.raises(longwire.Refused, match="unknown_connid"):
            await client.watch("nobody")
        with pytest.raises(TypeError):
            await client.watch()


async def test_the_other_verbs(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        assert {"request", "lines", "render"} <= {route["route"] for route in await client.routes()}
        found = await client.search(["vector"], "emback", limit=3)
        assert any("emplace_back" in str(one) for one in found["data"])
        assert [module["state"] for module in await client.modules()] == ["ready"]
        async with client.feed() as feed:
            job = await client.start("request", time=0.05, connid="fed")
            await job
            statuses = []
            async for change in feed:
                if "feed" in change and change["connid"] == "fed":
                    statuses.append(change["status"])
                    if change["status"] == "ok":
                        break
            assert statuses == ["running", "ok"]
        tagged = await client.start("request", time=0.05, connid="tagged", tags=["march"])
        await tagged
        async with client.feed(after=0) as feed:
            async for change in feed:
                if "feed" in change and change["connid"] == "tagged":
                    assert (change["by"], change["tags"]) == ("anonymous", ["march"])
                    break


async def test_a_watch_from_after_the_end_knows_the_result(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        job = await client.start("lines", {"n": 1})
        last = await within(job.outcome())
        later = await client.watch(job=job.id, after=last["seq"])
        assert [event async for event in later] == []
        assert await within(later) == last["result"] != {}
        killed = await client.start("request", time=60)
        done = await killed.kill(wait=True)
        with pytest.raises(longwire.JobKilled) as how:
            await within((await killed.watch(after=done["seq"])).result())
        assert how.value.receipt is not None and not how.value.receipt["forced"]


async def test_output_that_is_no_text(server: Server) -> None:
    async with longwire.connect(server.url) as client:
        job = await client.start("bytes")
        outputs = [event["output"] async for event in job if "output" in event]
        assert b"".join(one if isinstance(one, bytes) else one.encode() for one in outputs) == b"caf\xe9\n"


async def test_a_job_outlives_its_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    with started("--listen", listen, "--data", str(tmp_path / "jobs")) as first:
        client = await longwire.connect(first.url, quick())
        job = await client.start("request", time=3)
        first.process.kill()
    # Nobody answers for a while; then another does.
    with started("--listen", listen, "--data", str(tmp_path / "jobs")):
        assert [event.get("status") async for event in job] == ["ok"]
        assert await within(job) is None
        await client.close()


async def test_a_server_that_has_forgotten_a_job_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    with started("--listen", listen) as first:
        client = await longwire.connect(first.url, quick())
        job = await client.start("request", time=60)
        first.process.kill()
    with started("--listen", listen):
        with pytest.raises(longwire.Refused, match="unknown_connid"):
            await within(job)
        await client.close()


async def test_a_worker_serves_and_is_killed(server: Server) -> None:
    worker = longwire.Worker(server.url, slots=3)

    @worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        for frame in range(1, job.input["frames"] + 1):
            await job.print("frame", frame)
            await job.progress(frame, job.input["frames"])
            if job.input.get("slow"):
                await asyncio.sleep(0.01)
        return {"frames": job.input["frames"]}

    @worker.route("report")
    def report(job: longwire.ThreadJob) -> object:
        page = 0
        while job.input != page:
            job.check()
            page += 1
            job.print("page", page)
            job.sleep(0.001)
        return page

    async with worker, longwire.connect(server.url) as client:
        job = await client.start("render", {"frames": 1000})
        printed = "".join([str(event["output"]) async for event in job if "output" in event])
        assert printed == "".join(f"frame {frame}\n" for frame in range(1, 1001))
        assert await job == {"frames": 1000}
        assert await (await client.start("report", 7)) == 7
        for route, given in (("render", {"frames": 10**6, "slow": True}), ("report", -1)):
            job = await client.start(route, given)
            async for event in job:
                if "output" in event:
                    break
            await job.kill("enough")
            with pytest.raises(longwire.JobKilled) as killed:
                await within(job)
            assert killed.value.receipt is not None and not killed.value.receipt["forced"]
            assert killed.value.failure is None
        with pytest.raises(longwire.JobTimeout):
            await within((await client.start("render", {"frames": 10**6, "slow": True}, time=0.2)).result())


Act = Callable[[longwire.WorkerJob], Coroutine[Any, Any, object]]


async def raises(error: Exception) -> None:
    raise error


BAD: list[tuple[str, Act, str]] = [
    ("progress that is no number", lambda job: job.progress(cast(Any, "x")), "typeerror"),
    ("progress that is not finite", lambda job: job.progress(float("nan"), 4), "valueerror"),
    ("a stream that there is none of", lambda job: job.print("x", stream=cast(Any, "x")), "valueerror"),
    ("output that is none", lambda job: job.write(cast(Any, 3)), "typeerror"),
    ("a result that is no JSON", lambda job: asyncio.sleep(0, {1}), "bad_result"),
    ("a result that is too large", lambda job: asyncio.sleep(0, "é" * 600_000), "too_large"),
    ("a detail that is no JSON", lambda job: raises(longwire.Fail("bad", detail=float("nan"))), "bad"),
    ("a detail that is too large", lambda job: raises(longwire.Fail("bad", detail="é" * 600_000)), "too_large"),
    ("a code that is no word", lambda job: raises(longwire.Fail("a b")), "fail"),
]


async def test_whatever_a_function_says_ends_its_own_job_alone(server: Server) -> None:
    worker = longwire.Worker(server.url, slots=len(BAD) + 1)

    @worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        if job.input == "good":
            await asyncio.gather(*ended)
            await job.progress(Decimal("0.5"), 1)
            return 7
        return await BAD[job.input][1](job)

    async with worker, longwire.connect(server.url) as client:
        jobs = [await client.start("render", number) for number in range(len(BAD))]
        ended = [asyncio.create_task(job.outcome()) for job in jobs]
        good = await client.start("render", "good")
        for (what, _, code), end in zip(BAD, ended, strict=True):
            event = await within(end)
            assert (event["status"], event["error"]["code"]) == ("failed", code), what
        assert [event["progress"] async for event in good if "progress" in event] == [{"done": 0.5, "total": 1}]
        assert await within(good) == 7


async def test_a_worker_goes_on_over_cut_connections(server: Server) -> None:
    """No line is missing; one that was not answered may come twice."""
    from proxy import CuttingProxy

    async with CuttingProxy(server.port, 10, 2_000) as proxy, longwire.connect(server.url) as client:
        worker = longwire.Worker(proxy.url, options=quick())

        @worker.route("render")
        async def render(job: longwire.WorkerJob) -> object:
            for number in range(5_000):
                await job.print(number)
            return job.attempt

        async with worker:
            job = await client.start("render")
            lines = "".join([str(event["output"]) async for event in job if "output" in event]).split()
            assert await job == 1
        assert proxy.cut == 10
        assert sorted(set(map(int, lines))) == list(range(5_000))


PROGRAM = """
import sys, time, longwire
worker = longwire.Worker(sys.argv[1], grace=20)
@worker.route("report")
def report(job):
    job.print("began")
    time.sleep(0.5)
    return "ended"
worker.run_forever()
print("left well", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("kind", ["asyncio", "sync"])
async def test_a_worker_that_is_told_to_stop_ends_what_it_holds(
    server: Server, number: signal.Signals, kind: str
) -> None:
    program = PROGRAM
    if kind == "sync":
        program = PROGRAM.replace("longwire.Worker", "longwire.sync.Worker").replace("run_forever", "run")
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
    argv = [sys.executable, "-c", program, server.url]
    process = await asyncio.to_thread(subprocess.Popen, argv, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        async with longwire.connect(server.url) as client:
            job = await client.start("report")
            async for event in job:
                if "output" in event:
                    break
            process.send_signal(number)
            assert await within(job) == "ended"
        said, _ = await asyncio.to_thread(process.communicate, timeout=20)
        assert (said, process.returncode) == ("left well\n", 0)
    finally:
        process.kill()
        process.wait()
