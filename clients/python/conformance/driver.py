"""The driver of the conformance kit: orders as JSON lines on stdin, one answer each on stdout. See docs/conformance.md."""

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import longwire

Order = dict[str, Any]
# A worker's lease may outlast a test: one that is told to stop waits for what it holds.
GRACE = 5.0


class Driver:
    def __init__(self) -> None:
        self.client: longwire.Client | None = None
        self.url = ""
        self.handles: dict[str, longwire.Job | longwire.Feed] = {}
        self.workers: dict[str, longwire.Worker] = {}

    async def connect(self, order: Order) -> object:
        self.url = order["url"]
        self.client = await longwire.connect(self.url, longwire.Options(**order.get("options", {})))
        return {}

    @property
    def connected(self) -> longwire.Client:
        if self.client is None:
            raise longwire.ConnectionError("closed", "the first order must be to connect")
        return self.client

    def job(self, order: Order) -> longwire.Job:
        handle = self.handles[order["of"]]
        assert isinstance(handle, longwire.Job), f"{order['of']} is no job"
        return handle

    async def start(self, order: Order) -> object:
        fields = ["input", "connid", "time", "idle_time", "queue_time", "tags", "on_conflict", "on_disconnect"]
        asked = {field: order[field] for field in fields if field in order}
        return self.named(order, await self.connected.start(order["route"], **asked))

    async def watch(self, order: Order) -> object:
        asked = {field: order[field] for field in ["connid", "job", "after"] if field in order}
        return self.named(order, await self.connected.watch(**asked))

    def named(self, order: Order, job: longwire.Job) -> object:
        self.handles[order.get("as", job.connid)] = job
        return {"connid": job.connid, "job": job.id}

    async def feed(self, order: Order) -> object:
        self.handles[order["as"]] = await self.connected.feed(order.get("after"))
        return {}

    async def next(self, order: Order) -> object:
        return await one(self.handles[order["of"]])

    async def rest(self, order: Order) -> object:
        return await read_on(self.job(order))

    async def result(self, order: Order) -> object:
        return await self.job(order)

    async def kill(self, order: Order) -> object:
        how = {"reason": order.get("reason"), "wait": order.get("wait", False)}
        if "of" in order:
            return await self.job(order).kill(**how)
        return await self.connected.kill(order.get("connid"), job=order.get("job"), where=order.get("where"), **how)

    async def extend(self, order: Order) -> object:
        if "of" in order:
            return await self.job(order).extend(order["time"])
        if "job" in order:
            return await self.connected.extend(job=order["job"], time=order["time"])
        return await self.connected.extend(order["connid"], order["time"])

    async def status(self, order: Order) -> object:
        asked = {field: order[field] for field in ["connid", "job", "limit", "after", "where"] if field in order}
        return await self.connected.status(**asked)

    async def search(self, order: Order) -> object:
        asked = {field: value for field, value in order.items() if field not in ("n", "do")}
        return await self.connected.search(**asked)

    async def leave(self, order: Order) -> object:
        self.handles[order["of"]].leave()
        return {}

    async def link(self, order: Order) -> object:
        return self.connected.link.state

    async def work(self, order: Order) -> object:
        worker = longwire.Worker(self.url, slots=order.get("slots", 1), grace=GRACE)
        worker.route(order["route"])(serve)
        await worker.start()
        self.workers[order["as"]] = worker
        return {}

    async def stop(self, order: Order) -> object:
        await self.workers.pop(order["of"]).stop()
        return {}

    async def close(self, order: Order) -> object:
        await self.connected.close()
        return {}

    async def answer(self, order: Order) -> Order:
        verb: Callable[[Order], Awaitable[object]] | None = getattr(self, order["do"], None)
        if verb is None:
            return failed(order, "unsupported", f"this driver does not know {order['do']!r}")
        try:
            return {"n": order["n"], "ok": await verb(order)}
        except longwire.LongwireError as error:
            return failed(order, error.code, error.message)
        except (TypeError, ValueError, KeyError) as error:
            return failed(order, "invalid_order", repr(error))


def failed(order: Order, code: str, message: str) -> Order:
    return {"n": order["n"], "error": {"code": code, "message": message}}


async def one(handle: longwire.Job | longwire.Feed) -> Order | None:
    async for item in handle:
        return frame(dict(item))
    return None


def frame(item: Order) -> Order:
    """As it came: bytes are base64 again."""
    output = item.get("output")
    if isinstance(output, bytes):
        return {**item, "output": base64.b64encode(output).decode(), "encoding": "base64"}
    return item


async def read_on(job: longwire.Job) -> Order:
    runs: list[list[int]] = []
    gaps: list[object] = []
    stdout, size, last = hashlib.sha256(), 0, None
    async for event in job:
        if "gap" in event:
            gaps.append(event["gap"])
            continue
        last, seq = event, event["seq"]
        if runs and runs[-1][1] + 1 == seq:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
        output = event.get("output", b"")
        if event.get("stream") == "stdout":
            data = output if isinstance(output, bytes) else output.encode()
            stdout.update(data)
            size += len(data)
    rest = {"seqs": runs, "gaps": gaps, "stdout": stdout.hexdigest(), "stdout_bytes": size}
    return {**rest, "last": None if last is None else frame(dict(last))}


async def serve(job: longwire.WorkerJob) -> object:
    """Does what the job's input says."""
    acts: list[Any] = job.input or []
    after = [act["finally"] for act in acts if isinstance(act, dict) and "finally" in act]
    result = None
    try:
        for act in acts:
            if not (isinstance(act, dict) and "finally" in act):
                result = await do(job, act, result)
    except asyncio.CancelledError:
        for act in after:
            result = await do(job, act, result)
        if result is not None:
            return result
        raise
    for act in after:
        result = await do(job, act, result)
    return result


async def do(job: longwire.WorkerJob, act: Any, result: object) -> object:
    if act == "until_told":
        await asyncio.Event().wait()
    elif "output" in act:
        await job.write(act["output"])
    elif "stderr" in act:
        await job.write(act["stderr"], stream="stderr")
    elif "progress" in act:
        await job.progress(**act["progress"])
    elif "wait" in act:
        await asyncio.sleep(act["wait"])
    elif "result" in act:
        return act["result"]
    elif "fail" in act:
        raise longwire.Fail(act["fail"]["code"], act["fail"].get("message", ""))
    return result


async def main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    driver = Driver()
    running: set[asyncio.Task[None]] = set()

    async def do_one(order: Order) -> None:
        answer = json.dumps(await driver.answer(order))
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()

    async for line in orders:
        task = asyncio.create_task(do_one(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
        # Orders are begun in the order in which they come.
        await asyncio.sleep(0)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


asyncio.run(main())
