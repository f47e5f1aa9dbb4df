// What happened each second, for each route and for all: kept as long as the page is open, in a ring.
import { signal } from "@preact/signals";
import type { FeedFrame } from "longwire";
import { hasEnded, live, onChange, type Row } from "../store.ts";

export const OUTCOMES = ["ok", "failed", "killed", "timeout", "lost"] as const;
export type Outcome = (typeof OUTCOMES)[number];

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
  /** By route; all together under the empty name. */
  readonly routes: ReadonlyMap<string, Point>;
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

setInterval(() => {
  for (const { route, status } of live.values()) for (const { point } of heapsOf(route)) point[status === "queued" ? "queued" : "running"]++;
  heapOf("");
  const routes = new Map<string, Point>();
  for (const [route, { point, waits, kills }] of heaps) {
    [point.wait50, point.wait95] = middles(waits);
    [point.kill50, point.kill95] = middles(kills);
    routes.set(route, point);
  }
  heaps = new Map();
  samples.push({ at: Date.now() / 1000, routes });
  if (samples.length > KEPT) samples.shift();
  sampled.value++;
}, 1000);

function middles(numbers: number[]): [number | null, number | null] {
  if (numbers.length === 0) return [null, null];
  numbers.sort((one, other) => one - other);
  const of = (share: number) => numbers[Math.min(numbers.length - 1, Math.floor(share * numbers.length))]!;
  return [of(0.5), of(0.95)];
}
