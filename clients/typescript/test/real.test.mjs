// The client against the real server.
import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, Disconnected, JobFailed, JobKilled, JobTimeout, Refused } from "longwire";
import { LINES, linesOf } from "./support/lines.mjs";
import { proxy } from "./support/proxy.mjs";
import { server } from "./support/server.mjs";

const CONFIG = `
${LINES.config}

[routes.request]
consumer = "timer"

[routes.bytes]
consumer = "exec"
argv = ["printf", "menu\\\\n\\\\xff\\\\xfe\\\\n"]

[routes.false]
consumer = "exec"
argv = ["false"]
`;

const start = (t, options) => server(t, CONFIG, options);

async function client(t, url) {
  const client = await connect(url);
  t.after(() => client.close());
  return client;
}

test("a job is started, watched and killed", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  const job = longwire.start("request", { month: 3 }, { time: 60 });
  const { connid, status, left } = await job.started;
  assert.deepEqual([connid, status, left], [job.connid, "running", 60]);
  assert.match(connid, /^[0-9a-v]{13}$/);

  const other = longwire.watch(connid);
  const { ended } = await longwire.kill(connid, "wrong month", { wait: true });
  assert.equal(ended.status, "killed");
  await assert.rejects(Promise.resolve(job), (error) => {
    assert(error instanceof JobKilled);
    assert.equal(error.code, "killed");
    assert.equal(error.receipt.reason, "wrong month");
    return true;
  });
  const seqs = [];
  for await (const event of other) seqs.push([event.seq, event.status]);
  assert.deepEqual(seqs, [[1, "running"], [2, "ending"], [3, "killed"]]);
  await assert.rejects(longwire.kill(connid), { code: "already_ended" });
});

test("a handle of a job that has ended kills and asks about no other that has its connid by now", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  const first = longwire.start("request", null, { connid: "42", time: 0.01 });
  await first;
  const second = longwire.start("request", null, { connid: "42", time: 60 });
  await second.started;
  for (const old of [first, longwire.watch(await first.started)]) {
    await assert.rejects(old.kill("late"), { name: "Refused", code: "already_ended" });
    await assert.rejects(old.extend(60), { name: "Refused", code: "already_ended" });
  }
  const { jobs } = await longwire.status({ job: (await second.started).job });
  assert.deepEqual(jobs.map(({ connid, status }) => [connid, status]), [["42", "running"]]);
  const over = longwire.watch(await first.started, { after: 2 });
  assert.equal(await over, undefined);
  assert.equal((await over.started).ended.status, "ok");
  await second.kill("done with");
  await assert.rejects(async () => second, { code: "killed" });
  await assert.rejects(async () => longwire.watch(await second.started, { after: 3 }), (error) => error instanceof JobKilled && error.receipt.reason === "done with");
});

test("each outcome but ok is an error of its own", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  await assert.rejects(async () => longwire.start("false"), (error) => error instanceof JobFailed && error.detail !== undefined);
  await assert.rejects(async () => longwire.start("lines", undefined, { time: 0.001 }), (error) => error instanceof JobTimeout && error.clock === "time");
  assert.equal(await longwire.start("request", undefined, { time: 0.01 }), undefined);
});

test("what is refused says so, with the field, and where nobody asks nothing is thrown", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  longwire.start("nosuch");
  const job = longwire.start("request", undefined, { time: -1 });
  for (const promise of [job, job.started, job[Symbol.asyncIterator]().next(), job.kill()]) {
    await assert.rejects(Promise.resolve(promise), (error) => error instanceof Refused && error.code === "invalid_field" && error.field === "time");
  }
  const safe = longwire.start("request");
  for (const verb of ["kill", "watch", "unwatch", "end", "query/module"]) {
    const { connid } = safe;
    await assert.rejects(async () => longwire.start(verb, undefined, { connid }), { name: "Refused", code: "unknown_route", field: "route" });
  }
  assert.equal((await safe.kill()).status, "ok");
});

test("output that is no text comes as bytes", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  const output = [];
  for await (const event of longwire.start("bytes")) if (event.output != null) output.push(event.output);
  assert.deepEqual(output, ["menu\n", Uint8Array.of(0xff, 0xfe, 0x0a)]);
});

test("status, routes, search, extend and the feed", async (t) => {
  const longwire = await client(t, (await start(t)).url);
  const feed = longwire.feed();
  const second = longwire.feed();
  await Promise.all([feed.started, second.started]);
  const job = longwire.start("request", undefined, { connid: 42, time: 60, tags: ["march"] });
  assert.equal((await job.extend(100)).left, 100);
  const { jobs, total } = await longwire.status({ connid: 42 });
  assert.deepEqual([total, jobs[0].tags], [1, ["march"]]);
  await job.kill();
  for (const each of [feed, second]) {
    const changes = [];
    for await (const change of each) {
      changes.push([change.connid, change.status]);
      if (change.status === "killed") break;
    }
    assert.deepEqual(changes, [["42", "running"], ["42", "running"], ["42", "ending"], ["42", "killed"]]);
  }
  assert((await longwire.routes()).routes.some(({ route }) => route === "lines"));
  const { data } = await longwire.search(["vector"], "push_b", { limit: 1 });
  assert.equal(data[0].name, "push_back");
  assert.equal((await longwire.modules()).modules[0].name, "cpp");
});

test("100,000 numbered lines over 50 cut connections: none missing, none twice", async (t) => {
  const { url } = await start(t);
  const network = await proxy(t, url, LINES.cuts);
  const longwire = await client(t, network.url);
  const lines = await linesOf(longwire.start("lines"));
  t.diagnostic(`cut ${network.cuts} times; lines received ${lines.received}, missing ${lines.missing}, twice ${lines.twice}`);
  assert.deepEqual([network.cuts, lines], [50, { received: 100_000, missing: 0, twice: 0 }]);
});

test("a reader that takes its time misses nothing either, and holds up no other", async (t) => {
  const { url } = await start(t);
  const longwire = await client(t, url);
  const job = longwire.start("lines");
  const { connid } = await job.started;
  const slow = longwire.watch(connid);
  const quick = longwire.watch(connid);
  // Nothing was read of any of them until the end was known.
  assert.equal((await job).exit_code, 0);
  const turn = () => new Promise((next) => setImmediate(next));
  const [a, b] = await Promise.all([linesOf(slow, turn), linesOf(quick)]);
  assert.deepEqual([a, b], Array(2).fill({ received: 100_000, missing: 0, twice: 0 }));
  assert.deepEqual(await linesOf(job), { received: 100_000, missing: 0, twice: 0 });
});

test("a server that was started anew and forgot the job ends its events with a refusal", async (t) => {
  const first = await start(t);
  const longwire = await client(t, first.url);
  const job = longwire.start("request", undefined, { time: 60 });
  await job.started;
  await first.stop("SIGKILL");
  await start(t, { listen: new URL(first.url).host });
  await assert.rejects(async () => job, { name: "Refused", code: "unknown_connid" });
});

test("the first connection is tried once, and a client that is closed says so", async (t) => {
  const { url, stop } = await start(t);
  const longwire = await client(t, url);
  const job = longwire.start("request", undefined, { time: 60 });
  await job.started;
  await longwire.close();
  assert.equal(longwire.link.state, "closed");
  await assert.rejects(async () => job, (error) => error instanceof Disconnected && error.code === "closed");
  await assert.rejects(longwire.status(), { code: "closed" });
  await stop("SIGKILL");
  await assert.rejects(connect(url), (error) => error.code === "unreachable" && /ECONNREFUSED|network error/.test(error.message));
  await assert.rejects(connect("nonsense"), { code: "invalid_address" });
});
