"""Lists N tasks that the worker holds, revokes half of them from one client and the rest from C, each when the worker has answered the last, and says
what came of it.

Usage: held.py --tasks N --clients C      the port of Redis is in PORT
All of them are in the worker's schedule before anything is measured. For each half it prints `begun` before the first is revoked, and `ended` when the
last is answered; and in the end one line of JSON. The clients are threads of one process: several processes revoke no more, and neither do more than
eight clients. Results are ignored, as in `load.py`: nobody waits to be told of a revoke but who asks for it.
"""

import argparse
import json
from statistics import median, quantiles
from threading import Barrier, Thread
from time import monotonic, perf_counter_ns, sleep
from uuid import uuid4

from tasks import app, held, kill, start

TIME = 600
LISTS = 10
PATIENCE = 60


def fill(names: list[str]) -> None:
    """Starts them, and waits until the worker has them all."""
    with app.producer_pool.acquire(block=True) as producer:
        for name in names:
            start(name, TIME, ignore_result=True, producer=producer)
    last = monotonic() + PATIENCE
    while len(held()) < len(names):
        assert monotonic() < last, f"the worker holds {len(held())} of {len(names)}"
        sleep(0.1)


def lists(names: list[str]) -> list[int]:
    """How long each took."""
    took = []
    for _ in range(LISTS):
        before = perf_counter_ns()
        tasks = held()
        took.append(perf_counter_ns() - before)
        assert {task["request"]["id"] for task in tasks} == set(names), f"{len(names)} are held, and {len(tasks)} are listed"
    return took


def client(names: list[str], connected: Barrier, going: Barrier, took: list[int]) -> None:
    # The first question connects.
    app.control.ping(limit=1, timeout=PATIENCE)
    connected.wait(PATIENCE)
    going.wait(PATIENCE)
    for name in names:
        before = perf_counter_ns()
        assert kill(name), f"the worker did not answer the revoke of {name}"
        took.append(perf_counter_ns() - before)


def revoke(names: list[str], clients: int) -> dict[str, float]:
    """Says `begun` before the first, and `ended` when the last is answered."""
    connected, going = Barrier(clients + 1), Barrier(clients + 1)
    took: list[int] = []
    threads = [Thread(target=client, args=(names[at::clients], connected, going, took)) for at in range(clients)]
    for thread in threads:
        thread.start()
    connected.wait(PATIENCE)
    print("begun", flush=True)
    begin = perf_counter_ns()
    going.wait(PATIENCE)
    for thread in threads:
        thread.join()
    seconds = (perf_counter_ns() - begin) / 1e9
    print("ended", flush=True)
    assert len(took) == len(names), f"of {len(names)} revokes {len(took)} were answered"
    cuts = quantiles(took, n=100)
    return {
        "per_second": round(len(names) / seconds, 1),
        "p50_us": round(cuts[49] / 1000, 1),
        "p99_us": round(cuts[98] / 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    given = parser.parse_args()
    # Each client asks over one connection and is answered over another. By default there are ten, for which they would wait in turn.
    app.conf.broker_pool_limit = 2 * given.clients
    while not app.control.ping(limit=1, timeout=1):
        pass
    names = [str(uuid4()) for _ in range(given.tasks)]
    fill(names)
    listed = lists(names)
    half = given.tasks // 2
    one = revoke(names[:half], 1)
    assert len(held()) == given.tasks - half, f"{half} of {given.tasks} were revoked, and {len(held())} are listed"
    many = revoke(names[half:], given.clients)
    assert not held(), f"all were revoked, and {len(held())} are listed"
    figures = {**one, **{f"many_{name}": figure for name, figure in many.items()}}
    print(json.dumps({**figures, "list_p50_us": round(median(listed) / 1000, 1)}))


main()
