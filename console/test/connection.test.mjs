// The state that is shown is the true one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, openThrough, row, serve, shot, quietable } from "./support/page.mjs";
import { ROUTES } from "./support/routes.mjs";
import { start } from "./support/start.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const link = (page, kind) => page.locator(`[data-link=${kind}]`).waitFor();

test("the network is cut: what was there stays, and is said to be old; it comes back with what happened meanwhile", async (t) => {
  const { url } = await serve(t);
  const { network, page } = await openThrough(t, browser, url);
  await start(url, { route: "request", connid: "before", time: 600 });
  await start(url, { route: "request", connid: "ends", time: 2 });
  await row(page, "before").waitFor();

  network.open(false);
  network.cut();
  await link(page, "reconnecting");
  await page.getByText("what is shown is as it was then").waitFor();
  assert.equal(await row(page, "before").count(), 1);
  await start(url, { route: "request", connid: "meanwhile", time: 600 });
  await fetch(`${url}/jobs/ends`, { method: "DELETE" });
  await shot(page, "lost");

  network.open(true);
  await link(page, "resumed");
  await row(page, "meanwhile").waitFor();
  await row(page, "ends").waitFor({ state: "detached" });
  await link(page, "connected");
});

test("what the feed no longer has is said to be a gap, and the list is read anew; nothing is done meanwhile behind one's back", async (t) => {
  const { url } = await serve(t, "limits.feed_events_kept = 16\n");
  const { network, page } = await openThrough(t, browser, url);
  for (const connid of ["stays", "ends"]) await start(url, { route: "request", connid, time: 600 });
  await row(page, "ends").waitFor();
  network.open(false);
  network.cut();
  await link(page, "reconnecting");
  await page.getByRole("button", { name: "Kill stays" }).click();
  await page.getByText("There is no connection").waitFor();
  await fetch(`${url}/jobs/ends`, { method: "DELETE" });
  for (let number = 0; number < 30; number++) await start(url, { route: "request", connid: `n${number}`, time: 600 });
  network.open(true);
  await page.getByText(/gap of \d+/).waitFor();
  await page.locator("[data-tab=live]", { hasText: "31" }).waitFor();
  assert.equal(await row(page, "ends").count(), 0);
  await page.getByLabel("Filter by text").fill("stays");
  await row(page, "stays").waitFor();
});

test("the page is reloaded, and closed and opened anew: everything is still there", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url);
  await start(url, { route: "request", connid: "42", time: 600 });
  await start(url, { route: "request", connid: "43", time: 0.2 });
  await row(page, "42").waitFor();
  await row(page, "43").waitFor({ state: "detached" });
  await page.reload();
  await row(page, "42").waitFor();
  await page.locator("[data-tab=ended]").click();
  await row(page, "43").waitFor();
  await page.close();
  const again = await open(t, browser, url);
  await row(again, "42").waitFor();
});

test("a server that stops says so; another run of it is read anew, and nothing of the old is left", async (t) => {
  const { url, stop } = await serve(t, `shutdown_grace_seconds = 3\n${ROUTES}`);
  const { page } = await openThrough(t, browser, url);
  await start(url, { route: "lines", connid: "42" });
  await row(page, "42").waitFor();
  const stopped = stop();
  await link(page, "draining");
  await page.getByText("The server is stopping").waitFor();
  await shot(page, "draining");
  await stopped;
  await link(page, "reconnecting");
  await serve(t, ROUTES, { listen: new URL(url).host });
  await row(page, "42").waitFor({ state: "detached" });
  await page.getByText("Nothing runs.").waitFor();
  await start(url, { route: "request", connid: "new", time: 600 });
  await row(page, "new").waitFor();
});

test("a network that is silent is not called a connection; when it speaks again all is well", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, undefined);
  const wire = await quietable(page);
  await page.goto(url);
  await link(page, "connected");
  wire.silence();
  const begin = performance.now();
  await link(page, "silent");
  const seconds = (performance.now() - begin) / 1000;
  t.diagnostic(`said after ${seconds.toFixed(1)} s`);
  assert(seconds < 10);
  await page.getByText("what is shown may be old").waitFor();
  wire.speak();
  await link(page, "connected");
});

test("a server that stops: the time that is left counts down, also for who comes late, and is not read aloud each second", async (t) => {
  const { url, stop } = await serve(t, `shutdown_grace_seconds = 12\n${ROUTES}`);
  await start(url, { route: "lines", connid: "42" });
  const page = await open(t, browser, url);
  await row(page, "42").waitFor();
  const stopped = stop();
  const left = async (page) => Number(/([\d.]+) s left/.exec(await page.locator(".banner .number").innerText())[1]);
  await link(page, "draining");
  const first = await left(page);
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.querySelector(".banner [role=alert]").textContent)).observe(document.querySelector(".banner [role=alert]"), { subtree: true, childList: true, characterData: true });
  });
  await page.waitForFunction(() => parseFloat(document.querySelector(".banner .number").textContent) < 9);
  const late = await open(t, browser, url);
  await link(late, "draining");
  const second = await left(late);
  assert(first > 9 && second < 9.5, `${first} s, then ${second} s`);
  assert.equal(await page.locator(".banner [aria-hidden] [role=alert], [role=alert] .number").count(), 0);
  assert.deepEqual(await page.evaluate(() => window.said), []);
  await stop("SIGKILL");
  await stopped;
});

test("on a phone, nothing of the head lies over the pages", async (t) => {
  const { url } = await serve(t);
  const { network, page } = await openThrough(t, browser, url, { viewport: { width: 390, height: 844 } });
  await link(page, "connected");
  network.open(false);
  network.cut();
  await link(page, "reconnecting");
  const boxOf = (selector) => page.locator(selector).first().boundingBox();
  const [pages, dot, button] = await Promise.all([".top nav a:last-child", ".link i", ".top button"].map(boxOf));
  assert(pages.x + pages.width <= dot.x && dot.x + dot.width <= button.x, JSON.stringify([pages, dot, button]));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await shot(page, "lost-phone");
});
