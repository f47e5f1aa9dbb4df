// What the page costs a browser while 5,000 bars run and 500 jobs a second start and end. LONGWIRE is the server's binary.
import { connect } from "../../clients/typescript/dist/index.js";
import { server } from "../../clients/typescript/test/support/server.mjs";
import { launch } from "../test/support/page.mjs";
import { WebSocket } from "ws";

const BARS = 5000;
const A_SECOND = 500;
const SECONDS = 15;

const undo = [];
const t = { after: (run) => undo.unshift(run) };
const { url } = await server(t);
const client = await connect(url, { WebSocket });
t.after(() => client.close());

let ended = 0;
const begin = (time) => {
  const job = client.start("request", null, { time });
  job.then(() => ended++, () => {});
  return job;
};
for (const job of Array.from({ length: BARS }, (_, number) => begin(300 + (number % 600)))) await job.started;

const browser = await launch();
t.after(() => browser.close());
const page = await browser.newPage({ viewport: { width: 1360, height: 820 } });
await page.goto(url);
await page.locator("[data-tab=live]", { hasText: "5,000" }).waitFor();
const session = await page.context().newCDPSession(page);
await session.send("Performance.enable");
const metrics = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));

async function measure(name, perSecond) {
  let started = 0;
  const first = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - first) / 1000) * perSecond);
    for (; started < due; started++) begin(0.5 + Math.random());
  }, 20);
  await new Promise((then) => setTimeout(then, 2000));
  const before = await metrics();
  const endedBefore = ended;
  const seen = await page.evaluate(
    (seconds) =>
      new Promise((done) => {
        const frames = [];
        let tasks = 0;
        let longest = 0;
        const watch = new PerformanceObserver((list) => list.getEntries().forEach((entry) => (tasks++, (longest = Math.max(longest, entry.duration)))));
        watch.observe({ type: "longtask" });
        const begin = performance.now();
        const tick = (now) => {
          frames.push(now);
          if (now - begin < 1000 * seconds) return requestAnimationFrame(tick);
          const gaps = frames.slice(1).map((each, index) => each - frames[index]).sort((one, other) => one - other);
          done({ fps: (frames.length - 1) / ((frames.at(-1) - frames[0]) / 1000), worst99: gaps[Math.floor(gaps.length * 0.99)], worst: gaps.at(-1), tasks, longest });
        };
        requestAnimationFrame(tick);
      }),
    SECONDS,
  );
  const after = await metrics();
  const rate = (ended - endedBefore) / (after.Timestamp - before.Timestamp);
  clearInterval(timer);
  const share = (key) => `${((100 * (after[key] - before[key])) / (after.Timestamp - before.Timestamp)).toFixed(0)} %`;
  console.log(
    `${name} (${rate.toFixed(0)} ended a second): ${seen.fps.toFixed(1)} frames a second (99 of 100 within ${seen.worst99.toFixed(0)} ms, the longest ${seen.worst.toFixed(0)} ms); ` +
      `main thread ${share("TaskDuration")} busy, of that script ${share("ScriptDuration")}, layout and style ${share("LayoutDuration")} and ${share("RecalcStyleDuration")}; ` +
      `${seen.tasks} tasks over 50 ms, the longest ${seen.longest.toFixed(0)} ms; heap ${(after.JSHeapUsedSize / 2 ** 20).toFixed(0)} MiB`,
  );
}

console.log(`Chromium ${browser.version()}, headless`);
await measure(`${BARS} bars`, 0);
await measure(`${BARS} bars, ${A_SECOND} jobs a second`, A_SECOND);
for (const run of undo) await run();
