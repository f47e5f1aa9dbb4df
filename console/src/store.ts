// Every job, as far as it is known here: pages of `status` first, the feed from then on. Events have numbers, so what is older never wins.
import { signal } from "@preact/signals";
import { Refused, type Client, type FeedFrame, type Gap, type JobView, type KillNote, type Progress, type Receipt, type Status } from "longwire";
import { client, resumedAt } from "./server.ts";

export interface Row {
  readonly job: string;
  readonly connid: string;
  readonly route: string;
  readonly status: Status;
  readonly seq: number;
  /** Seconds it was given. */
  readonly time: number;
  /** When its time is up, by `performance.now()`. */
  readonly deadline: number;
  /** By the server's clock, in milliseconds. */
  readonly acceptedAt: number;
  readonly endedAt?: number | undefined;
  /** When it was told to end, where that was seen. */
  readonly endingAt?: number | undefined;
  readonly by?: string | undefined;
  readonly progress?: Progress | undefined;
  readonly position?: number | undefined;
  readonly kill?: KillNote | undefined;
  readonly error?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** How true the list is. */
export type Truth = "reading" | "live";

const PAGE = 1000;
const NEAR_MS = 200;
const ENDED_KEPT = 5000;
/** How much of what happened before the page was opened is looked at. */
const HISTORY = 2000;
/** What is shown changes at most so often. */
const FLUSH_MS = 120;

export const live = new Map<string, Row>();
export const ended = new Map<string, Row>();
/** Rises with every change that is to be seen. */
export const version = signal(0);
export const truth = signal<Truth>("reading");
/** Changes of the feed that were missed in a gap, since the page was opened. */
export const missed = signal(0);

export const OUTCOMES: readonly Status[] = ["ok", "failed", "killed", "timeout", "lost"];
export const hasEnded = (status: Status): boolean => OUTCOMES.includes(status);
export const isReceipt = (kill: KillNote | undefined): kill is Receipt => kill !== undefined && "ms" in kill;

let due = false;
function changed(): void {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    version.value++;
  }, FLUSH_MS);
}

const deadlineOf = (left: number | null | undefined) => performance.now() + 1000 * (left ?? 0);

export function rowOf(view: JobView): Row {
  return {
    job: view.job,
    connid: view.connid,
    route: view.route,
    status: view.status,
    seq: view.seq,
    time: view.time,
    deadline: deadlineOf(view.left),
    acceptedAt: Date.parse(view.accepted_at),
    endedAt: view.ended_at ? Date.parse(view.ended_at) : undefined,
    by: view.by,
    progress: view.progress ?? undefined,
    position: view.position ?? undefined,
    kill: view.kill ?? undefined,
    error: view.error?.message,
    tags: view.tags,
  };
}

/** Takes what a status said of a job. */
export function takeView(view: JobView): void {
  const before = live.get(view.job) ?? ended.get(view.job);
  if (before && before.seq > view.seq) return;
  const row = rowOf(view);
  // The answer's way takes a moment, by which a bar should not jump.
  const isNear = before && Math.abs(before.deadline - row.deadline) < NEAR_MS;
  put({ ...row, endingAt: before?.endingAt, ...(isNear && { deadline: before.deadline }) });
}

function put(row: Row): void {
  if (hasEnded(row.status)) {
    live.delete(row.job);
    ended.delete(row.job);
    ended.set(row.job, row);
    if (ended.size > ENDED_KEPT) ended.delete(ended.keys().next().value!);
  } else if (!ended.has(row.job)) live.set(row.job, row);
  changed();
}

type Listener = (frame: FeedFrame, before: Row | undefined) => void;
const listeners: Listener[] = [];
/** Tells of each change as it happens, and of how the job stood before. */
export const onChange = (listener: Listener): void => void listeners.push(listener);

function takeChange(frame: FeedFrame, isHistory: boolean): void {
  const { job, connid, route, status, seq } = frame;
  const at = Date.parse(frame.at);
  const isOver = hasEnded(status);
  const before = live.get(job) ?? ended.get(job);
  if (!isHistory) for (const listener of listeners) listener(frame, before);
  if (before && before.seq >= seq && !(isOver && !hasEnded(before.status))) return;
  // What history says of a job that has not ended its page of status says better.
  if (isHistory && !isOver) return void starts.set(job, at);
  const left = frame.left ?? 0;
  const isNew = !before;
  put({
    ...(before ?? { job, connid, route, time: left, acceptedAt: starts.get(job) ?? timeOf(job) ?? at }),
    status,
    seq,
    time: isNew ? left : Math.max(before.time, left),
    deadline: isOver ? (before?.deadline ?? 0) : deadlineOf(left),
    endedAt: isOver ? at : undefined,
    endingAt: status === "ending" ? (before?.endingAt ?? at) : before?.endingAt,
    position: status === "queued" ? before?.position : undefined,
  });
  starts.delete(job);
}

const starts = new Map<string, number>();

/** The moment that is in a UUID of version 7. */
function timeOf(job: string): number | undefined {
  const at = parseInt(job.replaceAll("-", "").slice(0, 12), 16);
  return Number.isFinite(at) ? at : undefined;
}

/** Keeps the list true, for as long as the page is open. */
export async function follow(): Promise<never> {
  const server = await client;
  let after: number | undefined;
  for (;;) {
    truth.value = "reading";
    try {
      after = await followOnce(server, after);
    } catch (error) {
      // The feed is of another run of the server: what ran before is asked for anew.
      if (!(error instanceof Refused)) await new Promise((again) => setTimeout(again, 1000));
      after = undefined;
    }
  }
}

/** Gives back where it was, when something was missed. */
async function followOnce(server: Client, from: number | undefined): Promise<number> {
  const head = await headOf(server);
  const begin = from !== undefined && from <= head ? from : Math.max(0, head - HISTORY);
  const feed = server.feed({ after: begin });
  const isFirst = from === undefined;
  await feed.started;
  const before = resumedAt.peek();
  let reads = 0;
  const read = () => {
    const mine = ++reads;
    truth.value = "reading";
    void readAll(server).then(() => void (mine === reads && (truth.value = "live")), () => {});
  };
  let stopResuming = () => {};
  try {
    read();
    stopResuming = resumedAt.subscribe((at) => {
      if (at !== before) read();
    });
    for await (const change of feed as AsyncIterable<FeedFrame | Gap>) {
      if (!("gap" in change)) takeChange(change, isFirst && change.feed <= head);
      else if (change.gap.to > head) {
        missed.value += change.gap.to - change.gap.from + 1;
        return change.gap.to;
      }
    }
    return feed.seen;
  } finally {
    stopResuming();
    feed.leave();
  }
}

async function headOf(server: Client): Promise<number> {
  const feed = server.feed();
  const { feed: head } = await feed.started;
  feed.leave();
  return head;
}

/** Every page of what runs. What was known and is in none of them ended unseen. */
async function readAll(server: Client): Promise<void> {
  const known = new Set(live.keys());
  let after: string | undefined;
  do {
    const page = await server.status({ limit: PAGE, ...(after && { after }) });
    for (const view of page.jobs) {
      known.delete(view.job);
      takeView(view);
    }
    after = page.next ?? undefined;
  } while (after);
  for (const job of known) await closeUnseen(server, job);
  changed();
}

/** It ended while nobody here looked; its outcome is asked for where it is still kept. */
async function closeUnseen(server: Client, job: string): Promise<void> {
  const row = live.get(job);
  if (!row) return;
  const page = await server.status({ connid: row.connid }).catch(() => undefined);
  const view = page?.jobs[0];
  live.delete(job);
  if (view?.job === job) takeView(view);
}

/** Asks how that job stands: the feed says nothing of progress, places in the queue, and who started it. */
export async function look(row: Row): Promise<void> {
  const page = await (await client).status({ connid: row.connid }).catch(() => undefined);
  const view = page?.jobs[0];
  if (view?.job === row.job) takeView(view);
}
