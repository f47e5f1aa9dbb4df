#!/usr/bin/env node
// A job's event stream with the package `eventsource`: in order, resumed after a cut, over when there is no more.
import { EventSource } from "eventsource";

import { cuttingProxy } from "./cutting_proxy.mjs";

const server = process.argv[2];
const CONNID = "node-eventsource";
const OUTCOMES = ["ok", "failed", "killed", "timeout", "lost"];

function check(what, holds, got) {
  if (!holds) throw new Error(`${what}: got ${JSON.stringify(got)}`);
  console.log(`ok ${what}`);
}

async function call(method, path, body) {
  const headers = body ? { "content-type": "application/json" } : {};
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
}

/** An event source that notes the answers it gets and the Last-Event-ID it asks with. */
function follow(url) {
  const asked = [];
  const answered = [];
  const source = new EventSource(url, {
    fetch: async (input, init) => {
      asked.push(init.headers["Last-Event-ID"]);
      const answer = await fetch(input, init);
      answered.push(answer.status);
      return answer;
    },
  });
  return { source, asked, answered };
}

/** Resolves once this holds; the program's time-out is the limit. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function dialogue(proxy) {
  await call("POST", "/jobs", { route: "request", connid: CONNID, time: "30" });
  const { source, asked, answered } = follow(`${proxy.url}/jobs/${CONNID}/events`);
  const events = [];
  const take = ({ lastEventId, data }) => events.push({ id: lastEventId, frame: JSON.parse(data) });
  source.addEventListener("message", take);

  await until(() => events.length > 0);
  check("the first event comes", events[0].frame.seq === 1 && events[0].frame.connid === CONNID, events);
  check("its id is job:seq", /^[^:]+:1$/.test(events[0].id), events);

  proxy.cut();
  await until(() => asked.length > 1);
  check("after a cut it asks from where it was", asked[1] === events[0].id, asked);

  await call("PATCH", `/jobs/${CONNID}`, { time: 20 });
  await call("DELETE", `/jobs/${CONNID}`);
  await until(() => OUTCOMES.includes(events.at(-1).frame.status));
  check("the outcome comes", events.at(-1).frame.status === "killed", events);
  const numbers = events.map(({ frame }) => frame.seq);
  check("no event is missing or twice", numbers.every((seq, at) => seq === at + 1), numbers);
  check("the ids go with the numbers", events.every(({ id, frame }) => id.endsWith(`:${frame.seq}`)), events);

  // The server closes a stream that is over. A source asks again, and stops at 204.
  await until(() => source.readyState === EventSource.CLOSED);
  check("it is told that there is no more", answered.at(-1) === 204, answered);
}

const limit = setTimeout(() => {
  console.error("FAILED not done after 30 s");
  process.exit(1);
}, 30_000);
const proxy = await cuttingProxy(new URL(server));
try {
  await dialogue(proxy);
} catch (error) {
  console.error(`FAILED ${error.message}`);
  process.exitCode = 1;
}
proxy.cut();
proxy.close();
clearTimeout(limit);
