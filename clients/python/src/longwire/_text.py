"""How JSON is written, and what is too large to be sent."""

import json

from .errors import Refused


def text_of(value: object) -> str:
    """JSON in UTF-8. What cannot be that is a `TypeError`, a `ValueError` or a `RecursionError`."""
    return _written(value)[0]


def frame_text(frame: object, most: int) -> str:
    """The text of a frame. One of more bytes than that is a `Refused`: the server would close the connection over it."""
    text, size = _written(frame)
    if size > most:
        message = f"a frame of {size} bytes; {most} are the most that are sent (Options.frame_bytes)"
        raise Refused({"status": "error", "code": "too_large", "message": message})
    return text


def _written(value: object) -> tuple[str, int]:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text, len(text.encode())
