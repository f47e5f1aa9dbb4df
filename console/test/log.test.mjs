// A job's log: what is held of it, what is not, and where one is in it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch, open, serve, shot } from "./support/page.mjs";
import { ROUTES } from "./support/routes.mjs";
import { start } from "./support/start.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const sh = (script) => JSON.stringify(["/bin/sh", "-c", script]);
const top = (page, to) => page.locator(".lines").evaluate((box, to) => (to === undefined ? box.scrollTop : (box.scrollTop = to)), to);
const firstSeen = (page) => page.locator(".lines").evaluate((box) => [...box.querySelectorAll(".line")].find((line) => line.getBoundingClientRect().bottom > box.getBoundingClientRect().top + 1).querySelector("code").textContent);

test("lines that are not held are said to be missing; who reads stays where they are", async (t) => {
  const config = `[routes.many]\nconsumer = "exec"\nargv = ${sh("seq 95000; while ! [ -e go ]; do sleep 0.1; done; seq 95001 130000; sleep 600")}\ntime_seconds = 300\n`;
  const { url, dir } = await serve(t, config);
  const { job } = await start(url, { route: "many", connid: "many" });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".line", { hasText: /95000$/ }).waitFor();
  await top(page, 60_000 * 20);
  await page.getByRole("button", { name: "Paused" }).waitFor();
  await page.locator(".line", { hasText: /60001$/ }).waitFor();
  const seen = await firstSeen(page);
  await page.getByLabel("Search in the log").fill("60010");
  await page.keyboard.press("Enter");
  await page.locator(".line.is-at", { hasText: /60010$/ }).waitFor();
  await top(page, 60_000 * 20);
  await page.locator(".line", { hasText: /60001$/ }).waitFor();
  assert.equal(await firstSeen(page), seen);
  writeFileSync(join(dir, "go"), "");
  await page.waitForFunction(() => document.querySelector(".lines .rows").style.height.replace("px", "") / 20 < 100_002 && document.querySelector(".lines").scrollTop < 59_000 * 20);
  await page.waitForTimeout(300);
  assert.equal(await firstSeen(page), seen);
  assert.match(await page.locator(".line.is-at").innerText(), /60010$/);
  await page.getByLabel("Search in the log").fill("129999");
  await page.getByText("1 line of those held").waitFor();
  await page.getByLabel("Event").fill("1");
  await page.getByLabel("Event").press("Enter");
  await page.getByText(/^event 1 is not held here; the first is [\d,]+$/).waitFor();
  await top(page, 0);
  await page.locator(".line.is-note code", { hasText: /^[\d,]+ lines before this are not held here; Download has them$/ }).waitFor();
  await shot(page, "log-dropped");
});

test("what the server no longer has is said where it is missing", async (t) => {
  const config = `limits.log_events_per_job = 16\n[routes.bit]\nconsumer = "exec"\nargv = ${sh("i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.02; done; sleep 600")}\ntime_seconds = 300\n`;
  const { url } = await serve(t, config);
  const { job } = await start(url, { route: "bit", connid: "bit" });
  const first = await open(t, browser, url, { path: `#/jobs/${job}` });
  await first.locator(".line", { hasText: "line 60" }).waitFor();
  const late = await open(t, browser, url, { path: `#/jobs/${job}` });
  await late.locator(".line", { hasText: "line 60" }).waitFor();
  await top(late, 0);
  await late.locator(".line.is-note code", { hasText: /^events 1 to \d+ are no longer kept by the server$/ }).waitFor();
  await late.getByLabel("Search in the log").fill("line");
  await late.getByText(/^\d+ lines of those held$/).waitFor();
  // Its beginning is in the gap, and yet it is known when that was.
  await late.locator(".life-list li.is-queued", { hasText: "by anonymous" }).waitFor();
});

test("coming back to the end follows again; a jump that leads nowhere says so; a line stays the same line in either stream", async (t) => {
  const { url } = await serve(t, ROUTES);
  const { job } = await start(url, { route: "lines", connid: "42" });
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.locator(".line", { hasText: "line 300" }).waitFor();
  await top(page, 2000);
  await page.getByRole("button", { name: "Paused" }).waitFor();
  await top(page, 1_000_000);
  await page.getByRole("button", { name: "Following" }).waitFor();

  const jump = async (text) => {
    await page.getByLabel("Event").fill(text);
    await page.getByLabel("Event").press("Enter");
  };
  await jump("abc");
  await page.getByText("an event is a number, from 1 on").waitFor();
  assert.equal(await page.locator("#log-seq").getAttribute("aria-invalid"), "true");
  assert.equal(await page.locator(".line.is-at").count(), 0);
  await jump("999999");
  await page.getByText(/nothing was printed from event 999,999 on; the last is \d+/).waitFor();

  await page.getByLabel("Search in the log").fill("trouble");
  await page.getByLabel("Search in the log").press("Enter");
  const at = page.locator(".line.is-at");
  await at.locator("mark", { hasText: "trouble" }).waitFor();
  await page.getByLabel("Which stream").selectOption("stderr");
  await page.waitForFunction(() => document.querySelectorAll(".line.is-stdout").length === 0);
  assert.match(await at.innerText(), /trouble <b>/);
});

test("a line that is too long is cut, and no letter of it is lost; underlines with sub-parameters are no italics", async (t) => {
  const config = `${ROUTES}[routes.long]\nconsumer = "exec"\nargv = ${sh(`i=0; while [ $i -lt 1000 ]; do i=$((i+1)); printf 'sixty-three letters of a line that has no end, number %05d ....' $i; done; echo; sleep 600`)}\ntime_seconds = 300\n`;
  const { url } = await serve(t, config);
  const long = await start(url, { route: "long", connid: "long" });
  const colours = await start(url, { route: "colours", connid: "colours" });
  const page = await open(t, browser, url, { path: `#/jobs/${long.job}` });
  await page.locator(".line", { hasText: "number 01000" }).waitFor();
  await page.waitForTimeout(200);
  const lengths = await page.locator(".line code").evaluateAll((codes) => codes.map((code) => code.textContent.length));
  const whole = 1000 * "sixty-three letters of a line that has no end, number 00000 ....".length;
  assert.equal(lengths.length, Math.ceil(whole / 4000));
  assert.equal(lengths.reduce((sum, each) => sum + each, 0), whole);
  assert(lengths.every((each) => each <= 4000));

  await page.goto(`${url}/#/jobs/${colours.job}`);
  const part = (text) => page.locator(".line code span", { hasText: new RegExp(`^${text}$`) }).first();
  const styleOf = (text, what) => part(text).evaluate((element, what) => getComputedStyle(element)[what], what);
  await part("wavy").waitFor();
  assert.equal(await styleOf("wavy", "fontStyle"), "normal");
  assert.match(await styleOf("wavy", "textDecorationLine"), /underline/);
  assert.equal(await part("plain").getAttribute("class"), null);
  assert.equal(await styleOf("colons", "color"), "rgb(100, 100, 0)");
  // The other way round: its letters are as the page, its ground is as letters are.
  assert.deepEqual([await styleOf("inverse", "color"), await styleOf("inverse", "backgroundColor")], ["rgb(255, 255, 255)", "rgb(20, 25, 28)"]);
});
