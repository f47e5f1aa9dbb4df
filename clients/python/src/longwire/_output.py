"""Output, as pieces that fit a frame."""

import base64
import contextlib
from collections.abc import Iterator
from typing import Any, get_args

from .frames import Stream

PIECE = 32_768
"""Characters, or bytes, of output in one frame."""


Bytes = bytes | bytearray | memoryview


def pieces(output: str | Bytes, stream: Stream) -> Iterator[tuple[dict[str, Any], int]]:
    """What to append for it, and how many bytes each is."""
    if stream not in get_args(Stream):
        raise ValueError(f"stream is {stream!r}, and has to be one of {', '.join(get_args(Stream))}")
    named: dict[str, Any] = {} if stream == "stdout" else {"stream": stream}
    if not isinstance(output, str):
        if not isinstance(output, Bytes):
            raise TypeError(f"output is {output!r:.100}, and has to be text or bytes")
        # What may be written to meanwhile is taken as it is now.
        output = bytes(output)
        with contextlib.suppress(UnicodeDecodeError):
            output = output.decode()
    for start in range(0, len(output), PIECE):
        piece = output[start : start + PIECE]
        if isinstance(piece, bytes):
            yield {"output": base64.b64encode(piece).decode(), "encoding": "base64", **named}, len(piece)
        else:
            # Half a surrogate is no text.
            data = piece.encode(errors="backslashreplace")
            yield {"output": data.decode(), **named}, len(data)
