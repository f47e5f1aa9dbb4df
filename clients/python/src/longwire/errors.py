"""What can go wrong. Every error has a `code`, a stable word."""

import builtins
from typing import Any

from .frames import OUTCOMES, Clock, Ended, Event, Failure, Receipt, Wish


class LongwireError(Exception):
    """Whatever this package raises. `code` is a stable word, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class Refused(LongwireError):
    """The server refused a request. `field` is the one that was wrong, `frame` the whole refusal."""

    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(str(frame.get("code", "refused")), str(frame.get("message", "the server refused it")))
        self.frame = frame
        self.field: str | None = frame.get("field")
        self.connid: str | None = frame.get("connid")
        self.ended: Ended | None = frame.get("ended")


class ConnectionError(LongwireError, builtins.ConnectionError):
    """A connection that cannot be made, or is given up.

    Its codes: `invalid_address`, `unreachable`, `not_longwire`, `connection_lost`, `closed_by_server`, `unexpected_frame`, `no_reply`
    (the connection broke before each of five answers), `closed` (by `close`).
    """


def closed() -> ConnectionError:
    """Why there is nothing more where somebody closed the client or let go of the handle."""
    return ConnectionError("closed", "the client was closed, or the handle was let go of")


def unexpected(what: str) -> ConnectionError:
    """The server does not speak this protocol."""
    message = f"the server sent what this client does not understand: {what[:300]}"
    return ConnectionError("unexpected_frame", message)


class JobError(LongwireError):
    """A job that did not end `ok`; `event` is its last."""

    def __init__(self, event: Event, code: str, message: str) -> None:
        super().__init__(code, message)
        self.event = event
        self.connid = event["connid"]
        self.failure: Failure | None = event.get("error")


class JobFailed(JobError):
    """The work failed: `code`, `message` and, for programs, `detail` say of what."""

    def __init__(self, event: Event) -> None:
        failure: Failure = event.get("error") or {"code": "failed", "message": "the job failed"}
        super().__init__(event, failure["code"], failure["message"])
        self.detail: Any = failure.get("detail")


class JobKilled(JobError):
    """It ended after a kill; `receipt` says by whom and how."""

    def __init__(self, event: Event) -> None:
        kill: Wish | Receipt = event.get("kill") or {"by": "somebody"}
        reason = f": {kill['reason']}" if "reason" in kill else ""
        super().__init__(event, "killed", f"{event['connid']} was killed by {kill['by']}{reason}")
        self.receipt: Receipt | None = kill if "ms" in kill else None


class JobTimeout(JobError):
    """A clock ran out; `clock` says which."""

    def __init__(self, event: Event) -> None:
        self.clock: Clock = event.get("clock", "time")
        super().__init__(event, "timeout", f"{event['connid']} ran out of {self.clock}")


class JobLost(JobError):
    """Whoever served it is gone, and how far it came cannot be known; `failure` says more."""

    def __init__(self, event: Event) -> None:
        failure = event.get("error")
        super().__init__(event, "lost", failure["message"] if failure else f"{event['connid']} is lost")


class Fail(LongwireError):
    """Raised in a worker's function: the job has failed, with this code (a word of up to 64 letters, digits, `_`, `-` and `.`)."""

    def __init__(self, code: str, message: str = "", detail: Any = None) -> None:
        super().__init__(code, message)
        self.detail = detail


class ToldToEnd(BaseException):
    """Raised in a worker's plain function that asks whether to go on, once it is to end.

    As with `asyncio.CancelledError`, an `except Exception` does not catch it.
    """


_ENDS: dict[str, type[JobFailed | JobKilled | JobTimeout | JobLost]] = {
    "failed": JobFailed,
    "killed": JobKilled,
    "timeout": JobTimeout,
    "lost": JobLost,
}


def result_of(event: Event) -> Any:
    """The result that a job's last event has, or the error that it is."""
    if event["status"] not in OUTCOMES:
        raise ValueError(f"seq {event['seq']} of {event['connid']} is no outcome but {event['status']!r}")
    if event["status"] == "ok":
        return event.get("result")
    raise _ENDS[event["status"]](event)
