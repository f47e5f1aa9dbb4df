import type { Asks } from "./asks.js";
import { MOST_WAITING, type Handle, type LogName, type Source, type Told } from "./handle.js";
import { hasEnded, unexpected, type LongwireError } from "./errors.js";
import type { Heard } from "./heard.js";

/** How often in a row a server may leave out what it was asked for. */
const MOST_HOLES = 3;

/** A log that is watched. The server sends it once, whoever reads it here. */
interface Log {
  /** Whose it is; the feed's is nobody's. */
  readonly job: string | undefined;
  /** By what its frames are told apart, where they say no more. Those of a watch by the job's own name say that. */
  connid?: string | undefined;
  readonly readers: Set<Handle>;
  /** The number of the question whose answer is awaited: what comes before it is of an older position. 0 is none. */
  asked: number;
  /** Where the server is in it. */
  at: number;
  /** The last number that is known to be there. */
  head: number;
  holes: number;
}

/** What is watched. */
export class Watches implements Source {
  readonly #asks: Asks;
  readonly #logs = new Map<string | undefined, Log>();
  readonly #named = new Map<string | undefined, Set<Log>>();

  constructor(asks: Asks) {
    this.#asks = asks;
  }

  join(reader: Handle, { job, connid }: LogName, from: number, told: Told): void {
    const log = this.#log(job);
    log.readers.add(reader);
    this.#name(log, connid);
    this.#answered(log, from, told);
  }

  more(reader: Handle, job: string | undefined): void {
    const log = this.#log(job);
    log.readers.add(reader);
    // Else its turn comes with the answer, so that readers of one log do not take the server away from one another.
    if (!log.asked) this.#watch(log);
  }

  leave(reader: Handle, job: string | undefined): void {
    const log = this.#logs.get(job);
    if (!log?.readers.delete(reader) || log.readers.size) return;
    this.#forget(log);
    this.#asks.ask({
      most: 1,
      frame: () => ({ route: "unwatch", job }),
      answer: () => {
        // Who joined meanwhile was left with it.
        const again = this.#logs.get(job);
        if (again) this.#watch(again);
      },
    });
  }

  heard(frame: Heard): void {
    const log = this.#about(frame);
    const isFeed = !log?.job;
    const number = isFeed ? frame.feed : frame.seq;
    const { from, to } = frame.gap ?? { from: number, to: number };
    // What is not known is nothing to stumble over.
    if (!log || !from || !to) return;
    // The numbers of the feed have holes, so what is of an older position does not tell itself from what follows.
    if (isFeed && log.asked) return;
    log.head = Math.max(log.head, to);
    let isHole = false;
    let isNoLonger = false;
    for (const reader of log.readers) {
      if (!isFeed && !reader.isBehind && from > reader.last + 1) isHole = true;
      else isNoLonger = reader.take(to, frame.gap ? { gap: { from: Math.max(from, reader.last + 1), to } } : frame) || isNoLonger;
    }
    if (!isFeed && hasEnded(frame.status)) this.#end(log, frame, to);
    if (log.asked) return;
    log.at = to;
    if (isHole) {
      // Only the server knows what is no longer kept: what it left out without a word is asked for.
      if (++log.holes < MOST_HOLES) return this.#watch(log);
      return this.#fail(log, unexpected("before its turn", frame));
    }
    log.holes = 0;
    // Who has just fallen behind needs none of what follows; there is no use in having it sent.
    if (isNoLonger && this.#wanted(log) > to + MOST_WAITING) this.#watch(log);
  }

  /** There is a new connection, on which nothing is watched yet. */
  reopened(): void {
    for (const log of this.#logs.values()) this.#watch(log);
  }

  fail(error: LongwireError): void {
    for (const log of [...this.#logs.values()]) this.#fail(log, error);
  }

  #log(job: string | undefined): Log {
    let log = this.#logs.get(job);
    if (!log) {
      log = { job, readers: new Set(), asked: 0, at: 0, head: 0, holes: 0 };
      this.#logs.set(job, log);
    }
    return log;
  }

  #forget(log: Log): void {
    this.#logs.delete(log.job);
    this.#name(log);
  }

  #name(log: Log, connid?: string): void {
    const namesakes = this.#named.get(log.connid);
    namesakes?.delete(log);
    if (!namesakes?.size) this.#named.delete(log.connid);
    log.connid = connid;
    if (connid) this.#named.set(connid, (this.#named.get(connid) ?? new Set()).add(log));
  }

  #about({ job, connid, feed, seq }: Heard): Log | undefined {
    if (feed != null) return this.#logs.get(undefined);
    if (job != null || connid == null) return this.#logs.get(job ?? undefined);
    const named = [...(this.#named.get(connid) ?? [])];
    return named.find((log) => log.at + 1 === seq) ?? named[0];
  }

  /** The number after which something is wanted: of the reader that is farthest back; where all are behind, the last, which may be the end. */
  #wanted(log: Log): number {
    let least = Infinity;
    for (const reader of log.readers) if (!reader.isBehind) least = Math.min(least, reader.last);
    return least < Infinity ? least : Math.max(log.at, log.head - 1);
  }

  #watch(log: Log, after = this.#wanted(log)): void {
    const { job } = log;
    const id = this.#asks.ask({
      most: 1,
      frame: () => ({ route: "watch", job, after }),
      answer: (frame) => {
        this.#name(log);
        if (log.asked === id) log.asked = 0;
        this.#answered(log, after, frame);
      },
      fail: (error) => this.#fail(log, error),
    });
    log.asked = id;
  }

  #answered(log: Log, from: number, { seq, feed, ended }: Told): void {
    log.at = from;
    log.head = Math.max(log.head, seq ?? feed ?? 0);
    if (log.asked) return;
    if (this.#wanted(log) < from) this.#watch(log);
    // What came of it only its last event says.
    else if (ended) this.#watch(log, ended.seq - 1);
  }

  /** Who has all has come to the end, who is behind comes back for the rest, and others are about to be sent it. */
  #end(log: Log, last: Heard, to: number): void {
    for (const reader of log.readers) {
      reader.settle(last);
      if (reader.last >= to) reader.end();
      if (reader.last >= to || reader.isBehind) log.readers.delete(reader);
    }
    if (!log.readers.size) this.#forget(log);
  }

  #fail(log: Log, error: LongwireError): void {
    if (this.#logs.get(log.job) !== log) return;
    this.#forget(log);
    for (const reader of log.readers) reader.fail(error);
  }
}
