// Kills that were asked for here, and what came of them. A kill is of a job, never of a connid: that may be another job's by now.
import { effect, signal } from "@preact/signals";
import { Refused, type Client, type JobView, type Receipt, type Status } from "longwire";
import { brief } from "./clock.ts";
import { client, isUp } from "./server.ts";
import { ended, forgotten, hasEnded, isReceipt, live, look, version } from "./store.ts";
import { retell, tell, tellNoConnection } from "./told.ts";

export { tell, tellNoConnection };

/** Questions that are under way at once: a server takes 256 of a socket, and others want to ask, too. */
const AT_ONCE = 128;
/** How often it is looked at how far the kills have come. */
const LOOK_MS = 250;
/** After how long one that is not dead yet is said to be under way. */
const SOON_MS = 1000;
/** After how long a server that does not answer is said not to. */
const SILENT_MS = 3000;

export interface Target {
  readonly job: string;
  readonly connid: string;
}

const asked = new Set<string>();
/** Rises as kills are asked and done. */
const asks = signal(0);

/** Whether its kill was asked for here, and is not over. */
export function isAsked(job: string): boolean {
  void asks.value;
  return asked.has(job);
}

/** What a receipt says. */
export function receiptText({ by, reason, forced, ms, survivors, signals }: Receipt): string {
  const alive = survivors == null ? "" : survivors === 0 ? ", nothing left alive" : `, ${survivors} still alive`;
  const sent = signals?.length ? signals.join(", ") : undefined;
  const how = forced ? `, by force${sent ? ` by ${sent}` : ""}` : sent ? ` on ${sent}` : ", not forced";
  return `Ended in ${brief(ms)}${how}${alive}. By ${by}${reason ? `: ${reason}` : ""}.`;
}

/** Kills one, and tells its receipt. */
export const killOne = ({ job, connid }: Target, reason?: string): Promise<void> => killMany([{ job, connid }], reason);

/** Kills those, all at once, and tells what came of it in one receipt. */
export async function killMany(targets: readonly Target[], reason?: string): Promise<void> {
  if (!isUp()) return tellNoConnection();
  await new Kills(targets, reason || undefined).run(await client);
}

/** Kills that were asked for with one click. */
class Kills {
  readonly #targets: readonly Target[];
  readonly #reason: string | undefined;
  readonly #receipts: Receipt[] = [];
  readonly #failures: string[] = [];
  /** Asked, and not known to be dead. */
  readonly #dying = new Set<string>();
  readonly #begun = performance.now();
  #answered = 0;
  #over = 0;
  /** Ended before their kill, and how the last of them did. */
  #quicker = 0;
  #outcome: Status | undefined;
  /** Asked, and forgotten by the server before their receipt was read. */
  #lost = 0;
  #lastAnswer = performance.now();
  #told: number | undefined;

  constructor(targets: readonly Target[], reason: string | undefined) {
    this.#targets = targets;
    this.#reason = reason;
  }

  async run(server: Client): Promise<void> {
    for (const { job } of this.#targets) asked.add(job);
    asks.value++;
    const timer = setInterval(() => this.#tellHowFar(), LOOK_MS);
    try {
      await Promise.all([this.#ask(server), this.#settle()]);
    } finally {
      clearInterval(timer);
      for (const { job } of this.#targets) asked.delete(job);
      asks.value++;
    }
    this.#tell(this.#targets.length === 1 ? this.#ofOne() : this.#ofMany());
  }

  async #ask(server: Client): Promise<void> {
    await inParallel(this.#targets, async ({ job, connid }) => {
      const row = ended.get(job);
      if (row) return this.#wasQuicker(job, row.status);
      try {
        await server.kill({ job }, this.#reason);
        this.#dying.add(job);
      } catch (error) {
        const { ended: how, code } = error as Refused;
        if (error instanceof Refused && code === "already_ended") return this.#wasQuicker(job, how?.status);
        this.#failures.push(this.#targets.length === 1 ? (error as Error).message : `${connid}: ${(error as Error).message}`);
        this.#isOver(job);
      } finally {
        this.#answered++;
        this.#lastAnswer = performance.now();
      }
    });
  }

  /** Until all are over: what the list no longer has ended, and its status has the receipt. */
  #settle(): Promise<void> {
    return new Promise((resolve) => {
      let isBusy = false;
      const check = async () => {
        if (isBusy) return;
        isBusy = true;
        const gone = [...this.#dying].filter((job) => !live.has(job));
        await inParallel(gone, async (job) => this.#take(job, await look({ job })));
        isBusy = false;
        if (this.#over < this.#targets.length) return;
        stop();
        clearInterval(timer);
        resolve();
      };
      const timer = setInterval(() => void check(), LOOK_MS);
      const stop = version.subscribe(() => void check());
    });
  }

  #take(job: string, view: JobView | undefined): void {
    if (view && !hasEnded(view.status)) return;
    // Without a view there is no connection, or the server knows it no longer.
    if (!view && !isUp()) return;
    const kill = view?.kill ?? undefined;
    if (view && !isReceipt(kill)) return this.#wasQuicker(job, view.status);
    if (isReceipt(kill)) this.#receipts.push(kill);
    else this.#lost++;
    this.#isOver(job);
  }

  #wasQuicker(job: string, status: Status | undefined): void {
    this.#quicker++;
    this.#outcome = status;
    this.#isOver(job);
  }

  #isOver(job: string): void {
    this.#dying.delete(job);
    this.#over++;
    if (asked.delete(job)) asks.value++;
  }

  #tellHowFar(): void {
    const { length } = this.#targets;
    const isOne = length === 1;
    if (isOne && performance.now() - this.#begun < SOON_MS) return;
    const isSilent = this.#answered < length && performance.now() - this.#lastAnswer > SILENT_MS;
    const title = `Killing ${isOne ? this.#targets[0]!.connid : `${length.toLocaleString()} jobs`}${isSilent ? ": no answer yet" : ""}`;
    const far = isOne ? (this.#answered ? "It was told to end." : "Asked.") : `${this.#answered.toLocaleString()} of ${length.toLocaleString()} asked, ${this.#over.toLocaleString()} ended.`;
    this.#tell({ kind: "note", title, text: isSilent ? `${far} What is not answered is asked again over the next connection.` : far, isRunning: true });
  }

  #tell(what: Parameters<typeof tell>[0]): void {
    if (this.#told === undefined) this.#told = tell(what);
    else retell(this.#told, what);
  }

  #ofOne(): Parameters<typeof tell>[0] {
    const { connid, job } = this.#targets[0]!;
    const [receipt] = this.#receipts;
    const [failure] = this.#failures;
    if (failure !== undefined) return { kind: "refusal", title: `${connid} was not killed`, text: failure, job };
    if (receipt) return { kind: "receipt", title: `${connid} is killed`, text: receiptText(receipt), job };
    if (this.#lost > 0) return { kind: "note", title: `${connid} is gone`, text: "It was told to end, and the server no longer has its receipt.", job };
    return { kind: "note", title: `${connid} was quicker`, text: `It ended ${this.#outcome ?? "by itself"} before the kill.`, job };
  }

  #ofMany(): Parameters<typeof tell>[0] {
    const title = `${this.#receipts.length.toLocaleString()} of ${this.#targets.length.toLocaleString()} are killed`;
    return { kind: this.#failures.length > 0 ? "refusal" : "receipt", title, text: this.#summary(), stays: true };
  }

  #summary(): string {
    const receipts = this.#receipts;
    const forced = receipts.filter((each) => each.forced).length;
    const slowest = receipts.reduce((most, each) => Math.max(most, each.ms), 0);
    const alive = receipts.reduce((sum, each) => sum + (each.survivors ?? 0), 0);
    const parts = [];
    if (receipts.length > 0) parts.push(`${forced} by force`, `the slowest in ${brief(slowest)}`, alive === 0 ? "nothing left alive" : `${alive} processes still alive`);
    if (this.#quicker > 0) parts.push(`${this.#quicker} had ended before`);
    if (this.#lost > 0) parts.push(`${this.#lost} gone without a receipt`);
    if (this.#failures.length > 0) parts.push(`${this.#failures.length} refused, the first ${this.#failures[0]}`);
    return `${parts.join(", ")}.`;
  }
}

/** Does that for each, so many at once. */
async function inParallel<T>(all: readonly T[], run: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...all].reverse();
  const work = async () => {
    for (let next; (next = waiting.pop()) !== undefined; ) await run(next);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, work));
}

effect(() => {
  const { count } = forgotten.value;
  if (count === 0) return;
  const title = count === 1 ? "1 job is no longer known" : `${count.toLocaleString()} jobs are no longer known`;
  tell({ kind: "refusal", title, text: "They ran when the server was last heard, and it knows nothing of them now: it is another run of it, or they ended and are no longer kept." });
});
