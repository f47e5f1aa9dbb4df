import type { Client } from "./client.js";
import { Cursor, type Gap, type Source } from "./cursor.js";
import { deferred, type Deferred } from "./deferred.js";
import { JobFailed, JobKilled, JobLost, JobTimeout, type LongwireError } from "./errors.js";
import type { Heard } from "./heard.js";
import type { Done, EventFrame, Seconds, Started } from "./protocol.js";

/** An event of a job's log, as the protocol has it. The one whose `status` is an outcome is the last. */
export interface JobEvent extends Omit<EventFrame, "output" | "encoding" | "lease"> {
  /** What it printed: text, or bytes where that is no UTF-8. */
  output?: string | Uint8Array | null | undefined;
}

/** What is known once a job's start, or a watch, was answered. */
export interface Accepted extends Partial<Omit<Started, "id">> {
  /** What the client calls it. */
  readonly connid: string;
  /** What the server calls it. */
  readonly job: string;
  /** The number of its last event by then. */
  readonly seq: number;
}

/** How to kill. */
export interface KillOptions {
  /** Whether to be answered only once the job is dead: then the answer says how it `ended`, with the receipt. */
  wait?: boolean | undefined;
}

/**
 * A job, as this handle of it sees it: its events by iterating, its result by awaiting, across lost connections.
 *
 * A handle has one position: who leaves a loop and begins another goes on where the first was left. At most 64 events wait for a
 * slow reader; what comes meanwhile is fetched later. Letting go of a handle leaves the job alone.
 *
 * As a job can be awaited, an `async` function that returns one returns its result.
 */
export class Job<Result = unknown> implements AsyncIterable<JobEvent | Gap>, PromiseLike<Result> {
  readonly #client: Client;
  readonly #started: Deferred<Accepted> = deferred();
  readonly #result: Deferred<Result> = deferred();
  readonly #cursor: Cursor<JobEvent>;
  #connid: string;

  /** @internal */
  constructor(client: Client, source: Source, connid: string) {
    this.#client = client;
    this.#connid = connid;
    this.#cursor = new Cursor<JobEvent>(source, false, (last: EventFrame, error = failureOf(last)) => {
      if (error) this.#result.reject(error);
      else this.#result.resolve(last.result as Result);
    });
  }

  /** The client's name for it. Of a job that is watched by the server's name it is empty until {@link started}. */
  get connid(): string {
    return this.#connid;
  }

  /** The number of the last event that was read here: what to watch on after. */
  get seen(): number {
    return this.#cursor.seen;
  }

  /** The server's answer: that the job was accepted, or why not. */
  get started(): Promise<Accepted> {
    return this.#started.promise;
  }

  /** The job's `result` where it is `ok`; every other outcome is an error: {@link JobFailed}, {@link JobKilled}, {@link JobTimeout}, {@link JobLost}. */
  then<A = Result, B = never>(
    resolved?: ((result: Result) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.promise.then(resolved, rejected);
  }

  /** What happens to the job, each event once and in order, until its end; {@link Gap} stands for those that are no longer kept. */
  [Symbol.asyncIterator](): AsyncGenerator<JobEvent | Gap, void, void> {
    return this.#cursor.read();
  }

  /** The same, until the signal is aborted: then it throws the signal's reason. The job goes on. */
  events(options: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<JobEvent | Gap, void, void> {
    return this.#cursor.read(options.signal);
  }

  /** Kills it, and says why to whoever watches. Killing what is being killed is harmless. */
  async kill(reason?: string, options?: KillOptions): Promise<Done> {
    return this.#client.kill((await this.started).connid, reason, options);
  }

  /** Moves its deadline to so many seconds from now. */
  async extend(seconds: Seconds): Promise<Done> {
    return this.#client.extend((await this.started).connid, seconds);
  }

  /** Lets go of it: nothing more comes, and who waits here for its end is told that it was let go of. The job goes on. */
  leave(): void {
    this.#cursor.leave();
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** @internal */
  accepted(frame: Heard, last: number): void {
    const { id: _, ...accepted } = frame;
    // In the answer to a watch these are the verb's.
    if (accepted.route === "watch") {
      delete accepted.route;
      delete accepted.status;
    }
    const { connid, job } = accepted as Accepted;
    this.#connid = connid;
    this.#cursor.begin({ job, connid }, last);
    this.#started.resolve(accepted as Accepted);
  }

  /** @internal */
  failed(error: LongwireError): void {
    this.#started.reject(error);
    this.#cursor.fail(error);
  }
}

/** What a last event is to who waits for the result; nothing where it is `ok`. */
function failureOf(event: EventFrame): LongwireError | undefined {
  const { status } = event;
  if (status === "ok") return undefined;
  return new ({ failed: JobFailed, killed: JobKilled, timeout: JobTimeout }[status as string] ?? JobLost)(event);
}
