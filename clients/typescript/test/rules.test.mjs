// The rules of docs/clients.md, against a server that follows a script.
import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "../dist/backoff.js";
import { socketAddress } from "../dist/address.js";
import { connect, Disconnected } from "longwire";
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
  third.says(watching(await third.hears({ route: "watch", connid }), 2, connid), output(1, connid), end(2, 7, connid));
  assert.equal(await job, 7);
  assert.deepEqual(await seqs(job), [1, 2]);
  await third.quiet();
});

test("what is no JSON is refused here, and is not said again on the next connection", async (t) => {
  const { client, peer, again } = await pair(t);
  const circular = {};
  circular.self = circular;
  for (const input of [{ n: 1n }, circular, () => 1, Symbol("x"), { toJSON() {} }]) {
    const job = client.start("kill", input, { connid: "victim" });
    await assert.rejects(async () => job, { name: "Refused", code: "invalid_field", field: "input" });
  }
  await assert.rejects(async () => client.start("report", null, { time: 1n }), { name: "Refused", code: "invalid_frame" });
  await assert.rejects(client.status({ limit: 1n }), { name: "Refused", code: "invalid_frame" });
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

test("a handle whose job has ended kills and extends no other of its name", async (t) => {
  const { client, peer } = await pair(t);
  const job = client.start("report", null, { connid: "42" });
  peer.says(started(await peer.hears(), "42"), end(2, 7));
  assert.equal(await job, 7);
  for (const verb of [job.kill("late"), job.extend(60)]) {
    await assert.rejects(verb, (error) => error.name === "Refused" && error.code === "already_ended" && error.ended.status === "ok" && error.ended.seq === 2);
  }
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
  client.start("report", null, { connid: 43, on_conflict: "replace" });
  const second = await again();
  await second.hears({ connid: "42", on_conflict: undefined });
  await second.hears({ connid: "43", on_conflict: "replace" });
  second.cut();
  const third = await again();
  await third.hears({ connid: "42", on_conflict: "attach" });
  await third.hears({ connid: "43", on_conflict: "replace" });
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
  await assert.rejects(client.status(), { code: "connection_lost" });
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

test("what is no JSON is not followed", async (t) => {
  const { client, peer } = await pair(t);
  const asked = client.status();
  await peer.hears();
  peer.socket.send("<html>");
  await assert.rejects(asked, { code: "closed_by_server" });
  assert.equal(client.link.state, "closed");
});

test("frames that mean nothing here are passed over", async (t) => {
  const { client, peer } = await pair(t);
  const feed = client.feed();
  peer.says({ id: await peer.hears(), route: "watch", status: "ok", feed: 7 });
  await feed.started;
  peer.says(null, 7, [], {}, { seq: 1 }, { connid: "42" }, { lease: "x", seq: 1 }, { gap: {} }, { feed: 8, status: "ok" });
  assert.equal((await feed.events().next()).value.feed, 8);
});

test("a class of WebSockets of one's own is used", async (t) => {
  const { url, peer } = await scripted(t);
  const { WebSocket } = await import("ws");
  class Signed extends WebSocket {
    constructor(address, protocol) {
      super(address, protocol, { headers: { "x-who": "me" } });
    }
  }
  const [client] = await Promise.all([connect(url, { WebSocket: Signed }), peer()]);
  await client.close();
});
