// Start, kill, status: as somebody does who sees the page for the first time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, row, serve, shot } from "./support/page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("a newcomer starts a request, sees its bar run down, and kills it, in ten seconds", async (t) => {
  const { url } = await serve(t);
  const begin = performance.now();
  const page = await open(t, browser, url);
  await page.getByRole("textbox", { name: "Connid" }).fill("42");
  await page.locator("[data-action=start]").click();
  const bar = row(page, "42").locator(".c-left .bar i");
  const width = () => bar.evaluate((element) => element.getBoundingClientRect().width);
  await bar.waitFor();
  const first = await width();
  await page.waitForFunction(([selector, most]) => document.querySelector(selector).getBoundingClientRect().width < most - 1, [".c-left .bar i", first]);
  await page.getByRole("button", { name: "Kill 42" }).click();
  await page.getByText("42 is killed").waitFor();
  const receipt = await page.locator("[data-receipt=receipt]").innerText();
  assert.match(receipt, /Ended in \d+ ms, not forced, nothing left alive\. By anonymous\./);
  // The row stays under the pointer, so that no other comes there, and goes with it.
  await row(page, "42").getByText("killed").waitFor();
  await page.mouse.move(100, 700);
  await row(page, "42").waitFor({ state: "detached" });
  const seconds = (performance.now() - begin) / 1000;
  t.diagnostic(`${seconds.toFixed(1)} s from opening the page to the receipt`);
  assert(seconds < 10);
  await shot(page, "killed");
  await page.locator("[data-tab=ended]").click();
  assert.match(await row(page, "42").innerText(), /killed/);
});

test("what is sent is shown as the frame and as the curl command, and both do what they say", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("textbox", { name: "Connid" }).fill("it's");
  await page.getByLabel("Time, seconds").fill("20");
  assert.equal(await page.locator("#sent-frame").innerText(), `{"route":"request","connid":"it's","time":20}`);
  await page.getByRole("button", { name: "Copy the curl command" }).click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  const { execFileSync } = await import("node:child_process");
  const answer = JSON.parse(execFileSync("sh", ["-c", `${curl} -s`], { encoding: "utf8" }));
  assert.equal(answer.connid, "it's");
  await row(page, "it's").waitFor();
});

test("a refusal is told beside the field that it is about; what can be seen to be wrong is not sent", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url);
  await page.getByLabel("Time, seconds").fill("soon");
  await page.locator("input[inputmode=decimal][aria-invalid=true]").waitFor();
  assert.match(await page.locator(".said").innerText(), /"time".*soon/);
  assert.equal(await page.locator("[data-action=start]").isDisabled(), true);
  await page.getByLabel("Time, seconds").fill("1e9");
  await page.locator("[data-action=start]").click();
  await page.locator("input[inputmode=decimal][aria-invalid=true]").waitFor();
  assert.match(await page.locator(".said").innerText(), /"time".*604800/);
  await page.getByLabel("Time, seconds").fill("20");
  await page.locator("input[aria-invalid=true]").waitFor({ state: "detached" });
  assert.equal(await page.locator(".said").innerText(), "");
});
