// The driver of the conformance kit (docs/conformance.md): orders as JSON lines on stdin, an answer to each on stdout.
//
//     longwire conformance client -- node clients/typescript/conformance/driver.mjs
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

import { connect, Worker } from "longwire";

let address;
let client;
const handles = new Map();
const iterators = new Map();
const workers = new Map();

const orders = {
  async connect({ url, options }) {
    address = url;
    client = await connect(url, options);
    return {};
  },
  async start({ as, route, input, connid, time, idle_time, queue_time, tags, on_conflict, on_disconnect }) {
    const job = client.start(route, input, { connid, time, idle_time, queue_time, tags, on_conflict, on_disconnect });
    return accepted(keep(as, job));
  },
  async watch({ as, connid, job, after }) {
    return accepted(keep(as, client.watch(connid ?? { job }, { after })));
  },
  async feed({ as, after }) {
    await keep(as, client.feed({ after })).started;
    return {};
  },
  async next({ of }) {
    const { value, done } = await iterators.get(of).next();
    return done ? null : written(value);
  },
  async rest({ of }) {
    const rest = { seqs: [], gaps: [], stdout_bytes: 0, last: null };
    const stdout = createHash("sha256");
    for await (const event of handles.get(of)) {
      if ("gap" in event) {
        rest.gaps.push(event.gap);
        continue;
      }
      const run = rest.seqs.at(-1);
      if (run?.[1] === event.seq - 1) run[1]++;
      else rest.seqs.push([event.seq, event.seq]);
      if (event.stream === "stdout") {
        const bytes = Buffer.from(event.output);
        stdout.update(bytes);
        rest.stdout_bytes += bytes.length;
      }
      rest.last = written(event);
    }
    return { ...rest, stdout: stdout.digest("hex") };
  },
  result: async ({ of }) => (await handles.get(of)) ?? null,
  kill: ({ of, connid, job, reason, wait }) => (of ? handles.get(of).kill(reason, { wait }) : client.kill(connid ?? { job }, reason, { wait })),
  extend: ({ of, connid, job, time }) => (of ? handles.get(of).extend(time) : client.extend(connid ?? { job }, time)),
  status: ({ limit, after, where, connid, job }) => client.status({ limit, after, where, connid, job }),
  search: ({ lib, text, limit, offset }) => client.search(lib, text, { limit, offset }),
  async leave({ of }) {
    handles.get(of).leave();
    return {};
  },
  link: async () => client.link.state,
  async work({ as, route, slots }) {
    const stop = new AbortController();
    const worker = new Worker(address, { slots }).route(route, act);
    const run = worker.run({ signal: stop.signal });
    run.catch(() => {});
    workers.set(as, { stop, run });
    await worker.claimed;
    return {};
  },
  async stop({ of }) {
    const { stop, run } = workers.get(of);
    stop.abort();
    await run;
    return {};
  },
  async close() {
    await client.close();
    return {};
  },
};

function keep(as, handle) {
  handles.set(as, handle);
  iterators.set(as, handle[Symbol.asyncIterator]());
  return handle;
}

async function accepted(handle) {
  const { connid, job } = await handle.started;
  return { connid, job };
}

/** An event as it came. */
function written(event) {
  if (!(event.output instanceof Uint8Array)) return event;
  return { ...event, output: Buffer.from(event.output).toString("base64"), encoding: "base64" };
}

/** Does what a job's input says, one act after the other. */
async function act(job) {
  const acts = job.input ?? [];
  const last = acts.find((each) => each.finally)?.finally;
  const doing = { acts: acts.filter((each) => !each.finally), result: undefined };
  try {
    for (const each of doing.acts) doing.result = (await one(job, each)) ?? doing.result;
  } finally {
    const result = last && (await one(job, last));
    // What is returned here takes the place of what was thrown.
    if (result !== undefined) return result;
  }
  return doing.result;
}

async function one(job, act) {
  if (act === "until_told") return told(job.signal);
  if ("wait" in act) return told(job.signal, act.wait);
  if ("output" in act) await job.output(act.output);
  if ("stderr" in act) await job.output(act.stderr, "stderr");
  if ("progress" in act) job.progress(act.progress);
  if ("fail" in act) throw Object.assign(new Error(act.fail.message), act.fail);
  return act.result;
}

/** Waits until the signal says to end, and then throws its reason; for so many seconds at most. */
function told(signal, seconds) {
  return new Promise((over, cancelled) => {
    const cancel = () => cancelled(signal.reason);
    if (signal.aborted) return cancel();
    signal.addEventListener("abort", cancel);
    if (seconds !== undefined) setTimeout(over, seconds * 1000);
  });
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { n, do: verb, ...order } = JSON.parse(line);
  try {
    if (!orders[verb]) throw Object.assign(new Error(`there is no order ${verb}`), { code: "unsupported" });
    say({ n, ok: await orders[verb](order) });
  } catch (error) {
    say({ n, error: { code: error.code ?? "internal", message: error.message } });
  }
}).on("close", () => process.exit(0));
