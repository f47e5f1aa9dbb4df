"""The quick start as a script, without `await`."""

import os
import sys

import longwire.sync

SERVER = os.environ.get("LONGWIRE_SERVER", "http://127.0.0.1:8000")


def main(pages: int) -> None:
    with longwire.sync.connect(SERVER) as client:
        job = client.start("report", {"pages": pages}, time=600)
        try:
            for event in job:
                if "progress" in event:
                    print("progress:", event["progress"])
            print(job.result())
        except KeyboardInterrupt:
            done = job.kill("nobody waits for it", wait=True)
            sys.exit(f"killed: {done['ended']['kill']}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
