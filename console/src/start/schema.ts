// A form of a JSON Schema: as far as it is an object of plain values; whatever is more than that is written as JSON.

export interface Field {
  readonly name: string;
  readonly kind: "text" | "number" | "flag" | "choice";
  readonly isRequired: boolean;
  readonly what: string;
  readonly choices: readonly string[];
  readonly isWhole: boolean;
  readonly first: string;
}

type Schema = Record<string, unknown>;
const isObject = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));

/** The fields; nothing where a form cannot say all that the schema lets be said. */
export function fieldsOf(schema: unknown): readonly Field[] | undefined {
  if (!isObject(schema) || schema["type"] !== "object" || !isObject(schema["properties"])) return undefined;
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  const fields = Object.entries(schema["properties"]).map(([name, each]) => fieldOf(name, each, required.includes(name)));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function fieldOf(name: string, schema: unknown, isRequired: boolean): Field | undefined {
  if (!isObject(schema)) return undefined;
  const { type, enum: choices } = schema as { type?: unknown; enum?: unknown };
  const rest = { name, isRequired, what: textOf(schema["description"] ?? schema["title"]), first: textOf(schema["default"]) };
  if (Array.isArray(choices) && choices.every((each) => typeof each === "string")) return { ...rest, kind: "choice", choices, isWhole: false };
  const kind = ({ string: "text", number: "number", integer: "number", boolean: "flag" } as const)[String(type)];
  return kind && { ...rest, kind, choices: [], isWhole: type === "integer" };
}

/** The input that the filled form says. What is empty is left out. */
export function inputOf(fields: readonly Field[], values: Readonly<Record<string, string>>): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const { name, kind, isRequired } of fields) {
    const value = values[name] ?? "";
    if (kind === "flag") {
      if (value === "true" || isRequired) input[name] = value === "true";
    } else if (value !== "") input[name] = kind === "number" && Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return input;
}
