// The recipe of docs/recipes/react.md and the client itself, in a real Chromium, against the real server, over a network that breaks.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { chromium } from "playwright-core";

import { Worker } from "longwire";
import { LINES, linesOf } from "../test/support/lines.mjs";
import { proxy } from "../test/support/proxy.mjs";
import { server } from "../test/support/server.mjs";

const CHROMIUM = "/usr/bin/chromium";
const quiet = ["background-networking", "component-update", "sync", "gpu", "quic"].map((what) => `--disable-${what}`);

let browser;
before(async () => (browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--no-first-run", ...quiet] })));
after(() => browser.close());

const here = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/** A site of the recipe, on an origin of its own. */
async function site(t) {
  const bundle = (entry) =>
    build({ ...entry, bundle: true, format: "esm", platform: "browser", jsx: "automatic", write: false, logLevel: "error", define: { "process.env.NODE_ENV": '"development"' } });
  const app = await bundle({ entryPoints: [here("examples/react/main.tsx")] });
  const client = await bundle({ stdin: { contents: `export * from "longwire";`, resolveDir: here(".") } });
  const pages = {
    "/": ["text/html", `<!doctype html><title>Report</title><main></main><script type="module" src="app.js"></script>`],
    "/empty": ["text/html", `<!doctype html><title>Empty</title>`],
    "/app.js": ["text/javascript", app.outputFiles[0].text],
    "/longwire.js": ["text/javascript", client.outputFiles[0].text],
  };
  const http = createServer((request, response) => {
    const [type, text] = pages[new URL(request.url, "http://site").pathname] ?? [];
    if (type) response.setHeader("content-type", type).end(text);
    else response.writeHead(404).end();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${http.address().port}`;
}

/** Everything there is, from the server to an open page. */
async function open(t, path, network) {
  const origin = await site(t);
  const config = `allowed_origins = ["${origin}"]\n${LINES.config}\n[routes.report]\nserved_by = "workers"\n`;
  const { url } = await server(t, config);
  const between = await proxy(t, url, network);
  const page = await browser.newPage();
  t.after(() => page.close());
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  t.after(() => assert.deepEqual(errors, []));
  await page.goto(`${origin}${path}?server=${between.url}`);
  return { url, network: between, page };
}

/** A worker that makes a page of each report whenever it is told to. */
async function reports(t, url) {
  const turns = { waiting: [], ready: 0 };
  const page = () => {
    if (turns.waiting.length > 0) turns.waiting.shift()();
    else turns.ready++;
  };
  const stop = new AbortController();
  const worker = new Worker(url).route("report", async (job) => {
    for (let done = 1; done <= 10; done++) {
      await new Promise((next, end) => {
        job.signal.addEventListener("abort", () => end(job.signal.reason));
        if (turns.ready > 0) next(turns.ready--);
        else turns.waiting.push(next);
      });
      job.progress({ done, total: 10 });
    }
    return { pages: 10 };
  });
  const run = worker.run({ signal: stop.signal, grace: 0.01 });
  t.after(() => {
    stop.abort();
    return run;
  });
  await worker.claimed;
  return page;
}

test("the hook shows progress, goes on after a cut and after a reload, and shows the result", async (t) => {
  const { url, network, page } = await open(t, "/");
  const turn = await reports(t, url);
  await page.getByText("Make the report").click();
  turn();
  await page.getByText("page 1 of 10").waitFor();

  network.open(false);
  network.cut();
  await page.getByText("reconnecting…").waitFor();
  turn();
  network.open(true);
  await page.getByText("page 2 of 10").waitFor();
  await page.getByText("reconnecting…").waitFor({ state: "detached" });

  await page.reload();
  await page.getByText("page 2 of 10").waitFor();
  for (let count = 3; count <= 10; count++) turn();
  await page.getByText("10 pages are ready").waitFor();
});

test("the hook kills, and shows who killed it and why", async (t) => {
  const { url, page } = await open(t, "/");
  const turn = await reports(t, url);
  await page.getByText("Make the report").click();
  turn();
  await page.getByText("page 1 of 10").waitFor();
  await page.getByText("Stop").click();
  await page.getByText("killed by anonymous: no longer wanted").waitFor();
  assert(await page.getByText("Stop").isDisabled());
});

test("in a browser, too, 100,000 lines over 50 cuts: none missing, none twice", async (t) => {
  const { network, page } = await open(t, "/empty", LINES.cuts);
  const lines = await page.evaluate(
    async ([server, count]) => {
      const linesOf = new Function(`return ${count}`)();
      const { connect } = await import("/longwire.js");
      const client = await connect(server);
      const lines = await linesOf(client.start("lines"));
      await client.close();
      return lines;
    },
    [network.url, linesOf.toString()],
  );
  t.diagnostic(`Chromium ${browser.version()}: cut ${network.cuts} times; lines received ${lines.received}, missing ${lines.missing}, twice ${lines.twice}`);
  assert.deepEqual([network.cuts, lines], [50, { received: 100_000, missing: 0, twice: 0 }]);
});
