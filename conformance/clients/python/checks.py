"""What the Python clients share: saying what holds, and stopping in time."""

import signal
import sys

OUTCOMES = {"ok", "failed", "killed", "timeout", "lost"}


def check(what, holds, got):
    """Prints a line for what holds, and ends the program where it does not."""
    if not holds:
        sys.exit(f"FAILED {what}: got {got}")
    print(f"ok {what}")


def stop_after(seconds):
    def stop(*_):
        sys.exit(f"FAILED: not done after {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
