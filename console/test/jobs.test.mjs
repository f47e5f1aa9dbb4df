// The table: what is killed is what was meant, what is shown is what was asked for, at every width and with every way to point.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, row, serve, shot } from "./support/page.mjs";
import { fill } from "./support/fill.mjs";
import { ROUTES } from "./support/routes.mjs";
import { start } from "./support/start.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const SLOW = `
[routes.slow]
consumer = "exec"
argv = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
kill_grace_seconds = 4
`;
const request = (url, connid, more = {}) => start(url, { route: "request", connid, time: 600, ...more });
const statusOf = async (url, connid) => (await (await fetch(`${url}/jobs/${connid}`)).json()).status;
const away = (page) => page.mouse.move(100, 700);
const shown = (page, count) => page.getByText(`${count} shown`, { exact: false }).waitFor();

async function until(isSo, what, ms = 10_000) {
  for (const end = performance.now() + ms; !(await isSo()); ) {
    if (performance.now() > end) assert.fail(`not in time: ${typeof what === "string" ? what : await what()}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

test("a job that ended and whose connid is taken again is not killed in its place", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url);
  await request(url, "nightly", { time: 3 });
  await request(url, "other");
  await shown(page, 2);
  await page.getByLabel("Mark all that are shown").check();
  await page.locator("[data-action=kill-marked]").click();
  await until(async () => (await statusOf(url, "nightly")) === "ok", "the first run ends");
  await request(url, "nightly");
  await page.locator("[data-action=confirm-kill]").click();
  await page.getByText("1 of 2 are killed").waitFor();
  assert.match(await page.locator("[data-receipt=receipt]").innerText(), /1 had ended before/);
  assert.equal(await statusOf(url, "nightly"), "running");
});

test("nor is it where the page has not heard yet that the first has ended", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, undefined);
  let isDeaf = false;
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => (isDeaf && String(message).includes('"feed"')) || socket.send(message));
  });
  await page.goto(url);
  await request(url, "nightly");
  await row(page, "nightly").waitFor();
  isDeaf = true;
  await fetch(`${url}/jobs/nightly`, { method: "DELETE" });
  await request(url, "nightly");
  await page.getByRole("button", { name: "Kill nightly" }).click();
  await page.getByText("nightly was quicker").waitFor();
  assert.equal(await statusOf(url, "nightly"), "running");
});

test("many that do not die by themselves are all asked at once, and it is told how far that has come", async (t) => {
  const { url } = await serve(t, SLOW);
  const page = await open(t, browser, url);
  for (let number = 0; number < 90; number++) await start(url, { route: "slow", connid: `slow-${number}` });
  await shown(page, 90);
  await page.getByLabel("Mark all that are shown").check();
  await page.locator("[data-action=kill-marked]").click();
  await page.locator("[data-action=confirm-kill]").click();
  await page.getByText("90 of 90 asked, 0 ended").waitFor({ timeout: 4000 });
  const { jobs } = await (await fetch(`${url}/jobs?limit=1000`)).json();
  assert.deepEqual([...new Set(jobs.map(({ status }) => status))], ["ending"]);
  await shot(page, "killing-many");
  await page.getByText("90 of 90 are killed").waitFor();
  assert.match(await page.locator("[data-receipt=receipt]").innerText(), /90 by force.*nothing left alive/);
});

test("rows stand still under the pointer: the job that is killed is the one that was aimed at", async (t) => {
  const { url } = await serve(t);
  for (let number = 0; number < 8; number++) await request(url, `keep-${number}`);
  const page = await open(t, browser, url);
  const box = await page.getByRole("button", { name: "Kill keep-5", exact: true }).boundingBox();
  await page.mouse.move(box.x + 10, box.y + 10);
  await request(url, "intruder");
  await fetch(`${url}/jobs/keep-7`, { method: "DELETE" });
  await page.getByText("1 new, 1 gone: show").waitFor();
  assert.match(await row(page, "keep-7").innerText(), /killed/);
  await shot(page, "held");
  await page.mouse.down();
  await page.mouse.up();
  await page.getByText("keep-5 is killed").waitFor();
  assert.equal(await row(page, "intruder").count(), 0);
  await away(page);
  await row(page, "intruder").waitFor();
  await row(page, "keep-7").waitFor({ state: "detached" });
});

test("with a finger, that rests nowhere, the name is asked for before a job is killed", async (t) => {
  const { url } = await serve(t);
  await request(url, "42");
  const page = await open(t, browser, url, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.getByRole("button", { name: "Kill 42" }).tap();
  await page.getByRole("dialog").getByText("Kill 42?").waitFor();
  assert.equal(await statusOf(url, "42"), "running");
  await page.locator("[data-action=confirm-kill]").tap();
  await page.getByText("42 is killed").waitFor();
});

test("a kill that is not answered says so", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, undefined);
  let isMute = false;
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => isMute || server.send(message));
  });
  await page.goto(url);
  await request(url, "42");
  await row(page, "42").waitFor();
  isMute = true;
  await page.getByRole("button", { name: "Kill 42" }).click();
  await row(page, "42").getByText("asked…").waitFor({ timeout: 1000 });
  await page.getByText("Killing 42: no answer yet").waitFor();
});

test("marks are counted among the rows that are shown, and only those are killed", async (t) => {
  const { url } = await serve(t);
  for (const connid of ["keep-0", "keep-1", "keep-2"]) await request(url, connid);
  const page = await open(t, browser, url);
  await page.getByLabel("Filter by text").fill("keep-0");
  await shown(page, 1);
  await page.getByLabel("Mark all that are shown").check();
  await page.getByLabel("Filter by text").fill("keep-1");
  await page.getByText("1 shown · 1 marked, 1 hidden by the filter").waitFor();
  assert.equal(await page.getByLabel("Mark all that are shown").isChecked(), false);
  assert.equal(await page.locator("[data-action=kill-marked]").isDisabled(), true);
  await page.getByLabel("Mark all that are shown").check();
  await page.getByText("2 marked, 1 hidden by the filter").waitFor();
  await page.locator("[data-action=kill-marked]").click();
  await page.getByRole("dialog").getByText("Kill keep-1?").waitFor();
  // A server takes 1,024 bytes of reason, however few characters they are.
  await page.getByLabel("Reason").fill("é".repeat(513));
  await page.getByText("Too long by 2 bytes.").waitFor();
  assert.equal(await page.locator("[data-action=confirm-kill]").isDisabled(), true);
  await page.getByLabel("Reason").fill("é".repeat(512));
  await page.locator("[data-action=confirm-kill]").click();
  await page.getByText("keep-1 is killed").waitFor();
  assert.equal(await statusOf(url, "keep-0"), "running");
});

test("a table that a filter has emptied says so, and clears it; a route stays chosen when its last job has ended", async (t) => {
  const { url } = await serve(t, ROUTES);
  await request(url, "42");
  await start(url, { route: "stubborn", connid: "last" });
  const page = await open(t, browser, url);
  await page.getByLabel("Filter by route").selectOption("stubborn");
  await shown(page, 1);
  await fetch(`${url}/jobs/last`, { method: "DELETE" });
  await page.getByText("Nothing fits the filter.").waitFor();
  assert.equal(await page.getByLabel("Filter by route").inputValue(), "stubborn");
  await page.getByLabel("Filter by state").selectOption("queued");
  await page.locator("[data-action=clear-filter]").click();
  await row(page, "42").waitFor();
  assert.equal(await page.getByLabel("Filter by route").inputValue(), "");
});

test("the text finds jobs that began while the page was open and were never looked at, by who, tag and note", async (t) => {
  const { url } = await serve(t, ROUTES);
  const page = await open(t, browser, url);
  await page.locator("[data-link=connected]").waitFor();
  await request(url, "tagged", { tags: ["march"] });
  await start(url, { route: "lines", connid: "printer" });
  await fill(t, url, 200, (number) => ({ connid: `other-${number}`, time: 600 }));
  await shown(page, 202);
  await page.getByLabel("Filter by text").fill("march");
  await row(page, "tagged").waitFor();
  await page.getByLabel("Filter by text").fill("");
  await page.getByRole("button", { name: "Progress" }).click();
  await row(page, "printer").getByText("40 %").waitFor();
  await page.waitForFunction(() => document.querySelector(".tbody .tr [title=printer]")?.closest(".tr").ariaRowIndex === "2");
});

test("what was chosen is in the address: it is there after a reload, and after another page", async (t) => {
  const { url } = await serve(t);
  for (const connid of ["x-1", "y-2", "y-1"]) await request(url, connid);
  await request(url, "y-3", { time: 0.1 });
  const page = await open(t, browser, url);
  // No job's own name has such a letter.
  await page.getByLabel("Filter by text").fill("y-");
  await page.getByRole("button", { name: "Name" }).click();
  const names = () => page.locator(".tbody .c-connid").allInnerTexts();
  await until(async () => (await names()).join() === "y-1,y-2", async () => `sorted by name: ${await names()}, ${page.url()}`);
  await page.reload();
  await until(async () => (await names()).join() === "y-1,y-2", async () => `sorted after a reload: ${await names()}, ${page.url()}`);
  await page.locator("[data-tab=ended]").click();
  await row(page, "y-3").waitFor();
  await page.getByRole("link", { name: "Search" }).click();
  await page.locator("#search-text").waitFor();
  await page.goBack();
  await row(page, "y-3").waitFor();
  await page.reload();
  await row(page, "y-3").waitFor();
  assert.equal(await page.getByLabel("Filter by text").inputValue(), "y-");
});

for (const width of [320, 390, 768, 834, 906, 1000, 1200]) {
  test(`at ${width} px every row's Kill is there to be pressed, and so are the sorting and the marks`, async (t) => {
    const { url } = await serve(t, ROUTES);
    await start(url, { route: "lines", connid: "site", tags: ["web"] });
    for (const connid of ["a", "b"]) await request(url, connid);
    const page = await open(t, browser, url, { viewport: { width, height: 1112 } });
    await row(page, "site").getByText("40 %").waitFor();
    await row(page, "a").scrollIntoViewIfNeeded();
    const isSeen = (element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return left >= 0 && right <= innerWidth && right > left && (hit === element || element.contains(hit));
    };
    for (const found of [
      page.getByRole("button", { name: "Kill a", exact: true }),
      row(page, "site").locator(".c-route"),
      row(page, "site").locator(".c-state .state"),
      page.getByLabel("Mark all that are shown"),
      page.getByRole("button", { name: "Time left" }),
      page.locator(".count"),
    ]) {
      await found.scrollIntoViewIfNeeded();
      assert.equal(await found.evaluate(isSeen), true, String(found));
    }
    // Nothing lies over anything else in its row.
    const over = await row(page, "site").evaluate((line) => {
      const cells = [...line.children].map((cell) => [cell.className, cell.getBoundingClientRect()]).filter(([, { width }]) => width > 0);
      return cells.flatMap(([one, a]) => cells.filter(([other, b]) => one < other && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1).map(([other]) => `${one} ${other}`));
    });
    assert.deepEqual(over, []);
    await page.getByRole("button", { name: "Name" }).click();
    await until(async () => (await page.locator(".tbody .c-connid").allInnerTexts()).join() === "a,b,site", "sorted");
    await shot(page, `width-${width}`);
    await page.locator("[data-tab=ended]").click();
    await page.getByText("Nothing has ended").waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  });
}

test("the keyboard is on a row, is told of its job before it is killed, and is still among the rows when that has ended", async (t) => {
  const { url } = await serve(t);
  for (let number = 0; number < 5; number++) await request(url, `k-${number}`);
  const page = await open(t, browser, url);
  await shown(page, 5);
  const focused = () => page.evaluate(() => document.activeElement?.closest("[data-job]")?.querySelector(".c-connid")?.innerText);
  for (const key of ["j", "j", "j"]) await page.keyboard.press(key);
  assert.equal(await focused(), "k-2");
  await page.keyboard.press("Delete");
  await page.getByRole("dialog").getByText("Kill k-2?").waitFor();
  assert.equal(await statusOf(url, "k-2"), "running");
  await page.keyboard.press("Enter");
  await page.getByText("k-2 is killed").waitFor();
  assert.equal(await focused(), "k-2");
  await page.keyboard.press("s");
  await row(page, "k-2").waitFor({ state: "detached" });
  await until(async () => (await focused()) === "k-1", "the row in its place has the focus");
  await page.keyboard.press("k");
  assert.equal(await focused(), "k-3");

  // From the filter it is not far to the row, and to its Kill.
  await page.getByLabel("Filter by text").focus();
  let tabs = 0;
  for (; !(await page.evaluate(() => document.activeElement?.ariaLabel?.startsWith("Kill k"))); tabs++) {
    assert(tabs < 16, "too far");
    await page.keyboard.press("Tab");
  }
  t.diagnostic(`${tabs} times Tab from the filter to Kill`);
  await page.keyboard.press("Enter");
  await page.getByText("k-3 is killed").waitFor();
  assert.equal(await focused(), "k-3");

  await page.keyboard.press("?");
  await page.getByRole("dialog").getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await page.getByLabel("Filter by text").focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Delete");
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("receipts cover nothing, fade, and can all be read; a refusal stays", async (t) => {
  const { url } = await serve(t);
  for (let number = 0; number < 6; number++) await request(url, `r-${number}`);
  const page = await open(t, browser, undefined);
  await page.clock.install();
  await page.goto(url);
  for (let number = 0; number < 6; number++) {
    await page.getByRole("button", { name: `Kill r-${number}` }).click();
    await page.getByText(`r-${number} is killed`).waitFor();
  }
  const [table, line] = [await page.locator(".jobs").boundingBox(), await page.locator(".told").boundingBox()];
  assert(table.y + table.height <= line.y, "the line is under the table");
  await page.locator("[data-action=receipts]", { hasText: "6 receipts" }).click();
  assert.equal(await page.locator("[data-receipt]").count(), 6);
  await shot(page, "receipts");
  await page.locator("[data-action=receipts]").click();
  await away(page);
  await page.clock.fastForward(11_000);
  await page.locator("[data-receipt]").waitFor({ state: "detached" });
  await page.keyboard.press("r");
  assert.equal(await page.locator("[data-receipt]").count(), 6);
});

test("how long a job took is from its beginning on, also where it ended before the page was opened", async (t) => {
  const { url } = await serve(t, ROUTES);
  await start(url, { route: "stubborn", connid: "killed" });
  await new Promise((then) => setTimeout(then, 2000));
  await fetch(`${url}/jobs/killed`, { method: "DELETE" });
  await until(async () => (await statusOf(url, "killed")) === "killed", "it is killed");
  // Its connid is used again: by that it would be found no more.
  await start(url, { route: "request", connid: "killed", time: 600 });
  const page = await open(t, browser, url, { path: "#/?tab=ended" });
  const took = await row(page, "killed").locator(".c-took").innerText();
  assert(parseFloat(took) >= 2.9, `it took 3 s, and the page says ${took}`);
  await row(page, "killed").getByText("by force").waitFor();
});

test("the title says which job it is, and how it stands", async (t) => {
  const { url } = await serve(t);
  const { job } = await request(url, "42");
  const page = await open(t, browser, url, { path: `#/jobs/${job}` });
  await page.waitForFunction(() => document.title === "42 · running · Longwire");
  await fetch(`${url}/jobs/42`, { method: "DELETE" });
  await page.waitForFunction(() => document.title === "42 · killed · Longwire");
});
