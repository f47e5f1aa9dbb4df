// Which jobs are shown, in which order, and which of them are marked.
import { computed, signal } from "@preact/signals";
import type { Status } from "longwire";
import { ended, live, version, type Row } from "../store.ts";

export type Tab = "live" | "ended";
export type Order = "connid" | "route" | "status" | "left" | "started" | "progress" | "ended";

export const tab = signal<Tab>("live");
export const words = signal("");
export const ofRoute = signal("");
export const ofStatus = signal<Status | "">("");
export const order = signal<{ readonly by: Order; readonly isDown: boolean }>({ by: "started", isDown: true });
/** The jobs that are marked, of those that have not ended. */
export const marked = signal<ReadonlySet<string>>(new Set());
/** The row that the keys are about. */
export const current = signal<string | undefined>(undefined);

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

function fits(row: Row, text: string): boolean {
  if (ofRoute.value && row.route !== ofRoute.value) return false;
  if (ofStatus.value && row.status !== ofStatus.value) return false;
  if (!text) return true;
  const inRow = `${row.connid}\n${row.route}\n${row.progress?.note ?? ""}\n${row.by ?? ""}\n${row.tags?.join("\n") ?? ""}\n${row.job}`;
  return inRow.toLowerCase().includes(text);
}

/** What the table shows. */
export const shown = computed<readonly Row[]>(() => {
  void version.value;
  const text = words.value.trim().toLowerCase();
  const rows: Row[] = [];
  for (const row of (tab.value === "live" ? live : ended).values()) if (fits(row, text)) rows.push(row);
  const { by, isDown } = order.value;
  const key = KEYS[by];
  const sign = isDown ? -1 : 1;
  return rows.sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    return a < b ? -sign : a > b ? sign : one.job < other.job ? 1 : -1;
  });
});

export const totals = computed(() => {
  void version.value;
  return { live: live.size, ended: ended.size };
});

/** The routes that there are jobs of. */
export const routesSeen = computed(() => {
  void version.value;
  const names = new Set<string>();
  for (const row of (tab.value === "live" ? live : ended).values()) names.add(row.route);
  return [...names].sort();
});

export function orderBy(by: Order): void {
  const { value } = order;
  order.value = { by, isDown: value.by === by ? !value.isDown : by === "started" || by === "ended" || by === "progress" };
}

export function showTab(which: Tab): void {
  if (tab.value === which) return;
  tab.value = which;
  ofStatus.value = "";
  marked.value = new Set();
  current.value = undefined;
  order.value = { by: which === "live" ? "started" : "ended", isDown: true };
}

export function mark(job: string, isMarked: boolean): void {
  const next = new Set(marked.value);
  if (isMarked) next.add(job);
  else next.delete(job);
  marked.value = next;
}

/** The marked ones that still run: others need no kill. */
export const toKill = computed(() => {
  void version.value;
  return [...marked.value].flatMap((job) => live.get(job) ?? []);
});
