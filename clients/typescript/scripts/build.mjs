// Compiles src/ into dist/, and puts the licences where a package has them.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${here}/dist`, { recursive: true, force: true });
execFileSync("npx", ["--no-install", "tsc"], { cwd: here, stdio: "inherit" });
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(`${here}/../../${licence}`, `${here}/${licence}`);
