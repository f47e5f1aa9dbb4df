import type { Client } from "./client.js";
import { deferred, quiet, type Deferred } from "./deferred.js";
import { failureOf } from "./errors.js";
import { Handle, type Source } from "./handle.js";
import type { Heard } from "./heard.js";
import type { Done, EndedView, EventFrame, Seconds, Started } from "./protocol.js";

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
  /** How it ended, where it was watched from after its last event: there is nothing more to come. */
  readonly ended?: EndedView | undefined;
}

/** How to kill. */
export interface KillOptions {
  /** Whether to be answered only once the job is dead: then the answer says how it `ended`, with the receipt. */
  wait?: boolean | undefined;
}

/**
 * A job, as this handle of it sees it: its events by iterating, its result by awaiting. Letting go of a handle leaves the job alone.
 *
 * As a job can be awaited, an `async` function that returns one returns its result.
 */
export class Job<Result = unknown> extends Handle<JobEvent, Accepted> implements PromiseLike<Result> {
  readonly #client: Client;
  readonly #result: Deferred<Result> = deferred();
  /** The client's name for it. Of a job that is watched by the server's name it is empty until {@link started}. */
  readonly connid: string;

  /** @internal */
  constructor(client: Client, source: Source, connid: string) {
    super(source);
    this.#client = client;
    this.connid = connid;
  }

  /** @internal */
  override settle(last: EventFrame, error = failureOf(last)): void {
    if (error) this.#result.reject(error);
    else this.#result.resolve(last.result as Result);
  }

  /** The job's `result` where it is `ok`; every other outcome is an error: {@link JobFailed}, {@link JobKilled}, {@link JobTimeout}, {@link JobLost}. */
  then<A = Result, B = never>(
    resolved?: ((result: Result) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.promise.then(resolved, rejected);
  }

  /** Kills it, and no other of its name, and says why to whoever watches. Killing what is being killed is harmless. */
  kill(reason?: string, options?: KillOptions): Promise<Done> {
    return quiet(this.started.then((it) => this.#client.kill(it, reason, options)));
  }

  /** Moves its deadline to so many seconds from now. */
  extend(seconds: Seconds): Promise<Done> {
    return quiet(this.started.then((it) => this.#client.extend(it, seconds)));
  }

  /** @internal */
  opened(answer: Heard, last: number, isByJob = false): void {
    // In the answer to a watch these are the verb's.
    if (answer.route === "watch") {
      delete answer.route;
      delete answer.status;
    }
    const { connid, job } = answer as Accepted;
    this.accepted((job && connid ? answer : {}) as Accepted, { job, connid: isByJob ? undefined : connid }, last);
    (this as { connid: string }).connid = connid;
  }
}
