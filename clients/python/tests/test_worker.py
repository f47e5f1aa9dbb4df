"""A worker's rules, against a server that follows a script."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest
from scripted import Frame, Peer, Script, quick, refusal, within

import longwire


def handed(lease: str, input: object = None, route: str = "render") -> Frame:
    return {
        "lease": lease,
        "job": f"job-{lease}",
        "connid": f"c-{lease}",
        "route": route,
        "seq": 1,
        "status": "running",
        "time": 60,
        "left": 60,
        "input": input,
        "grace": 5,
        "lease_time": 15,
        "attempt": 1,
    }


def killed(lease: str, seq: int = 2) -> Frame:
    kill = {"by": "anonymous", "reason": "wrong month"}
    return {"lease": lease, "connid": f"c-{lease}", "seq": seq, "status": "ending", "kill": kill}


class Desk:
    """A worker, and the server's end of its socket."""

    def __init__(self, script: Script, **options: Any) -> None:
        self.script = script
        self.worker = longwire.Worker(script.url, slots=2, name="w", options=quick(**options))
        self.peer: Peer

    async def claimed(self) -> "Desk":
        starting = asyncio.create_task(self.worker.start())
        self.peer = await self.script.accept()
        await self.claim()
        await within(starting)
        return self

    async def claim(self, slots: int = 2, leases: tuple[str, ...] = (), lost: tuple[str, ...] = ()) -> None:
        expected = {"route": "claim", "routes": ["render"], "slots": slots, "worker": "w", "leases": list(leases)}
        number = await self.peer.expects(expected)
        await self.peer.says({"id": number, "route": "claim", "status": "ok", "slots": slots, "lost": list(lost)})

    async def expects(self, lease: str, route: str = "append", **fields: Any) -> int:
        return await self.peer.expects({"route": route, "lease": lease, **fields})

    async def answers(self, number: int, route: str = "append") -> None:
        await self.peer.says({"id": number, "route": route, "status": "ok", "seq": 9})

    async def takes(self, lease: str, **fields: Any) -> None:
        await self.answers(await self.expects(lease, **fields))

    async def ends(self, lease: str, **fields: Any) -> None:
        await self.answers(await self.expects(lease, "end", **fields), "end")

    async def stops(self) -> None:
        stopping = asyncio.create_task(self.worker.stop())
        # The answer to an end may still be under way: then its lease is claimed, too.
        number, frame = await self.peer.hears()
        assert frame["slots"] == 0
        await self.peer.says({"id": number, "route": "claim", "status": "ok", "slots": 0})
        await within(stopping)


@pytest.fixture
async def desk(script: Script) -> AsyncIterator[Desk]:
    yield Desk(script)


async def test_a_job_is_handed_over_served_and_ended(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        assert (job.connid, job.id, job.route, job.attempt, job.grace) == ("c-9f", "job-9f", "render", 1, 5)
        await job.print("frame", 1)
        await job.write(b"caf\xe9\n", stream="stderr")
        await job.write(bytearray(b"caf\xe9"))
        await job.write(memoryview(b"page"))
        with pytest.raises(TypeError, match="output is 3, and has to be text or bytes"):
            await job.write(cast(Any, 3))
        await job.progress(1, 2, "page 1")
        return {"scene": job.input["scene"]}

    await desk.claimed()
    await desk.peer.says(handed("9f", {"scene": 7}))
    numbers = [
        await desk.expects("9f", output="frame 1\n"),
        await desk.expects("9f", output="Y2Fm6Qo=", encoding="base64", stream="stderr"),
        await desk.expects("9f", output="Y2Fm6Q==", encoding="base64"),
        await desk.expects("9f", output="page"),
        await desk.expects("9f", progress={"done": 1, "total": 2, "note": "page 1"}),
    ]
    assert len(set(numbers)) == 5
    for number in numbers:
        await desk.answers(number)
    await desk.ends("9f", result={"scene": 7})
    await desk.stops()


async def test_what_was_not_answered_is_said_again_on_another_connection(desk: Desk) -> None:
    go_on = asyncio.Event()

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        for number in (1, 2):
            await job.print(number)
        await go_on.wait()
        await job.print(3)
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.answers(await desk.expects("9f", output="1\n"))
    await desk.expects("9f", output="2\n")
    # So that the answer is taken before the connection breaks.
    await desk.peer.says(handed("aa"))
    await desk.expects("aa", output="1\n")
    await desk.peer.cut()
    desk.peer = await desk.script.accept()
    go_on.set()
    await desk.claim(leases=("9f", "aa"), lost=("aa",))
    for line in ("2\n", "3\n"):
        await desk.answers(await desk.expects("9f", output=line))
    await desk.ends("9f")
    await desk.stops()


async def test_a_kill_arrives_as_the_languages_own_cancellation(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.print("began")
        try:
            await asyncio.Event().wait()
        finally:
            assert job.kill is not None
            await job.print("told by", job.kill["by"])
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.takes("9f", output="began\n")
    await desk.peer.says(killed("9f"), killed("9f"))
    await desk.takes("9f", output="told by anonymous\n")
    await desk.ends("9f")
    await desk.stops()


async def test_what_was_killed_before_it_began_is_never_begun(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"), killed("9f"))
    await desk.ends("9f")
    await desk.stops()


async def test_what_had_finished_first_is_a_result(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.print("began")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 7
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.takes("9f", output="began\n")
    await desk.peer.says(killed("9f"))
    await desk.ends("9f", result=7)
    await desk.stops()


class DiskFullError(Exception):
    code = "disk_full"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.detail = {"free": 0}


class NoJsonError(Exception):
    code = "no_json"

    def __init__(self, detail: object) -> None:
        super().__init__("x")
        self.detail = detail


circle: list[object] = []
circle.append(circle)


class WithANumber(Exception):
    code = 404


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such page"), {"code": "valueerror", "message": "no such page"}),
        (DiskFullError("no room"), {"code": "disk_full", "message": "no room", "detail": {"free": 0}}),
        (WithANumber("gone"), {"code": "withanumber", "message": "gone"}),
        (longwire.Fail("bad-page", "page 3", [3]), {"code": "bad-page", "message": "page 3", "detail": [3]}),
        (longwire.Fail("not a word", "x"), {"code": "fail", "message": "x"}),
        (NoJsonError({1, 2}), {"code": "no_json", "message": "x"}),
        (NoJsonError(float("nan")), {"code": "no_json", "message": "x"}),
        (NoJsonError(circle), {"code": "no_json", "message": "x"}),
        (longwire.Fail("no_json", "x", Decimal(3)), {"code": "no_json", "message": "x"}),
        (
            asyncio.CancelledError(),
            {"code": "cancelled", "message": "the function ended by a cancellation that was not the server's"},
        ),
    ],
)
@pytest.mark.parametrize("is_plain", [True, False])
async def test_what_is_raised_is_a_failure(desk: Desk, error: BaseException, said: Frame, is_plain: bool) -> None:
    if is_plain:

        @desk.worker.route("render")
        def plain(job: longwire.ThreadJob) -> object:
            raise error
    else:

        @desk.worker.route("render")
        async def render(job: longwire.WorkerJob) -> object:
            raise error

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.ends("9f", error=said)
    await desk.stops()


@pytest.mark.parametrize("result", [{1, 2}, float("nan"), object(), "\ud800"])
async def test_a_result_that_is_no_json_is_a_failure(desk: Desk, result: object) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        return result

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    number, frame = await desk.peer.hears()
    assert frame["error"]["code"] == "bad_result"
    await desk.answers(number, "end")
    await desk.stops()


@pytest.mark.parametrize(
    "error", [None, longwire.Fail("full", "no room", "é" * 150), longwire.Fail("too_large", "", "é" * 150)]
)
async def test_an_end_that_is_too_large_is_a_failure(script: Script, error: Exception | None) -> None:
    desk = Desk(script, frame_bytes=300)

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        if error is not None:
            raise error
        return "é" * 150

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    number, frame = await desk.peer.hears()
    assert frame["error"]["code"] == "too_large" and "Options.frame_bytes" in frame["error"]["message"]
    await desk.answers(number, "end")
    await desk.stops()


class Index:
    """As the whole numbers of NumPy are."""

    def __index__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (3, 3),
        (0.5, 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (Index(), 3),
        (True, 1),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (Decimal("-inf"), ValueError),
        (10**400, ValueError),
        ("3", TypeError),
        ({1}, TypeError),
    ],
)
@pytest.mark.parametrize("is_plain", [True, False])
async def test_progress_is_checked_where_it_is_said(
    desk: Desk, done: Any, said: float | type[Exception], is_plain: bool
) -> None:
    if is_plain:

        @desk.worker.route("render")
        def plain(job: longwire.ThreadJob) -> object:
            job.progress(done, 4)
            return None
    else:

        @desk.worker.route("render")
        async def render(job: longwire.WorkerJob) -> object:
            await job.progress(done, 4)
            return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    if isinstance(said, type):
        number, frame = await desk.peer.hears()
        assert frame["error"]["code"] == said.__name__.lower()
        assert "progress: done is" in frame["error"]["message"]
        await desk.answers(number, "end")
    else:
        number, frame = await desk.peer.hears()
        assert json.dumps(frame["progress"]) == json.dumps({"done": said, "total": 4})
        await desk.answers(number)
        await desk.ends("9f")
    await desk.stops()


async def test_an_object_that_is_called_as_a_coroutine_function_is_one(desk: Desk) -> None:
    class Render:
        async def __call__(self, job: longwire.WorkerJob) -> object:
            await job.print("in the loop", threading.current_thread() is threading.main_thread())
            return 7

    desk.worker.route("render")(Render())
    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.takes("9f", output="in the loop True\n")
    await desk.ends("9f", result=7)
    await desk.stops()


async def test_what_is_no_output_fails_its_job_alone(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        with pytest.raises(TypeError, match="note"):
            await job.progress(note=cast(Any, 3))
        await job.print("x", stream=cast(Any, {1}))
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    message = "stream is {1}, and has to be one of stdout, stderr"
    await desk.ends("9f", error={"code": "valueerror", "message": message})
    await desk.stops()


async def test_a_plain_function_is_told_in_its_thread(desk: Desk) -> None:
    began = threading.Event()

    @desk.worker.route("render")
    def render(job: longwire.ThreadJob) -> object:
        assert threading.current_thread() is not threading.main_thread()
        assert not job.told_to_end()
        job.print("began")
        job.progress(note="é" * 600)
        began.set()
        try:
            job.sleep(60)
        finally:
            assert job.told_to_end() and job.kill is not None
            job.print(job.kill["reason"])
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await desk.takes("9f", output="began\n")
    await desk.takes("9f", progress={"note": "é" * 512})
    await desk.peer.says(killed("9f"))
    await desk.takes("9f", output="wrong month\n")
    await desk.ends("9f")
    await desk.stops()


@pytest.mark.parametrize("how", ["lost", "queued", "refused"])
async def test_a_job_that_is_no_longer_its_own_ends_and_nothing_is_said_of_it(desk: Desk, how: str) -> None:
    ended = asyncio.Event()

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.print("one")
        try:
            await asyncio.Event().wait()
        finally:
            await job.print("never said")
            ended.set()
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    number = await desk.expects("9f", output="one\n")
    if how == "refused":
        await desk.peer.says(refusal(number, "lease_lost", lease="9f", connid="c-9f"))
    elif how == "queued":
        await desk.peer.says({"lease": "9f", "connid": "c-9f", "seq": 3, "status": "queued"})
    else:
        await desk.peer.cut()
        desk.peer = await desk.script.accept()
        await desk.claim(leases=("9f",), lost=("9f",))
    await within(ended.wait())
    await desk.stops()


async def test_output_waits_for_room_and_progress_does_not(desk: Desk) -> None:
    printed = 0

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        nonlocal printed
        for number in range(100):
            await job.progress(number)
        for number in range(100):
            await job.print(number)
            printed += 1
        await job.progress(100)
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    first = await desk.expects("9f", progress={"done": 0})
    heard = [await desk.expects("9f", output=f"{number}\n") for number in range(63)]
    assert printed == 63
    await desk.answers(first)
    # The last of the progress, as the one before is answered.
    await desk.expects("9f", progress={"done": 99})
    for number in range(63, 100):
        await desk.answers(heard.pop(0))
        heard.append(await desk.expects("9f", output=f"{number}\n"))
    # The one before is not answered yet: the end takes it along.
    await desk.expects("9f", progress={"done": 100})
    await desk.ends("9f")
    await desk.stops()


async def test_large_output_comes_in_pieces(desk: Desk) -> None:
    text = "é" * 100_000

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.write(text)
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    came = ""
    while len(came) < len(text):
        number, frame = await desk.peer.hears()
        came += frame["output"]
        await desk.answers(number)
    assert came == text
    await desk.ends("9f")
    await desk.stops()


async def test_what_the_server_refuses_of_a_job_fails_it(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.progress(-1)
        await asyncio.Event().wait()
        return None

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    number = await desk.expects("9f", progress={"done": -1})
    await desk.peer.says(refusal(number, "invalid_field", field="progress.done"))
    await desk.ends("9f", error={"code": "invalid_field", "message": "it is invalid_field"})
    await desk.stops()


@pytest.mark.parametrize("code", ["too_many", "unavailable"])
async def test_what_the_server_cannot_take_in_now_is_said_again_before_the_end(desk: Desk, code: str) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.print(1)
        await job.print(2)
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    first = await desk.expects("9f", output="1\n")
    second = await desk.expects("9f", output="2\n")
    third = await desk.expects("9f", "end", result=7)
    await desk.peer.says(*(refusal(number, code, lease="9f") for number in (first, third)))
    await desk.answers(second)
    # Its end waits for it, also over a broken connection.
    await desk.expects("9f", output="1\n")
    await desk.peer.cut()
    desk.peer = await desk.script.accept()
    await desk.claim(leases=("9f",))
    number = await desk.expects("9f", output="1\n")
    await desk.peer.says(refusal(number, code, lease="9f"))
    await desk.takes("9f", output="1\n")
    number = await desk.expects("9f", "end", result=7)
    await desk.peer.says(refusal(number, code, lease="9f"))
    await desk.ends("9f", result=7)
    await desk.stops()


async def test_a_job_whose_end_waits_fails_of_output_that_is_refused(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        await job.print(1)
        await job.print(2)
        await go_on.wait()
        return 7

    go_on = asyncio.Event()
    await desk.claimed()
    await desk.peer.says(handed("9f"))
    numbers = [await desk.expects("9f", output=f"{line}\n") for line in (1, 2)]
    await desk.peer.says(refusal(numbers[0], "too_many", lease="9f"))
    number = await desk.expects("9f", output="1\n")
    go_on.set()
    await asyncio.wait(desk.worker._tasks)
    await desk.peer.says(refusal(numbers[1], "invalid_field", field="output"))
    await desk.answers(number)
    await desk.ends("9f", error={"code": "invalid_field", "message": "it is invalid_field"})
    await desk.stops()


async def test_a_claim_that_is_refused_ends_the_worker(desk: Desk) -> None:
    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        return None

    running = asyncio.create_task(desk.worker.run())
    peer = await desk.script.accept()
    number, _ = await peer.hears()
    await peer.says(refusal(number, "unknown_route", field="routes"))
    with pytest.raises(longwire.Refused, match="unknown_route"):
        await within(running)


async def test_a_worker_that_is_told_to_stop_lets_what_it_holds_end(desk: Desk) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    @desk.worker.route("render")
    async def render(job: longwire.WorkerJob) -> object:
        has_begun.set()
        await may_end.wait()
        return 7

    await desk.claimed()
    await desk.peer.says(handed("9f"))
    await within(has_begun.wait())
    stopping = asyncio.create_task(desk.worker.stop())
    # What was handed over before the answer is served as well.
    await desk.peer.says(handed("aa"))
    number, frame = await desk.peer.hears()
    assert (frame["slots"], "9f" in frame["leases"]) == (0, True)
    await desk.peer.says({"id": number, "route": "claim", "status": "ok", "slots": 0})
    may_end.set()
    await desk.ends("9f", result=7)
    await desk.ends("aa", result=7)
    await within(stopping)
    await desk.peer.until_left()


class Endless:
    """A worker that was handed a job which works until it is cancelled, and the server's end of its socket."""

    def __init__(self, script: Script, grace: float) -> None:
        self.script = script
        self.cancelled = asyncio.Event()
        self.worker = longwire.Worker(script.url, grace=grace, options=quick())
        self.peer: Peer

    async def begun(self) -> "Endless":
        began = asyncio.Event()

        @self.worker.route("render")
        async def render(job: longwire.WorkerJob) -> object:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
            return None

        starting = asyncio.create_task(self.worker.start())
        self.peer = await self.script.accept()
        number, _ = await self.peer.hears()
        await self.peer.says(handed("9f"), {"id": number, "route": "claim", "status": "ok", "slots": 1})
        await within(starting)
        await within(began.wait())
        return self


async def test_what_does_not_end_within_the_grace_is_left_to_others(script: Script) -> None:
    endless = await Endless(script, grace=0.02).begun()
    stopping = asyncio.create_task(endless.worker.stop())
    await endless.peer.hears()
    await within(stopping)
    assert endless.cancelled.is_set()
    with pytest.raises(Exception, match="received 1000"):
        await endless.peer.hears()


async def test_a_worker_whose_leaving_is_cancelled_tells_its_functions_all_the_same(script: Script) -> None:
    endless = await Endless(script, grace=0).begun()
    # Nobody says goodbye to it, so it waits a while.
    endless.peer._socket.transport.pause_reading()
    stopping = asyncio.create_task(endless.worker.stop())
    await asyncio.wait({stopping}, timeout=0.1)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(stopping)
    assert endless.cancelled.is_set()
    assert endless.worker._bench is None


async def test_a_worker_serves_something_and_each_route_once(script: Script) -> None:
    worker = longwire.Worker(script.url)
    with pytest.raises(ValueError, match="at least one route"):
        await worker.start()
    worker.route("render")(lambda job: None)
    with pytest.raises(ValueError, match="has a function already"):
        worker.route("render")(lambda job: None)


async def test_a_worker_that_found_nobody_is_started_again(script: Script) -> None:
    async with Script() as gone:
        url = gone.url
    worker = longwire.Worker(url, options=quick())
    worker.route("render")(lambda job: None)
    for _ in range(2):
        with pytest.raises(longwire.ConnectionError, match="unreachable"):
            await worker.start()
    with pytest.raises(longwire.ConnectionError, match="unreachable"):
        await worker.run()


@pytest.mark.parametrize("how", ["refused", "cancelled"])
async def test_a_worker_whose_claim_came_to_nothing_is_started_again(desk: Desk, how: str) -> None:
    desk.worker.route("render")(lambda job: None)
    starting = asyncio.create_task(desk.worker.start())
    peer = await desk.script.accept()
    number, _ = await peer.hears()
    if how == "refused":
        await peer.says(refusal(number, "unknown_route", field="routes"))
        with pytest.raises(longwire.Refused, match="unknown_route"):
            await within(starting)
    else:
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await within(starting)
    await peer.until_left()
    await desk.claimed()
    await desk.stops()


def test_a_worker_that_was_stopped_runs_again_in_another_loop() -> None:
    worker = longwire.Worker("", options=quick())

    @worker.route("render")
    async def render(job: longwire.WorkerJob) -> None:
        for number in range(50):
            await job.print(number)
            await asyncio.sleep(0)

    async def once() -> None:
        async with Script() as script:
            worker._url = script.url
            running = asyncio.create_task(worker.run())
            peer = await script.accept()
            number, _ = await peer.hears()
            await peer.says(handed("9f"), {"id": number, "route": "claim", "status": "ok", "slots": 1})
            # It does not stop because it was once told to.
            for line in range(50):
                number = await peer.expects({"route": "append", "lease": "9f", "output": f"{line}\n"})
                await peer.says({"id": number, "route": "append", "status": "ok", "seq": 9})
            number = await peer.expects({"route": "end", "lease": "9f"})
            await peer.says({"id": number, "route": "end", "status": "ok"})
            worker.stop_soon()
            number, frame = await peer.hears()
            assert frame["slots"] == 0
            await peer.says({"id": number, "route": "claim", "status": "ok", "slots": 0})
            await within(running)

    for _ in range(2):
        asyncio.run(once())
