import { deferred, unless, type Deferred } from "./deferred.js";
import { Disconnected, type LongwireError } from "./errors.js";
import type { EventFrame, Gap as Numbers } from "./protocol.js";

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
  /** The last event, or as much as is said of it, where nothing more of the job comes. */
  readonly ended?: EventFrame | undefined;
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
  /** The last number that was put where the reader takes it. @internal */
  last = 0;
  /** The last number that the reader took. */
  seen = 0;
  /** What came was dropped: nothing more is taken until it was asked for again. @internal */
  isBehind = false;
  readonly #source: Source;
  readonly #waiting: { readonly item: T | Gap; readonly number: number }[] = [];
  #job: string | undefined;
  #isOver = false;
  #failure: LongwireError | undefined;
  #change: Deferred<void> | undefined;

  /** @internal */
  constructor(source: Source) {
    this.#source = source;
  }

  /** Told of the last frame of the log, also where there is no place for it yet; or of why there is none. @internal */
  settle(_last: unknown, _error?: LongwireError): void {}

  /** Its log is watched, from after that number on. @internal */
  begin(log: LogName, last: number, head: number): void {
    this.#job = log.job;
    this.last = this.seen = last;
    this.#source.join(this as Cursor, log, last, head);
    // It was left before that was known.
    if (this.#failure) this.leave();
  }

  /** Offers what stands for all up to that number. True says that it has just fallen behind. @internal */
  take(number: number, item: T | Gap): boolean {
    if (number <= this.last || this.isBehind) return false;
    this.isBehind = this.#waiting.length >= MOST_WAITING;
    if (!this.isBehind) {
      this.#waiting.push({ item, number });
      this.last = number;
      this.#tell();
    }
    return this.isBehind;
  }

  /** There is no more after what waits. @internal */
  end(): void {
    this.#isOver = true;
    this.#tell();
  }

  /** It will not come to its end, because of that. @internal */
  fail(error: LongwireError): void {
    if (this.#isOver || this.#failure) return;
    this.#failure = error;
    this.#tell();
    this.settle(undefined, error);
  }

  /** Lets go of it: nothing more comes, and who waits here is told so. Jobs go on. */
  leave(): void {
    this.#source.leave(this as Cursor, this.#job);
    this.fail(new Disconnected("closed", "the handle was closed"));
  }

  /** What comes next; waits for it. Nothing after the last. @internal */
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

  /** Reads to the end. Leaving the loop keeps the position, and a later one goes on from there. @internal */
  async *read(signal?: AbortSignal | undefined): AsyncGenerator<T | Gap, void, void> {
    for (let next; (next = await this.next(signal)); ) yield next;
  }

  #tell(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
