// How large the client is in a page: everything but the Worker, in one file, minified, gzipped.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST = 5000;
const contents = `export { connect, Refused, Disconnected, JobFailed, JobKilled, JobTimeout, JobLost } from "longwire";`;

/** Bytes of the bundle, and gzipped. */
export async function size() {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname ?? new URL(".", import.meta.url).pathname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  const [{ contents: bundle }] = outputFiles;
  return { minified: bundle.length, gzipped: gzipSync(bundle, { level: 9 }).length, most: MOST };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { minified, gzipped, most } = await size();
  console.log(`${minified} bytes minified, ${gzipped} gzipped; ${most} may be`);
  if (gzipped > most) process.exit(1);
}
