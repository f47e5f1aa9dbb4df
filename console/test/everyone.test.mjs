// For everyone: axe finds nothing, on any page, in either theme, on a phone; nothing shifts; and the first load is small.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { blank, here, launch, open, openThrough, row, serve, shot } from "./support/page.mjs";
import { ROUTES } from "./support/routes.mjs";
import { start } from "./support/start.mjs";

const AXE = readFileSync(here("node_modules/axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PHONE = { width: 390, height: 844 };

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

async function check(page, name) {
  const { violations, passes } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  const said = violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html.slice(0, 160) + " " + node.any.map((each) => each.message).join("; ")).slice(0, 3).join(" | ")}`);
  assert.deepEqual(said, []);
  assert(passes.length > 20, `${name}: axe looked at ${passes.length} rules only`);
  return name;
}

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { colorScheme: "light", viewport: PHONE }],
  ["phone-dark", { colorScheme: "dark", viewport: PHONE }],
]) {
  test(`axe finds nothing: ${name}`, async (t) => {
    const { url } = await serve(t, ROUTES);
    const colours = await start(url, { route: "colours", connid: "colours" });
    const { job } = await start(url, { route: "lines", connid: "site", tags: ["web"] });
    for (const connid of ["a", "b", "c"]) await start(url, { route: "request", connid, time: 100 });
    await start(url, { route: "one", connid: "waits" });
    await start(url, { route: "request", connid: "done", time: 0.1 });
    // What axe is run with is no part of the page, so the page's policy need not let it in.
    const page = await open(t, browser, url, { ...options, bypassCSP: true });
    await page.addScriptTag({ content: AXE });
    await row(page, "waits").getByText("place 1").waitFor();
    await shot(page, `jobs-${name}`);
    await check(page, "jobs");
    await page.getByRole("button", { name: "Kill a" }).click();
    await page.getByText("a is killed").waitFor();
    await check(page, "receipt");
    await page.locator("[data-tab=ended]").click();
    await row(page, "done").waitFor();
    await check(page, "ended");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await check(page, "help");
    await page.keyboard.press("Escape");
    await page.goto(`${url}/#/jobs/${job}`);
    await page.locator(".line", { hasText: "line 300" }).waitFor();
    await shot(page, `job-${name}`);
    await check(page, "job");
    await page.goto(`${url}/#/jobs/${colours.job}`);
    await page.locator(".line", { hasText: "red to stderr" }).waitFor();
    await page.getByLabel("Search in the log").fill("text 3");
    await page.getByLabel("Search in the log").press("Enter");
    await page.locator(".line.is-at").waitFor();
    // What is on its way out of sight is not looked at: the log begins with its colours, and is short.
    assert(await page.locator(".line", { hasText: "text 0" }).isVisible());
    await page.locator(".output").scrollIntoViewIfNeeded();
    await shot(page, `colours-${name}`);
    await check(page, "colours");
    await page.goto(`${url}/#/search`);
    await page.locator("#search-text").fill("push");
    await page.locator(".match").first().waitFor();
    await shot(page, `search-${name}`);
    await check(page, "search");
    await page.goto(`${url}/#/pictures`);
    await page.locator(".charts canvas").first().waitFor();
    await shot(page, `pictures-${name}`);
    await check(page, "pictures");
    // Nothing is wider than the page.
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  });
}

test("where the browser has a few colours of its own, bars, the connection, the page and what is pressed are still told apart", async (t) => {
  const { url } = await serve(t);
  await start(url, { route: "request", connid: "a", time: 100 });
  const { network, page } = await openThrough(t, browser, url, { forcedColors: "active" });
  await row(page, "a").waitFor();
  const look = (selector, what) => page.locator(selector).first().evaluate((element, what) => getComputedStyle(element)[what], what);
  const differ = async (one, other, what) => assert.notEqual(await look(one, what), await look(other, what), `${one}, ${other}: ${what}`);
  await differ(".tbody .bar i", ".tbody .bar", "backgroundColor");
  await differ(".top nav a[aria-current]", ".top nav a:not([aria-current])", "borderBottomColor");
  await differ(".tabs button[aria-pressed=true]", ".tabs button[aria-pressed=false]", "backgroundColor");
  await shot(page, "forced-colors");
  const before = await look(".link i", "backgroundColor");
  network.open(false);
  network.cut();
  await page.locator("[data-link=reconnecting]").waitFor();
  assert.notEqual(await look(".link i", "backgroundColor"), before);
});

test("the first load is under 100 kB over the wire, nothing of it is from elsewhere, and nothing shifts", async (t) => {
  const { url } = await serve(t);
  for (const connid of ["a", "b", "c"]) await start(url, { route: "request", connid, time: 100 });
  const page = await blank(t, browser);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  const asked = [];
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  page.on("request", (request) => asked.push(request.url()));
  await page.addInitScript(() => {
    window.shifts = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(url);
  await row(page, "a").waitFor();
  await row(page, "a").getByText("anonymous").waitFor();
  const shifts = await page.evaluate(() => window.shifts);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  t.diagnostic(`${bytes} bytes with headers, ${asked.length} requests, first paint after ${Math.round(paint)} ms, layout shift ${shifts.toFixed(4)}`);
  assert(bytes > 10_000 && bytes < 100_000);
  assert.deepEqual(asked.filter((each) => !each.startsWith(url)), []);
  assert(shifts < 0.01);
});
