"""Starts tasks of zero time from N clients for S seconds, each when the last is accepted, and says what came of it.

Usage: load.py --clients N --seconds S [--warm W]      the port of Redis is in PORT
It prints `begun` once all are connected and W seconds are over, `ended` S seconds later, and then one line of JSON. The clients are threads of
processes, of which a core bears no more: 64 clients start most in one of them, 512 in four.
Results are ignored, as the documentation asks of who does not want them: what is measured is `apply_async`.
"""

import argparse
import json
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import quantiles
from threading import Barrier, Thread
from time import perf_counter_ns, sleep
from uuid import uuid4

from tasks import app, start

NS = 1_000_000_000
CLIENTS_PER_PROCESS = 128


def client(connected: Barrier, going: Barrier, span: list[int], took: list[int]) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        # The first one connects.
        start(str(uuid4()), 0, ignore_result=True, producer=producer)
        connected.wait()
        going.wait()
        begin, end = span
        while (before := perf_counter_ns()) < end:
            start(str(uuid4()), 0, ignore_result=True, producer=producer)
            if begin <= (after := perf_counter_ns()) < end:
                took.append(after - before)


def clients(count: int, main: Connection) -> None:
    """A process of so many: says that they are connected, is told when to begin and to end, and says how long each start took."""
    # A connection each, said before the first is made. By default there are ten, for which they would wait in turn.
    app.conf.broker_pool_limit = count
    connected, going = Barrier(count + 1), Barrier(count + 1)
    span: list[int] = []
    took: list[int] = []
    # Tasks are made when they are first used, which threads must not do at once.
    app.finalize()
    threads = [Thread(target=client, args=(connected, going, span, took)) for _ in range(count)]
    for thread in threads:
        thread.start()
    connected.wait()
    main.send("connected")
    span += main.recv()
    going.wait()
    for thread in threads:
        thread.join()
    main.send(took)


def sleep_until(then: int) -> None:
    sleep(max(0, then - perf_counter_ns()) / NS)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm", type=float, default=1)
    given = parser.parse_args()
    many = ceil(given.clients / CLIENTS_PER_PROCESS)
    context = get_context("fork")
    pipes = []
    for number in range(many):
        ours, theirs = context.Pipe()
        count = (given.clients + number) // many
        context.Process(target=clients, args=(count, theirs), daemon=True).start()
        theirs.close()
        pipes.append(ours)
    while not app.control.ping(limit=1, timeout=1):
        pass
    for pipe in pipes:
        pipe.recv()
    begin = perf_counter_ns() + int(given.warm * NS)
    end = begin + int(given.seconds * NS)
    for pipe in pipes:
        pipe.send([begin, end])
    sleep_until(begin)
    print("begun", flush=True)
    sleep_until(end)
    print("ended", flush=True)
    took = [one for pipe in pipes for one in pipe.recv()]
    cuts = quantiles(took, n=100)
    print(json.dumps({
        "per_second": round(len(took) / given.seconds, 1),
        "p50_us": round(cuts[49] / 1000, 1),
        "p99_us": round(cuts[98] / 1000, 1),
    }))


main()
