// What is searched, and what was found: one question for each key, and the answer to the last that is shown.
import { signal } from "@preact/signals";
import { Refused, type ModuleView } from "longwire";
import { client } from "../server.ts";

/** A match: all functions of one name in one place, or something else of its own. */
export interface Match {
  readonly name: string;
  readonly alias?: string;
  readonly qualified: string;
  readonly lib: string;
  readonly kind: string;
  readonly header: string | null;
  readonly since: string | null;
  readonly url: string | null;
  readonly deprecated?: unknown;
  readonly removed?: unknown;
  readonly inherited_from?: string;
  readonly signatures: readonly { readonly text: string; readonly since?: string | null }[];
  readonly match?: { readonly how: string; readonly ranges: readonly (readonly [number, number])[] };
}

const LIMIT = 50;

export const text = signal("");
export const libraries = signal("");
export const kind = signal("");
export const catalogue = signal("");
export const catalogues = signal<readonly ModuleView[]>([]);
export const found = signal<readonly Match[]>([]);
/** In words, what was found, or what was wrong. */
export const message = signal("");
export const isWrong = signal(false);
/** How long the last answer took, there and back. */
export const tookMs = signal<number | undefined>(undefined);
export const chosen = signal(0);

let asked = 0;

export async function readCatalogues(): Promise<void> {
  catalogues.value = (await (await client).modules()).modules;
}

export async function ask(): Promise<void> {
  const number = ++asked;
  const words = text.value;
  const libs = libraries.value.split(",").map((each) => each.trim()).filter(Boolean);
  if (words.trim() === "" && libs.length === 0) return answer([], "", false, undefined);
  const begin = performance.now();
  const options = { limit: LIMIT, ...(kind.value && { kind: kind.value }), ...(catalogue.value && { catalogue: catalogue.value }) };
  try {
    const { data, message } = await (await client).search(libs, words, options);
    // An answer that came after a later question is of no use.
    if (number === asked) answer(data as Match[], message, false, performance.now() - begin);
  } catch (error) {
    if (number === asked) answer([], (error as Error).message, error instanceof Refused, undefined);
  }
}

function answer(matches: readonly Match[], said: string, wrong: boolean, took: number | undefined): void {
  found.value = matches;
  message.value = said;
  isWrong.value = wrong;
  tookMs.value = took;
  chosen.value = 0;
}
