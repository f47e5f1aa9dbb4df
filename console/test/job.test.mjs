// A job's own page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch, open, serve, shot } from "./support/page.mjs";
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
  assert.equal(await page.locator(".line .fg1", { hasText: "red" }).count(), 1);
  assert.equal(await page.locator(".line .bold", { hasText: "blue" }).evaluate((element) => element.style.color), "rgb(0, 135, 255)");

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
