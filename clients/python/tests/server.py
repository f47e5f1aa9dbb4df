"""The real server: the program that the environment variable LONGWIRE names."""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
shutdown_grace_seconds = 0.2

[limits]
log_events_per_job = 300_000
log_bytes_per_job = 100_000_000

# Another program every 50 lines gives the server the time to read: what is printed at once is one event.
[routes.lines]
consumer = "exec"
argv = ["sh", "-c", "i=0; while [ $i -lt $1 ]; do i=$((i+1)); echo $i; [ $((i%50)) -gt 0 ] || /bin/true; done", "lines", "{n}"]

[routes.fails]
consumer = "exec"
argv = ["false"]

[routes.sleeps]
consumer = "exec"
argv = ["sleep", "600"]
kill_grace_seconds = 2

[routes.stubborn]
consumer = "exec"
argv = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"]
kill_grace_seconds = 0.3

[routes.bytes]
consumer = "exec"
argv = ["printf", 'caf\\351\\n']

[routes.render]
served_by = "workers"
kill_grace_seconds = 5
lease_seconds = 6

[routes.report]
served_by = "workers"
kill_grace_seconds = 5

[routes.resize]
consumer = "exec"
argv = ["sleep", "0"]
schema = { type = "object", properties = { width = { type = "integer" } }, additionalProperties = false }
"""


@dataclass
class Server:
    url: str
    process: "subprocess.Popen[str]"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


def program() -> str:
    named = os.environ.get("LONGWIRE", "")
    if not Path(named).is_file():
        pytest.exit(
            f"LONGWIRE must name the built server, such as target/debug/longwire; it is {named!r}", returncode=2
        )
    return named


@contextlib.contextmanager
def started(*options: str, config: str = CONFIG) -> Iterator[Server]:
    """A server on a free port, stopped at the end. It keeps its jobs in memory, unless it is told where."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "longwire.toml"
        file.write_text(config)
        keep = [] if any(option in ("--data", "--ephemeral") for option in options) else ["--ephemeral"]
        listen = [] if "--listen" in options else ["--listen", "127.0.0.1:0"]
        argv = [program(), "serve", "--config", str(file), *listen, *keep, *options]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
        try:
            yield Server(_announced(process), process)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _announced(process: "subprocess.Popen[str]") -> str:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise AssertionError("the server printed no address:\n" + "".join(said))
