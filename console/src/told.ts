// What is to be told: receipts, refusals, and how far something has come that takes its time.
import { computed, signal } from "@preact/signals";
import { now } from "./clock.ts";

export interface Told {
  readonly id: number;
  readonly kind: "receipt" | "refusal" | "note";
  readonly title: string;
  readonly text: string;
  readonly job?: string | undefined;
  /** Whether it is shown until it is put away: what is found nowhere else, or must not be missed. */
  readonly stays?: boolean | undefined;
  /** Whether its text says how far something has come, and changes all the time. */
  readonly isRunning?: boolean | undefined;
  /** When it was told, by `performance.now()`. */
  readonly at: number;
}

/** What is kept to be read again. */
const KEPT = 100;
/** For how long what was told is shown by itself. */
const SHOWN_MS = 10_000;

export const told = signal<readonly Told[]>([]);
/** Whether somebody reads: then nothing fades. */
export const isRead = signal(false);
let last = 0;

/** Tells something. What it gives back is what {@link retell} needs. */
export function tell(what: Omit<Told, "id" | "at">): number {
  const id = ++last;
  told.value = [...told.value, { stays: what.kind === "refusal", ...what, id, at: performance.now() }].slice(-KEPT);
  return id;
}

/** Says it anew, in the place of what it said before. */
export function retell(id: number, what: Omit<Told, "id" | "at">): void {
  const rest = told.value.filter((each) => each.id !== id);
  told.value = [...rest, { stays: what.kind === "refusal", ...what, id, at: performance.now() }].slice(-KEPT);
}

export const putAway = (id: number): void => void (told.value = told.value.filter((each) => each.id !== id));

/** What is to be seen without asking for it: the last that stays, or else the last if it is new. */
export const latest = computed<Told | undefined>(() => told.value.findLast(({ stays, isRunning, at }) => stays || isRunning || isRead.value || now.value - at < SHOWN_MS));

/** What is asked without a connection would be done when there is one, and nobody thinks of it any more. */
export function tellNoConnection(): void {
  tell({ kind: "refusal", title: "There is no connection", text: "Nothing was done. Try again once there is one." });
}
