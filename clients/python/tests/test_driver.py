"""The driver of the conformance kit, with the real server."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from server import Server

HERE = Path(__file__).parent


class Driver:
    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
        driver = HERE.parent / "conformance/driver.py"
        self.process = subprocess.Popen(
            [sys.executable, str(driver)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.last = 0
        self.answers: dict[int, Any] = {}

    def order(self, do: str, **order: Any) -> int:
        self.last += 1
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"n": self.last, "do": do, **order}) + "\n")
        self.process.stdin.flush()
        return self.last

    def answer(self, number: int) -> Any:
        assert self.process.stdout is not None
        while number not in self.answers:
            answer = json.loads(self.process.stdout.readline())
            self.answers[answer.pop("n")] = answer
        return self.answers.pop(number)

    def ok(self, do: str, **order: Any) -> Any:
        answer = self.answer(self.order(do, **order))
        assert "ok" in answer, answer
        return answer["ok"]

    def code(self, do: str, **order: Any) -> str:
        return str(self.answer(self.order(do, **order))["error"]["code"])


def test_every_order(server: Server) -> None:
    driver = Driver()
    try:
        assert driver.ok("connect", url=server.url, options={"patience": 5}) == {}
        assert driver.ok("link") == "connected"
        assert driver.ok("work", **{"as": "w"}, route="render", slots=2) == {}
        acts = [{"output": "one\n"}, {"stderr": "two\n"}, {"progress": {"done": 1}}, {"result": 7}]
        started = driver.ok("start", **{"as": "a"}, route="render", input=acts, connid="driven")
        assert started["connid"] == "driven"
        driver.ok("watch", **{"as": "b"}, connid="driven", after=0)
        assert driver.ok("result", of="a") == 7
        assert driver.ok("next", of="b")["seq"] == 1
        rest = driver.ok("rest", of="b")
        assert (rest["seqs"], rest["gaps"], rest["stdout_bytes"]) == ([[2, 5]], [], 4)
        assert rest["stdout"] == hashlib.sha256(b"one\n").hexdigest()
        assert rest["last"]["result"] == 7
        assert driver.ok("next", of="b") is None
        driver.ok("start", **{"as": "c"}, route="bytes")
        frame = driver.ok("next", of="c")
        assert (frame["output"], frame["encoding"]) == ("Y2Fm6Qo=", "base64")
        # Its end is no news of the feed.
        driver.ok("rest", of="c")
        driver.ok("feed", **{"as": "f"})
        waiting = driver.order("next", of="f")
        acts = [{"output": "begun\n"}, "until_told", {"result": 1}, {"finally": {"output": "bye\n"}}]
        job = driver.ok("start", **{"as": "d"}, route="render", input=acts)["job"]
        assert driver.answer(waiting)["ok"]["seq"] == 1
        # What is killed before it has begun says nothing.
        assert driver.ok("next", of="d")["output"] == "begun\n"
        assert driver.ok("extend", of="d", time=60)["time"] == 60
        assert driver.ok("extend", job=job, time=50)["job"] == job
        assert driver.ok("status", job=job)["jobs"][0]["job"] == job
        assert driver.ok("status", limit=1)["total"] >= 1
        assert driver.ok("kill", of="d", reason="enough", wait=True)["ended"]["status"] == "killed"
        assert driver.ok("rest", of="d")["stdout"] == hashlib.sha256(b"bye\n").hexdigest()
        assert driver.code("result", of="d") == "killed"
        assert driver.code("kill", of="d") == driver.code("kill", job=job) == "already_ended"
        driver.ok("feed", **{"as": "g"}, after=0)
        assert driver.ok("next", of="g")["feed"] == 1
        driver.ok("start", **{"as": "e"}, route="render", input=[{"fail": {"code": "disk_full", "message": "x"}}])
        assert driver.code("result", of="e") == "disk_full"
        assert driver.ok("search", lib=["vector"], text="push")["data"]
        assert driver.code("start", route="nobody") == "unknown_route"
        assert driver.code("dance") == "unsupported"
        assert driver.ok("leave", of="e") == {}
        assert driver.ok("stop", of="w") == {}
        assert driver.ok("close") == {}
        assert driver.ok("link") == "closed"
    finally:
        assert driver.process.stdin is not None and driver.process.stdout is not None
        driver.process.stdin.close()
        assert driver.process.wait(20) == 0
        driver.process.stdout.close()
