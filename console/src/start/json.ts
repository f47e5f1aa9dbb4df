// JSON as it was typed: where it is wrong is said with its place, and so is what would not arrive as it was written.

export type Read = { readonly value: unknown } | { readonly wrong: string; readonly at: number };

/** How deep an input may be, as servers take it. */
const DEEPEST = 127;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORDS = { true: true, false: false, null: null } as const;

class Wrong {
  readonly text: string;
  readonly at: number;
  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }
}

export function readJson(text: string): Read {
  const reader = new Reader(text);
  try {
    const value = reader.value(1);
    reader.blanks();
    if (reader.at < text.length) throw new Wrong(`${reader.next()} comes after its end`, reader.at);
    return { value };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { wrong: `line ${before.length}, column ${before.at(-1)!.length + 1}: ${error.text}`, at: error.at };
  }
}

/** A number by the grammar of JSON, or why it is none that arrives as it was written. */
export function readNumber(text: string): Read {
  NUMBER.lastIndex = 0;
  if (NUMBER.exec(text)?.[0] !== text) return { wrong: "it must be a number, such as 12 or 0.5", at: 0 };
  const value = Number(text);
  if (digitsOf(text) !== digitsOf(String(value))) return { wrong: `it would arrive as ${Number.isFinite(value) ? value : "nothing that is a number"}; a page has no number so long`, at: 0 };
  return { value };
}

/** The same for the same number, however it is written. */
function digitsOf(text: string): string {
  const [, sign, whole, part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const all = `${whole}${part}`.replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  if (digits === "") return "0";
  return `${sign}${digits}e${Number(power) - part.length + all.length - digits.length}`;
}

class Reader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** What stands there, in words. */
  next(): string {
    const sign = this.#text[this.at];
    return sign === undefined ? "the end" : JSON.stringify(String.fromCodePoint(this.#text.codePointAt(this.at)!));
  }

  blanks(): void {
    while (" \t\n\r".includes(this.#text[this.at] ?? "x")) this.at++;
  }

  value(depth: number): unknown {
    this.blanks();
    if (depth > DEEPEST) throw new Wrong(`deeper than ${DEEPEST}`, this.at);
    const sign = this.#text[this.at];
    if (sign === "{") return this.#object(depth);
    if (sign === "[") return this.#list(depth);
    if (sign === '"') return this.#string();
    for (const [word, value] of Object.entries(WORDS)) if (this.#text.startsWith(word, this.at)) return (this.at += word.length), value;
    return this.#number();
  }

  #number(): number {
    const text = this.#match(NUMBER);
    if (text === undefined) throw new Wrong(`a value is missing; got ${this.next()}`, this.at);
    const read = readNumber(text);
    if ("wrong" in read) throw new Wrong(`${text}: ${read.wrong}`, this.at - text.length);
    return read.value as number;
  }

  #string(): string {
    const text = this.#match(STRING);
    if (text === undefined) throw new Wrong("this text has no closing quote, or holds what must be written with a \\", this.at);
    return JSON.parse(text) as string;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.at++;
    if (this.#takes("]")) return list;
    do list.push(this.value(depth + 1));
    while (this.#goesOn("]"));
    return list;
  }

  #object(depth: number): object {
    const entries = new Map<string, unknown>();
    this.at++;
    if (this.#takes("}")) return {};
    do {
      this.blanks();
      const begin = this.at;
      if (this.#text[begin] !== '"') throw new Wrong(`a key in double quotes is missing; got ${this.next()}`, begin);
      const key = this.#string();
      if (entries.has(key)) throw new Wrong(`${JSON.stringify(key)} is there twice`, begin);
      if (!this.#takes(":")) throw new Wrong(`: is missing; got ${this.next()}`, this.at);
      entries.set(key, this.value(depth + 1));
    } while (this.#goesOn("}"));
    return Object.fromEntries(entries);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  #takes(sign: string): boolean {
    this.blanks();
    if (this.#text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  #goesOn(close: string): boolean {
    if (this.#takes(",")) return true;
    if (this.#takes(close)) return false;
    throw new Wrong(`, or ${close} is missing; got ${this.next()}`, this.at);
  }
}
