// Workers: against the real server, and against one that follows a script.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";

import { connect, JobFailed, JobKilled, JobLost, JobTimeout, Worker } from "longwire";
import { proxy } from "./support/proxy.mjs";
import { scripted } from "./support/scripted.mjs";
import { server } from "./support/server.mjs";

const CONFIG = `
[routes.request]
consumer = "timer"

[routes.render]
served_by = "workers"
lease_seconds = 15
kill_grace_seconds = 5
`;

/** A worker of a route, stopped after the test. */
async function worker(t, url, serve, { grace = 0.01 } = {}) {
  const stop = new AbortController();
  const worker = new Worker(url).route("render", serve);
  const run = worker.run({ signal: stop.signal, grace });
  const stopped = () => {
    stop.abort();
    return run;
  };
  t.after(stopped);
  await worker.claimed;
  return { stop: stopped, run };
}

async function client(t, url) {
  const client = await connect(url);
  t.after(() => client.close());
  return client;
}

test("a worker's function is given a job, prints, tells its progress, and returns the result", async (t) => {
  const { url } = await server(t, CONFIG);
  await worker(t, url, async (job) => {
    await job.print(`${job.route} ${job.connid} ${job.attempt} ${job.grace}`);
    await job.output(Uint8Array.of(0xff, 0x0a), "stderr");
    for (let done = 1; done <= 100; done++) job.progress({ done, total: 100 });
    return { frames: job.input.frames };
  });
  const job = (await client(t, url)).start("render", { frames: 2 }, { connid: "42" });
  const events = [];
  for await (const event of job) events.push(event);
  assert.deepEqual(await job, { frames: 2 });
  assert.deepEqual(events.filter(({ output }) => output != null).map(({ output, stream }) => [output, stream]), [
    ["render 42 1 5\n", "stdout"],
    [Uint8Array.of(0xff, 0x0a), "stderr"],
  ]);
  const progress = events.filter(({ progress }) => progress != null).map(({ progress }) => progress.done);
  assert(progress.length < 10, `${progress}`);
  assert.equal(progress.at(-1), 100);
});

test("what it throws is the failure: its code, or its class in small letters; nothing of the stack", async (t) => {
  const { url } = await server(t, CONFIG);
  await worker(t, url, (job) => {
    if (job.input === 1) throw Object.assign(new Error("no space is left"), { code: "disk_full", detail: { bytes: 0 } });
    if (job.input === 2) null.property;
    if (job.input === 3) return "x".repeat(2_000_000);
    if (job.input === 4) return 1n;
    throw "just words";
  });
  const longwire = await client(t, url);
  for (const [input, code, message, detail] of [
    [1, "disk_full", /^no space is left$/, { bytes: 0 }],
    [2, "typeerror", /^Cannot read properties of null/],
    [3, "too_large", /bytes; at most 1048576/],
    [4, "typeerror", /BigInt/],
    [5, "error", /^just words$/],
  ]) {
    await assert.rejects(async () => longwire.start("render", input), (error) => {
      assert(error instanceof JobFailed);
      assert.deepEqual([error.code, error.detail], [code, detail]);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("what cannot be said of a job is refused where it is said, and the worker works on", async (t) => {
  const { url } = await server(t, CONFIG);
  const circular = {};
  circular.self = circular;
  await worker(t, url, async (job) => {
    if (job.input === "progress") {
      assert.throws(() => job.progress({ done: 1n }), { name: "Refused", code: "invalid_field", field: "progress" });
      return "said";
    }
    if (job.input === "refused progress") {
      job.progress({ done: "y" });
      job.progress({ done: 2 });
      return "said";
    }
    if (job.input === "bigint") throw Object.assign(new Error("broken"), { code: "broken", detail: 1n });
    if (job.input === "circular") throw Object.assign(new Error("broken"), { code: "broken", detail: circular });
    if (job.input === "large") throw Object.assign(new Error("broken"), { code: "broken", detail: "x".repeat(2_000_000) });
    if (job.input === "bytes") return "é".repeat(900_000);
    return job.input;
  });
  const longwire = await client(t, url);
  assert.equal(await longwire.start("render", "progress"), "said");
  assert.equal(await longwire.start("render", "refused progress"), "said");
  for (const input of ["bigint", "circular", "large"]) {
    await assert.rejects(async () => longwire.start("render", input), (error) => {
      assert(error instanceof JobFailed);
      assert.equal(error.code, "broken");
      assert.match(error.message, /^broken \(its detail was left out: /);
      return true;
    });
  }
  await assert.rejects(async () => longwire.start("render", "bytes"), { name: "JobFailed", code: "too_large" });
  assert.equal(await longwire.start("render", "still here"), "still here");
});

test("a torn letter in a message, an output or a note costs no job", async (t) => {
  const { url } = await server(t, CONFIG);
  await worker(t, url, async (job) => {
    await job.print("a\ud83d");
    job.progress({ note: "b\ud83d" });
    throw new Error(`${"x".repeat(4095)}😀`);
  });
  const job = (await client(t, url)).start("render", null, { time: 5 });
  const said = [];
  for await (const { output, progress } of job) said.push(output ?? progress?.note);
  assert(said.includes("a\ufffd\n") && said.includes("b\ufffd"), JSON.stringify(said));
  await assert.rejects(async () => job, { code: "error", message: `${"x".repeat(4095)}\ufffd` });
});

test("what was said of a job and is refused later breaks nothing where nobody waits for it", async (t) => {
  const { url } = await server(t, CONFIG);
  await worker(t, url, async (job) => {
    // The first is refused while the second is held back; and these lines are not awaited.
    job.progress({ done: "y" });
    job.progress({ done: 2 });
    await wait(200);
    for (let line = 0; line < 3; line++) job.print("x".repeat(200_000));
    return 7;
  });
  const longwire = await client(t, url);
  assert.equal(await longwire.start("render"), 7);
  assert.equal(await longwire.start("render"), 7);
});

test("a job that its function has ended does not abort the signal any more", async (t) => {
  const { url } = await server(t, CONFIG);
  const signals = [];
  await worker(t, url, (job) => {
    signals.push(job.signal);
    if (job.input === 2) throw new Error("broken");
    return 7;
  });
  const longwire = await client(t, url);
  assert.equal(await longwire.start("render", 1), 7);
  await assert.rejects(async () => longwire.start("render", 2), JobFailed);
  assert.equal(await longwire.start("render", 3), 7);
  assert.deepEqual(signals.map(({ aborted, reason }) => [aborted, reason]), Array(3).fill([false, undefined]));
});

test("a kill and a deadline arrive as an AbortSignal, with the reason", async (t) => {
  const { url } = await server(t, CONFIG);
  const reasons = [];
  let begun;
  await worker(t, url, async (job) => {
    begun?.();
    try {
      await wait(60_000, undefined, { signal: job.signal });
    } finally {
      reasons.push(job.signal.reason);
      if (job.input === "finish") return 7;
      if (job.input === "fail") throw new Error("on the way out");
    }
  });
  const longwire = await client(t, url);
  const running = new Promise((tell) => (begun = tell));
  const job = longwire.start("render");
  await running;
  const { ended } = await job.kill("wrong month", { wait: true });
  assert.deepEqual([ended.status, ended.kill.forced], ["killed", false]);
  await assert.rejects(async () => longwire.start("render", null, { time: 0.2 }), JobTimeout);
  assert.equal(await longwire.start("render", "finish", { time: 0.2 }), 7);
  await assert.rejects(async () => longwire.start("render", "fail", { time: 0.2 }), { code: "timeout" });
  assert(reasons[0] instanceof JobKilled && reasons[0].receipt.reason === "wrong month");
  assert(reasons[1] instanceof JobTimeout && reasons[1].clock === "time");
});

test("a worker whose connection breaks goes on with its jobs, and no line is lost", async (t) => {
  const { url } = await server(t, CONFIG);
  const network = await proxy(t, url);
  await worker(t, network.url, async (job) => {
    for (let line = 1; line <= 2000; line++) {
      if (line % 100 === 0) network.cut();
      await job.print(String(line));
    }
    return "done";
  });
  const job = (await client(t, url)).start("render");
  let output = "";
  for await (const event of job) output += event.output ?? "";
  assert.equal(await job, "done");
  const lines = output.split("\n").slice(0, -1);
  const all = new Set(lines);
  t.diagnostic(`2000 lines over 20 cuts: ${2000 - all.size} missing, ${lines.length - all.size} twice`);
  assert.equal(all.size, 2000);
});

test("a worker that is stopped lets what it holds end, and what it still holds after its grace is left to others", async (t) => {
  const { url } = await server(t, CONFIG);
  let begun;
  const running = new Promise((tell) => (begun = tell));
  let finish;
  const finished = new Promise((tell) => (finish = tell));
  const first = await worker(t, url, async () => {
    begun();
    await finished;
    return "whole";
  }, { grace: 10 });
  const longwire = await client(t, url);
  const job = longwire.start("render");
  await running;
  const stopping = first.stop();
  const next = longwire.start("render");
  await next.started;
  finish();
  await stopping;
  assert.equal(await job, "whole");
  const [{ status }] = (await longwire.status({ connid: next.connid })).jobs;
  assert.equal(status, "queued");

  const told = new Promise((tell) => {
    const stubborn = worker(t, url, async ({ signal }) => {
      signal.addEventListener("abort", () => tell(signal.reason));
      (await stubborn).stop();
      return new Promise(() => {});
    });
  });
  assert((await told) instanceof JobLost);
});

test("what is offered and refused ends a worker with the refusal", async (t) => {
  const { url } = await server(t, CONFIG);
  await assert.rejects(new Worker(url).route("request", () => {}).run(), { name: "Refused", field: "routes" });
  const none = new Worker("http://127.0.0.1:1").route("render", () => {});
  await assert.rejects(none.run(), { code: "unreachable" });
  await assert.rejects(none.claimed, { code: "unreachable" });
});

test("after a break it claims what it holds, then says again what was not answered, and lets go of what is lost", async (t) => {
  const { url, peer } = await scripted(t);
  const lost = [];
  const running = worker(t, url, async (job) => {
    job.signal.addEventListener("abort", () => lost.push(job.signal.reason));
    await job.print(job.connid);
    return new Promise(() => {});
  });
  let server = await peer();
  server.says({ id: await server.hears({ route: "claim", leases: undefined }), route: "claim", status: "ok", slots: 1 });
  await running;
  server.says(handOver("a1"), handOver("b2"));
  for (const lease of ["a1", "b2"]) await server.hears({ route: "append", lease });
  server.cut();
  server = await peer();
  const claim = await server.hears({ route: "claim", slots: 1, leases: ["a1", "b2"] });
  for (const lease of ["a1", "b2"]) await server.hears({ route: "append", lease });
  server.says({ id: claim, route: "claim", status: "ok", slots: 1, lost: ["a1"] });
  server.cut();
  server = await peer();
  await server.hears({ route: "claim", slots: 1, leases: ["b2"] });
  assert(lost.length === 1 && lost[0] instanceof JobLost);
});

test("a job that is handed over twice is served once", async (t) => {
  const { url, peer } = await scripted(t);
  let runs = 0;
  const running = worker(t, url, (job) => job.input ?? ++runs);
  const server = await peer();
  server.says({ id: await server.hears({ route: "claim" }), route: "claim", status: "ok", slots: 1 });
  await running;
  server.says(handOver("a1"), handOver("a1"), { ...handOver("b2"), input: "other" });
  const id = await server.hears({ route: "end", lease: "a1", result: 1 });
  await server.hears({ route: "end", lease: "b2", result: "other" });
  server.says({ id, route: "end", status: "ok" });
  await server.quiet();
  assert.equal(runs, 1);
});

test("a function that prints faster than the log takes it waits", async (t) => {
  const { url, peer } = await scripted(t);
  const printed = { count: 0 };
  const running = worker(t, url, async (job) => {
    for (; printed.count < 100; printed.count++) await job.print("x".repeat(40_000));
  });
  const server = await peer();
  server.says({ id: await server.hears({ route: "claim", routes: ["render"], slots: 1 }), route: "claim", status: "ok", slots: 1 });
  await running;
  server.says(handOver("a1"));
  const ids = [];
  for (let count = 0; count < 64; count++) ids.push(await server.hears({ route: "append", lease: "a1" }));
  await server.quiet();
  assert.equal(printed.count, 63);
  server.says({ id: ids[0], route: "append", status: "ok", seq: 3 });
  await server.hears({ route: "append" });
  await server.quiet();
  assert.equal(printed.count, 64);
});

test("large output goes in pieces that fit, and no letter is torn", async (t) => {
  const { url, peer } = await scripted(t);
  const running = worker(t, url, (job) => job.output(`x${"😀".repeat(50_000)}`));
  const server = await peer();
  server.says({ id: await server.hears({ route: "claim" }), route: "claim", status: "ok", slots: 1 });
  await running;
  server.says(handOver("a1"));
  let whole = "";
  for (let pieces = 0; pieces < 2; pieces++) {
    const id = await server.hears({ route: "append" });
    assert(Buffer.byteLength(server.last.output) < 200_000);
    assert.equal(server.last.output, server.last.output.toWellFormed?.() ?? Buffer.from(server.last.output).toString());
    whole += server.last.output;
    server.says({ id, route: "append", status: "ok", seq: 2 });
  }
  assert.equal(whole, `x${"😀".repeat(50_000)}`);
});

const handOver = (lease) => ({ lease, job: "01970000-0000-7000-8000-000000000001", connid: "42", route: "render", seq: 1, status: "running", time: 60, left: 60, input: null, grace: 5, lease_time: 15, attempt: 1 });
