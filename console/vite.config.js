import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const client = "../clients/typescript/src";

// LONGWIRE_URL leads `vite` to a server to work with; the origin must then be among its `allowed_origins`.
const target = process.env.LONGWIRE_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./",
  resolve: {
    alias: {
      longwire: here(`${client}/index.ts`),
      "#websocket": here(`${client}/websocket/here.ts`),
    },
  },
  build: {
    outDir: here("../crates/server/src/transports/console/dist"),
    emptyOutDir: true,
    target: "es2022",
    // A data: address would need a wider policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/ws": { target, ws: true }, "/metrics": target } },
});
