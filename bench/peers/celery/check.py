"""Starts, lists and revokes, and says what does not hold."""

import subprocess
import sys
import time
from json import loads

from celery.exceptions import TaskRevokedError
from tasks import app, kill, start, status


def load(*command: str) -> dict[str, float]:
    """What a load says in the end."""
    said = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE, text=True).stdout
    *words, figures = said.splitlines()
    assert words and words == ["begun", "ended"] * (len(words) // 2), f"{command}: {said}"
    return loads(figures)


while not app.control.ping(limit=1, timeout=1):
    pass
assert start("a-0", 0).get(timeout=10) == "ok", "time 0 is answered at once"

before = time.monotonic()
assert start("a-1", 1).get(timeout=10) == "ok"
assert 0.99 <= time.monotonic() - before < 3, "1 s is 1 s"

started = start("a-2", 600)
while not (running := status()):
    time.sleep(0.1)
assert list(running) == ["a-2"] and 590 < running["a-2"] <= 600, f"status: {running}"

assert kill("a-2"), "who revokes is told"
try:
    assert not started.get(timeout=10), "who started is told"
except TaskRevokedError:
    pass
assert status() == {}, f"status is empty: {status()}"

starts = load("load.py", "--clients", "4", "--seconds", "1")
assert set(starts) == {"per_second", "p50_us", "p99_us"} and starts["per_second"] > 100, f"load: {starts}"
revokes = load("held.py", "--tasks", "100", "--clients", "2")
rates, times = ("per_second", "many_per_second"), ("p50_us", "p99_us", "many_p50_us", "many_p99_us", "list_p50_us")
assert set(revokes) == {*rates, *times}, f"held: {revokes}"
assert all(10 < revokes[rate] < 100_000 for rate in rates) and all(10 < revokes[one] < 10e6 for one in times), f"held: {revokes}"
