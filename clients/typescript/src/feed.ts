import { Cursor, type Gap, type Source } from "./cursor.js";
import { deferred, type Deferred } from "./deferred.js";
import type { LongwireError } from "./errors.js";
import type { FeedFrame } from "./protocol.js";

/** How to read the feed. */
export interface FeedOptions {
  /** The number of the last change that was seen; from now on where it is left out. Another run of the server numbers anew. */
  after?: number | undefined;
  /** Aborting it ends the loop with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Every job's changes of state, from when it was opened; {@link Gap} stands for those that are no longer kept. */
export class Feed implements AsyncIterable<FeedFrame | Gap> {
  readonly #signal: AbortSignal | undefined;
  readonly #started: Deferred<void> = deferred();
  readonly #cursor: Cursor<FeedFrame>;

  /** @internal */
  constructor(source: Source, signal?: AbortSignal) {
    this.#signal = signal;
    this.#cursor = new Cursor(source, true);
  }

  /** Settles once it is open: what changes from then on is told. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** The number of the last change that was read. */
  get seen(): number {
    return this.#cursor.seen;
  }

  /** The changes. Leaving a loop keeps the position; {@link leave} ends it. */
  [Symbol.asyncIterator](): AsyncGenerator<FeedFrame | Gap, void, void> {
    return this.#cursor.read(this.#signal);
  }

  /** Nothing more comes. */
  leave(): void {
    this.#cursor.leave();
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** @internal */
  accepted(last: number): void {
    this.#cursor.begin({}, last);
    this.#started.resolve();
  }

  /** @internal */
  failed(error: LongwireError): void {
    this.#started.reject(error);
    this.#cursor.fail(error);
  }
}
