// Writes src/protocol.ts from docs/schema/{client,server}.json; with --check only says whether it is as it would be written.
import { readFileSync, writeFileSync } from "node:fs";

const target = new URL("../src/protocol.ts", import.meta.url);
const schema = (side) => JSON.parse(readFileSync(new URL(`../../../docs/schema/${side}.json`, import.meta.url), "utf8"));

// What a client may write in two ways a server writes in one.
const SAID_BY_SERVERS = { Connid: "string", Seconds: "number" };

const capital = (name) => name[0].toUpperCase() + name.slice(1);

function comment(text, indent = "") {
  if (!text) return "";
  const lines = text.trim().split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

class Side {
  constructor({ $defs, anyOf, title }, inline = {}) {
    Object.assign(this, { defs: $defs, frames: anyOf, title, inline });
  }

  nameOf(key) {
    return this.defs[key].title ?? capital(key);
  }

  type(node) {
    if (node.$ref) return this.reference(node.$ref.split("/").at(-1));
    if ("const" in node) return JSON.stringify(node.const);
    const ways = node.anyOf ?? node.oneOf;
    if (ways) return union(ways.map((way) => this.type(way)));
    if (Array.isArray(node.type)) return union(node.type.map((type) => this.type({ ...node, type })));
    if (node.type === "array") return node.maxItems === 0 ? "[]" : `${bracketed(this.type(node.items))}[]`;
    if (node.type === "object") return this.object(node);
    return { integer: "number", number: "number", string: "string", boolean: "boolean", null: "null" }[node.type] ?? "unknown";
  }

  reference(key) {
    return this.inline[key] ?? this.nameOf(key);
  }

  object({ properties = {}, required = [] }) {
    const fields = Object.entries(properties).map(([name, field]) => {
      const may = !required.includes(name);
      const type = may ? union([this.type(field), "undefined"]) : this.type(field);
      return `${comment(field.description, "  ")}  ${name}${may ? "?" : ""}: ${type};\n`;
    });
    return `{\n${fields.join("")}}`;
  }

  declarations() {
    const named = Object.entries(this.defs).filter(([key]) => !(key in this.inline));
    const types = named.map(([key, node]) => {
      const head = `${comment(node.description)}export `;
      const type = this.type(node);
      const text = type.startsWith("{") ? `${head}interface ${this.nameOf(key)} ${type}\n` : `${head}type ${this.nameOf(key)} = ${type};\n`;
      return [this.nameOf(key), text];
    });
    const all = union(this.frames.map((frame) => this.type(frame)));
    return new Map([...types, [this.frame, `${comment(this.title + ".")}export type ${this.frame} =\n  | ${all.replaceAll(" | ", "\n  | ")};\n`]]);
  }
}

function union(types) {
  const flat = [...new Set(types.flatMap((type) => (type.includes("{") ? [type] : type.split(" | "))))];
  return flat.includes("unknown") ? "unknown" : flat.join(" | ");
}

const bracketed = (type) => (type.includes(" | ") ? `(${type})` : type);

const client = Object.assign(new Side(schema("client")), { frame: "ClientFrame" });
const server = Object.assign(new Side(schema("server"), SAID_BY_SERVERS), { frame: "ServerFrame" });

const written = client.declarations();
for (const [name, text] of server.declarations()) {
  const other = written.get(name);
  if (other !== undefined && other !== text) throw new Error(`${name} is one thing to clients and another to servers`);
  written.set(name, text);
}
const head = "// Generated from docs/schema by scripts/protocol.mjs: `npm run generate`. Do not edit.\n";
const text = [head, ...written.values()].join("\n");

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/protocol.ts is not what docs/schema makes of it; run `npm run generate` and commit the result");
  process.exit(1);
}
