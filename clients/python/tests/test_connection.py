"""How a connection is made, kept and given up."""

import asyncio
from typing import Any

import pytest
from scripted import Peer, Script, quick, within

import longwire
from longwire._address import socket_address

Pair = tuple[longwire.Client, Peer]


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("http://127.0.0.1:8000/", "ws://127.0.0.1:8000/ws"),
        ("http://host", "ws://host/ws"),
        ("https://host/longwire/", "wss://host/longwire/ws"),
        ("ws://[::1]:8000", "ws://[::1]:8000/ws"),
        ("wss://host:1/ws?key=a", "wss://host:1/ws?key=a"),
        ("http://127.0.0.1:8000?times=true", "ws://127.0.0.1:8000/ws?times=true"),
        ("ws://host:1/other", "ws://host:1/other"),
        ("ftp://host", None),
        ("127.0.0.1:8000", None),
        ("host", None),
        ("", None),
        ("http://", None),
        ("http://host:port", None),
        ("http://user:secret@host", None),
    ],
)
def test_addresses_of_sites_and_of_sockets_are_the_same(url: str, socket: str | None) -> None:
    if socket is not None:
        assert socket_address(url) == socket
        return
    with pytest.raises(longwire.ConnectionError, match="invalid_address"):
        socket_address(url)


@pytest.mark.parametrize(
    ("attempt", "chance", "wait"),
    [
        (0, 1, 0),
        (1, 0, 0.05),
        (1, 1, 0.1),
        (2, 1, 0.2),
        (2, 0, 0.1),
        (4, 1, 0.8),
        (4, 0, 0.4),
        (9, 1, 5),
        (9, 0, 2.5),
        (9999, 1, 5),
    ],
)
def test_waits_double_up_to_the_longest_and_chance_takes_at_most_half(attempt: int, chance: float, wait: float) -> None:
    assert longwire.Options().wait(attempt, chance) == pytest.approx(wait)


async def test_headers_are_sent_with_every_upgrade(script: Script) -> None:
    async with longwire.connect(script.url, quick(headers={"Authorization": "Bearer secret"})) as client:
        for _ in range(2):
            peer = await script.accept()
            request = peer._socket.request
            assert request is not None and request.headers["Authorization"] == "Bearer secret"
            await peer.synced(client)
            await peer.cut()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4001, 4002, 4999])
async def test_after_these_closes_it_comes_back(script: Script, pair: Pair, code: int) -> None:
    client, peer = pair
    await peer.closes(code)
    await (await script.accept()).synced(client)


@pytest.mark.parametrize("code", [1002, 1007, 1008, 1009])
async def test_after_these_closes_there_is_no_use_in_coming_back(pair: Pair, code: int) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.closes(code, "too many frames")
    for waiting in (anext(job), job.outcome(), client.status()):
        with pytest.raises(longwire.ConnectionError, match=rf"too many frames \({code}\) \(closed_by_server\)"):
            await within(waiting)
    assert client.link.state == "closed"


@pytest.mark.parametrize("text", ["{", "7", "[]", '{"connid":"a","seq":"x","status":"ok"}', b"{}"])
async def test_what_is_no_frame_is_not_understood(pair: Pair, text: str | bytes) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says_text(text)
    with pytest.raises(longwire.ConnectionError, match="unexpected_frame"):
        await within(job)


async def test_what_is_not_known_is_let_pass(pair: Pair) -> None:
    client, peer = pair
    await peer.says({"news": 1}, {"notice": "of something"}, {"id": 99, "route": "status"}, {"connid": "x", "seq": 1})
    await peer.synced(client)


@pytest.mark.parametrize(
    "answer", [{"route": "status", "status": "ok", "jobs": []}, {}, {"route": "modules", "status": "ok"}]
)
async def test_an_answer_to_something_else_is_not_understood(pair: Pair, answer: dict[str, Any]) -> None:
    client, peer = pair
    asking = client.start("script"), client.watch("a"), client.feed().open(), client.routes(), client.modules()
    for one in asking:
        task = asyncio.ensure_future(one)
        number, _ = await peer.hears()
        await peer.says({"id": number, **answer})
        with pytest.raises(longwire.ConnectionError, match="unexpected_frame"):
            await within(task)
    await peer.synced(client)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "not_longwire"),
        (b"220 mail.example ESMTP\r\n", "not_longwire"),
        (b"", "unreachable"),
        (b"HTTP/1.1 101 Switching Proto", "unreachable"),
        (None, "unreachable"),
    ],
)
async def test_whoever_is_no_longwire_is_told_from_nobody(answer: bytes | None, code: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            writer.transport.abort()
            return
        writer.write(answer)
        writer.close()

    other = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    with pytest.raises(longwire.ConnectionError) as wrong:
        await within(longwire.connect(f"http://127.0.0.1:{port}")._connect())
    assert wrong.value.code == code
    other.close()
    await other.wait_closed()
    with pytest.raises(longwire.ConnectionError) as nobody:
        await longwire.connect(f"http://127.0.0.1:{port}")
    assert nobody.value.code == "unreachable"
    assert isinstance(nobody.value, ConnectionError), "the language's own, too"


async def test_a_server_that_does_not_answer_is_left() -> None:
    left = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    other = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    with pytest.raises(longwire.ConnectionError, match="no answer within 0"):
        await longwire.connect(f"http://127.0.0.1:{port}", longwire.Options(connect_timeout=0.05))
    await within(left.wait())
    other.close()


async def test_a_server_that_is_gone_for_good_is_given_up_where_patience_ends(script: Script) -> None:
    async with longwire.connect(script.url, quick(patience=0.05)) as client:
        await script.accept()
        asking = asyncio.create_task(client.status())
        await script.stop()
        with pytest.raises(longwire.ConnectionError) as gone:
            await within(asking)
        assert gone.value.code == "unreachable"


async def test_a_server_that_takes_a_connection_and_is_silent_does_not_outlast_patience(script: Script) -> None:
    async with longwire.connect(script.url, quick(patience=0.3)) as client:
        peer = await script.accept()
        asking = asyncio.create_task(client.status())
        await peer.hears()
        script.is_silent = True
        await peer.cut()
        with pytest.raises(longwire.ConnectionError, match=r"no answer within 0\.\d+ s"):
            await within(asking)


async def test_patience_counts_on_over_connections_that_break_unheard(script: Script) -> None:
    async def take_and_drop() -> None:
        while True:
            await (await script.accept()).cut()

    async with longwire.connect(script.url, quick(patience=0.2)) as client:
        dropping = asyncio.create_task(take_and_drop())

        async def given_up() -> None:
            async for link in client.links():
                if link.state == "closed":
                    return

        await within(given_up())
        dropping.cancel()


async def test_a_silent_server_is_pinged_and_then_left(script: Script) -> None:
    options = quick(ping_after=0.02, dead_after=1.0)
    async with longwire.connect(script.url, options) as client:
        peer = await script.accept()
        # It answers pings, so it is kept for longer than its silence would allow.
        links = client.links()
        assert (await within(anext(links))).state == "connected"
        waiting = asyncio.ensure_future(anext(links))
        done, _ = await asyncio.wait({waiting}, timeout=1.6)
        assert not done, "a server that answers pings was left"
        peer._socket.transport.pause_reading()
        link = await within(waiting)
        assert link.state == "reconnecting" and "nothing heard for too long" in str(link.why)


async def test_the_link_tells_how_the_connection_is_doing(script: Script, pair: Pair) -> None:
    client, peer = pair
    states: list[tuple[str, Any]] = []

    async def follow() -> None:
        async for link in client.links():
            states.append((link.state, link.left or link.attempts))

    following = asyncio.create_task(follow())
    await peer.synced(client)
    await peer.says({"notice": "shutting_down", "left": 10})
    await peer.synced(client)
    assert client.link.left == 10
    await peer.closes(1001)
    await (await script.accept()).synced(client)
    await client.close()
    await within(following)
    assert states[:2] == [("connected", 0), ("shutting_down", 10)]
    assert [state for state, _ in states[2:]] == ["reconnecting", "connected", "closed"]


async def test_a_connection_on_which_something_was_heard_counts_as_one(script: Script, pair: Pair) -> None:
    client, peer = pair
    attempts = []

    async def follow() -> None:
        async for link in client.links():
            attempts.append(link.attempts)

    following = asyncio.create_task(follow())
    for _ in range(3):
        await peer.synced(client)
        await peer.closes(1001)
        peer = await script.accept()
    await peer.synced(client)
    await client.close()
    await within(following)
    assert [number for number in attempts if number] == [1, 1, 1]


async def test_closing_ends_what_waits_and_leaves_nothing_behind(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    waiting = [asyncio.create_task(one) for one in (job.result(), client.status(), client.feed().open())]
    await peer.hears()
    await client.close()
    for task in waiting:
        with pytest.raises(longwire.ConnectionError) as closed:
            await within(task)
        assert closed.value.code == "closed"
    with pytest.raises(longwire.ConnectionError):
        await client.routes()
    await peer.until_left()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("longwire")]


async def test_whoever_closes_and_is_cancelled_hears_of_it(script: Script) -> None:
    client = await longwire.connect(script.url)
    peer = await script.accept()
    # A server that does not read does not say goodbye either.
    peer._socket.transport.pause_reading()
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(closing)
    await client.close()
    assert client.link.state == "closed"


async def test_a_verb_is_not_started(pair: Pair) -> None:
    client, peer = pair
    for route in ("kill", "query/module", "claim"):
        with pytest.raises(longwire.Refused, match="is a verb"):
            await client.start(route, connid="42")
    await peer.synced(client)


@pytest.mark.parametrize("wrong", [{1, 2}, float("nan"), "\ud800", object()])
async def test_an_input_that_is_no_json_ends_the_start_alone(pair: Pair, wrong: object) -> None:
    client, peer = pair
    with pytest.raises((TypeError, ValueError)):
        await within(client.start("script", wrong))
    await peer.synced(client)


async def test_a_frame_that_the_server_would_close_over_is_not_sent(pair: Pair) -> None:
    client, peer = pair
    with pytest.raises(longwire.Refused, match="too_large"):
        await within(client.start("script", "é" * 600_000))
    await peer.synced(client)
