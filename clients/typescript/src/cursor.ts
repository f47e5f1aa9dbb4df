import { deferred, unless, type Deferred } from "./deferred.js";
import { Disconnected, type LongwireError } from "./errors.js";
import type { Gap as Numbers } from "./protocol.js";

/** Events that are no longer kept, from a number to a number, both included. */
export interface Gap {
  readonly gap: Numbers;
}

/** What waits for a slow reader, at most. */
export const MOST_WAITING = 64;

/** With so few waiting a reader that fell behind asks for more, so that it need not stop meanwhile. */
const FEW_WAITING = 16;

/** Which log: that of a job, or, where there is none, the feed. The connid is there where it was asked for by that. */
export interface LogName {
  readonly job?: string | undefined;
  readonly connid?: string | undefined;
}

/** Who brings what is in the logs. */
export interface Source {
  /** The reader joins: it was told that what comes after `from` follows, and that there is as much as to `head`. */
  join(reader: Cursor, log: LogName, from: number, head: number): void;
  /** The reader fell behind, and has place again. */
  more(reader: Cursor, job: string | undefined): void;
  /** The reader wants no more. */
  leave(reader: Cursor, job: string | undefined): void;
}

/**
 * A position in a log, and what waits for its reader.
 *
 * A reader that does not keep up is not waited for, as others are read from the same socket: what comes is dropped, and
 * asked for again once there is place for it.
 */
export class Cursor<T = unknown> {
  /** The last number that was put where the reader takes it. */
  last = 0;
  /** The last number that the reader took. */
  seen = 0;
  /** What came was dropped: nothing more is taken until it was asked for again. */
  isBehind = false;
  readonly #source: Source;
  /** Told of the last frame of the log, also where there is no place for it yet; or of why there is none. */
  readonly settle: (last: unknown, error?: LongwireError) => void;
  readonly #waiting: { readonly item: T | Gap; readonly number: number }[] = [];
  #job: string | undefined;
  #isOver = false;
  #failure: LongwireError | undefined;
  #change: Deferred<void> | undefined;

  constructor(source: Source, settle: (last: never, error?: LongwireError) => void = () => {}) {
    this.#source = source;
    this.settle = settle as (last: unknown) => void;
  }

  /** Its log is watched, from after that number on. */
  begin(log: LogName, last: number, head: number): void {
    this.#job = log.job;
    this.last = this.seen = last;
    this.#source.join(this as Cursor, log, last, head);
    // It was left before that was known.
    if (this.#failure) this.leave();
  }

  /** Whether something between what it has and that number is missing. */
  lacks(number: number): boolean {
    return !this.isBehind && number > this.last + 1;
  }

  /** Offers what stands for all up to that number. False says that there is no place. */
  take(number: number, item: T | Gap): boolean {
    if (number <= this.last || this.isBehind) return true;
    this.isBehind = this.#waiting.length >= MOST_WAITING;
    if (this.isBehind) return false;
    this.#waiting.push({ item, number });
    this.last = number;
    this.#tell();
    return true;
  }

  /** There is no more after what waits. */
  end(): void {
    this.#isOver = true;
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
    this.#source.leave(this as Cursor, this.#job);
    this.fail(new Disconnected("closed", "the handle was closed"));
  }

  /** What comes next; waits for it. Nothing after the last. */
  async next(signal?: AbortSignal): Promise<T | Gap | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const next = this.#waiting.shift();
      if (this.isBehind && !this.#failure && this.#waiting.length <= FEW_WAITING) {
        this.isBehind = false;
        this.#source.more(this as Cursor, this.#job);
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

  #tell(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
