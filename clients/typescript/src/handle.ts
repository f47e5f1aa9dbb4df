import { deferred, unless, type Deferred } from "./deferred.js";
import { Disconnected, type LongwireError } from "./errors.js";
import type { EndedView, Gap as Numbers } from "./protocol.js";

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

/** What is told of a log that is watched: its last number, and, where nothing is left of it, that it has ended. */
export interface Told {
  readonly seq?: number | null | undefined;
  readonly feed?: number | null | undefined;
  readonly ended?: EndedView | null | undefined;
}

/** Who brings what is in the logs. */
export interface Source {
  /** The reader joins: it was told that what comes after `from` follows. */
  join(reader: Handle, log: LogName, from: number, told: Told): void;
  /** The reader fell behind, and has place again. */
  more(reader: Handle, job: string | undefined): void;
  /** The reader wants no more. */
  leave(reader: Handle, job: string | undefined): void;
}

/**
 * A log that is watched, as one reader of it sees it: what is in it by iterating, across lost connections.
 *
 * A handle has one position: who leaves a loop and begins another goes on where the first was left. At most 64 items wait for a
 * slow reader, as others are read from the same socket: what comes meanwhile is dropped, and asked for again once there is place for
 * it. {@link Gap} stands for what is no longer kept.
 */
export class Handle<Item = unknown, Started = unknown> implements AsyncIterable<Item | Gap> {
  /** The last number that was put where the reader takes it. @internal */
  last = 0;
  /** The last number that was read here: what to watch on after. */
  readonly seen: number = 0;
  /** What came was dropped: nothing more is taken until it was asked for again. @internal */
  isBehind = false;
  readonly #source: Source;
  readonly #waiting: { readonly item: Item | Gap; readonly number: number }[] = [];
  #job: string | undefined;
  #isOver = false;
  #failure: LongwireError | undefined;
  #change: Deferred<void> | undefined;
  readonly #started: Deferred<Started> = deferred();

  /** The server's answer: that it is watched from now on, or why not. */
  readonly started: Promise<Started> = this.#started.promise;

  /** @internal */
  constructor(source: Source) {
    this.#source = source;
  }

  /** Told of the last frame of the log, also where there is no place for it yet; or of why there is none. @internal */
  settle(_last: unknown, _error?: LongwireError): void {}

  /** Its log is watched, from after that number on. Throws where the answer says nothing of that. @internal */
  accepted(answer: Started & Told, log: LogName, last: number): void {
    if (!Number.isInteger(answer.seq ?? answer.feed)) throw Error("no answer to that");
    this.#job = log.job;
    this.last = (this as { seen: number }).seen = last;
    this.#source.join(this as Handle, log, last, answer);
    // It was left before that was known.
    if (this.#failure) this.leave();
    this.#started.resolve(answer);
  }

  /** It is not watched, because of that. @internal */
  failed(error: LongwireError): void {
    this.#started.reject(error);
    this.fail(error);
  }

  /** Offers what stands for all up to that number. True says that it has just fallen behind. @internal */
  take(number: number, item: Item | Gap): boolean {
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
    this.#source.leave(this as Handle, this.#job);
    this.fail(new Disconnected("closed", "closed here"));
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** What comes next; waits for it. Nothing after the last. @internal */
  async next(signal?: AbortSignal): Promise<Item | Gap | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const next = this.#waiting.shift();
      if (this.isBehind && !this.#failure && this.#waiting.length <= FEW_WAITING) {
        this.isBehind = false;
        this.#source.more(this as Handle, this.#job);
      }
      if (next) {
        (this as { seen: number }).seen = next.number;
        return next.item;
      }
      if (this.#failure) throw this.#failure;
      if (this.#isOver) return undefined;
      this.#change ??= deferred();
      await unless(signal, this.#change.promise);
    }
  }

  /** What comes, each once and in order, to its end. */
  [Symbol.asyncIterator](): AsyncGenerator<Item | Gap, void, void> {
    return this.events();
  }

  /** The same, until the signal is aborted: then it throws the signal's reason. */
  async *events({ signal }: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<Item | Gap, void, void> {
    for (let next; (next = await this.next(signal)); ) yield next;
  }

  #tell(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
