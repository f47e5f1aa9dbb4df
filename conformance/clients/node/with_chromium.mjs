#!/usr/bin/env node
// The three actions from a page in Chromium. The server serves the page, so that its origin is the server's own.
import { chromium } from "playwright-core";

import { run } from "./run.mjs";
import { threeActions } from "./three_actions.mjs";

const quiet = ["background-networking", "component-update", "sync", "gpu", "quic"].map((what) => `--disable-${what}`);

async function inThePage(url) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--no-first-run", ...quiet],
  });
  try {
    const page = await browser.newPage();
    const home = new URL("/", url.replace(/^ws/, "http"));
    const answer = await page.goto(home.href);
    if (!answer.ok()) throw new Error(`${home} answered ${answer.status()}`);
    return await page.evaluate(threeActions, { url, name: "chromium" });
  } finally {
    await browser.close();
  }
}

await run(() => inThePage(process.argv[2]));
