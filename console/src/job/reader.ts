// One job, watched: its log, and what has happened to it.
import { signal } from "@preact/signals";
import { Refused, type EventFrame, type Gap, type JobEvent, type JobView, type Progress } from "longwire";
import { client } from "../server.ts";
import { hasEnded, isReceipt } from "../store.ts";
import { Log } from "./log.ts";

export type Happening = "queued" | "started" | "progress" | "extended" | "kill" | "clock" | "forced" | "again" | "ended";

/** Something that happened to it. */
export interface Moment {
  readonly what: Happening;
  /** By the server's clock, in milliseconds. */
  readonly at: number;
  readonly text: string;
  readonly seq?: number | undefined;
}

/** What is known of it: what its events say, and, where it was asked, what only a status does. */
export type Known = Partial<JobView> & Pick<JobView, "connid" | "job">;

const FLUSH_MS = 100;

export class Reader {
  readonly log = new Log();
  /** Rises with each change of the log. */
  readonly version = signal(0);
  readonly view = signal<Known | undefined>(undefined);
  readonly progress = signal<Progress | undefined>(undefined);
  /** When its time is up, by `performance.now()`. */
  readonly deadline = signal<number | undefined>(undefined);
  /** When it was accepted, by `performance.now()`: the server's clock may be another. */
  readonly begin = signal<number | undefined>(undefined);
  readonly moments = signal<readonly Moment[]>([]);
  /** How long its route lets it end by itself, in seconds; asked for where it was forced. */
  readonly grace = signal<number | undefined>(undefined);
  /** Whether all was read that was there when the page asked. */
  readonly isRead = signal(false);
  /** Why it cannot be watched. */
  readonly trouble = signal<string | undefined>(undefined);
  /** The server does not know it, or no longer. */
  readonly isGone = signal(false);
  readonly #name: string;
  #last = 0;
  #due = false;
  #isOver = false;
  #leave = () => {};

  constructor(name: string) {
    this.#name = name;
  }

  stop(): void {
    this.#isOver = true;
    this.#leave();
  }

  async read(): Promise<void> {
    const server = await client;
    if (this.#isOver) return;
    // The server's own name is exact; a link may have the client's.
    const target = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(this.#name) ? { job: this.#name } : this.#name;
    const job = server.watch(target);
    void job.then(() => {}, () => {});
    this.#leave = () => job.leave();
    try {
      const { connid, job: id, seq } = await job.started;
      this.#last = seq;
      this.view.value = { connid, job: id };
      await this.look();
      for await (const event of job) {
        if (this.#isOver) return;
        this.#take(event);
      }
      this.isRead.value = true;
    } catch (error) {
      if (!this.#isOver) this.#failed(error as Error);
    }
  }

  #failed(error: Error): void {
    this.isGone.value = error instanceof Refused && (error.code === "expired" || error.code === "unknown_connid");
    this.deadline.value = undefined;
    if (!this.isGone.value) this.trouble.value = error.message ?? String(error);
    else this.trouble.value = `The server knows no such job, or keeps it no longer.${this.view.value ? " How it went on cannot be known; what follows is what was seen of it here." : ""}`;
  }

  #take(event: JobEvent | Gap): void {
    const seq = "gap" in event ? event.gap.to : event.seq;
    if ("gap" in event) this.log.gap(event.gap);
    else if (event.output != null) this.log.add(event.seq, event.output, event.stream ?? "stdout");
    else this.#happened(event as EventFrame);
    if (seq >= this.#last) this.isRead.value = true;
    this.#changed();
  }

  #happened(event: EventFrame): void {
    const { seq, status, progress, left } = event;
    const before = this.view.value!;
    // A status that was asked for meanwhile may know more than an event that was on its way.
    if (seq >= (before.seq ?? 0)) this.view.value = folded(before, event);
    if (progress) this.progress.value = progress;
    const moment = event.at ? momentOf(event, Date.parse(event.at)) : undefined;
    if (moment) this.#add(moment);
    if (seq <= this.#last) return;
    if (hasEnded(status)) this.deadline.value = undefined;
    else if (left != null) this.deadline.value = performance.now() + 1000 * left;
    if (hasEnded(status)) void this.#askGrace();
    else if (!progress) void this.look();
  }

  #add(moment: Moment): void {
    const { value } = this.moments;
    // Of progress the last says all; the marks before it are thinned out.
    this.moments.value = [...(value.length > 400 ? value.filter(({ what }, at) => what !== "progress" || at % 2 === 0) : value), moment];
  }

  /** Asks how it stands: no event tells of its place in the queue, of its tags, and of who started it. */
  async look(): Promise<void> {
    const before = this.view.peek()!;
    const page = await (await client).status({ job: before.job }).catch(() => undefined);
    const view = page?.jobs[0];
    if (!view || (this.view.peek()?.seq ?? 0) > view.seq) return;
    this.view.value = view;
    this.progress.value = view.progress ?? this.progress.peek();
    this.deadline.value = view.left == null ? undefined : performance.now() + 1000 * view.left;
    this.begin.value = performance.now() - 1000 * view.elapsed;
    await this.#askGrace();
  }

  async #askGrace(): Promise<void> {
    const { kill, route } = this.view.peek()!;
    if (!kill || !isReceipt(kill) || !kill.forced) return;
    const page = await (await client).routes().catch(() => undefined);
    this.grace.value = page?.routes.find((each) => each.route === route)?.kill_grace;
  }

  #changed(): void {
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => {
      this.#due = false;
      this.version.value++;
    }, FLUSH_MS);
  }
}

/** How it stands after that event. */
function folded(before: Known, event: EventFrame): Known {
  const { seq, status, at, route, time, attempt, kill, clock, error, result } = event;
  const { accepted_at = seq === 1 ? at : undefined, started_at = status === "running" ? at : undefined } = before;
  const ended_at = hasEnded(status) ? at : undefined;
  const said = { route, time, attempt, kill, clock, error, result, accepted_at, started_at, ended_at };
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value != null));
  // A wish to kill, or a clock, that did not come true is no part of an outcome.
  const over = hasEnded(status) && { position: undefined, kill: undefined, clock: undefined };
  return { ...before, seq, status, ...over, ...known } as Known;
}

/** What happened in an event, beside what the job's own times say. */
function momentOf({ seq, status, progress, left, kill, clock, attempt }: EventFrame, at: number): Moment | undefined {
  if (progress) return { what: "progress", at, seq, text: progressText(progress) };
  if (status === "queued" && seq > 1) return { what: "again", at, seq, text: attempt == null ? "" : `attempt ${attempt}` };
  if (left != null && seq > 1) return { what: "extended", at, seq, text: `${Math.round(left)} s from then` };
  if (clock && !hasEnded(status)) return { what: "clock", at, seq, text: `${clock} ran out` };
  if (kill && !isReceipt(kill)) return { what: "kill", at, seq, text: whoText(kill) };
  return undefined;
}

/** Who asked for it, and why. */
export const whoText = ({ by, reason }: { readonly by: string; readonly reason?: string | null | undefined }): string => `by ${by}${reason ? `: ${reason}` : ""}`;

export function progressText({ done, total, note }: Progress): string {
  const figures = done == null ? "" : total == null ? done.toLocaleString() : `${done.toLocaleString()} of ${total.toLocaleString()}`;
  return [figures, note].filter(Boolean).join(", ");
}
