import { Asks } from "./asks.js";
import { toBytes } from "./bytes.js";
import { Connection, type ConnectOptions } from "./connection.js";
import { Handle } from "./handle.js";
import type { Heard } from "./heard.js";
import { Job, type KillOptions } from "./job.js";
import type { Link } from "./link.js";
import type { Done, FeedFrame, Found, ModulesPage, RoutesPage, Seconds, Start, StatusPage, StatusQuery } from "./protocol.js";
import { startAsk } from "./start.js";
import { Watches } from "./watches.js";

/** What a start may say beside its route and its input. */
export type StartOptions = Omit<Start, "route" | "input" | "id">;

/** Which jobs to list, and how many. */
export type StatusOptions = Omit<StatusQuery, "route" | "id">;

/**
 * Which job: by the client's name for it, or by the server's, which is exact, also where the first has been used again. What {@link Job.started}
 * brings is one, too.
 */
export type Target = string | number | { readonly job: string };

/** What a search may say beside the libraries and the text. */
export interface SearchOptions {
  /** How many matches at most: 1 to 200; 20 where it is left out. */
  limit?: number | undefined;
  /** After how many matches to begin. */
  offset?: number | undefined;
  /** Of which kinds. */
  kind?: string | readonly string[] | undefined;
  /** Nothing that came later than this version. */
  since?: string | undefined;
  /** Which catalogue; the first where it is left out. */
  catalogue?: string | undefined;
}

/** Every job's changes of state. It is open once it has {@link Handle.started}: then the number of the last change before is known. */
export type Feed = Handle<FeedFrame, { readonly feed: number }>;

/** A client of a Longwire server. It connects again by itself, and goes on where it was. */
export class Client {
  #connection!: Connection;
  readonly #asks = new Asks((frame) => this.#connection.send(frame));
  readonly #watches = new Watches(this.#asks);

  /** @internal */
  static async connect(this: void, url: string | URL, options: ConnectOptions = {}): Promise<Client> {
    const client = new Client();
    client.#connection = await Connection.open(url, options, {
      opened() {
        client.#asks.reopened();
        client.#watches.reopened();
      },
      heard: (frame) => client.#heard(frame),
      ended(why) {
        client.#asks.fail(why);
        client.#watches.fail(why);
      },
    });
    return client;
  }

  /** How the connection is doing. The object stays the same until that changes. */
  get link(): Link {
    return this.#connection.link;
  }

  /** Calls the listener with each change of {@link link}; what it returns ends that. */
  onLink(listener: (link: Link) => void): () => void {
    return this.#connection.onLink(listener);
  }

  /**
   * Starts a job, and is back at once with a handle of it.
   *
   * Where no `connid` is given one is made here, and a start whose answer was lost never runs twice. With a connid of yours it is
   * started again to be joined where it runs; where it has ended meanwhile, it runs again.
   */
  start<Result = unknown>(route: string, input: unknown = null, options: StartOptions = {}): Job<Result> {
    const isMade = options.connid == null;
    const connid = isMade ? newConnid() : String(options.connid);
    const job = new Job<Result>(this, this.#watches, connid);
    this.#asks.ask(startAsk({ ...options, input, route, connid }, isMade, job));
    return job;
  }

  /** Watches a job from after that number on; from its beginning where there is none. */
  watch<Result = unknown>(target: Target, { after = 0 }: { after?: number | undefined } = {}): Job<Result> {
    const name = named(target);
    const job = new Job<Result>(this, this.#watches, name.connid ?? "");
    this.#open({ ...name, after }, job, (frame) => job.opened(frame, after, !!name.job));
    return job;
  }

  /** Kills a job, and says why to whoever watches. */
  kill(target: Target, reason?: string, options?: KillOptions): Promise<Done> {
    // One that is sent again may come after the death it caused.
    return this.#asks.question({ ...options, ...named(target), reason, route: "kill" }, "killed");
  }

  /** Moves a job's deadline to so many seconds from now. */
  extend(target: Target, seconds: Seconds): Promise<Done> {
    return this.#asks.question({ ...named(target), time: seconds, route: "extend" });
  }

  /** What runs: a page of it; or one job, by its `connid` or its `job`, which may have ended. */
  status(options?: StatusOptions): Promise<StatusPage> {
    return this.#asks.question({ ...options, route: "status" });
  }

  /** What may be started, with terms and schemas. */
  routes(): Promise<RoutesPage> {
    return this.#asks.question({ route: "routes" });
  }

  /** Searches libraries for what was typed so far. Several may be under way, and are answered as they come. */
  search(libraries: string | readonly string[], text: string, options?: SearchOptions): Promise<Found> {
    return this.#asks.question({ ...options, lib: libraries, text, route: "query/module" });
  }

  /** The catalogues that can be searched; the first is searched where none is named. */
  modules(): Promise<ModulesPage> {
    return this.#asks.question({ route: "modules" });
  }

  /** Every job's changes of state: from now on, or after that change. Another run of the server numbers them anew. */
  feed({ after }: { after?: number | undefined } = {}): Feed {
    const feed: Feed = new Handle(this.#watches);
    this.#open({ after }, feed, (frame) => {
      const head = frame.feed!;
      feed.accepted({ feed: head }, {}, after ?? head);
    });
    return feed;
  }

  /** Closes the connection; jobs go on. What is not answered fails with a `Disconnected` whose code is `closed`. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(what: object, handle: Pick<Feed, "failed">, accepted: (frame: Heard) => void): void {
    this.#asks.ask({
      frame: () => ({ route: "watch", ...what }),
      answer: accepted,
      fail: (error) => handle.failed(error),
    });
  }

  #heard(frame: Heard): void {
    if (this.#asks.heard(frame)) return;
    if (frame.encoding === "base64") {
      (frame as { output: unknown }).output = toBytes(frame.output!);
      delete frame.encoding;
    }
    this.#watches.heard(frame);
  }
}

/** A job in a question. */
const named = (target: Target): { job?: string; connid?: string } =>
  typeof target === "object" ? { job: target.job } : { connid: String(target) };

/**
 * A connid as {@link Client.start} makes one where there is none: 13 letters and figures, 65 bits of chance, which nobody else has. With it a
 * job has a name before it is started.
 */
export function newConnid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(13));
  return Array.from(bytes, (byte) => (byte % 32).toString(32)).join("");
}
