// Thousands of jobs: found, sorted, marked and killed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, row, serve, shot } from "./support/page.mjs";
import { fill } from "./support/fill.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("5,000 running jobs: only what is seen is drawn; filtered, sorted, scrolled; many are killed with their count", async (t) => {
  const { url } = await serve(t);
  await fill(t, url, 5000, (number) => ({ connid: `job-${number}`, time: 600 + number }));
  const page = await open(t, browser, url);
  await page.locator("[data-tab=live]", { hasText: "5,000" }).waitFor();
  await page.getByText("5,000 shown").waitFor();
  const drawn = await page.locator(".tbody .tr").count();
  t.diagnostic(`${drawn} rows drawn of 5,000`);
  assert(drawn < 60);
  await shot(page, "many");

  const body = page.locator(".tbody");
  await body.evaluate((box) => (box.scrollTop = box.scrollHeight));
  await row(page, "job-0").waitFor();
  await page.getByRole("button", { name: "Time left" }).click();
  await body.evaluate((box) => (box.scrollTop = 0));
  await row(page, "job-0").waitFor();

  await page.getByLabel("Filter by text").fill("job-49");
  await page.getByText("111 shown").waitFor();
  await page.getByLabel("Mark all that are shown").check();
  await page.locator("[data-action=kill-marked]").click();
  await page.getByRole("dialog").getByText("Kill 111 jobs?").waitFor();
  await page.locator("[data-action=confirm-kill]").click();
  await page.getByText("111 of 111 are killed").waitFor();
  await page.mouse.move(100, 700);
  await page.getByText("Nothing fits the filter.").waitFor();
  await page.getByLabel("Filter by text").fill("");
  await page.getByText("4,889 shown").waitFor();
});

test("of what ended only so much is listed, and that there is more is said", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url);
  await page.locator("[data-link=connected]").waitFor();
  await fill(t, url, 5001, () => ({ time: 0.01 }));
  await page.locator("[data-tab=ended]", { hasText: "5,000+" }).waitFor();
  const late = await open(t, browser, url);
  await late.locator("[data-tab=ended]", { hasText: /Ended [\d,]+\+/ }).waitFor();
});

test("with the keyboard alone: a job is started, found, opened, marked and killed", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, browser, url);
  await page.locator("[data-link=connected]").waitFor();
  await page.keyboard.press("n");
  await page.keyboard.type("42");
  await page.keyboard.press("Enter");
  await row(page, "42").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "42" }).waitFor();
  await page.keyboard.press("1");
  await row(page, "42").waitFor();
  await page.keyboard.press("j");
  await page.locator(".tr.is-current").waitFor();
  await page.keyboard.press("x");
  await page.locator(".tr.is-marked").waitFor();
  await page.keyboard.press("#");
  await page.getByRole("dialog").getByText("Kill 42?").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("42 is killed").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
});
