// A form of a JSON Schema: as far as it is an object of plain values. Whatever says more than that is written as JSON.
import { readNumber } from "./json.ts";

export interface Field {
  readonly name: string;
  readonly kind: "text" | "number" | "choice";
  readonly isRequired: boolean;
  /** What it is, what it may be, and what it is where nothing is said. */
  readonly hint: string;
  /** What may be chosen: the value as JSON, which is what the form keeps, and how it is shown. */
  readonly choices: readonly { readonly json: string; readonly text: string }[];
  readonly isWhole: boolean;
  /** What is taken where nothing is said, if that is known. */
  readonly first: string;
}

type Schema = Record<string, unknown>;
const isObject = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);
const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;
const textOf = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));

const TOLD = ["$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated"];
/** What a form can keep to, or leave to the server. Every other word may ask for what no field here can say. */
const OF_OBJECT = new Set([...TOLD, "type", "properties", "required", "additionalProperties"]);
const OF_FIELD = new Set([...TOLD, "type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format"]);
const knows = (words: ReadonlySet<string>, schema: Schema) => Object.keys(schema).every((word) => words.has(word));

/** The fields, those that are needed first; nothing where a form cannot say all that the schema lets be said. */
export function fieldsOf(schema: unknown): readonly Field[] | undefined {
  if (!isObject(schema) || schema["type"] !== "object" || !isObject(schema["properties"]) || !knows(OF_OBJECT, schema)) return undefined;
  const properties = schema["properties"];
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  if (!required.every((name) => typeof name === "string" && Object.hasOwn(properties, name))) return undefined;
  const fields: Field[] = [];
  for (const [name, each] of Object.entries(properties)) {
    const field = fieldOf(name, each, required.includes(name));
    if (!field) return undefined;
    fields.push(field);
  }
  return fields.sort((one, other) => Number(other.isRequired) - Number(one.isRequired));
}

function fieldOf(name: string, schema: unknown, isRequired: boolean): Field | undefined {
  if (!isObject(schema) || !knows(OF_FIELD, schema)) return undefined;
  const { type, enum: choices } = schema as { type?: unknown; enum?: unknown };
  const rest = { name, isRequired, hint: hintOf(schema, isRequired), first: textOf(schema["default"]), isWhole: type === "integer", choices: [] };
  const asChoice = (values: readonly unknown[]) => ({ ...rest, kind: "choice" as const, choices: values.map((value) => ({ json: JSON.stringify(value), text: value === null ? "null" : textOf(value) })) });
  if (choices !== undefined) return Array.isArray(choices) && choices.every(isPlain) ? asChoice(choices) : undefined;
  if (type === "boolean") return asChoice([true, false]);
  const kind = ({ string: "text", number: "number", integer: "number" } as const)[String(type)];
  return kind && { ...rest, kind };
}

/** What stands under the field. */
function hintOf(schema: Schema, isRequired: boolean): string {
  const said = (word: string) => textOf(schema[word]);
  const [least, most] = [said("minimum"), said("maximum")];
  const [above, below] = [said("exclusiveMinimum"), said("exclusiveMaximum")];
  const [shortest, longest] = [said("minLength"), said("maxLength")];
  const parts = [
    said("title"),
    said("description"),
    least && most ? `${least} to ${most}` : least ? `At least ${least}` : most ? `At most ${most}` : "",
    above && `More than ${above}`,
    below && `Less than ${below}`,
    said("multipleOf") && `A multiple of ${said("multipleOf")}`,
    shortest && longest ? `${shortest} to ${longest} characters` : shortest ? `At least ${shortest} characters` : longest ? `At most ${longest} characters` : "",
    said("pattern") && `Fits ${said("pattern")}`,
    said("format") && `As a ${said("format")}`,
    schema["default"] !== undefined && !isRequired ? `Where nothing is said: ${JSON.stringify(schema["default"])}` : "",
  ];
  return parts.filter(Boolean).map((part) => String(part).replace(/\.$/, "")).join(". ");
}

/** The input that the filled form says, or what is wrong in which field. What is empty is left out. */
export function inputOf(fields: readonly Field[], values: Readonly<Record<string, string>>): { readonly input: Record<string, unknown> } | { readonly wrong: string; readonly field: string } {
  const input: [string, unknown][] = [];
  for (const { name, kind, isWhole } of fields) {
    const value = values[name] ?? "";
    if (value === "") continue;
    if (kind === "text") input.push([name, value]);
    else if (kind === "choice") input.push([name, JSON.parse(value)]);
    else {
      const read = readNumber(value.trim());
      if ("wrong" in read) return { wrong: `"input.${name}": ${read.wrong}; got ${JSON.stringify(value)}`, field: `input.${name}` };
      if (isWhole && !Number.isInteger(read.value)) return { wrong: `"input.${name}": it must be a whole number; got ${value}`, field: `input.${name}` };
      input.push([name, read.value]);
    }
  }
  return { input: Object.fromEntries(input) };
}

/** What to fill in so that the form says that input; nothing where it cannot. */
export function valuesOf(fields: readonly Field[], input: unknown): Record<string, string> | undefined {
  if (!isObject(input)) return undefined;
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(input)) {
    const field = fields.find((each) => each.name === name);
    const text = field && textIn(field, value);
    if (text === undefined) return undefined;
    values[name] = text;
  }
  return values;
}

function textIn({ kind, choices }: Field, value: unknown): string | undefined {
  const json = JSON.stringify(value);
  if (kind === "choice") return choices.some((each) => each.json === json) ? json : undefined;
  if (kind === "number") return typeof value === "number" ? json : undefined;
  return typeof value === "string" && value !== "" && !/[\r\n]/.test(value) ? value : undefined;
}
