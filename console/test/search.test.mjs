// Libraries, searched as one types; and the pictures.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, openThrough, serve, shot } from "./support/page.mjs";
import { start } from "./support/start.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("each key is answered, the letters are marked, overloads are one match; with the keyboard alone", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url, { path: "#/search" });
  await page.locator("[data-link=connected]").waitFor();
  await page.keyboard.type("vector::push");
  const first = page.locator(".match").first();
  await first.getByText("push_back").waitFor();
  assert.equal(await first.locator("mark").innerText(), "push");
  assert.match(await first.innerText(), /2 overloads/);
  assert.equal(await page.locator(".signatures li").count(), 2);

  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("push");
  await page.getByText("18 matches in all libraries").waitFor();
  await page.getByLabel("Libraries, with commas between").fill("stack, vector");
  await page.getByLabel("Kind").selectOption("function");
  await page.getByText("in stack, vector").waitFor();
  await page.getByLabel("Libraries, with commas between").fill("vectr");
  await page.locator(".found.is-wrong", { hasText: 'did you mean "vector"' }).waitFor();

  await page.getByLabel("Libraries, with commas between").fill("");
  await page.getByText("18 matches").waitFor();
  await page.locator("#search-text").focus();
  await page.keyboard.press("ArrowDown");
  assert.match(await page.locator("#detail-title").innerText(), /^std::stack::push$/);
  // No page of others is fetched by a test.
  await page.context().route(/^https?:\/\/(?!127\.0\.0\.1)/, (route) => route.fulfill({ body: "the documentation" }));
  const [opened] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("Enter")]);
  await opened.waitForURL(/stack\/push/);
});

test("Enter right after typing opens what was typed, not what was found before", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url, { path: "#/search" });
  await page.locator("[data-link=connected]").waitFor();
  await page.context().route(/^https?:\/\/(?!127\.0\.0\.1)/, (route) => route.fulfill({ body: "the documentation" }));
  await page.locator("#search-text").fill("vector::push_back");
  await page.locator(".match", { hasText: "push_back" }).first().waitFor();
  // In one turn of the page, so that no answer comes between.
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.locator("#search-text").evaluate((input) => {
      input.value = "vector::emplace_back";
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    }),
  ]);
  await opened.waitForURL(/vector\/emplace_back/);
});

test("what is called the same is told apart by where it stands, and libraries that were found in are offered", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url, { path: "#/search" });
  await page.locator("[data-link=connected]").waitFor();
  await page.locator("#search-text").fill("push_heap");
  await page.locator(".match").nth(1).waitFor();
  const names = await page.locator(".match .match-name").allInnerTexts();
  assert.equal(new Set(names).size, names.length, names.join());
  assert.match(names.join("\n"), /std::ranges/);
  assert.match((await page.locator("#libraries-seen option").evaluateAll((options) => options.map(({ value }) => value))).join(), /heap|algorithm/);
});

test("the pictures draw nothing where nothing was known, and a page that was not called each second shows what happened in one", async (t) => {
  const { url } = await serve(t);
  const { network, page } = await openThrough(t, browser, url, { isBlank: true });
  // As a browser does it to a page in the background: what is called each second is called late.
  await page.addInitScript(() => {
    const every = setInterval;
    window.setInterval = (run, ms) => every(() => (ms === 1000 && window.isInBackground) || run(), ms);
  });
  await page.goto(`${network.url}/#/pictures`);
  const now = page.locator(".canvas[aria-label^='Now, now']");
  await page.getByRole("img", { name: /^Now, now: running 0,/ }).waitFor();
  network.open(false);
  network.cut();
  await page.getByRole("img", { name: "Now, now: not known" }).waitFor();
  assert.match(await page.locator(".legend").first().innerText(), /running\s–/);
  await shot(page, "pictures-lost");
  network.open(true);
  await page.getByRole("img", { name: /^Now, now: running 0,/ }).waitFor();
  assert.equal(await now.count(), 1);

  await page.evaluate(() => {
    window.most = 0;
    const chart = document.querySelector(".canvas[aria-label^='Ended']");
    new MutationObserver(() => (window.most = Math.max(window.most, Number(/ok ([\d.]+)/.exec(chart.ariaLabel)?.[1] ?? 0)))).observe(chart, { attributes: true });
    window.isInBackground = true;
  });
  for (let number = 0; number < 20; number++) await start(url, { route: "request", time: 0.2 });
  await page.waitForFunction((begin) => performance.now() - begin > 4000, await page.evaluate(() => performance.now()));
  await page.evaluate(() => (window.isInBackground = false));
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].some((line) => line.children[4]?.textContent === "20"));
  const most = await page.evaluate(() => window.most);
  assert(most > 0 && most <= 10, `${most} a second`);
});

test("the pictures show what runs and what ended, by route", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url, { path: "#/pictures" });
  await page.locator(".charts canvas").first().waitFor();
  await start(url, { route: "request", time: 600 });
  await start(url, { route: "request", time: 0.1 });
  await page.getByRole("img", { name: /^Now, now: running 1,/ }).waitFor();
  const cells = page.locator("tbody tr", { hasText: "request" }).locator("td");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody td")].map((cell) => cell.textContent).join() === "1,0,2,1,0,0,0,0");
  assert.equal(await cells.count(), 8);
  await shot(page, "pictures");
});
