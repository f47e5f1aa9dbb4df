// Which jobs are shown, in which order, and which of them are marked.
import { batch, computed, effect, signal } from "@preact/signals";
import type { Status } from "longwire";
import { ended, live, OUTCOMES, UNDER_WAY, version, type Row } from "../store.ts";

export type Tab = "live" | "ended";
export const ORDERS = ["connid", "route", "status", "left", "started", "progress", "ended"] as const;
export type Order = (typeof ORDERS)[number];

export const tab = signal<Tab>("live");
export const words = signal("");
export const ofRoute = signal("");
export const ofStatus = signal<Status | "">("");
export const order = signal<{ readonly by: Order; readonly isDown: boolean }>({ by: "started", isDown: true });
/** The jobs that are marked, of those that have not ended. */
export const marked = signal<ReadonlySet<string>>(new Set());
/** The row that the keys are about. */
export const current = signal<string | undefined>(undefined);
/** The jobs that are to be killed as soon as it was confirmed. */
export const killing = signal<readonly Row[] | undefined>(undefined);

export const statesOf = (which: Tab): readonly Status[] => (which === "live" ? UNDER_WAY : OUTCOMES);
export const firstOrder = (which: Tab): Order => (which === "live" ? "started" : "ended");

const done = ({ progress }: Row) => (progress?.total ? (progress.done ?? 0) / progress.total : -1);

const KEYS: Record<Order, (row: Row) => string | number> = {
  connid: (row) => row.connid,
  route: (row) => row.route,
  status: (row) => row.status,
  left: (row) => row.deadline,
  started: (row) => row.job,
  progress: done,
  ended: (row) => row.endedAt ?? 0,
};

const holds = (row: Row, text: string): boolean =>
  `${row.connid}\n${row.route}\n${row.progress?.note ?? ""}\n${row.by ?? ""}\n${row.tags?.join("\n") ?? ""}\n${row.job}`.toLowerCase().includes(text);

/** What fits, as it is now. */
const fitting = computed<readonly Row[]>(() => {
  void version.value;
  const text = words.value.trim().toLowerCase();
  const [route, status] = [ofRoute.value, ofStatus.value];
  const rows: Row[] = [];
  for (const row of (tab.value === "live" ? live : ended).values())
    if ((!route || row.route === route) && (!status || row.status === status) && (!text || holds(row, text))) rows.push(row);
  const { by, isDown } = order.value;
  const key = KEYS[by];
  const sign = isDown ? -1 : 1;
  return rows.sort((one, other) => {
    const a = key(one);
    const b = key(other);
    return a < b ? -sign : a > b ? sign : one.job < other.job ? 1 : -1;
  });
});

/** The rows that stay where they are, as somebody is about to click on one. */
const held = signal<{ readonly rows: readonly Row[]; readonly jobs: ReadonlySet<string> } | undefined>(undefined);
export const isHeld = computed(() => held.value !== undefined);

/** Keeps the rows that are shown, in their order, whatever comes and goes; done again, it takes in what has come. */
export function hold(): void {
  const rows = fitting.peek();
  // What is about to come into an empty table moves nothing.
  held.value = rows.length === 0 ? undefined : { rows, jobs: new Set(rows.map(({ job }) => job)) };
}

export const letGo = (): void => void (held.value = undefined);

/** What the table shows. Of held rows that ended the outcome is seen. */
export const shown = computed<readonly Row[]>(() => {
  const { value } = held;
  if (!value) return fitting.value;
  void version.value;
  return value.rows.map((row) => live.get(row.job) ?? ended.get(row.job) ?? row);
});

/** How many rows there would be more, and less, if none were held. */
export const unseen = computed(() => {
  const { value } = held;
  if (!value) return { come: 0, gone: 0 };
  const come = fitting.value.reduce((count, { job }) => count + (value.jobs.has(job) ? 0 : 1), 0);
  return { come, gone: value.rows.length - (fitting.value.length - come) };
});

export const totals = computed(() => {
  void version.value;
  return { live: live.size, ended: ended.size };
});

/** The routes that there are jobs of, and the one that is chosen. */
export const routesSeen = computed(() => {
  void version.value;
  const names = new Set<string>();
  if (ofRoute.value) names.add(ofRoute.value);
  for (const row of (tab.value === "live" ? live : ended).values()) names.add(row.route);
  return [...names].sort();
});

export const isFiltered = computed(() => words.value.trim() !== "" || ofRoute.value !== "" || ofStatus.value !== "");

export function clearFilter(): void {
  batch(() => {
    words.value = "";
    ofRoute.value = "";
    ofStatus.value = "";
  });
}

export function orderBy(by: Order): void {
  const { value } = order;
  order.value = { by, isDown: value.by === by ? !value.isDown : by === "started" || by === "ended" || by === "progress" };
}

/** The text and the route are looked for on both tabs; the states, and the marks, are of one. */
export function showTab(which: Tab): void {
  if (tab.value === which) return;
  batch(() => {
    tab.value = which;
    ofStatus.value = "";
    marked.value = new Set();
    current.value = undefined;
    order.value = { by: firstOrder(which), isDown: true };
  });
}

export function mark(jobs: readonly string[], isMarked: boolean): void {
  const next = new Set(marked.peek());
  for (const job of jobs) {
    if (isMarked && live.has(job)) next.add(job);
    else next.delete(job);
  }
  marked.value = next;
}

/** The marked ones that still run and are seen: others need no kill, or are not thought of. */
export const toKill = computed(() => (marked.value.size === 0 ? [] : shown.value.filter(({ job }) => marked.value.has(job) && live.has(job))));

/** How many marked ones still run, and are not seen. */
export const hiddenMarks = computed(() => {
  void version.value;
  let running = 0;
  for (const job of marked.value) if (live.has(job)) running++;
  return running - toKill.value.length;
});

/** Whether what only a status tells of matters to what is shown, and the rows of which none told. */
export const notLooked = computed<readonly Row[]>(() => {
  void version.value;
  if (tab.value !== "live" || (order.value.by !== "progress" && words.value.trim() === "")) return [];
  // The built-in route has no progress.
  return [...live.values()].filter(({ isLooked, route }) => !isLooked && route !== "request");
});

// Who filters or sorts wants to see what comes of it.
effect(() => {
  void [tab.value, words.value, ofRoute.value, ofStatus.value, order.value];
  if (held.peek()) hold();
});
