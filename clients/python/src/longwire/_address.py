"""Where a server is."""

from urllib.parse import urlsplit

from .errors import ConnectionError

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def socket_address(url: str) -> str:
    """The address of the socket of the server at `http://HOST:PORT` or `ws://HOST:PORT/ws`."""
    wrong = ConnectionError(
        "invalid_address", f"{url!r} is not the address of a Longwire server; it must be like http://127.0.0.1:8000"
    )
    try:
        parts = urlsplit(url)
        scheme, host, port = _SCHEMES[parts.scheme], parts.hostname, parts.port
    except (KeyError, ValueError):
        raise wrong from None
    if not host or "@" in parts.netloc:
        raise wrong
    host = f"[{host}]" if ":" in host else host
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{host}{'' if port is None else f':{port}'}{_socket_path(parts.scheme, parts.path)}{query}"


def _socket_path(scheme: str, path: str) -> str:
    """A socket's own path is kept; below the address of a site it is `/ws`."""
    path = path.rstrip("/")
    if path.endswith("/ws") or (scheme in ("ws", "wss") and path):
        return path
    return f"{path}/ws"
