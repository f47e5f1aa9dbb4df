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
  await page.locator("fieldset input[aria-invalid=true]").waitFor();
  assert.match(await page.locator(".said").innerText(), /input\.width/);
  assert.equal(await page.locator("[data-action=start]").isDisabled(), true);
  await page.getByLabel("width").fill("");
  await page.locator("[data-action=start]").click();
  await page.locator(".said", { hasText: "width" }).waitFor();
  await page.getByLabel("width").fill("640");
  await page.getByLabel("fit").selectOption("pad");
  assert.equal(await page.locator("#sent-frame").innerText(), `{"route":"resize","connid":"42","input":{"width":640,"fit":"pad"}}`);
  await page.locator("[data-action=start]").click();
  await row(page, "42").getByText("place 1 in the queue").waitFor();
  await page.getByRole("checkbox", { name: "as JSON" }).check();
  await page.getByLabel("Input, as JSON").fill('{"width": 7}');
  await page.getByRole("textbox", { name: "Connid" }).fill("43");
  await page.locator("[data-action=start]").click();
  await row(page, "43").getByText("place 2 in the queue").waitFor();
});

const FORMS = `
[routes.plain]
served_by = "workers"

[routes.form]
served_by = "workers"
description = "A form of every kind"
[routes.form.schema]
type = "object"
required = ["width", "sure"]
[routes.form.schema.properties]
name = { type = "string", minLength = 2, description = "Lower-case letters only" }
width = { type = "integer", minimum = 1, maximum = 8000, title = "Width in pixels" }
fast = { type = "boolean", default = true, description = "Skip the slow pass" }
sure = { type = "boolean" }
level = { type = "integer", enum = [1, 2, 3] }

[routes.absent]
served_by = "workers"
schema = { type = "object", required = ["a", "hidden"], properties = { a = { type = "string" } } }

[routes.either]
served_by = "workers"
[routes.either.schema]
type = "object"
properties = { a = { type = "string" } }
anyOf = [{ required = ["a"] }, { required = ["b"] }]
`;

const chooseRoute = (page, name) => page.getByRole("combobox", { name: "Route", exact: true }).selectOption(name);
const sent = (page) => page.locator("#sent-frame").innerText();
const isOff = (page) => page.locator("[data-action=start]").isDisabled();

test("JSON that is none, or would not arrive as it was written, is refused with its place, and nothing is sent", async (t) => {
  const { url } = await serve(t, FORMS);
  const page = await open(t, browser, url);
  await page.locator("option", { hasText: "plain" }).waitFor({ state: "attached" });
  await chooseRoute(page, "plain");
  const area = page.getByLabel("Input, as JSON");
  for (const [text, said] of [
    ['{"width": 7,}', /line 1, column 13: a key in double quotes is missing; got "}"/],
    ['{"a": 1\n "b": 2}', /line 2, column 2: , or } is missing; got "\\""/],
    ["[1, 02]", /line 1, column 6/],
    ["{'a': 1}", /line 1, column 2/],
    ['{"a": 1} 2', /comes after its end/],
    ['"no end', /line 1, column 1/],
    ["NaN", /a value is missing/],
    ['{"id": 12345678901234567890}', /column 8: 12345678901234567890: it would arrive as 12345678901234567000/],
    ["1e400", /nothing that is a number/],
    ['{"a": 1, "a": 2}', /"a" is there twice/],
    ["[".repeat(128) + "]".repeat(128), /deeper than 127/],
  ]) {
    await area.fill(text);
    await page.locator("textarea[aria-invalid=true]").waitFor();
    assert.match(await page.locator(".said").innerText(), said);
    assert.equal(await isOff(page), true, text);
    assert.match(await sent(page), /^Nothing, until/);
  }
  for (const [text, input] of [
    [' {"a" : [1.0, -0.50, 1E2, 12345678901234567000, "\\u00e9\\n", true, null, {}]} ', '{"a":[1,-0.5,100,12345678901234567000,"é\\n",true,null,{}]}'],
    ["0", "0"],
    ["[".repeat(127) + "]".repeat(127), "[".repeat(127) + "]".repeat(127)],
  ]) {
    await area.fill(text);
    await page.locator("textarea[aria-invalid=true]").waitFor({ state: "detached" });
    assert.equal(await isOff(page), false, text);
    assert.equal(await sent(page), `{"route":"plain","input":${input}}`);
  }
});

test("a form says all that its schema allows, tells what it asks for, and becomes JSON and a form again with what is filled in", async (t) => {
  const { url } = await serve(t, FORMS);
  const page = await open(t, browser, url);
  await page.locator("option", { hasText: "form" }).waitFor({ state: "attached" });
  await chooseRoute(page, "form");
  assert.match(await page.locator(".terms").innerText(), /A form of every kind\. At most/);
  assert.deepEqual(await page.locator("fieldset .field label").allInnerTexts(), ["sure needed", "width needed", "fast", "level", "name"]);
  const hint = async (name) => page.locator(`#${await page.locator(`#input-${name}`).getAttribute("aria-describedby")}`).innerText();
  assert.equal(await hint("width"), "Width in pixels. 1 to 8000");
  assert.equal(await hint("name"), "Lower-case letters only. At least 2 characters");
  assert.equal(await hint("fast"), "Skip the slow pass. Where nothing is said: true");
  assert.equal(await sent(page), `{"route":"form","input":{}}`);
  for (const bad of ["0x10", "9007199254740993", "1.5", " ", "1e999"]) {
    await page.getByLabel("width").fill(bad);
    await page.locator("#input-width[aria-invalid=true]").waitFor();
    assert.equal(await isOff(page), true, bad);
  }
  await page.getByLabel("width").fill("12.0");
  await page.getByLabel("sure").selectOption("false");
  await page.getByLabel("fast").selectOption("false");
  await page.getByLabel("level").selectOption("2");
  assert.equal(await sent(page), `{"route":"form","input":{"sure":false,"width":12,"fast":false,"level":2}}`);

  // Over to JSON and back; what fields cannot say stays JSON.
  await page.getByRole("checkbox", { name: "as JSON" }).check();
  const area = page.getByLabel("Input, as JSON");
  assert.deepEqual(JSON.parse(await area.inputValue()), { width: 12, sure: false, fast: false, level: 2 });
  await area.fill('{"more": [1]}');
  assert.equal(await page.getByRole("checkbox", { name: "as JSON" }).isDisabled(), true);
  await area.fill('{"width": 9, "sure": true, "name": "abc"}');
  await page.getByRole("checkbox", { name: "as JSON" }).uncheck();
  assert.equal(await page.getByLabel("width").inputValue(), "9");
  assert.equal(await sent(page), `{"route":"form","input":{"sure":true,"width":9,"name":"abc"}}`);

  // Another page is looked at, and the form is as it was left.
  await page.getByRole("link", { name: "Search" }).click();
  await page.locator("#search-text").waitFor();
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  assert.equal(await page.getByLabel("width").inputValue(), "9");

  // What asks for more than fields can say has none; and "as JSON" is of one route.
  await page.getByRole("checkbox", { name: "as JSON" }).check();
  for (const route of ["absent", "either"]) {
    await chooseRoute(page, route);
    await page.getByLabel("Input, as JSON").waitFor();
    assert.equal(await page.getByRole("checkbox", { name: "as JSON" }).count(), 0);
  }
  await chooseRoute(page, "form");
  await page.getByLabel("width").waitFor();
});
