// The code in the pages is that of examples/, and runs as they say; the package is as small and as whole as they say.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { connect } from "longwire";

import { size } from "../scripts/size.mjs";
import { scripted } from "./support/scripted.mjs";
import { server } from "./support/server.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const read = (file) => readFileSync(join(here, file), "utf8");

for (const page of ["README.md", "../../docs/recipes/react.md"]) {
  test(`the code in ${page} is that of its files`, () => {
    const text = read(page);
    const blocks = [...text.matchAll(/<!-- file: (\S+) -->\n```(?:tsx?|js)\n([^]*?)\n```\n/g)];
    for (const [, file, code] of blocks) assert.equal(`${code}\n`, read(file), `${file} in ${page}`);
    assert.equal(blocks.length, text.match(/```(ts|tsx|js|jsx|typescript|javascript)\n/g).length, "code that is no file's");
  });
}

/** Runs an example against that server, to its end; or until it is stopped. */
async function run(t, file, url, env = {}) {
  const home = join(here, ".examples");
  mkdirSync(home, { recursive: true });
  const { code } = await transform(read(file).replace("http://127.0.0.1:8000", url), { loader: "ts" });
  const program = join(home, `${file.replace(/\W/g, "_")}.mjs`);
  writeFileSync(program, code);
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  const exit = once(child, "exit").then(([status]) => ({ status, said }));
  return { child, exit };
}

async function routesOf(url) {
  const client = await connect(url);
  try {
    return (await client.routes()).routes;
  } finally {
    await client.close();
  }
}

test("the quick start starts a report, shows its progress, and has its result; the worker leaves on SIGTERM and Ctrl-C", async (t) => {
  const { url } = await server(t, `[routes.report]\nserved_by = "workers"\n`);
  const worker = await run(t, "examples/worker.ts", url);
  const quick = await run(t, "examples/quick_start.ts", url);
  const { status, said } = await quick.exit;
  assert.equal(status, 0);
  assert.match(said, /^started [0-9a-z]{13}\n/);
  assert.match(said, /\nprinted: page 1 of month 3\n/);
  assert.match(said, /\npage 10 of 10\n/);
  assert.match(said, /\nthe report has 10 pages\n/);
  const other = await run(t, "examples/worker.ts", url);
  // One that takes jobs listens to signals.
  while ((await routesOf(url)).find(({ route }) => route === "report").workers < 2) await new Promise((turn) => setTimeout(turn, 20));
  worker.child.kill("SIGTERM");
  other.child.kill("SIGINT");
  assert.equal((await worker.exit).status, 0);
  assert.equal((await other.exit).status, 0);
});

test("what stands before the server is sent the header of the page's example", async (t) => {
  const { url, peer } = await scripted(t);
  const { exit } = await run(t, "examples/headers.js", url, { TOKEN: "s3cret" });
  const server = await peer();
  assert.equal(server.request.headers.authorization, "Bearer s3cret");
  server.says({ id: await server.hears({ route: "status" }), route: "status", status: "ok", total: 3, jobs: [] });
  assert.deepEqual(await exit, { status: 0, said: "3 jobs run\n" });
});

test("the page stands alone, as it is in a package", () => {
  assert.deepEqual(read("README.md").match(/\]\((?!#)[^)]*\)/g), null);
});

test("the page says how many lines the quick start has, and how large a page gets", async () => {
  const code = read("examples/quick_start.ts").split("\n").filter((line) => !/^\s*(\/\/.*)?$/.test(line));
  assert.equal(code.length, 19);
  assert.match(read("README.md"), /^Nineteen lines of code/m);
  const { gzipped, most } = await size();
  assert(gzipped <= most, `${gzipped} bytes gzipped; ${most} may be`);
  const [, said] = /only, ([\d.]+) kB in a page/.exec(read("README.md"));
  assert.equal(said, (gzipped / 1000).toFixed(1));
});

test("the package has what it needs, and no more; its types suit a strict program that has nothing else", (t) => {
  const pack = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: here, encoding: "utf8" });
  const [{ files }] = JSON.parse(pack.stdout);
  const paths = files.map(({ path }) => path);
  for (const path of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "dist/index.js", "dist/index.d.ts", "dist/websocket/node.js"]) assert(paths.includes(path), path);
  assert.deepEqual(paths.filter((path) => !/^(dist|src)\/|^(README.md|LICENSE-(MIT|APACHE)|package.json)$/.test(path)), []);

  const home = mkdtempSync(join(tmpdir(), "longwire-user-"));
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "node_modules/longwire"), { recursive: true });
  for (const part of ["dist", "package.json"]) symlinkSync(join(here, part), join(home, "node_modules/longwire", part));
  const compilerOptions = { target: "es2022", lib: ["es2022", "dom"], module: "nodenext", types: [], strict: true, noEmit: true, exactOptionalPropertyTypes: true, preserveSymlinks: true };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts"] }));
  for (const example of ["quick_start", "worker"]) writeFileSync(join(home, `${example}.mts`), read(`examples/${example}.ts`));
  writeFileSync(join(home, "receipt.mts"), `import type { JobKilled } from "longwire";\nexport const forced = (error: JobKilled): boolean => error.receipt.forced;\n`);
  const tsc = spawnSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", home], { encoding: "utf8" });
  assert.equal(tsc.status, 0, tsc.stdout + tsc.stderr);
});

test("without a WebSocket and without `ws` it says what to do", { skip: globalThis.WebSocket ? "this Node has one" : false }, (t) => {
  const home = mkdtempSync(join(tmpdir(), "longwire-bare-"));
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "node_modules/longwire"), { recursive: true });
  for (const part of ["dist", "package.json"]) symlinkSync(join(here, part), join(home, "node_modules/longwire", part));
  const script = `import { connect } from "longwire"; connect("http://127.0.0.1:1").catch((error) => console.log(error.code, error.message));`;
  writeFileSync(join(home, "bare.mjs"), script);
  const node = spawnSync(process.execPath, ["--preserve-symlinks", join(home, "bare.mjs")], { encoding: "utf8" });
  assert.match(node.stdout, /^no_websocket .*install the package `ws`/, node.stderr);
});
