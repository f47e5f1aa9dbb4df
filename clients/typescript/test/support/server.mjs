// The real server, on a free port, with a configuration of the test's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const binary = process.env.LONGWIRE;
if (!binary) throw new Error("LONGWIRE must be the path of the server's binary, such as target/debug/longwire");

/** Starts a server, and stops it after the test. Gives its address. */
export async function server(t, config = "", { listen = "127.0.0.1:0", files = {} } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "longwire-"));
  for (const [name, text] of Object.entries({ ...files, "longwire.toml": config })) writeFileSync(join(dir, name), text);
  const args = ["serve", "--ephemeral", "--listen", listen, "--config", "longwire.toml"];
  const child = spawn(binary, args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
  const left = once(child, "exit");
  const said = [];
  const address = new Promise((found, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
        if (url) found(url);
      });
    }
    left.then(() => failed(new Error(`the server left:\n${said.join("\n")}`)));
    child.once("error", failed);
  });
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await left;
  };
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  });
  return { url: await address, dir, stop };
}
