"""Starts tasks of zero time from N clients for S seconds, each when the last is accepted, and prints what came of it as one line of JSON.

Usage: load.py --clients N --seconds S      the port of Redis is in PORT
Results are ignored, as the documentation asks of who does not want them: what is measured is `apply_async`.
"""

import argparse
import json
from statistics import quantiles
from threading import Barrier, Thread
from time import perf_counter_ns
from uuid import uuid4

from tasks import app, start

NS = 1_000_000_000


def client(ready: Barrier, began: list[int], seconds: float, took: list[int]) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        # The first one connects.
        start(str(uuid4()), 0, ignore_result=True, producer=producer)
        ready.wait()
        end = began[0] + int(seconds * NS)
        while (before := perf_counter_ns()) < end:
            start(str(uuid4()), 0, ignore_result=True, producer=producer)
            took.append(perf_counter_ns() - before)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    while not app.control.ping(limit=1, timeout=1):
        pass
    # A connection each. By default there are ten, for which they would wait in turn.
    app.conf.broker_pool_limit = given.clients
    took: list[int] = []
    began: list[int] = []
    ready = Barrier(given.clients, action=lambda: began.append(perf_counter_ns()))
    clients = [Thread(target=client, args=(ready, began, given.seconds, took)) for _ in range(given.clients)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    seconds = (perf_counter_ns() - began[0]) / NS
    cuts = quantiles(took, n=100)
    print(json.dumps({
        "answers": len(took),
        "seconds": round(seconds, 3),
        "per_second": round(len(took) / seconds, 1),
        "p50_us": round(cuts[49] / 1000, 1),
        "p99_us": round(cuts[98] / 1000, 1),
    }))


main()
