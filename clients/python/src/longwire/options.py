"""How a connection deals with a server that does not answer."""

import ssl as tls
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Options:
    """The defaults are right for most. Times are seconds.

    - `patience`: how long to go on trying to connect again, the last try included; for ever where it is none. The first connection is tried once.
    - `least_wait`, `most_wait`: between two tries to connect again, doubled from one to the next; chance takes up to half of each.
    - `connect_timeout`: how long a server has to take a connection.
    - `write_timeout`: how long a server may not read while there is something for it.
    - `ping_after`: after how long without a word the server is sent a ping.
    - `dead_after`: after how long without a word, answers to pings included, the connection counts as lost.
    - `frame_bytes`: the largest frame that is sent; the server closes the connection over a larger one, so it has to be its `limits.frame_bytes`.
    - `headers`: sent with the upgrade, for what stands before the server.
    - `ssl`: for `https` and `wss`; the system's authorities where it is none.
    """

    patience: float | None = None
    least_wait: float = 0.1
    most_wait: float = 5.0
    connect_timeout: float = 10.0
    write_timeout: float = 20.0
    ping_after: float = 20.0
    dead_after: float = 45.0
    frame_bytes: int = 1_048_576
    headers: Mapping[str, str] = field(default_factory=dict)
    ssl: tls.SSLContext | None = None

    def wait(self, attempt: int, chance: float) -> float:
        """The wait before that try, counted from 0; `chance` is from 0 to 1. The first is at once."""
        if attempt == 0:
            return 0.0
        whole = min(self.least_wait * 2.0 ** min(attempt - 1, 32), self.most_wait)
        return whole * (0.5 + chance / 2)
