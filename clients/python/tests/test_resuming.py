"""The rules of docs/clients.md, against a server that follows a script."""

import asyncio
import gc
import re
from collections.abc import Coroutine
from typing import Any

import pytest
from scripted import Frame, Peer, Script, begun, ended, output, refusal, seen, watching, within

import longwire

Pair = tuple[longwire.Client, Peer]


async def test_a_job_is_followed_to_its_outcome(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    assert (job.connid, job.id, job.seen) == ("a", "job-a", 1)
    assert job.started is not None and job.started["time"] == 60
    await peer.says(output("a", 2), ended("a", 3, result={"pages": 10}))
    assert await seen(job) == [2, 3]
    assert await within(job) == {"pages": 10}
    assert await seen(job) == []


async def test_replies_find_their_requests_by_id(pair: Pair) -> None:
    client, peer = pair
    killing = asyncio.create_task(client.kill("a", "wrong month", wait=True))
    extending = asyncio.create_task(client.extend("b", 60))
    first = await peer.expects({"route": "kill", "connid": "a", "reason": "wrong month", "wait": True})
    second = await peer.expects({"route": "extend", "connid": "b", "time": 60})
    await peer.says({"id": second, "route": "extend", "connid": "b", "status": "ok", "seq": 2, "time": 60, "left": 60})
    await peer.says({"id": first, "route": "kill", "connid": "a", "status": "ok", "seq": 3})
    assert (await within(extending))["left"] == 60
    assert (await within(killing))["seq"] == 3


async def test_a_refusal_is_an_error_with_a_code(pair: Pair) -> None:
    client, peer = pair
    asking = asyncio.create_task(client.status("b"))
    number = await peer.expects({"route": "status", "connid": "b"})
    await peer.says(refusal(number, "unknown_connid", field="connid", connid="b"))
    with pytest.raises(longwire.Refused) as refused:
        await within(asking)
    assert (refused.value.code, refused.value.field, refused.value.connid) == ("unknown_connid", "connid", "b")


async def test_a_watch_goes_on_from_the_last_event_on_a_new_connection(script: Script, pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says(output("a", 2), output("a", 3))
    assert [(await within(anext(job)))["seq"] for _ in range(2)] == [2, 3]
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 3})
    # What was seen comes twice, and is dropped.
    await peer.says(watching(number, "a", 5), *(output("a", seq, job="job-a") for seq in (2, 3, 4, 4, 5)))
    await peer.says(ended("a", 6, job="job-a"))
    assert await seen(job) == [4, 5, 6]


async def test_events_that_wait_for_their_reader_are_not_asked_for_again(script: Script, pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says(output("a", 2), output("a", 3))
    await peer.synced(client)
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 3})
    await peer.says(watching(number, "a", 4), ended("a", 4, job="job-a"))
    assert await seen(job) == [2, 3, 4]


async def test_a_server_that_has_forgotten_the_job_ends_the_events(script: Script, pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 1})
    await peer.says(refusal(number, "unknown_connid"))
    with pytest.raises(longwire.Refused, match="unknown_connid"):
        await within(anext(job))
    with pytest.raises(longwire.Refused, match="unknown_connid"):
        await within(job)


@pytest.mark.parametrize("conflict", [None, "reject", "attach"])
async def test_a_start_with_a_name_is_repeated_as_a_joining_one(script: Script, pair: Pair, conflict: Any) -> None:
    client, peer = pair
    starting = asyncio.create_task(client.start("script", [1], connid=42, on_conflict=conflict))
    start = {"route": "script", "connid": 42, "input": [1]}
    await peer.expects(start if conflict is None else {**start, "on_conflict": conflict})
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({**start, "on_conflict": "attach"})
    await peer.says(begun(number, "42"))
    assert (await within(starting)).connid == "42"


@pytest.mark.parametrize(
    ("found", "repeated"),
    [
        ({"status": "running", "elapsed": 3600}, "replace"),
        ({"status": "ending", "elapsed": 3600}, "replace"),
        ({"status": "running", "elapsed": 0}, "attach"),
        ({"status": "ok", "elapsed": 3600}, "attach"),
        (None, "attach"),
        ("unknown_connid", "attach"),
        ("expired", "attach"),
    ],
)
async def test_a_start_that_replaces_kills_no_job_that_is_younger_than_itself(
    script: Script, pair: Pair, found: Any, repeated: str
) -> None:
    client, peer = pair
    starting = asyncio.create_task(client.start("script", connid="a", on_conflict="replace"))
    start: Frame = {"route": "script", "connid": "a", "on_conflict": "replace"}
    await peer.expects(start)
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "status", "connid": "a"})
    if isinstance(found, str):
        await peer.says(refusal(number, found))
    else:
        jobs = [] if found is None else [found]
        await peer.says({"id": number, "route": "status", "status": "ok", "jobs": jobs, "next": None})
    number = await peer.expects({**start, "on_conflict": repeated})
    # Broken again it is looked for again.
    await peer.cut()
    peer = await script.accept()
    await peer.says(refusal(await peer.expects({"route": "status", "connid": "a"}), "unknown_connid"))
    number = await peer.expects({**start, "on_conflict": "attach"})
    await peer.says(begun(number, "a"))
    assert (await within(starting)).seen == 1


@pytest.mark.parametrize("was_heard", [True, False])
async def test_a_start_without_a_name_is_looked_for_before_it_is_repeated(
    script: Script, pair: Pair, was_heard: bool
) -> None:
    client, peer = pair
    starting = asyncio.create_task(client.start("script"))
    _, frame = await peer.hears()
    name = frame["connid"]
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{13}", name)
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "connid": name, "after": 1})
    if was_heard:
        await peer.says(watching(number, name))
        job = await within(starting)
        assert job.seen == 1
        await peer.says(ended(name, 2))
        assert await seen(job) == [2]
        return
    await peer.says(refusal(number, "unknown_connid"))
    number = await peer.expects({"route": "script", "connid": name, "on_conflict": "attach"})
    await peer.says(begun(number, name), ended(name, 2))
    assert await seen(await within(starting)) == [2]


async def test_a_new_name_is_looked_for_the_first_time(script: Script, pair: Pair) -> None:
    client, peer = pair
    name = longwire.new_connid()
    looked_for: Frame = {"route": "watch", "connid": name, "after": 1}
    repeated: Frame = {"route": "script", "connid": name, "on_conflict": "attach"}
    for again in (looked_for, repeated):
        starting = asyncio.create_task(client.start("script", connid=name))
        await peer.expects({"route": "script", "connid": name})
        await peer.cut()
        peer = await script.accept()
        number = await peer.expects(again)
        await peer.says(watching(number, name) if again is looked_for else begun(number, name))
        (await within(starting)).leave()
        await peer.expects({"route": "unwatch", "job": f"job-{name}"})


async def test_two_starts_without_a_name_have_two(pair: Pair) -> None:
    client, peer = pair
    tasks = [asyncio.create_task(client.start("script")) for _ in range(2)]
    names = {(await peer.hears())[1]["connid"] for _ in tasks}
    assert len(names) == 2
    for task in tasks:
        task.cancel()


async def test_a_kill_that_is_repeated_after_the_death_is_done(script: Script, pair: Pair) -> None:
    client, peer = pair
    killing = asyncio.create_task(client.kill("a"))
    await peer.expects({"route": "kill", "connid": "a"})
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "kill", "connid": "a"})
    await peer.says(refusal(number, "already_ended", ended={"status": "killed", "seq": 3}))
    assert (await within(killing))["seq"] == 3


async def test_a_repeated_kill_by_the_servers_name_says_it_again(script: Script, pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    killing = asyncio.create_task(job.kill())
    await peer.expects({"route": "kill", "job": "job-a"})
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "kill", "job": "job-a"})
    await peer.says(refusal(number, "already_ended", ended={"status": "killed", "seq": 3}))
    done = await within(killing)
    assert (done["job"], done["seq"]) == ("job-a", 3)


@pytest.mark.parametrize(("tries", "status"), [(1, "killed"), (2, "ok")])
async def test_a_kill_of_what_ended_otherwise_is_refused(script: Script, pair: Pair, tries: int, status: str) -> None:
    client, peer = pair
    killing = asyncio.create_task(client.kill("a"))
    for _ in range(tries - 1):
        await peer.hears()
        await peer.cut()
        peer = await script.accept()
    number, _ = await peer.hears()
    await peer.says(refusal(number, "already_ended", ended={"status": status, "seq": 3}))
    with pytest.raises(longwire.Refused, match="already_ended"):
        await within(killing)


async def test_a_request_that_breaks_every_connection_is_given_up(script: Script, pair: Pair) -> None:
    client, peer = pair
    asking = asyncio.create_task(client.status())
    for _ in range(5):
        await peer.expects({"route": "status"})
        await peer.cut()
        peer = await script.accept()
    with pytest.raises(longwire.ConnectionError, match="no_reply"):
        await within(asking)
    await peer.synced(client)


@pytest.mark.parametrize(("status", "frames"), [("killed", 0), ("ok", 1)])
async def test_a_watch_from_after_the_end_ends_with_the_outcome(pair: Pair, status: str, frames: int) -> None:
    client, peer = pair
    watching_it = asyncio.create_task(client.watch("a", after=3))
    number = await peer.expects({"route": "watch", "connid": "a", "after": 3})
    await peer.says(watching(number, "a", 3) | {"ended": {"status": status, "seq": 3}})
    job = await within(watching_it)
    assert await seen(job) == []
    waiting = asyncio.create_task(job.outcome())
    for _ in range(frames):
        # What is said in short has no result.
        number = await peer.expects({"route": "watch", "job": "job-a", "after": 2})
        await peer.says(watching(number, "a", 3), ended("a", 3, job="job-a", result=7))
    event = await within(waiting)
    assert (event["status"], event["seq"], event.get("result")) == (status, 3, 7 if frames else None)
    assert await within(job.outcome()) == event
    job.leave()
    await peer.synced(client)
    assert peer.nothing_waits()


async def test_a_handle_that_waits_beyond_the_end_hears_of_it_on_a_new_connection(script: Script, pair: Pair) -> None:
    client, peer = pair
    opening = asyncio.create_task(client.watch("a", after=100))
    await peer.says(watching(await peer.expects({"route": "watch", "connid": "a", "after": 100}), "a", 1))
    job = await within(opening)
    reading = asyncio.create_task(seen(job))
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 100})
    error = {"code": "disk_full", "message": "no room"}
    await peer.says(watching(number, "a", 3) | {"ended": {"status": "failed", "seq": 3, "error": error}})
    assert await within(reading) == []
    with pytest.raises(longwire.JobFailed, match="no room"):
        await within(job)


async def test_what_is_known_in_whole_is_not_forgotten_for_what_is_said_in_short(pair: Pair) -> None:
    client, peer = pair
    behind = await peer.starts(client, "a")
    await peer.says(*(output("a", seq) for seq in range(2, 100)), ended("a", 100, result=7))
    await peer.synced(client)
    opening = asyncio.create_task(behind.watch(after=100))
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 100})
    await peer.says(watching(number, "a", 100) | {"ended": {"status": "ok", "seq": 100}})
    await within(opening)
    assert await within(behind) == 7


async def test_a_slow_reader_holds_up_nobody_misses_nothing_and_is_bounded(pair: Pair) -> None:
    client, peer = pair
    slow = await peer.starts(client, "slow")
    other = await peer.starts(client, "quick")
    await peer.says(*(output("slow", seq) for seq in range(2, 500)), ended("slow", 500, result=7))
    await peer.says(output("quick", 2), ended("quick", 3))
    assert await seen(other) == [2, 3]
    await peer.synced(client)
    assert len(slow._cursor.waiting) == 64
    # The outcome is known meanwhile.
    assert await within(slow) == 7
    read, after = [], 1
    while after < 500:
        while after < 500 and slow._cursor.waiting:
            item = await within(anext(slow))
            assert "seq" in item
            read.append(item["seq"])
            after = item["seq"]
        if after == 500:
            break
        reading = asyncio.create_task(seen_one(slow))
        number = await peer.expects({"route": "watch", "job": "job-slow", "after": after})
        await peer.says(watching(number, "slow", 500))
        rest = [output("slow", seq, job="job-slow") for seq in range(after + 1, 500)]
        await peer.says(*rest, ended("slow", 500, job="job-slow", result=7))
        after = await within(reading)
        read.append(after)
        await peer.synced(client)
    assert read == list(range(2, 501))


async def seen_one(job: longwire.Job) -> int:
    item = await anext(job)
    assert "seq" in item
    return item["seq"]


async def test_what_is_missing_is_asked_for_and_never_taken_for_a_gap(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    # What is still under way when it is asked for is no further hole.
    await peer.says(*(output("a", seq) for seq in range(3, 10)))
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 1})
    await peer.says(watching(number, "a", 4), *(output("a", seq, job="job-a") for seq in (2, 3, 4)))
    await peer.says(ended("a", 5, job="job-a"))
    assert await seen(job) == [2, 3, 4, 5]


async def test_a_server_that_leaves_it_out_time_and_again_is_not_understood(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says(output("a", 3))
    for _ in range(2):
        number = await peer.expects({"route": "watch", "job": "job-a", "after": 1})
        await peer.says(watching(number, "a", 3), output("a", 3, job="job-a"))
    await peer.expects({"route": "unwatch", "job": "job-a"})
    with pytest.raises(longwire.ConnectionError, match="event 3 of job job-a, time and again, where 2 is due"):
        await within(anext(job))
    await peer.synced(client)


async def test_a_gap_is_told_in_its_place_without_what_was_seen(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says(
        output("a", 2), {"connid": "a", "gap": {"from": 1, "to": 2}}, {"connid": "a", "gap": {"from": 2, "to": 9}}
    )
    await peer.says(output("a", 10), ended("a", 11))
    assert await seen(job) == [2, (3, 9), 10, 11]


async def test_handles_of_one_job_are_independent(pair: Pair) -> None:
    client, peer = pair
    first = await peer.starts(client, "a")
    await peer.says(output("a", 2), output("a", 3))
    await peer.synced(client)
    opening = asyncio.create_task(first.watch(after=0))
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 0})
    await peer.says(watching(number, "a", 3))
    second = await within(opening)
    # The server sends a job once a socket: from where whoever is furthest back is.
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 0})
    await peer.says(watching(number, "a", 3), *(output("a", seq, job="job-a") for seq in (1, 2, 3, 4)))
    await peer.synced(client)
    second.leave()
    await peer.synced(client)
    await peer.says(ended("a", 5, job="job-a"))
    assert await seen(first) == [2, 3, 4, 5]
    assert second.seen == 0 and [await within(seen_one(second)) for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(longwire.ConnectionError, match="closed"):
        await within(anext(second))


async def test_a_handle_that_is_further_on_keeps_none_from_the_rest(pair: Pair) -> None:
    client, peer = pair
    behind = await peer.starts(client, "a")
    opening = asyncio.create_task(client.watch("a", after=100))
    number = await peer.expects({"route": "watch", "connid": "a", "after": 100})
    await peer.says(watching(number, "a", 101), output("a", 101))
    second = await within(opening)
    number = await peer.expects({"route": "watch", "job": "job-a", "after": 1})
    await peer.says(watching(number, "a", 101), *(output("a", seq, job="job-a") for seq in range(2, 102)))
    await peer.says(ended("a", 102, job="job-a"))
    assert await seen(second) == [101, 102]
    assert len(behind._cursor.waiting) == 64


async def test_only_the_answer_to_the_last_watch_says_where_the_server_is(pair: Pair) -> None:
    client, peer = pair
    first = await peer.starts(client, "a")
    asked = []
    for after, position in ((5, 1), (0, 0)):
        opening = asyncio.create_task(first.watch(after=after))
        await peer.says(watching(await peer.expects({"route": "watch", "job": "job-a", "after": after}), "a", 9))
        third = await within(opening)
        asked.append(await peer.expects({"route": "watch", "job": "job-a", "after": position}))
    await peer.says(watching(asked[0], "a", 9), output("a", 2, job="job-a"))
    # For who is at 0 that would be a hole; once the event was taken there is nothing that was asked for it.
    await peer.synced(client)
    await peer.synced(client)
    await peer.says(watching(asked[1], "a", 9), *(output("a", seq, job="job-a") for seq in (1, 2)))
    await peer.says(ended("a", 3, job="job-a"))
    assert await seen(third) == [1, 2, 3]
    assert await seen(first) == [2, 3]


async def test_jobs_of_one_name_are_told_apart(pair: Pair) -> None:
    client, peer = pair
    old = await peer.starts(client, "a")
    starting = asyncio.create_task(client.start("script", connid="a"))
    number = await peer.expects({"route": "script", "connid": "a"})
    await peer.says(begun(number, "a") | {"job": "job-new"})
    new = await within(starting)
    # Whose outcome is that? Nobody can know.
    await peer.says(ended("a", 2, "failed"))
    for job in ("job-a", "job-new"):
        number = await peer.expects({"route": "watch", "job": job, "after": 1})
        # From here on every frame says its job; one that does not is of neither.
        await peer.says(output("a", 2), watching(number, "a", 2) | {"job": job})
    await peer.says(ended("a", 2, job="job-new", result="new"), ended("a", 2, job="job-a", result="old"))
    assert [await within(old), await within(new)] == ["old", "new"]


async def test_a_job_whose_turn_it_is_is_told_by_its_number(pair: Pair) -> None:
    client, peer = pair
    old = await peer.starts(client, "a")
    await peer.says(output("a", 2))
    await peer.synced(client)
    starting = asyncio.create_task(client.start("script", connid="a"))
    number = await peer.expects({"route": "script", "connid": "a"})
    await peer.says(begun(number, "a") | {"job": "job-new"})
    new = await within(starting)
    # Of one there is a gap, and of the other the next event.
    await peer.says({"connid": "a", "gap": {"from": 3, "to": 7}}, output("a", 2), output("a", 8))
    await peer.says(ended("a", 3, result="new"), ended("a", 9, result="old"))
    assert await seen(new) == [2, 3]
    assert await seen(old) == [2, (3, 7), 8, 9]
    assert [await within(old), await within(new)] == ["old", "new"]
    assert peer.nothing_waits()


async def test_a_kill_through_a_handle_never_meets_another_job_of_its_name(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    # It has ended, but that is not known here yet; and its name may be another's.
    killing = asyncio.create_task(job.kill("wrong month"))
    number = await peer.expects({"route": "kill", "job": "job-a", "reason": "wrong month"})
    how = {"status": "failed", "seq": 2, "error": {"code": "disk_full", "message": "no room"}}
    await peer.says(refusal(number, "already_ended", connid="a", ended=how))
    with pytest.raises(longwire.Refused) as refused:
        await within(killing)
    assert (refused.value.code, refused.value.ended) == ("already_ended", how)
    extending = asyncio.create_task(job.extend(60))
    number = await peer.expects({"route": "extend", "job": "job-a", "time": 60})
    await peer.says({"id": number, "route": "extend", "connid": "a", "job": "job-a", "status": "ok", "seq": 2})
    assert (await within(extending))["job"] == "job-a"
    await peer.says(ended("a", 2, "failed", error={"code": "disk_full", "message": "no room"}))
    with pytest.raises(longwire.JobFailed) as failed:
        await within(job)
    assert (failed.value.code, failed.value.message, failed.value.event["seq"]) == ("disk_full", "no room", 2)


async def test_verbs_take_a_connid_or_a_job(pair: Pair) -> None:
    client, peer = pair
    rows: list[tuple[Coroutine[Any, Any, object], Frame]] = [
        (client.kill(job="j"), {"route": "kill", "job": "j"}),
        (client.kill(7, "late"), {"route": "kill", "connid": 7, "reason": "late"}),
        (client.extend(job="j", time=60), {"route": "extend", "job": "j", "time": 60}),
        (client.status(job="j"), {"route": "status", "job": "j"}),
    ]
    for asking, frame in rows:
        task = asyncio.create_task(asking)
        await peer.says({"id": await peer.expects(frame), "route": frame["route"], "status": "ok", "jobs": []})
        await within(task)
    both: Any = {"connid": "a", "job": "j"}
    for wrong in (
        client.watch(),
        client.kill(),
        client.kill(**both),
        client.extend(time=60, **both),
        client.status(**both),
    ):
        with pytest.raises(TypeError, match="a connid or a job"):
            await wrong
    assert peer.nothing_waits()


@pytest.mark.parametrize("how", ["leave", "forget", "with"])
async def test_letting_go_of_a_handle_ends_the_watch(pair: Pair, how: str) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    if how == "leave":
        job.leave()
    elif how == "with":
        async with job:
            pass
    del job
    gc.collect()
    await peer.expects({"route": "unwatch", "job": "job-a"})


async def test_a_start_that_nobody_waits_for_any_more_is_not_watched(pair: Pair) -> None:
    client, peer = pair
    starting = asyncio.create_task(client.start("script", connid="a"))
    number, _ = await peer.hears()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await peer.says(begun(number, "a"))
    await peer.expects({"route": "unwatch", "job": "job-a"})


async def test_a_start_that_is_cancelled_before_it_was_sent_is_not(pair: Pair) -> None:
    client, peer = pair
    starting = asyncio.create_task(client.start("script"))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await peer.synced(client)


async def test_a_start_that_was_cancelled_can_be_named(pair: Pair) -> None:
    client, peer = pair
    connid = longwire.new_connid()
    starting = asyncio.create_task(client.start("script", connid=connid))
    await peer.expects({"route": "script", "connid": connid})
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    killing = asyncio.create_task(client.kill(connid))
    number = await peer.expects({"route": "kill", "connid": connid})
    await peer.says({"id": number, "route": "kill", "connid": connid, "status": "ok", "seq": 2})
    assert (await within(killing))["seq"] == 2


async def test_a_cancelled_reader_has_lost_nothing(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    reading = asyncio.create_task(seen_one(job))
    await peer.synced(client)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await peer.says(output("a", 2), ended("a", 3))
    assert await seen(job) == [2, 3]


async def test_output_that_is_no_text_comes_as_bytes(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    await peer.says(output("a", 2, output="Y2Fm6Qo=", encoding="base64"), output("a", 3, output="Y2Fm"), ended("a", 4))
    outputs = [event["output"] async for event in job if "output" in event]
    assert outputs == [b"caf\xe9\n", "Y2Fm"]


async def test_the_feed_tells_changes_and_gaps_and_goes_on(script: Script, pair: Pair) -> None:
    client, peer = pair

    def change(number: int) -> dict[str, object]:
        return {"feed": number, "at": "", "connid": "a", "job": "j", "route": "r", "seq": 1, "status": "ok"}

    feed = client.feed()
    reading = asyncio.create_task(anext(feed))
    number = await peer.expects({"route": "watch"})
    await peer.says({"id": number, "route": "watch", "status": "ok", "feed": 7}, change(8))
    assert "feed" in await within(reading)
    await peer.says({"gap": {"from": 8, "to": 11}}, change(14))
    assert await within(anext(feed)) == {"gap": {"from": 9, "to": 11}}
    assert (await within(anext(feed)))["feed"] == 14
    await peer.cut()
    peer = await script.accept()
    number = await peer.expects({"route": "watch", "after": 14})
    await peer.says({"id": number, "route": "watch", "status": "ok", "feed": 14}, change(15))
    assert (await within(anext(feed)))["feed"] == 15
    feed.leave()
    await peer.expects({"route": "unwatch"})
    earlier = client.feed(after=7)
    reading = asyncio.create_task(anext(earlier))
    number = await peer.expects({"route": "watch", "after": 7})
    await peer.says({"id": number, "route": "watch", "status": "ok", "feed": 15}, change(7), change(8))
    item = await within(reading)
    assert "feed" in item and item["feed"] == 8


async def test_readers_of_one_handle_share_its_events_and_each_comes_to_its_end(pair: Pair) -> None:
    client, peer = pair
    job = await peer.starts(client, "a")
    readers = [asyncio.create_task(seen(job)) for _ in range(3)]
    await peer.says(output("a", 2), output("a", 3))
    await peer.synced(client)
    await peer.says(output("a", 4), ended("a", 5))
    shares = await within(asyncio.gather(*readers))
    assert sorted(number for share in shares for number in share) == [2, 3, 4, 5]
    assert await seen(job) == []
