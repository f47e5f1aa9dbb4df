"""Starts a report and shows how far it is. Ctrl-C kills it. A lost network only makes it wait."""

import asyncio
import os
import sys

import longwire

SERVER = os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000")


async def main(pages: int) -> None:
    async with longwire.connect(SERVER) as client:
        job = await client.start("report", {"pages": pages}, time=600)
        try:
            async for event in job:
                if "gap" in event:
                    print("no longer kept:", event["gap"])
                elif "progress" in event:
                    print("progress:", event["progress"])
            print(await job)
        except asyncio.CancelledError:
            done = await job.kill("nobody waits for it", wait=True)
            sys.exit(f"killed: {done['ended']['kill']}")
        except longwire.JobError as error:
            sys.exit(f"{job.connid}: {error}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
