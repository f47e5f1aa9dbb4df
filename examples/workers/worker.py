"""A worker over a socket: it renders frames, two jobs at once. Where its connection breaks it goes on with what it holds."""
import asyncio, json, sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

held, socket = {}, None  # what it is at, by lease; and over what

async def say(**frame):
    while True:
        try:
            return await socket.send(json.dumps(frame))
        except ConnectionClosed:
            await asyncio.sleep(0.1)  # the loop below connects again

async def render(lease, frames=10, seconds=0.2):
    for done in range(1, frames + 1):
        await asyncio.sleep(seconds)
        progress = {"done": done, "total": frames}
        await say(route="append", lease=lease, output=f"frame {done}\n", progress=progress)
    return {"frames": frames}

async def serve(lease, job):
    try:
        end = {"result": await render(lease, **(job["input"] or {}))}
    except asyncio.CancelledError:
        end = {}  # it was told to end
    except Exception as error:
        end = {"error": {"code": "broke", "message": str(error)}}
    if held.pop(lease, None):  # else it is no longer its own
        await say(route="end", lease=lease, **end)

async def main(url="ws://127.0.0.1:8000/ws", slots="2"):
    global socket
    async for socket in connect(url):
        try:
            await say(route="claim", routes=["render"], slots=slots, worker="worker.py", leases=list(held))
            async for message in socket:
                frame = json.loads(message)
                if "input" in frame:
                    held[frame["lease"]] = asyncio.create_task(serve(frame["lease"], frame))
                elif frame.get("status") != "running":  # told to end; or no longer its own, as the reply to a claim says of several
                    for lease in held.keys() & {frame.get("lease"), *frame.get("lost", [])}:
                        (held[lease] if frame["status"] == "ending" else held.pop(lease)).cancel()
        except ConnectionClosed:
            pass

asyncio.run(main(*sys.argv[1:]))
