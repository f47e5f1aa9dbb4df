"""Start, watch and kill a running request, with any socket that has `send` and `recv`."""

import json

from checks import OUTCOMES, check


def ask(socket, **frame):
    """Sends a frame and returns the next one that comes."""
    socket.send(json.dumps(frame))
    return json.loads(socket.recv())


def outcome(socket):
    """Reads on to the frame that ends the request."""
    frame = {"status": None}
    while frame["status"] not in OUTCOMES:
        frame = json.loads(socket.recv())
    return frame


def three_actions(mine, other, name):
    first = ask(mine, route="request", connid=name, time="30", id=1)
    check("a start is answered", (first["id"], first["connid"], first["status"]) == (1, name, "running"), first)

    jobs = {job["connid"]: job for job in ask(other, route="status")["jobs"]}
    check("status lists it with the time left", 0 < jobs[name]["left"] <= 30, jobs)

    killed = ask(other, route="kill", connid=name)
    check("a kill from another socket is ok", killed["status"] == "ok", killed)
    end = outcome(mine)
    check("the starter is told that it was killed", (end["connid"], end["status"]) == (name, "killed"), end)

    refused = ask(other, route="kill", connid="nobody")
    check("an unknown connid is refused", refused["message"].startswith("invalid connection id: "), refused)

    ask(mine, route="request", connid=name, time="0.1")
    end = outcome(mine)
    check("the time runs out and it is ok", end["status"] == "ok", end)
