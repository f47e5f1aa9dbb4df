// Libraries, searched as one types; and the pictures.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, serve, shot } from "./support/page.mjs";
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
