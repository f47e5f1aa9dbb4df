"""How the connection is doing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from .errors import LongwireError


@dataclass(frozen=True)
class Link:
    """How the connection is doing.

    - `connected`.
    - `shutting_down`: connected, and the server is stopping; running jobs have `left` seconds to end.
    - `reconnecting`: it broke, `why` says of what, and it is being made anew for the `attempts`-th time.
    - `closed`: there will be none any more, and `why` says of what.
    """

    state: Literal["connected", "shutting_down", "reconnecting", "closed"]
    left: float | None = None
    attempts: int = 0
    why: LongwireError | None = None


class Links:
    """Always the latest."""

    def __init__(self) -> None:
        self.now = Link("connected")
        self._changed = asyncio.Event()

    def set(self, link: Link) -> None:
        """What is waited for in `changes`."""
        if link != self.now:
            self.now = link
            self._changed.set()
            self._changed = asyncio.Event()

    async def changes(self) -> AsyncIterator[Link]:
        """How it is, then each change; of changes that come faster than they are read the latest. Ends after `closed`."""
        shown = self.now
        yield shown
        while shown.state != "closed":
            while self.now is shown:
                await self._changed.wait()
            shown = self.now
            yield shown
