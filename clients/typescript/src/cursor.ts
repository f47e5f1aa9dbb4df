import { deferred, unless, type Deferred } from "./deferred.js";
import { Disconnected, type LongwireError } from "./errors.js";
import type { Gap as Numbers } from "./protocol.js";

/** Events that are no longer kept, from a number to a number, both included. */
export interface Gap {
  readonly gap: Numbers;
}

/** What waits for a slow reader, at most. */
const MOST_WAITING = 64;

/** With so few waiting a reader that fell behind asks for more, so that it need not stop meanwhile. */
const FEW_WAITING = 16;

/** Which log: that of a job, or, where there is none, the feed. */
export interface LogName {
  readonly job?: string;
  readonly connid?: string;
}

/** Who brings what is in the logs. */
export interface Source {
  /** The reader was told that what comes after `from` follows. */
  join(reader: Cursor, from: number): void;
  /** The reader fell behind, and has place again. */
  more(reader: Cursor): void;
  leave(reader: Cursor): void;
}

/**
 * A position in a log, and what waits for its reader.
 *
 * A reader that does not keep up is not waited for, as others are read from the same socket: what comes is dropped, and
 * asked for again once there is place for it.
 */
export class Cursor<T = unknown> {
  name: LogName = {};
  /** The last number that was put where the reader takes it. */
  last = 0;
  /** The last number that the reader took. */
  seen = 0;
  /** What came was dropped: nothing more is taken until it was asked for again. */
  isBehind = false;
  readonly #source: Source;
  readonly #isLoose: boolean;
  /** Told of the last frame of the log, also where there is no place for it yet; or of why there is none. */
  readonly settle: (last: unknown, error?: LongwireError) => void;
  readonly #waiting: { readonly item: T | Gap; readonly number: number }[] = [];
  /** The number after the hole that was asked for. */
  #edge = 0;
  #isOver = false;
  #failure: LongwireError | undefined;
  #change: Deferred<void> | undefined;

  /** Where it is loose the numbers of the log may have holes. */
  constructor(source: Source, isLoose: boolean, settle: (last: never, error?: LongwireError) => void = () => {}) {
    this.#source = source;
    this.#isLoose = isLoose;
    this.settle = settle as (last: unknown) => void;
  }

  /** Its log is watched, from after that number on. */
  begin(name: LogName, last: number): void {
    this.name = name;
    this.last = this.seen = last;
    this.#source.join(this as Cursor, last);
    // It was left before that was known.
    if (this.#failure) this.#source.leave(this as Cursor);
  }

  /** Offers what stands for these numbers. True says that something before it is missing, and has to be asked for. */
  take(from: number, to: number, item: T | Gap): boolean {
    if (to <= this.last || this.isBehind || this.#isOver) return false;
    if (from > this.last + 1 && !this.#isLoose) {
      // A server that leaves the same out once more has to be believed.
      if (this.#edge !== from) {
        this.#edge = from;
        return true;
      }
      this.#put(from - 1, { gap: { from: this.last + 1, to: from - 1 } });
    }
    this.#put(to, item);
    return false;
  }

  /** There is no more after what waits. */
  end(): void {
    // One that is behind has yet to ask for it.
    if (!this.isBehind) this.#isOver = true;
    this.#tell();
  }

  fail(error: LongwireError): void {
    if (this.#isOver || this.#failure) return;
    this.#failure = error;
    this.#tell();
    this.settle(undefined, error);
  }

  /** Nothing more is wanted. */
  leave(): void {
    this.#source.leave(this as Cursor);
    this.fail(new Disconnected("closed", "the handle was let go of"));
  }

  /** What comes next; waits for it. Nothing after the last. */
  async next(signal?: AbortSignal): Promise<T | Gap | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const next = this.#waiting.shift();
      if (this.isBehind && !this.#failure && this.#waiting.length <= FEW_WAITING) {
        this.isBehind = false;
        this.#source.more(this as Cursor);
      }
      if (next) {
        this.seen = next.number;
        return next.item;
      }
      if (this.#failure) throw this.#failure;
      if (this.#isOver) return undefined;
      this.#change ??= deferred();
      await unless(signal, this.#change.promise);
    }
  }

  /** Reads to the end. Leaving the loop keeps the position, and a later one goes on from there. */
  async *read(signal?: AbortSignal | undefined): AsyncGenerator<T | Gap, void, void> {
    for (let next; (next = await this.next(signal)); ) yield next;
  }

  #put(number: number, item: T | Gap): void {
    if (this.isBehind) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.isBehind = true;
      return;
    }
    this.#waiting.push({ item, number });
    this.last = number;
    this.#edge = 0;
    this.#tell();
  }

  #tell(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
