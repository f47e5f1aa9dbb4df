"""The client without `await`."""

import asyncio
import concurrent.futures
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from server import Server

import longwire
from longwire import sync
from longwire.sync._portal import Portal


def threads() -> int:
    return sum(thread.name == "longwire" for thread in threading.enumerate())


def program_of(text: str, url: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent / "src")}
    return subprocess.run(
        [sys.executable, "-c", text, url], env=environment, capture_output=True, text=True, timeout=20
    )


def test_start_watch_and_kill(server: Server) -> None:
    with sync.connect(server.url) as client:
        assert threads() == 1
        job = client.start("sleeps", time=60)
        assert job.started is not None and job.started["seq"] == job.seen == 1
        assert [one["connid"] for one in client.status(job.connid)["jobs"]] == [job.connid]
        assert client.extend(job.connid, 50)["time"] == pytest.approx(50)
        assert client.extend(job=job.id, time=55)["time"] == pytest.approx(55, abs=1)
        assert [one["job"] for one in client.status(job=job.id)["jobs"]] == [job.id]
        watching = job.watch()
        assert client.kill(job.connid, "enough", wait=True)["ended"]["status"] == "killed"
        assert [event.get("status") for event in watching][-1] == "killed"
        assert list(watching) == []
        with pytest.raises(longwire.JobKilled):
            job.result()
        assert job.outcome()["status"] == "killed"
        with pytest.raises(longwire.Refused):
            client.watch("nobody")
        assert {"lines"} <= {route["route"] for route in client.routes()}
        assert client.search("vector", "push")["data"]
        assert client.modules()[0]["state"] == "ready"
        assert client.link.state == "connected"
    assert threads() == 0, "a closed client has joined its thread"
    for call in (client.status, client.routes, job.result, job.kill, job.watch, lambda: client.start("sleeps")):
        with pytest.raises(longwire.ConnectionError) as error:
            call()
        assert error.value.code == "closed"
    client.close()


def test_the_feed_and_the_links(server: Server) -> None:
    with sync.connect(server.url) as client, client.feed() as feed:
        client.start("request", connid="sync-fed", time=0.05).result()
        statuses = []
        for change in feed:
            if "feed" in change and change["connid"] == "sync-fed":
                statuses.append(change["status"])
                if change["status"] == "ok":
                    break
        assert statuses == ["running", "ok"]
        links = client.links()
        assert next(links).state == "connected"


def test_threads_share_the_events_of_one_handle(server: Server) -> None:
    with sync.connect(server.url) as client:
        job = client.start("lines", {"n": 3000}, time=30)
        shares: list[list[int]] = []
        seen_at_the_end: list[int] = []

        def read() -> None:
            shares.append([event["seq"] for event in job if "seq" in event])
            seen_at_the_end.append(job.seen)

        readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(20)
        last = job.outcome()["seq"]
        assert sorted(number for share in shares for number in share) == list(range(2, last + 1))
        assert seen_at_the_end == [last] * 4


async def test_it_works_where_a_loop_runs(server: Server) -> None:
    """As in a notebook."""
    asyncio.get_running_loop()
    with sync.connect(server.url) as client:
        assert client.start("request", time=0.05).result() is None


def test_nobody_there_leaves_no_thread() -> None:
    with pytest.raises(longwire.ConnectionError, match="invalid_address"):
        sync.connect("nowhere")
    assert threads() == 0


def test_a_forgotten_client_leaves_no_thread(server: Server) -> None:
    client = sync.connect(server.url)
    del client
    gc.collect()
    assert threads() == 0


def test_a_client_that_is_collected_in_its_own_thread_ends_it(server: Server) -> None:
    client: list[sync.Client] = [sync.connect(server.url)]
    portal = client[0]._portal
    portal.loop.call_soon_threadsafe(client.clear)
    portal._thread.join(20)
    assert threads() == 0


def test_whoever_waits_hears_that_another_thread_closed(server: Server) -> None:
    client = sync.connect(server.url)
    job = client.start("request", time=60)
    feed = client.feed()
    codes: list[str] = []

    def wait(what: Callable[[], object]) -> None:
        try:
            what()
        except longwire.ConnectionError as error:
            codes.append(error.code)

    waiting = [
        threading.Thread(target=wait, args=(what,), daemon=True)
        for what in (job.result, lambda: list(job), lambda: list(feed))
    ]
    for one in waiting:
        one.start()
    client.close()
    for one in waiting:
        one.join(20)
    assert codes == ["closed"] * 3
    assert threads() == 0


def test_a_call_that_close_overtook_is_not_waited_for_for_ever() -> None:
    portal = Portal()
    future = portal._submit(asyncio.sleep(60))
    portal.close()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(20)
    with pytest.raises(longwire.ConnectionError, match="closed"):
        portal.call(asyncio.sleep(60))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_ends_in_peace_and_leaves_the_client_alone(server: Server) -> None:
    program = """
import os, sys, longwire, longwire.sync
client = longwire.sync.connect(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        client.status()
    except longwire.ConnectionError as error:
        print(error.code, "fork" in error.message, flush=True)
    sys.exit(0)
print(os.waitpid(child, 0)[1], len(client.modules()), client.link.state)
"""
    done = program_of(program, server.url)
    assert (done.stdout, done.stderr, done.returncode) == ("closed True\n0 1 connected\n", "", 0)


def test_ctrl_c_ends_the_call_that_waits_and_loses_nothing(server: Server) -> None:
    with sync.connect(server.url) as client:
        job = client.start("request", time=1)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            list(job)
        # The job goes on, and so does the handle.
        assert [event.get("status") for event in job] == ["ok"]


def test_a_wait_has_a_timeout_and_can_be_begun_again(server: Server) -> None:
    with sync.connect(server.url) as client:
        job = client.start("request", time=1)
        for wait in (job.result, job.outcome):
            with pytest.raises(TimeoutError, match=r"not done within 0\.01 s"):
                wait(timeout=0.01)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            job.result(timeout=30)
        assert job.result(timeout=30) is None
        assert job.outcome(timeout=30)["status"] == "ok"


def test_a_kill_that_is_waited_for_has_a_timeout(server: Server) -> None:
    with sync.connect(server.url) as client:
        for kill in (client.kill, None):
            job = client.start("stubborn", time=60)
            next(event for event in job if "output" in event)
            with pytest.raises(TimeoutError):
                _ = kill(job=job.id, wait=True, timeout=0.01) if kill else job.kill(wait=True, timeout=0.01)
            assert job.outcome(timeout=30)["status"] == "killed"


def test_a_program_that_forgets_to_close_ends(server: Server) -> None:
    program = (
        "import sys, longwire.sync as s; c = s.connect(sys.argv[1]); j = c.start('request', time=60); print(j.seen)"
    )
    done = program_of(program, server.url)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)


def test_a_worker_beside(server: Server) -> None:
    worker = sync.Worker(server.url)

    @worker.route("report")
    def report(job: longwire.ThreadJob) -> object:
        return job.input

    with worker, sync.connect(server.url) as client:
        assert client.start("report", [7]).result() == [7]
    assert threads() == 0
