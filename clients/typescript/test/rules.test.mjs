// The rules of docs/clients.md, against a server that follows a script.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { backoff } from "../dist/backoff.js";
import { socketAddress } from "../dist/address.js";
import { connect, Disconnected, newConnid } from "longwire";
import { proxy } from "./support/proxy.mjs";
import { end, JOB, numbers, output, pair, refusal, scripted, seqs, started, watching } from "./support/scripted.mjs";

test("waits double up to the longest, and chance takes at most half", () => {
  for (const [attempt, chance, milliseconds] of [
    [0, 0, 0],
    [0, 1, 0],
    [1, 0, 100],
    [1, 1, 50],
    [2, 0, 200],
    [4, 1, 400],
    [7, 0, 5000],
    [7, 1, 2500],
    [1000, 0, 5000],
  ]) {
    assert.equal(backoff(attempt, chance), milliseconds, `${attempt} ${chance}`);
  }
});

test("addresses of sites and of sockets are the same", () => {
  for (const [url, address] of [
    ["http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws"],
    ["http://127.0.0.1:8000/", "ws://127.0.0.1:8000/ws"],
    ["https://example.com/jobs/", "wss://example.com/jobs/ws"],
    ["ws://127.0.0.1:8000/ws", "ws://127.0.0.1:8000/ws"],
    ["wss://example.com/socket?key=1#top", "wss://example.com/socket?key=1"],
    ["http://127.0.0.1:8000?times=true", "ws://127.0.0.1:8000/ws?times=true"],
    ["ws://[::1]:8000", "ws://[::1]:8000/ws"],
  ]) {
    assert.equal(socketAddress(url), address);
  }
  for (const url of ["", "localhost:8000", "ftp://127.0.0.1", "/jobs"]) {
    assert.throws(() => socketAddress(url), { code: "invalid_address" }, url);
  }
});

test("a start whose answer is lost again after it was sent again is looked for again", async (t) => {
  const { client, peer, again } = await pair(t);
  const job = client.start("report", { month: 3 });
  const { connid } = job;
  await peer.hears({ route: "report", connid, input: { month: 3 } });
  peer.cut();
  const second = await again();
  second.says(refusal(await second.hears({ route: "watch", connid }), "unknown_connid"));
  await second.hears({ route: "report", connid, input: { month: 3 }, on_conflict: "attach" });
  second.cut();
  const third = await again();
  // As every start's, its events begin after the first, which stands for the answer.
  third.says(watching(await third.hears({ route: "watch", connid, after: 1 }), 2, connid), end(2, 7, connid));
  assert.equal(await job, 7);
  assert.deepEqual(await seqs(job), [2]);
  await third.quiet();
});

test("what is no JSON is refused here, and is not said again on the next connection", async (t) => {
  const { client, peer, again } = await pair(t);
  const circular = {};
  circular.self = circular;
  for (const input of [{ n: 1n }, circular, () => 1, Symbol("x"), { toJSON() {} }]) {
    const job = client.start("report", input, { connid: "42" });
    await assert.rejects(async () => job, { name: "Refused", code: "invalid_field" });
  }
  await assert.rejects(async () => client.start("report", null, { time: 1n }), { name: "Refused", code: "invalid_field" });
  await assert.rejects(client.status({ limit: 1n }), { name: "Refused", code: "invalid_field" });
  await peer.quiet();
  const input = { month: 3 };
  client.start("report", input, { connid: 42 });
  await peer.hears({ input: { month: 3 } });
  input.month = 4n;
  peer.cut();
  const second = await again();
  await second.hears({ route: "report", input: { month: 3 } });
  await second.quiet();
});

test("what is larger than the server takes is refused here, in bytes, and costs nobody the connection", async (t) => {
  for (const [options, letters] of [
    [{}, 600_000],
    [{ frameBytes: 1024 }, 600],
  ]) {
    const { client, peer } = await pair(t, options);
    const job = client.start("report", "é".repeat(letters));
    await assert.rejects(async () => job, { name: "Refused", code: "too_large" });
    await assert.rejects(client.search("é".repeat(letters), "x"), { name: "Refused", code: "too_large" });
    await peer.quiet();
    client.start("report", "é".repeat(letters / 2));
    await peer.hears({ route: "report" });
    assert.equal(client.link.state, "connected");
  }
});

test("a handle kills and extends its own job by the server's name, and no other of its connid", async (t) => {
  const { client, peer } = await pair(t);
  const begun = client.start("report", null, { connid: "42" });
  peer.says(started(await peer.hears(), "42"));
  const named = client.watch({ job: JOB });
  peer.says(watching(await peer.hears({ route: "watch", job: JOB, connid: undefined }), 1));
  for (const job of [begun, named]) {
    const kill = job.kill("late");
    const ended = { status: "ok", seq: 2 };
    peer.says(refusal(await peer.hears({ route: "kill", job: JOB, connid: undefined, reason: "late" }), "already_ended", { ended }));
    await assert.rejects(kill, { name: "Refused", code: "already_ended", ended });
    const extend = job.extend(60);
    peer.says({ id: await peer.hears({ route: "extend", job: JOB, connid: undefined, time: 60 }), route: "extend", status: "ok", job: JOB, left: 60 });
    assert.equal((await extend).left, 60);
  }
});

test("a kill, an extend, a status and a watch take a job by either name", async (t) => {
  const { client, peer } = await pair(t);
  for (const [target, names] of [
    [42, { connid: "42", job: undefined }],
    ["42", { connid: "42", job: undefined }],
    [{ job: JOB }, { connid: undefined, job: JOB }],
    // What a start or a watch was answered with.
    [{ connid: "42", job: JOB, seq: 1 }, { connid: undefined, job: JOB }],
  ]) {
    client.kill(target, "late", { wait: true });
    await peer.hears({ route: "kill", ...names, reason: "late", wait: true });
    client.extend(target, 60);
    await peer.hears({ route: "extend", ...names, time: 60 });
    client.watch(target, { after: 3 });
    await peer.hears({ route: "watch", ...names, after: 3 });
  }
  client.status({ job: JOB });
  await peer.hears({ route: "status", job: JOB });
});

test("a kill by the server's name that was sent again, and is refused as the job is dead of it, was done", async (t) => {
  const { client, peer, again } = await pair(t);
  const kill = client.kill({ job: JOB });
  await peer.hears({ route: "kill", job: JOB });
  peer.cut();
  const second = await again();
  const ended = { status: "killed", seq: 3 };
  second.says(refusal(await second.hears({ route: "kill", job: JOB }), "already_ended", { connid: "42", ended }));
  assert.deepEqual(await kill, { route: "kill", connid: undefined, job: JOB, status: "ok", seq: 3, ended });
});

test("a watch from after the last event has the outcome and no event, over a break too", async (t) => {
  const { client, peer, again } = await pair(t);
  const ended = { status: "ok", seq: 3 };
  const job = client.watch("42", { after: 3 });
  peer.says({ ...watching(await peer.hears({ after: 3 }), 3), ended });
  assert.deepEqual((await job.started).ended, ended);
  // What came of it only its last event says.
  await peer.hears({ route: "watch", job: JOB, after: 2 });
  peer.cut();
  const second = await again();
  second.says({ ...watching(await second.hears({ route: "watch", job: JOB, after: 3 }), 3), ended });
  second.says(watching(await second.hears({ route: "watch", job: JOB, after: 2 }), 3), end(3, 7));
  assert.equal(await job, 7);
  assert.deepEqual(await seqs(job), []);
  assert.equal(job.seen, 3);
  await second.quiet();
});

test("who watches from after the last event takes it from nobody else", async (t) => {
  const { client, peer } = await pair(t);
  const first = client.watch("42");
  peer.says(watching(await peer.hears({ after: 0 }), 3), output(1));
  assert.equal((await first.events().next()).value.seq, 1);
  const late = client.watch("42", { after: 3 });
  peer.says({ ...watching(await peer.hears({ after: 3 }), 3), ended: { status: "ok", seq: 3 } });
  peer.says(watching(await peer.hears({ job: JOB, after: 1 }), 3), output(2), end(3, 7));
  assert.deepEqual([await first, await late], [7, 7]);
  assert.deepEqual(await seqs(late), []);
  assert.deepEqual(await seqs(first), [2, 3]);
  await peer.quiet();
});

test("a kill that is refused is no unhandled rejection", async (t) => {
  const { client, peer } = await pair(t);
  const unhandled = [];
  const tell = (error) => unhandled.push(error);
  process.on("unhandledRejection", tell);
  t.after(() => process.off("unhandledRejection", tell));
  const job = client.start("report", null, { connid: "42" });
  job.kill();
  job.extend(60);
  peer.says(started(await peer.hears({ route: "report" }), "42"));
  client.kill("43");
  client.status();
  for (let count = 0; count < 4; count++) peer.says(refusal(await peer.hears(), "unknown_connid"));
  await answered(client, peer);
  await new Promise((turn) => setImmediate(turn));
  assert.deepEqual(unhandled, []);
});

test("a start that was never sent is sent as it is, and one of one's own name that may have been heard joins", async (t) => {
  const { client, peer, again } = await pair(t);
  peer.cut();
  await new Promise((down) => client.onLink(({ state }) => state === "reconnecting" && down()));
  client.start("report", null, { connid: 42 });
  const second = await again();
  await second.hears({ connid: "42", on_conflict: undefined });
  second.cut();
  const third = await again();
  await third.hears({ connid: "42", on_conflict: "attach" });
});

test("a replace whose answer was lost replaces only what is older than itself, and joins all else", async (t) => {
  let { client, peer, again } = await pair(t);
  for (const [answer, on_conflict] of [
    [{ jobs: [{ status: "running", elapsed: 3600 }] }, "replace"],
    [{ jobs: [{ status: "ending", elapsed: 3600 }] }, "replace"],
    [{ jobs: [{ status: "running", elapsed: 0 }] }, "attach"],
    [{ jobs: [{ status: "killed", elapsed: 3600 }] }, "attach"],
    [{ jobs: [] }, "attach"],
    [{ status: "error", code: "unknown_connid", message: "" }, "attach"],
    [{ status: "error", code: "expired", message: "" }, "attach"],
  ]) {
    const job = client.start("report", { month: 3 }, { connid: 42, on_conflict: "replace" });
    await peer.hears({ route: "report", on_conflict: "replace" });
    peer.cut();
    peer = await again();
    peer.says({ route: "status", status: "ok", ...answer, id: await peer.hears({ route: "status", connid: "42" }) });
    await peer.hears({ route: "report", connid: "42", input: { month: 3 }, on_conflict });
    // And that answer may be lost, too.
    peer.cut();
    peer = await again();
    peer.says({ id: await peer.hears({ route: "status", connid: "42" }), route: "status", status: "ok", jobs: [] });
    peer.says(started(await peer.hears({ route: "report", connid: "42", on_conflict: "attach" }), "42"), end(2, 7));
    assert.equal(await job, 7);
    assert.deepEqual(await seqs(job), [2]);
  }
  const job = client.start("report", null, { connid: 42, on_conflict: "replace" });
  await peer.hears({ on_conflict: "replace" });
  peer.cut();
  peer = await again();
  peer.says(refusal(await peer.hears({ route: "status" }), "forbidden"));
  await assert.rejects(async () => job, { code: "forbidden" });
});

test("a job may have a name before it is started", async (t) => {
  const { client, peer } = await pair(t);
  const connid = newConnid();
  assert.match(connid, /^[0-9a-v]{13}$/);
  assert.notEqual(newConnid(), connid);
  client.start("report", null, { connid });
  await peer.hears({ connid });
});

test("at most 64 events wait for a slow reader, the rest is asked for once there is place, and the end is known meanwhile", async (t) => {
  let { client, peer, again } = await pair(t);
  const job = client.start("report", null, { connid: "42" });
  peer.says(started(await peer.hears(), "42"), ...numbers(2, 999).map((seq) => output(seq)), end(1000, 7));
  assert.equal(await job, 7);
  await peer.quiet();
  const read = seqs(job);
  let id = await peer.hears({ route: "watch", job: JOB, after: 65 });
  for (;;) {
    const { after } = peer.last;
    peer.says(watching(id, 1000), ...numbers(after + 1, Math.min(after + 20, 999)).map((seq) => output(seq)));
    if (after + 20 > 999) break;
    // 20 at a time never fill it again: it is watched on only as the connection breaks.
    peer.cut();
    peer = await again();
    id = await peer.hears({ route: "watch", job: JOB, after: after + 20 });
  }
  peer.says(end(1000, 7));
  assert.deepEqual(await read, numbers(2, 1000));
});

test("what a reader that fell behind has no place for is not sent to it all the same", async (t) => {
  const { client, peer } = await pair(t);
  const job = client.watch("42");
  peer.says(watching(await peer.hears({ route: "watch", connid: "42", after: 0 }), 5000));
  peer.says(...numbers(1, 65).map((seq) => output(seq)));
  // It goes to the last there is, which may be the end.
  peer.says(watching(await peer.hears({ route: "watch", job: JOB, after: 4999 }), 5000), end(5000, 7));
  assert.equal(await job, 7);
  await peer.quiet();
  const { value } = await job[Symbol.asyncIterator]().next();
  assert.equal(value.seq, 1);
});

test("a reader that catches up does not take the server away from another", async (t) => {
  const { client, peer } = await pair(t);
  const live = client.watch("42", { after: 1000 });
  peer.says(watching(await peer.hears(), 1000));
  await live.started;
  const late = client.watch("42");
  peer.says(watching(await peer.hears({ after: 0 }), 1000));
  await late.started;
  peer.says(...numbers(1, 65).map((seq) => output(seq)));
  // `late` is behind: the other goes on, also while the server has yet to hear of it.
  const turn = await peer.hears({ after: 1000 });
  const first = numbers(1, 64);
  const events = late.events();
  for (const seq of first) assert.equal((await events.next()).value.seq, seq);
  await peer.quiet();
  peer.says(watching(turn, 1001), output(1001));
  assert.equal((await live.events().next()).value.seq, 1001);
  // And then `late` again.
  const id = await peer.hears({ after: 64 });
  peer.says(output(1002));
  assert.equal((await live.events().next()).value.seq, 1002);
  peer.says(watching(id, 1002), output(65));
  assert.equal((await events.next()).value.seq, 65);
});

test("what is left out is asked for, and never made a gap of", async (t) => {
  const { client, peer } = await pair(t);
  const job = client.watch("42");
  const read = seqs(job);
  peer.says(watching(await peer.hears(), 3), output(1), output(3));
  const id = await peer.hears({ job: JOB, after: 1 });
  // Of the old position, and not yet the answer.
  peer.says(output(4));
  peer.says(watching(id, 4), { connid: "42", job: JOB, gap: { from: 2, to: 3 } }, output(4), output(6));
  for (const _ of [1, 2]) peer.says(watching(await peer.hears({ job: JOB, after: 4 }), 6), output(6));
  await assert.rejects(read, { code: "unexpected_frame" });
  await assert.rejects(async () => job, Disconnected);
  assert.equal(job.seen, 4);
});

test("who joins a job while its last other reader leaves is not left with it", async (t) => {
  const { client, peer } = await pair(t);
  const first = client.start("report", null, { connid: "42" });
  const id = await peer.hears();
  first.leave();
  const second = client.watch("42");
  const watch = await peer.hears({ route: "watch" });
  peer.says(started(id, "42"), watching(watch, 1), output(1));
  const left = await peer.hears({ route: "unwatch", job: JOB });
  peer.says({ id: left, route: "unwatch", job: JOB, status: "ok" });
  peer.says(watching(await peer.hears({ route: "watch", job: JOB, after: 1 }), 2), end(2, 7));
  assert.equal(await second, 7);
  await assert.rejects(async () => first, { code: "closed" });
});

test("leaving a loop keeps the position, and an abort ends it", async (t) => {
  const { client, peer } = await pair(t);
  const job = client.watch("42");
  peer.says(watching(await peer.hears(), 3), output(1), output(2), output(3));
  for await (const { seq } of job) if (seq === 2) break;
  const stop = new AbortController();
  const rest = [];
  await assert.rejects(
    async () => {
      for await (const { seq } of job.events({ signal: stop.signal })) {
        rest.push(seq);
        queueMicrotask(() => stop.abort(new Error("enough")));
      }
    },
    { message: "enough" },
  );
  assert.deepEqual(rest, [3]);
  peer.says(end(4, 7));
  assert.equal(await job, 7);
  assert.deepEqual(await seqs(job), [4]);
});

test("a connection on which nothing comes for 45 s is lost, after it was asked at 20 s", async (t) => {
  const { url, peer } = await scripted(t);
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const [client, first] = await Promise.all([connect(url), peer()]);
  const lost = new Promise((tell) => client.onLink(tell));
  t.mock.timers.tick(20_000);
  const id = await first.hears({ route: "status", limit: 1 });
  first.says({ id, route: "status", status: "ok", jobs: [] });
  await answered(client, first);
  t.mock.timers.tick(44_999);
  assert.equal(client.link.state, "connected");
  await first.hears({ route: "status" });
  t.mock.timers.tick(20_000 + 25_000);
  const { state, why } = await lost;
  assert.deepEqual([state, why.code], ["reconnecting", "connection_lost"]);
  t.mock.timers.tick(0);
  await peer();
  t.mock.timers.reset();
  await client.close();
});

/** Everything that was said has been heard. */
async function answered(client, peer) {
  const asked = client.status();
  peer.says({ id: await peer.hears({ route: "status", limit: undefined }), route: "status", status: "ok", jobs: [] });
  await asked;
}

test("patience counts on over connections that break unheard", { timeout: 5_000 }, async (t) => {
  const { client, peer, again } = await pair(t, { patience: 0.2 });
  const closed = new Promise((given) => client.onLink(({ state }) => state === "closed" && given("closed")));
  peer.cut();
  let next;
  while ((next = await Promise.race([closed, again()])) !== "closed") next.cut();
  // The last try may have been cut short.
  await assert.rejects(client.status(), ({ code }) => ["connection_lost", "unreachable"].includes(code));
});

test("patience bounds a try that is taken and not answered, too", { timeout: 5_000 }, async (t) => {
  const server = await scripted(t);
  const network = await proxy(t, server.url);
  const [client] = await Promise.all([connect(network.url, { patience: 0.5 }), server.peer()]);
  const asked = client.status();
  network.mute();
  const since = Date.now();
  network.cut();
  await assert.rejects(asked, { code: "unreachable" });
  const waited = Date.now() - since;
  assert(waited > 400 && waited < 2000, `${waited} ms`);
});

test("a signal is left alone by a client that is closed, or was never connected", async (t) => {
  const { url } = await scripted(t);
  const { signal } = new AbortController();
  const client = await connect(url, { signal });
  assert.equal(getEventListeners(signal, "abort").length, 1);
  await client.close();
  await assert.rejects(connect("http://127.0.0.1:1", { signal }), { code: "unreachable" });
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("an abort gives up the first connection, and closes the client later", async (t) => {
  const { url } = await scripted(t);
  await assert.rejects(connect(url, { signal: AbortSignal.abort(new Error("not now")) }), { message: "not now" });
  const early = new AbortController();
  const attempt = connect(url, { signal: early.signal });
  queueMicrotask(() => early.abort(new Error("too slow")));
  await assert.rejects(attempt, { message: "too slow" });

  const stop = new AbortController();
  const client = await connect(url, { signal: stop.signal });
  const asked = client.status();
  stop.abort();
  await assert.rejects(asked, { code: "closed", cause: stop.signal.reason });
  assert.equal(client.link.state, "closed");
});

test("what is none of the protocol's ends the client, and not the program", async (t) => {
  const event = { connid: "42", seq: 2, status: "running", stream: "stdout" };
  for (const sent of ["<html>", Buffer.from("{}"), JSON.stringify({ ...event, output: "###", encoding: "base64" })]) {
    const { client, peer } = await pair(t);
    const job = client.start("report", null, { connid: "42" });
    peer.says(started(await peer.hears(), "42"));
    await job.started;
    peer.socket.send(sent);
    await assert.rejects(async () => job, { name: "Disconnected", code: "unexpected_frame" });
    await assert.rejects(seqs(job), { code: "unexpected_frame" });
    assert.equal(client.link.state, "closed");
    assert.equal(await peer.closed, 1000);
  }
});

test("an answer to something else is none, and is nobody else's affair", async (t) => {
  const { client, peer } = await pair(t);
  const job = client.start("report", null, { connid: "42" });
  peer.says(started(await peer.hears(), "42"));
  await job.started;
  for (const answer of [
    {},
    { route: "status", status: "ok", total: 0, jobs: [] },
    { connid: "43", seq: 1 },
    { connid: "43", job: JOB },
    { connid: "43", job: JOB, seq: null },
    { job: JOB, seq: 1 },
    { status: "error" },
  ]) {
    for (const open of [() => client.start("report"), () => client.watch("43"), () => client.feed()]) {
      const handle = open();
      peer.says({ id: await peer.hears(), ...answer });
      await assert.rejects(handle.started, { name: "Disconnected", code: "unexpected_frame" }, JSON.stringify(answer));
      await assert.rejects(handle.events().next(), { code: "unexpected_frame" });
      if (handle.then) await assert.rejects(async () => handle, { code: "unexpected_frame" });
    }
  }
  const asked = client.status();
  peer.says({ id: await peer.hears(), status: "error" });
  await assert.rejects(asked, { code: "unexpected_frame" });
  peer.says(end(2, 7));
  assert.equal(await job, 7);
  assert.equal(client.link.state, "connected");
});

test("the address of a connection keeps its query, and events say what they carry", async (t) => {
  const server = await scripted(t);
  const [client, peer] = await Promise.all([connect(`${server.url}/ws?times=true`), server.peer()]);
  t.after(() => client.close());
  assert.equal(peer.request.url, "/ws?times=true");
  const at = "2026-11-25T15:13:52.077Z";
  const job = client.start("report", null, { connid: "42" });
  peer.says(started(await peer.hears(), "42"), { ...end(2, 7), at });
  assert.equal((await job.events().next()).value.at, at);
  peer.cut();
  assert.equal((await server.peer()).request.url, "/ws?times=true");
});

test("frames that mean nothing here are passed over", async (t) => {
  const { client, peer } = await pair(t);
  const feed = client.feed();
  peer.says({ id: await peer.hears(), route: "watch", status: "ok", feed: 7 });
  await feed.started;
  peer.says(null, 7, [], {}, { seq: 9 }, { seq: 9, status: "ok" }, { job: null, seq: 9 }, { connid: "42" }, { lease: "x", seq: 1 }, { gap: {} }, { gap: 7 }, { feed: 8, status: "ok" });
  assert.equal((await feed.events().next()).value.feed, 8);
});
