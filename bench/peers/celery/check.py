"""Starts, lists and revokes, and says what does not hold."""

import subprocess
import sys
import time
from json import loads

from celery.exceptions import TaskRevokedError
from tasks import app, kill, start, status

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

command = [sys.executable, "load.py", "--clients", "4", "--seconds", "1"]
begun, ended, load = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
assert (begun, ended) == ("begun", "ended"), f"load: {begun}, {ended}"
load = loads(load)
assert set(load) == {"answers", "per_second", "p50_us", "p99_us"} and load["answers"] > 100, f"load: {load}"
