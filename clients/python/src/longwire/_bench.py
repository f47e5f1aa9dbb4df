"""What a worker's connection knows and that outlives it: its claim, and the jobs it holds. Nothing here does I/O."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from ._held import Held, Said
from ._text import frame_text, text_of
from ._wire import Broken
from .errors import LongwireError, Refused
from .frames import OUTCOMES

SAY_AGAIN = 0.1
"""After how many seconds what the server could not take in is said again."""


class Bench:
    """A worker's claim, and the jobs it holds by their leases."""

    def __init__(self, wake: Callable[[], None], claim: dict[str, Any], frame_bytes: int) -> None:
        self._wake = wake
        self._claim = claim
        self._frame_bytes = frame_bytes
        self._last_id = 0
        self._claim_id: int | None = None
        """The claim that is not answered yet."""
        self._is_claimed = False
        self._asked: dict[int, tuple[Held, Said]] = {}
        self._to_say: deque[tuple[Held, Said]] = deque()
        self.held: dict[str, Held] = {}
        self.error: LongwireError | None = None
        self.changed = asyncio.Event()
        """Set whenever one of the following may have come true."""
        self.stands = False
        """The last claim was answered."""
        self.begin: Callable[[Held], None] = lambda held: None
        """A job was handed over."""
        self.told: Callable[[Held], None] = lambda held: None
        """A job is to end, or is gone."""

    def connected(self) -> None:
        """There is a new connection: the claim is made again, for what is held as well, and nothing is said before it is answered."""
        self._asked.clear()
        self._to_say.clear()
        self._is_claimed = False
        self._claim_id = None
        self._wake()

    def stop(self) -> None:
        """Takes no more jobs: what is held goes on."""
        self._claim["slots"] = 0
        self._is_claimed = self.stands = False
        self._claim_id = None
        self._wake()

    def say(self, held: Held, said: Said) -> None:
        """Says it of that job, as soon as there is a connection."""
        self._to_say.append((held, said))
        self._wake()

    def next_text(self) -> str | None:
        """The text of the next frame to send."""
        if not self._is_claimed:
            if self._claim_id is not None:
                return None
            self._claim_id = self._number()
            return text_of({"id": self._claim_id, **self._claim, "leases": list(self.held)})
        while self._to_say:
            held, said = self._to_say.popleft()
            if held.is_gone:
                continue
            number = self._number()
            try:
                text = frame_text({"id": number, **said.frame}, self._frame_bytes)
            except Refused as too_large:
                self._refused(held, said, too_large)
                continue
            self._asked[number] = (held, said)
            return text
        return None

    def hear(self, frame: dict[str, Any]) -> None:
        """Takes a frame of the server."""
        number = frame.get("id")
        if number is not None and number == self._claim_id:
            self._claimed(frame)
        elif isinstance(number, int):
            self._answered(number, frame)
        elif frame.get("status") == "error":
            if frame.get("code") == "lease_lost":
                self._gone(self.held.get(frame.get("lease", "")))
        elif "lease" in frame:
            self._told(frame)

    def _claimed(self, frame: dict[str, Any]) -> None:
        self._claim_id = None
        if frame.get("status") == "error":
            raise Broken(Refused(frame), for_good=True)
        self._is_claimed = self.stands = True
        for lease in frame.get("lost", []):
            self._gone(self.held.get(lease))
        self._to_say.clear()
        asked = {id(said) for _, said in self._asked.values()}
        for held in self.held.values():
            self._to_say.extend((held, said) for said in held.due() if id(said) not in asked)
        self._wake()
        self.changed.set()

    def _answered(self, number: int, frame: dict[str, Any]) -> None:
        held, said = self._asked.pop(number, (None, None))
        if held is None or said is None:
            return
        if frame.get("status") != "error":
            self._need_not_be_said(held, said)
            if said.is_end:
                self._gone(held)
        elif frame.get("code") == "lease_lost":
            self._gone(held)
        elif frame.get("code") in ("too_many", "unavailable"):
            # The log takes in no more of it just now.
            said.is_late = True
            if said.is_end:
                held.waiting_end = said
            asyncio.get_running_loop().call_later(SAY_AGAIN, self._say_again, held, said)
        else:
            self._refused(held, said, Refused(frame))

    def _need_not_be_said(self, held: Held, said: Said) -> None:
        for more in held.answered(said):
            self.say(held, more)

    def _say_again(self, held: Held, said: Said) -> None:
        """Unless a new connection has seen to that meanwhile."""
        on_its_way = [one for _, one in (*self._asked.values(), *self._to_say)]
        for one in held.released() if said.is_end else [said]:
            if one in held.said and one not in on_its_way:
                self.say(held, one)

    def _refused(self, held: Held, said: Said, refused: Refused) -> None:
        """What was said of a job cannot be said."""
        if said.is_end:
            self._end_refused(held, said, refused)
        else:
            self._fails(held, refused)
            self._need_not_be_said(held, said)

    def _end_refused(self, held: Held, said: Said, refused: Refused) -> None:
        """The job ends all the same: it has failed of that."""
        if said.is_of_a_refusal:
            self._gone(held)
            return
        said.becomes(refused)
        self.say(held, said)

    def _fails(self, held: Held, refused: Refused) -> None:
        """What was said of a job is not what the server takes: its function hears of it, and the job fails of it."""
        if held.failure is None:
            held.failure = refused
            if held.waiting_end is not None:
                held.waiting_end.becomes(refused)
            self.told(held)

    def _told(self, frame: dict[str, Any]) -> None:
        lease = frame["lease"]
        held = self.held.get(lease)
        if "input" in frame or "lease_time" in frame:
            if held is None:
                self.held[lease] = held = Held(frame)
                self.begin(held)
            return
        if held is None or frame["seq"] <= held.seen:
            return
        held.seen = frame["seq"]
        if frame["status"] == "ending":
            if held.ending is None:
                held.ending = frame
                self.told(held)
        elif frame["status"] == "queued" or frame["status"] in OUTCOMES:
            self._gone(held)

    def _gone(self, held: Held | None) -> None:
        if held is not None and self.held.pop(held.lease, None) is not None:
            held.gone()
            self.told(held)
            self.changed.set()

    def _number(self) -> int:
        self._last_id += 1
        return self._last_id

    async def breathe(self) -> None:
        """A worker's connection waits for nobody."""

    def fail(self, error: LongwireError) -> None:
        """There will be no connection any more."""
        self.error = error
        for held in list(self.held.values()):
            self._gone(held)
        self.changed.set()
