// Starts on routes with inputs, queues, and conflicts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, row, serve } from "./support/page.mjs";
import { ROUTES } from "./support/routes.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("a route's schema is its form; a mistake is told at its field, and what waits knows its place", async (t) => {
  const { url } = await serve(t, ROUTES);
  const page = await open(t, browser, url);
  await page.getByRole("combobox", { name: "Route", exact: true }).selectOption("resize");
  await page.getByRole("textbox", { name: "Connid" }).fill("42");
  await page.getByLabel("width").fill("wide");
  await page.locator("[data-action=start]").click();
  await page.locator("fieldset input[aria-invalid=true]").waitFor();
  assert.match(await page.locator(".said").innerText(), /input\.width/);
  await page.getByLabel("width").fill("640");
  await page.getByLabel("fit").selectOption("pad");
  assert.equal(await page.locator("#sent-frame").innerText(), `{"route":"resize","connid":"42","input":{"fit":"pad","width":640}}`);
  await page.locator("[data-action=start]").click();
  await row(page, "42").getByText("place 1 in the queue").waitFor();
  await page.getByLabel("as JSON").check();
  await page.getByLabel("Input, as JSON").fill('{"width": 7}');
  await page.getByRole("textbox", { name: "Connid" }).fill("43");
  await page.locator("[data-action=start]").click();
  await row(page, "43").getByText("place 2 in the queue").waitFor();
});
