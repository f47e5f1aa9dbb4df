import { Cursor, type Gap, type LogName } from "./cursor.js";
import { deferred, type Deferred } from "./deferred.js";
import type { LongwireError } from "./errors.js";

/**
 * A log that is watched, as one reader of it sees it: what is in it by iterating, across lost connections.
 *
 * A handle has one position: who leaves a loop and begins another goes on where the first was left. At most 64 items wait for a
 * slow reader; what comes meanwhile is fetched later. {@link Gap} stands for what is no longer kept.
 */
export class Handle<Item, Started> extends Cursor<Item> implements AsyncIterable<Item | Gap> {
  readonly #started: Deferred<Started> = deferred();

  /** The server's answer: that it is watched from now on, or why not. */
  readonly started: Promise<Started> = this.#started.promise;

  /** The last number that was read here: what to watch on after. */
  declare readonly seen: number;

  /** What comes, each once and in order, to its end. */
  [Symbol.asyncIterator](): AsyncGenerator<Item | Gap, void, void> {
    return this.read();
  }

  /** The same, until the signal is aborted: then it throws the signal's reason. */
  events({ signal }: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<Item | Gap, void, void> {
    return this.read(signal);
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** @internal */
  accepted(answer: Started, log: LogName, last: number, head: number): void {
    if (!Number.isInteger(head)) throw Error("no answer to that");
    this.begin(log, last, head);
    this.#started.resolve(answer);
  }

  /** @internal */
  failed(error: LongwireError): void {
    this.#started.reject(error);
    this.fail(error);
  }
}
