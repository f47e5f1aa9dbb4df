// A job's own page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch, open, openThrough, serve, shot, quietable } from "./support/page.mjs";
import { ROUTES } from "./support/routes.mjs";
import { start } from "./support/start.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("its log is shown with colours and streams apart; followed, paused, searched, jumped in, and downloaded", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "lines", connid: "42" });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".line", { hasText: "line 300" }).waitFor();

  const lines = page.locator(".lines");
  await lines.evaluate((box) => (box.scrollTop = 0));
  await page.getByRole("button", { name: "Paused" }).waitFor();
  const colorOf = (text) => page.locator(".line code span", { hasText: new RegExp(`^${text}$`) }).evaluate((element) => getComputedStyle(element).color);
  assert.equal(await colorOf("red"), "rgb(179, 38, 30)");
  // It is rgb(0, 135, 255), which one could not read on white.
  assert.match(await colorOf("blue"), /^rgb\(0, (\d\d), 1\d\d\)$/);

  await page.getByRole("button", { name: "Paused" }).click();
  await page.locator(".line", { hasText: "line 300" }).waitFor();

  await page.getByLabel("Search in the log").fill("line 17");
  await page.keyboard.press("Enter");
  await page.locator(".line.is-at mark", { hasText: "line 17" }).waitFor();
  assert.match(await page.locator(".matches").innerText(), /^1 of 11$/);

  await page.getByLabel("Event").fill("2");
  await page.getByLabel("Event").press("Enter");
  await page.locator(".line.is-at .seq", { hasText: /^2$/ }).waitFor();

  await page.getByLabel("Which stream").selectOption("stderr");
  assert.match(await page.locator(".line.is-stderr").innerText(), /trouble <b>/);
  assert.equal(await page.locator(".line.is-stdout").count(), 0);

  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("[data-action=download]").click()]);
  const text = readFileSync(await download.path(), "utf8");
  assert.match(text, /plain\n[^]*line 300\n/);
  assert.equal(download.suggestedFilename(), "42.log");
});

test("two browsers on one job: one gives it more time and kills it, the other sees both, and the receipt", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "stubborn", connid: "42", time: 100 });
  const first = await open(t, browser, url, { path: `#/jobs/${job}` });
  const other = await launch();
  t.after(() => other.close());
  const second = await open(t, other, url, { path: `#/jobs/${job}` });
  await Promise.all([first, second].map((page) => page.locator(".line", { hasText: "ready" }).waitFor()));

  await first.getByRole("button", { name: "Extend by 10 min" }).click();
  await first.getByText("was not extended").waitFor();
  await first.getByRole("button", { name: "Extend by 1 min" }).click();
  await second.locator(".life-list li.is-extended").waitFor();

  await first.locator("[data-action=kill]").click();
  await first.getByLabel("Reason").fill("wrong month");
  await first.locator("[data-action=confirm-kill]").click();
  await second.locator(".life-list li.is-kill", { hasText: "wrong month" }).waitFor();
  for (const page of [first, second]) {
    await page.locator(".outcome [data-receipt]").waitFor();
    assert.match(await page.locator(".outcome [data-receipt]").innerText(), /by force by TERM, KILL, nothing left alive\. By anonymous: wrong month\./);
    await page.locator(".life-list li.is-forced").waitFor();
  }
  await shot(second, "job-killed");
});

test("a link leads to the job, also once it has ended; and one to no job says so", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "request", connid: "7", time: 0.2 });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".title .state.is-ok").waitFor();
  await page.reload();
  await page.locator(".title .state.is-ok").waitFor();
  await page.goto(`${url}/#/jobs/7`);
  await page.locator(".title .state.is-ok").waitFor();
  await page.goto(`${url}/#/jobs/nobody`);
  await page.getByText("The server knows no such job").waitFor();
});

test("a link to a job whose connid was used again leads to that job, with all that is known of it", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "request", connid: "again", time: 100, tags: ["march"] });
  await fetch(`${url}/jobs/again?reason=wrong%20month&wait=true`, { method: "DELETE" });
  await start(url, { route: "request", connid: "again", time: 100 });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".title .state.is-killed").waitFor();
  assert.equal(await page.title(), "again · killed · Longwire");
  assert.match(await page.locator(".outcome").innerText(), /By anonymous: wrong month\./);
  assert.match(await page.locator(".facts").innerText(), /anonymous[^]*march/);
  assert.equal(await page.locator("[data-action=kill]").count(), 0);
  await page.getByText("It printed nothing.").waitFor();
});

test("who comes late sees when it was given more time, when its kill was asked for, and when it was forced", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "stubborn", connid: "42", time: 100 });
  const watcher = await open(t, browser, url, { path: `#/jobs/${job}` });
  await watcher.locator(".line", { hasText: "ready" }).waitFor();
  await fetch(`${url}/jobs/42`, { method: "PATCH", headers: { "content-type": "application/json" }, body: '{"time":200}' });
  const asked = Date.now();
  await fetch(`${url}/jobs/42?reason=late`, { method: "DELETE" });
  await watcher.locator(".outcome [data-receipt]").waitFor();

  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  const at = async (what) => Date.parse(await page.locator(`.life-list li.is-${what} time`).getAttribute("datetime"));
  await page.locator(".life-list li.is-extended", { hasText: "200 s from then" }).waitFor();
  await page.locator(".life-list li.is-kill", { hasText: "by anonymous: late" }).waitFor();
  await page.locator(".life-list li.is-forced", { hasText: "after its grace of 1.0 s" }).waitFor();
  const kill = await at("kill");
  assert(Math.abs(kill - asked) < 500);
  assert.equal(await at("forced"), kill + 1000);
  assert((await at("ended")) >= kill + 1000);
  assert.deepEqual(await page.locator(".life-list strong").allInnerTexts(), ["accepted", "started", "extended", "kill asked", "forced", "ended"]);
});

test("one that waits knows its place, also after another has left the queue", async (t) => {
  const { url } = await serve(t, ROUTES);
  await start(url, { route: "one", connid: "before" });
  const { job } = await start(url, { route: "one", connid: "42" });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.getByText("2 in the queue").waitFor();
  await fetch(`${url}/jobs/before`, { method: "DELETE" });
  await page.getByText("1 in the queue").waitFor();
});

test("a job that the server no longer knows is not said to run, and nothing is offered to be done with it", async (t) => {
  const { url, stop } = await serve(t, `shutdown_grace_seconds = 0\n${ROUTES}`);
  const { job } = await start(url, { route: "lines", connid: "42" });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".line", { hasText: "line 300" }).waitFor();
  await stop("SIGKILL");
  await page.locator("[data-link=reconnecting]").waitFor();
  await serve(t, ROUTES, { listen: new URL(url).host });
  await page.getByText("How it went on cannot be known").waitFor();
  assert.equal(await page.locator(".title .state").count(), 0);
  assert.equal(await page.locator(".actions, .c-left.big").count(), 0);
  assert.match(await page.title(), /^42 · unknown/);
  assert.equal(await page.locator(".line", { hasText: "line 300" }).count(), 1);
  await shot(page, "job-unknown");
});

test("what was not read yet is not called empty", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "lines", connid: "42" });
  const { network, page } = await openThrough(t, browser, url);
  await page.locator("[data-link=connected]").waitFor();
  network.open(false);
  network.cut();
  await page.locator("[data-link=reconnecting]").waitFor();
  await page.goto(`${network.url}/#/jobs/${job}`);
  await page.getByText("Not read yet.").waitFor();
  await page.goto(`${network.url}/#/search`);
  await page.getByText("Not read yet: there is no connection.").waitFor();
  await page.locator("#search-text").fill("push_back");
  await page.getByText("Asked; there is no connection").waitFor();
  network.open(true);
  await page.locator(".match").first().waitFor();
  assert.equal(await page.locator(".found .faint").innerText(), "");
  await page.goto(`${network.url}/#/jobs/${job}`);
  await page.locator(".line", { hasText: "line 300" }).waitFor();
});

test("a kill that is not answered is said to be asked; a reason that is too long is told before it is sent", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "request", connid: "42", time: 100 });
  const page = await open(t, browser, undefined);
  const wire = await quietable(page);
  await page.goto(`${url}/#/jobs/${job}`);
  await page.locator(".title .state.is-running").waitFor();
  await page.locator("[data-action=kill]").click();
  await page.getByLabel("Reason").fill("ä".repeat(513));
  await page.getByText("Too long by 2 bytes").waitFor();
  assert.equal(await page.locator("[data-action=confirm-kill]").isDisabled(), true);
  await page.getByLabel("Reason").fill("ä".repeat(512));
  wire.silence();
  await page.locator("[data-action=confirm-kill]").click();
  await page.getByRole("button", { name: "Asked…" }).waitFor();
  await page.locator("[data-link=silent]").waitFor();
  await page.getByText("The server does not answer").waitFor();
  await shot(page, "silent");
  wire.speak();
  await page.locator(".title .state.is-killed").waitFor();
});
