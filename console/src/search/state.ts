// What is searched, and what was found: one question for each key, and the answer to the last that is shown.
import { signal } from "@preact/signals";
import { Refused, type ModuleView } from "longwire";
import { client, isUp, resumedAt } from "../server.ts";

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
/** What was asked last is not answered yet. */
export const isAsking = signal(false);
/** And that takes so long that it is to be said. */
export const isLate = signal(false);
const LATE_MS = 300;
/** The libraries that matches were in, to choose from. */
export const librariesSeen = signal<readonly string[]>([]);
const MOST_SEEN = 300;

let asked = 0;
let opens = false;

/** Opens the documentation of the match that is chosen; of the first, once what was typed is answered. */
export function openChosen(): void {
  if (isAsking.peek()) opens = true;
  else openPage(found.peek()[chosen.peek()]);
}

export function openPage(match: Match | undefined): void {
  if (match?.url) window.open(match.url, "_blank", "noopener");
}

export async function readCatalogues(): Promise<void> {
  catalogues.value = (await (await client).modules()).modules;
}

export async function ask(): Promise<void> {
  const number = ++asked;
  const words = text.value;
  const libs = libraries.value.split(",").map((each) => each.trim()).filter(Boolean);
  opens = false;
  if (words.trim() === "" && libs.length === 0) return answer([], "", false, undefined);
  isAsking.value = true;
  setTimeout(() => number === asked && isAsking.peek() && (isLate.value = true), LATE_MS);
  const begin = performance.now();
  const [wasUp, resumed] = [isUp(), resumedAt.peek()];
  const options = { limit: LIMIT, ...(kind.value && { kind: kind.value }), ...(catalogue.value && { catalogue: catalogue.value }) };
  try {
    const { data, message } = await (await client).search(libs, words, options);
    // An answer that came after a later question is of no use; how long there was no connection says nothing of the search.
    if (number === asked) answer(data as Match[], message, false, wasUp && resumed === resumedAt.peek() ? performance.now() - begin : undefined);
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
  isAsking.value = false;
  isLate.value = false;
  const seen = new Set([...librariesSeen.peek(), ...matches.map(({ lib }) => lib)]);
  if (seen.size > librariesSeen.peek().length) librariesSeen.value = [...seen].sort().slice(0, MOST_SEEN);
  if (opens) openPage(matches[0]);
  opens = false;
}
