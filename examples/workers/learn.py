"""A worker over stdin and stdout that computes: a small network learns to add two numbers, in plain Python.

It reads what it is told in one thread and learns in another, so that it hears of a kill in the midst of it.
"""

import json
import math
import random
import sys
import threading

told_to_end = threading.Event()


def say(**frame):
    print(json.dumps(frame), flush=True)


def train(lease, epochs=2000, neurons=8, rate=0.05, seed=1):
    chance = random.Random(seed)
    hidden = [[chance.uniform(-1, 1) for _ in range(3)] for _ in range(neurons)]
    out = [chance.uniform(-1, 1) for _ in range(neurons + 1)]
    loss = math.inf
    for epoch in range(1, epochs + 1):
        loss = 0.0
        for _ in range(500):
            a, b = chance.random() / 2, chance.random() / 2
            levels = [math.tanh(w[0] * a + w[1] * b + w[2]) for w in hidden]
            error = sum(v * level for v, level in zip(out, levels)) + out[-1] - (a + b)
            loss += error * error / 500
            for w, v, level in zip(hidden, out, levels):
                slope = rate * error * v * (1 - level * level)
                w[0] -= slope * a
                w[1] -= slope * b
                w[2] -= slope
            out = [v - rate * error * level for v, level in zip(out, levels + [1.0])]
        if told_to_end.is_set():
            return None
        say(route="append", lease=lease, progress={"done": epoch, "total": epochs, "note": f"loss {loss:.2e}"})
    return {"epochs": epochs, "loss": loss}


def serve(lease, job):
    try:
        result = train(lease, **(job["input"] or {}))
        end = {} if result is None else {"result": result}
    except Exception as error:
        end = {"error": {"code": "broke", "message": str(error)}}
    say(route="end", lease=lease, **end)


say(route="claim")  # It is ready, for one job at a time.
for line in sys.stdin:
    frame = json.loads(line)
    if "input" in frame:
        told_to_end.clear()
        threading.Thread(target=serve, args=(frame["lease"], frame), daemon=True).start()
    elif frame.get("status") == "ending":
        told_to_end.set()
