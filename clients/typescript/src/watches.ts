import { refused, type Asks } from "./asks.js";
import type { Cursor, LogName, Source } from "./cursor.js";
import type { LongwireError } from "./errors.js";
import { hasEnded, type Heard } from "./heard.js";

/** A log that is watched. The server sends it once, whoever reads it here. */
interface Log {
  readonly name: LogName;
  readonly readers: Set<Cursor>;
  /** The number of the question whose answer what comes has to wait for: what comes before it is of an older position. 0 is none. */
  asked: number;
  /** It was asked for from another position, and nothing but what came too early has come since. */
  isFresh: boolean;
  /** The last number that came. */
  heard: number;
}

/** What is watched. */
export class Watches implements Source {
  readonly #asks: Asks;
  readonly #logs = new Map<string | undefined, Log>();
  /** By connid, as some frames say no more. */
  readonly #named = new Map<string | undefined, Log[]>();

  constructor(asks: Asks) {
    this.#asks = asks;
  }

  /** A reader joins: its own watch, or start, was answered, and what comes after `from` follows. */
  join(reader: Cursor, from: number): void {
    const log = this.#log(reader.name);
    log.isFresh = log.readers.size > 0;
    log.readers.add(reader);
    log.heard = Math.max(log.heard, from);
    this.#answered(log, from);
  }

  /** A reader that fell behind asks for more. */
  more(reader: Cursor): void {
    const log = this.#log(reader.name);
    log.readers.add(reader);
    this.#watch(log);
  }

  /** Nobody reads there any more. */
  leave(reader: Cursor): void {
    const { job } = reader.name;
    const log = this.#logs.get(job);
    if (!log?.readers.delete(reader) || log.readers.size > 0) return;
    this.#forget(log);
    this.#asks.ask({
      most: 1,
      frame: () => ({ route: "unwatch", job }),
      // Who joined meanwhile was left with it.
      answer: () => {
        const again = this.#logs.get(job);
        if (again) this.#watch(again);
      },
    });
  }

  heard(frame: Heard): void {
    const log = this.#about(frame);
    if (!log || log.asked) return;
    const number = frame.feed ?? frame.seq ?? NaN;
    const { from, to } = frame.gap ?? { from: number, to: number };
    // What is not known is nothing to stumble over.
    if (!(to > 0)) return;
    log.heard = Math.max(log.heard, to);
    let isHole = false;
    for (const reader of log.readers) {
      const item = frame.gap ? { gap: { from: Math.max(from, reader.last + 1), to } } : frame;
      isHole = reader.take(from, to, item) || isHole;
    }
    const isLast = log.name.job !== undefined && hasEnded(frame.status);
    if (isLast) for (const reader of log.readers) reader.settle(frame);
    if (isHole) return this.#watch(log);
    log.isFresh = false;
    if (isLast) this.#end(log);
  }

  /** There is a new connection, on which nothing is watched yet. */
  reopened(): void {
    for (const log of this.#logs.values()) {
      log.isFresh = false;
      this.#watch(log, false);
    }
  }

  fail(error: LongwireError): void {
    for (const log of [...this.#logs.values()]) this.#fail(log, error);
  }

  #log(name: LogName): Log {
    let log = this.#logs.get(name.job);
    if (!log) {
      log = { name, readers: new Set(), asked: 0, isFresh: false, heard: 0 };
      this.#logs.set(name.job, log);
      this.#named.set(name.connid, [...this.#namedAs(name), log]);
    }
    return log;
  }

  #forget(log: Log): void {
    const { job, connid } = log.name;
    this.#logs.delete(job);
    const others = this.#namedAs(log.name).filter((other) => other !== log);
    if (others.length > 0) this.#named.set(connid, others);
    else this.#named.delete(connid);
  }

  #namedAs({ connid }: LogName): Log[] {
    return this.#named.get(connid) ?? [];
  }

  #about({ job, connid, feed, seq = 0 }: Heard): Log | undefined {
    if (feed !== undefined) return this.#logs.get(undefined);
    if (job != null || connid == null) return this.#logs.get(job ?? undefined);
    const logs = this.#namedAs({ connid });
    return logs.find((log) => log.heard + 1 === seq) ?? logs[0];
  }

  /**
   * Asks for what the reader that is farthest back has not had; where all are behind, for what nobody has heard.
   *
   * What the server had read from a position before may come after the answer. An unwatch takes it back. That is needed where a
   * job's log was asked for again and yet goes on elsewhere, and in the feed, whose numbers do not tell.
   */
  #watch(log: Log, isTornOff = log.isFresh || log.name.job === undefined): void {
    const { job } = log.name;
    const least = farthestBack(log);
    const after = least === Infinity ? log.heard : least;
    if (isTornOff) this.#asks.ask({ most: 1, frame: () => ({ route: "unwatch", job }), answer: () => {} });
    log.asked = this.#asks.ask({
      most: 1,
      frame: () => ({ route: "watch", job, after }),
      answer: (frame) => {
        if (frame.status === "error") return this.#fail(log, refused(frame));
        if (frame.id === log.asked) {
          log.asked = 0;
          log.isFresh = true;
        }
        this.#answered(log, after);
      },
      fail: (error) => this.#fail(log, error),
    });
  }

  #answered(log: Log, from: number): void {
    if (!log.asked && farthestBack(log) < from) this.#watch(log);
  }

  /** Whoever is behind comes back for the rest. */
  #end(log: Log): void {
    this.#forget(log);
    for (const reader of log.readers) reader.end();
  }

  #fail(log: Log, error: LongwireError): void {
    if (this.#logs.get(log.name.job) !== log) return;
    this.#forget(log);
    for (const reader of log.readers) reader.fail(error);
  }
}

function farthestBack(log: Log): number {
  let least = Infinity;
  for (const reader of log.readers) if (!reader.isBehind) least = Math.min(least, reader.last);
  return least;
}
