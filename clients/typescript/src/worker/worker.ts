import { Asks } from "../asks.js";
import { Connection, type ConnectOptions } from "../connection.js";
import { deferred } from "../deferred.js";
import { JobKilled, JobLost, JobTimeout, Refused, type LongwireError } from "../errors.js";
import type { Heard } from "../heard.js";
import type { Link } from "../link.js";
import type { EventFrame } from "../protocol.js";
import { HeldJob } from "./held.js";
import { insteadOf, outcomeOf, type Serve } from "./outcome.js";

/** Milliseconds before what the log could not take in is said again. */
const PAUSE_MS = 200;

/** What a worker offers, and how it connects. */
export interface WorkerOptions extends Omit<ConnectOptions, "signal"> {
  /** How many jobs at once, of all its routes together; 1 where it is left out. */
  slots?: number | undefined;
  /** What it is called, for people. */
  name?: string | undefined;
}

/** How to run. */
export interface RunOptions {
  /** Aborting it stops the worker. In Node, SIGTERM and Ctrl-C do, too. */
  signal?: AbortSignal | undefined;
  /** Seconds that jobs have to end once it was stopped; 30 where it is left out. What has not ended by then is left to other workers. */
  grace?: number | undefined;
}

/**
 * A program that serves routes: it is handed their jobs, and runs a function for each. What the function returns is the job's result,
 * what it throws is its failure. Connections that break are made anew, and the jobs that it holds go on.
 */
export class Worker {
  readonly #url: string | URL;
  readonly #options: WorkerOptions;
  readonly #routes = new Map<string, Serve>();
  readonly #held = new Map<string, HeldJob>();
  readonly #asks = new Asks((frame) => this.#connection?.send(frame) ?? false);
  readonly #claimed = deferred<void>();
  readonly #over = deferred<void>();
  #connection: Connection | undefined;
  /** Nothing more comes. */
  readonly #left = deferred<void>();
  #isStopping = false;
  #idle = deferred<void>();

  constructor(url: string | URL, options: WorkerOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  /** Serves a route by a function. */
  route<Input = unknown>(route: string, serve: (job: HeldJob<Input>) => unknown): this {
    this.#routes.set(route, serve);
    return this;
  }

  /** Settles once it is first heard, and jobs may come; or with why it was not. */
  get claimed(): Promise<void> {
    return this.#claimed.promise;
  }

  /**
   * Works until it is stopped. It then takes nothing more, and is back once what it holds has ended, or the grace is over.
   *
   * It fails where the server cannot be reached at first, refuses what is offered, or closes for a reason for which there is no use
   * in coming back.
   */
  async run({ signal, grace = 30 }: RunOptions = {}): Promise<void> {
    const stopped = deferred<void>();
    const release = onStop(signal, stopped.resolve);
    try {
      await this.#connect();
      await Promise.race([stopped.promise, this.#over.promise]);
      await this.#stop(grace);
    } catch (error) {
      this.#claimed.reject(error);
      throw error;
    } finally {
      release();
      this.#letGo();
      await this.#connection?.close();
    }
  }

  async #connect(): Promise<void> {
    this.#connection = await Connection.open(this.#url, this.#options, {
      opened: () => {
        // What is held is claimed before what was said of it is said again.
        if (this.#connection) this.#asks.reopened(() => this.#claim());
      },
      heard: (frame) => {
        if (!this.#asks.heard(frame)) this.#heard(frame);
      },
      ended: (why) => {
        this.#asks.fail(why);
        this.#over.reject(why);
      },
    });
    this.#claim();
  }

  #claim(): void {
    const { slots = 1, name } = this.#options;
    const leases = this.#held.size > 0 ? [...this.#held.keys()] : undefined;
    const isLast = this.#isStopping;
    const offer = isLast ? { slots: 0 } : { routes: [...this.#routes.keys()], slots };
    this.#asks.ask({
      most: 1,
      frame: () => ({ route: "claim", ...offer, worker: name, leases }),
      answer: (frame) => {
        this.#claimed.resolve();
        if (isLast) this.#left.resolve();
        for (const lease of frame.lost ?? []) this.#lost(lease);
      },
      fail: this.#over.reject,
    });
  }

  #heard(frame: Heard): void {
    const { lease } = frame;
    if (lease == null) return;
    if ("input" in frame) return void this.#serve(lease, frame);
    const event = frame as EventFrame;
    if (event.status === "ending") this.#held.get(lease)?.tell(event.kill ? new JobKilled(event) : new JobTimeout(event));
    // An extend. All others say that it is no longer this worker's, or that it has ended.
    else if (event.status !== "running") this.#lost(lease, event);
  }

  async #serve(lease: string, frame: Heard): Promise<void> {
    // It came twice.
    if (this.#held.has(lease)) return;
    const job = new HeldJob(frame, (what, answered) => this.#say(lease, what, answered));
    this.#held.set(lease, job);
    const serve = this.#routes.get(job.route) ?? (() => Promise.reject(new Error(`no function for ${job.route}`)));
    const outcome = await outcomeOf(serve, job);
    const refusal = await this.#end(lease, job, outcome);
    if (refusal) await this.#end(lease, job, insteadOf(outcome, refusal));
    this.#forget(lease, job);
  }

  /** Ends a job, unless it is no longer its own. Brings the refusal, where there is one. */
  #end(lease: string, job: HeldJob, outcome: object): Promise<Refused | undefined> {
    return new Promise((ended) => {
      if (this.#held.get(lease) !== job) return ended(undefined);
      job.end(outcome, (error) => ended(error instanceof Refused ? error : undefined));
    });
  }

  /** What is not answered is said again on the next connection. */
  #say(lease: string, frame: object, answered: (error?: LongwireError) => void): void {
    this.#asks.ask({
      most: Infinity,
      frame: () => frame,
      answer: () => answered(),
      fail: (error) => {
        // The log takes no more of it just now. What was refused together is said again in its order.
        if (error.code === "too_many") return void setTimeout(() => this.#say(lease, frame, answered), PAUSE_MS);
        if (error.code === "lease_lost") this.#lost(lease);
        answered(error);
      },
    });
  }

  /** A job is no longer its own. */
  #lost(lease: string, event?: EventFrame): void {
    const job = this.#held.get(lease);
    if (!job) return;
    this.#forget(lease, job);
    job.tell(new JobLost(event));
  }

  #forget(lease: string, job: HeldJob): void {
    if (this.#held.get(lease) === job) this.#held.delete(lease);
    if (this.#held.size === 0) this.#idle.resolve();
  }

  async #stop(grace: number): Promise<void> {
    this.#isStopping = true;
    this.#claim();
    const over = deferred<void>();
    const timer = setTimeout(over.resolve, grace * 1000);
    await Promise.race([this.#drain(), over.promise, this.#over.promise.catch(() => {})]);
    clearTimeout(timer);
  }

  /** What came before the last claim was answered is worked on, too. Without a connection no claim stands, and nothing can come. */
  async #drain(): Promise<void> {
    await Promise.race([this.#left.promise, this.#isDown()]);
    this.#idle = deferred();
    if (this.#held.size > 0) await this.#idle.promise;
  }

  /** Waits until there is no connection. */
  #isDown(): Promise<void> {
    return new Promise((tell) => {
      const look = ({ state }: Link) => state === "reconnecting" && tell();
      this.#connection?.onLink(look);
      if (this.#connection) look(this.#connection.link);
    });
  }

  /** Whoever still works is told that there is no use in it. */
  #letGo(): void {
    for (const lease of [...this.#held.keys()]) this.#lost(lease);
  }
}

const SIGNALS = ["SIGTERM", "SIGINT"];

/** Calls when the signal is aborted, or, in Node, on SIGTERM and Ctrl-C; what it returns ends that. */
function onStop(signal: AbortSignal | undefined, stop: () => void): () => void {
  const { process } = globalThis as { process?: { once?(name: string, then: () => void): void; off?(name: string, then: () => void): void } };
  const release = () => {
    signal?.removeEventListener("abort", stop);
    for (const name of SIGNALS) process?.off?.(name, told);
  };
  // A second signal, of either name, finds nobody who listens, and ends the program as ever.
  const told = () => {
    release();
    stop();
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  for (const name of SIGNALS) process?.once?.(name, told);
  return release;
}
