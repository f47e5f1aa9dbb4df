// One job, watched: its log, and what has happened to it, as far as the page was told.
import { signal } from "@preact/signals";
import { Refused, type EventFrame, type Gap, type JobEvent, type JobView, type Progress, type Status } from "longwire";
import { client } from "../server.ts";
import { hasEnded, isReceipt } from "../store.ts";
import { Log } from "./log.ts";

export type Happening = "queued" | "started" | "progress" | "extended" | "kill" | "clock" | "forced" | "ended";

/** Something that happened to it. */
export interface Moment {
  readonly what: Happening;
  /** By the clock of whoever knew it best, in milliseconds. */
  readonly at: number;
  readonly text: string;
  readonly seq?: number | undefined;
}

const FLUSH_MS = 100;

export class Reader {
  readonly log = new Log();
  /** Rises with each change of the log. */
  readonly version = signal(0);
  readonly view = signal<JobView | undefined>(undefined);
  readonly status = signal<Status | undefined>(undefined);
  readonly progress = signal<Progress | undefined>(undefined);
  /** When its time is up, by `performance.now()`. */
  readonly deadline = signal<number | undefined>(undefined);
  readonly moments = signal<readonly Moment[]>([]);
  /** Why it cannot be watched. */
  readonly trouble = signal<string | undefined>(undefined);
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
    // The server's own name is exact; a link may have the client's.
    const target = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(this.#name) ? { job: this.#name } : this.#name;
    const job = server.watch(target);
    void job.then(() => {}, () => {});
    this.#leave = () => job.leave();
    try {
      const { connid, job: id, seq } = await job.started;
      this.#last = seq;
      await this.#look(connid, id);
      for await (const event of job) {
        if (this.#isOver) return;
        this.#take(event, connid, id);
      }
      await this.#look(connid, id);
    } catch (error) {
      if (this.#isOver) return;
      const { code } = error as Refused;
      this.trouble.value =
        code === "expired" || code === "unknown_connid" ? "The server knows no such job, or keeps it no longer." : ((error as Error).message ?? String(error));
    }
  }

  #take(event: JobEvent | Gap, connid: string, id: string): void {
    if ("gap" in event) this.log.note(event.gap.from, `events ${event.gap.from} to ${event.gap.to} are no longer kept`);
    else if (event.output != null) this.log.add(event.seq, event.output, event.stream ?? "stdout");
    else this.#happened(event as EventFrame, connid, id);
    this.#changed();
  }

  #happened(event: EventFrame, connid: string, id: string): void {
    const { seq, status, progress, left, kill, clock } = event;
    this.status.value = status;
    if (progress) this.progress.value = progress;
    const isLive = seq > this.#last;
    if (left != null && isLive) this.deadline.value = performance.now() + 1000 * left;
    // What the log says of long ago has no time; the view knows the times that matter.
    if (isLive) {
      const at = Date.now();
      if (progress) this.#add({ what: "progress", at, seq, text: progressText(progress) });
      else if (left != null && seq > 1) this.#add({ what: "extended", at, seq, text: `${Math.round(left)} s from then` });
      else if (clock && !hasEnded(status)) this.#add({ what: "clock", at, seq, text: `${clock} ran out` });
      else if (kill && !isReceipt(kill)) this.#add({ what: "kill", at, seq, text: `by ${kill.by}${kill.reason ? `: ${kill.reason}` : ""}` });
      if (!progress) void this.#look(connid, id);
    } else if (left != null && seq > 1) this.log.note(seq, "the deadline was moved");
  }

  #add(moment: Moment): void {
    const { value } = this.moments;
    // Of progress the last says all; the marks before it are thinned out.
    this.moments.value = [...(value.length > 400 ? value.filter(({ what }, at) => what !== "progress" || at % 2 === 0) : value), moment];
  }

  async #look(connid: string, id: string): Promise<void> {
    const page = await (await client).status({ connid }).catch(() => undefined);
    const view = page?.jobs[0];
    // The connid may have been given again.
    if (!view || view.job !== id || (this.view.value?.seq ?? 0) > view.seq) return;
    this.view.value = view;
    this.status.value = view.status;
    this.progress.value = view.progress ?? this.progress.value;
    this.deadline.value = view.left == null ? undefined : performance.now() + 1000 * view.left;
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

export function progressText({ done, total, note }: Progress): string {
  const figures = done == null ? "" : total == null ? done.toLocaleString() : `${done.toLocaleString()} of ${total.toLocaleString()}`;
  return [figures, note].filter(Boolean).join(", ");
}
