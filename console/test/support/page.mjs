// A page of the console in a real Chromium, of a real server, over a network that can be cut.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { proxy } from "../../../clients/typescript/test/support/proxy.mjs";
import { server } from "../../../clients/typescript/test/support/server.mjs";

const CHROMIUM = "/usr/bin/chromium";
const quiet = ["background-networking", "component-update", "sync", "gpu", "quic"].map((what) => `--disable-${what}`);

const start = () => chromium.launch({ executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--no-first-run", ...quiet] });

/** Now and then a browser crashes as it starts, before any page of ours: it is started once more, and that is said. */
export const launch = () =>
  start().catch((error) => {
    console.error(`Chromium did not start, and is started once more: ${error.message.split("\n")[0]}`);
    return start();
  });

/** Where LONGWIRE_SHOTS names a folder, what a page looks like is kept there. */
export async function shot(page, name) {
  const folder = process.env.LONGWIRE_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, animations: "allow" });
}

/** A server with that configuration. */
export const serve = (t, config = "", options) => server(t, config, options);

/** A page of its console; whatever goes wrong in it, or is forbidden to it, fails the test. */
export async function open(t, browser, url, { path = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 820 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    // That a connection broke is the point of some tests.
    if (message.type() === "error" && !/WebSocket|ERR_(CONNECTION|EMPTY|SOCKET)/.test(message.text())) errors.push(message.text());
  });
  t.after(() => assert.deepEqual(errors, []));
  if (url) await page.goto(`${url}/${path}`);
  return page;
}

/** A page on which nothing is yet. */
export const blank = (t, browser) => open(t, browser, undefined);

/** The same, through a proxy that can be cut. */
export async function openThrough(t, browser, url, { isBlank = false, ...options } = {}) {
  const network = await proxy(t, url);
  return { network, page: await open(t, browser, isBlank ? undefined : network.url, options) };
}

/** The page's socket over a network that can be silent, as one may be that does not break: what is said meanwhile arrives later. To be called before the page is there. */
export async function quietable(page) {
  const held = [];
  let isSilent = false;
  const through = (to) => (message) => (isSilent ? held.push(() => to.send(message)) : to.send(message));
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage(through(server));
    server.onMessage(through(socket));
  });
  return {
    silence: () => (isSilent = true),
    speak() {
      isSilent = false;
      for (const send of held.splice(0)) send();
    },
  };
}

export const here = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** The row of a job in the table. */
export const row = (page, connid) => page.locator(".tbody .tr", { has: page.getByRole("link", { name: connid, exact: true }) });
