// How the server hands out the page.
import assert from "node:assert/strict";
import { get } from "node:http";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import { here, serve } from "./support/page.mjs";

const DIST = here("../crates/server/src/transports/console/dist");

/** As it comes over the wire. */
const fetched = (url, headers = {}) =>
  new Promise((done, failed) =>
    get(url, { headers }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
    }).on("error", failed),
  );

test("the page is never kept unasked, its files with hashed names for ever; each is small for who takes gzip", async (t) => {
  const { url } = await serve(t);
  const assets = readdirSync(`${DIST}/assets`).map((name) => [`/assets/${name}`, `assets/${name}`, "public, max-age=31536000, immutable"]);
  for (const [path, file, keeping] of [["/", "index.html", "no-cache"], ["/icon.svg", "icon.svg", "no-cache"], ...assets]) {
    const want = readFileSync(`${DIST}/${file}`);
    const plain = await fetched(`${url}${path}`);
    assert.equal(plain.status, 200, path);
    assert(plain.body.equals(want), path);
    assert.equal(plain.headers["cache-control"], keeping, path);
    assert.match(plain.headers["vary"], /Accept-Encoding/);
    const small = await fetched(`${url}${path}`, { "accept-encoding": "br, gzip" });
    assert.equal(small.headers["content-encoding"], "gzip", path);
    assert(gunzipSync(small.body).equals(want), path);
    const { etag } = small.headers;
    const had = await fetched(`${url}${path}`, { "if-none-match": etag });
    assert.deepEqual([had.status, had.body.length, had.headers["etag"]], [304, 0, etag], path);
  }
});

test("nothing but the server's own may run, and nothing that stands in the page", async (t) => {
  const { url } = await serve(t);
  const { headers, body } = await fetched(url);
  const policy = headers["content-security-policy"];
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; /);
  assert(!/unsafe|data:|\*/.test(policy));
  assert(!/<style|style=|\son\w+=|<script(?![^>]* src=)/.test(body.toString()));
  assert.equal(headers["x-content-type-options"], "nosniff");
});
