// What happened each second, for each route and for all: kept as long as the page is open, in a ring.
import { signal } from "@preact/signals";
import type { FeedFrame, Status } from "longwire";
import { isUp, silentSince } from "../server.ts";
import { hasEnded, live, onChange, truth, type Row } from "../store.ts";

export type Outcome = Exclude<Status, "queued" | "running" | "ending">;

export interface Point {
  running: number;
  queued: number;
  started: number;
  ok: number;
  failed: number;
  killed: number;
  timeout: number;
  lost: number;
  /** From accepted to started, and from a kill's wish to the end: the median and the 95th of a hundred, in ms. */
  wait50: number | null;
  wait95: number | null;
  kill50: number | null;
  kill95: number | null;
}

export interface Sample {
  /** In seconds, as the charts want it. */
  readonly at: number;
  /** How many seconds it stands for: a page in the background is not called each second. */
  readonly seconds: number;
  /** By route; all together under the empty name. None while what there is was not known. */
  readonly routes: ReadonlyMap<string, Point> | undefined;
}

const KEPT = 600;
const MOST_ROUTES = 50;

export const samples: Sample[] = [];
export const sampled = signal(0);

interface Heap {
  point: Point;
  waits: number[];
  kills: number[];
}

const empty = (): Heap => ({
  point: { running: 0, queued: 0, started: 0, ok: 0, failed: 0, killed: 0, timeout: 0, lost: 0, wait50: null, wait95: null, kill50: null, kill95: null },
  waits: [],
  kills: [],
});

let heaps = new Map<string, Heap>();

function heapOf(route: string): Heap {
  let heap = heaps.get(route);
  if (!heap) heaps.set(route, (heap = empty()));
  return heap;
}

const heapsOf = (route: string): readonly Heap[] => (heaps.has(route) || heaps.size < MOST_ROUTES ? [heapOf(""), heapOf(route)] : [heapOf("")]);

onChange((frame: FeedFrame, before: Row | undefined) => {
  const { route, status, seq } = frame;
  const at = Date.parse(frame.at);
  for (const { point, waits, kills } of heapsOf(route)) {
    if (seq === 1) point.started++;
    if (status === "running" && (seq === 1 || before?.status === "queued")) waits.push(seq === 1 ? 0 : Math.max(0, at - before!.acceptedAt));
    if (hasEnded(status)) point[status as Outcome]++;
    if (status === "killed" && before?.endingAt !== undefined) kills.push(Math.max(0, at - before.endingAt));
  }
});

/** When what has happened since was begun to be counted. */
let since = performance.now();

function take(): Pick<Sample, "seconds" | "routes"> {
  // What happens meanwhile is told later, and counted then.
  if (!isUp() || silentSince.peek() !== undefined || truth.peek() !== "live") return { seconds: 0, routes: undefined };
  for (const { route, status } of live.values()) for (const { point } of heapsOf(route)) point[status === "queued" ? "queued" : "running"]++;
  heapOf("");
  const routes = new Map<string, Point>();
  for (const [route, { point, waits, kills }] of heaps) {
    [point.wait50, point.wait95] = middles(waits);
    [point.kill50, point.kill95] = middles(kills);
    routes.set(route, point);
  }
  heaps = new Map();
  const before = since;
  since = performance.now();
  return { seconds: (since - before) / 1000, routes };
}

setInterval(() => {
  samples.push({ at: Date.now() / 1000, ...take() });
  if (samples.length > KEPT) samples.shift();
  sampled.value++;
}, 1000);

/** What of that is shown: of what is counted, how many a second. */
export function shownOf({ seconds, routes }: Sample, route: string, key: keyof Point): number | null {
  if (!routes) return null;
  const value = routes.get(route)?.[key];
  if (value === undefined) return /\d/.test(key) ? null : 0;
  // A second is never exactly one; only what is clearly longer is divided.
  return value === null || !hasEnded(key as Status) || seconds < 1.5 ? value : Math.round((100 * value) / seconds) / 100;
}

function middles(numbers: number[]): [number | null, number | null] {
  if (numbers.length === 0) return [null, null];
  numbers.sort((one, other) => one - other);
  const of = (share: number) => numbers[Math.min(numbers.length - 1, Math.floor(share * numbers.length))]!;
  return [of(0.5), of(0.95)];
}
