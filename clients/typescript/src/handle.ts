import { Cursor, type Gap, type LogName, type Source } from "./cursor.js";
import { deferred, type Deferred } from "./deferred.js";
import type { LongwireError } from "./errors.js";

/**
 * A log that is watched, as one reader of it sees it: what is in it by iterating, across lost connections.
 *
 * A handle has one position: who leaves a loop and begins another goes on where the first was left. At most 64 items wait for a
 * slow reader; what comes meanwhile is fetched later. {@link Gap} stands for what is no longer kept.
 */
export class Handle<Item, Started> implements AsyncIterable<Item | Gap> {
  readonly #started: Deferred<Started> = deferred();
  readonly #cursor: Cursor<Item>;

  /** @internal */
  constructor(source: Source, settle?: (last: never, error?: LongwireError) => void) {
    this.#cursor = new Cursor(source, settle);
  }

  /** The server's answer: that it is watched from now on, or why not. */
  get started(): Promise<Started> {
    return this.#started.promise;
  }

  /** The last number that was read here: what to watch on after. */
  get seen(): number {
    return this.#cursor.seen;
  }

  /** What comes, each once and in order, to its end. */
  [Symbol.asyncIterator](): AsyncGenerator<Item | Gap, void, void> {
    return this.#cursor.read();
  }

  /** The same, until the signal is aborted: then it throws the signal's reason. */
  events({ signal }: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<Item | Gap, void, void> {
    return this.#cursor.read(signal);
  }

  /** Lets go of it: nothing more comes, and who waits here is told so. Jobs go on. */
  leave(): void {
    this.#cursor.leave();
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** @internal */
  accepted(answer: Started, log: LogName, last: number, head: number): void {
    this.#cursor.begin(log, last, head);
    this.#started.resolve(answer);
  }

  /** @internal */
  failed(error: LongwireError): void {
    this.#started.reject(error);
    this.#cursor.fail(error);
  }
}
