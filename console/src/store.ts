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
  /** Whether a status told of it: the feed alone says nothing of progress. */
  readonly isLooked?: boolean | undefined;
}

/** How true the list is. */
export type Truth = "reading" | "live";

const PAGE = 1000;
const NEAR_MS = 200;
export const ENDED_KEPT = 5000;
/** Questions that are under way at once, where there are many. */
const AT_ONCE = 32;
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
/** Whether more has ended than is listed: before what was looked at. */
export const isCut = signal(false);
/** How many jobs that ran when they were last heard of the server did not know when the list was last read anew. */
export const forgotten = signal<{ readonly count: number }>({ count: 0 });

/** The states of a job that has not ended, and of one that has. */
export const UNDER_WAY: readonly Status[] = ["queued", "running", "ending"];
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
    isLooked: true,
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
  // Of history only its first change tells when a job came and who sent it: its page of status says the rest better, if it still runs.
  if (!firsts.has(job)) firsts.set(job, { at: (seq === 1 ? undefined : timeOf(job)) ?? at, by: frame.by ?? undefined, tags: frame.tags });
  if (isHistory && !isOver) return;
  const left = frame.left ?? 0;
  const { at: acceptedAt, by, tags } = firsts.get(job)!;
  put({
    ...(before ?? { job, connid, route, time: left, acceptedAt, by, tags }),
    status,
    seq,
    time: before ? Math.max(before.time, left) : left,
    deadline: isOver ? (before?.deadline ?? 0) : deadlineOf(left),
    endedAt: isOver ? at : undefined,
    endingAt: status === "ending" ? (before?.endingAt ?? at) : before?.endingAt,
    position: status === "queued" ? before?.position : undefined,
  });
  firsts.delete(job);
}

/** What the first change of a job said, until there is a row of it. */
const firsts = new Map<string, { readonly at: number; readonly by: string | undefined; readonly tags: readonly string[] | undefined }>();

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
  if (isFirst && begin > 0) isCut.value = true;
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
  let count = 0;
  const jobs = [...known];
  const work = async () => {
    for (let job; (job = jobs.pop()) !== undefined; ) if (!(await closeUnseen(server, job))) count++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (count > 0) forgotten.value = { count };
  changed();
}

/** It ended while nobody here looked; its outcome is asked for where it is still kept. Says whether the server knows it. */
async function closeUnseen(server: Client, job: string): Promise<boolean> {
  if (!live.has(job)) return true;
  try {
    const { jobs } = await server.status({ job });
    live.delete(job);
    for (const view of jobs) takeView(view);
    return true;
  } catch (error) {
    // Whether it has ended is not known where there was no answer.
    return !(error instanceof Refused) || !live.delete(job);
  }
}

/** Asks how that job stands: the feed says nothing of progress, places in the queue, and how it was killed. */
export async function look({ job }: { readonly job: string }): Promise<JobView | undefined> {
  const page = await (await client).status({ job }).catch(() => undefined);
  const view = page?.jobs[0];
  if (view) takeView(view);
  return view;
}
