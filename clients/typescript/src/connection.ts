import { findWebSocket } from "#websocket";
import { socketAddress } from "./address.js";
import { backoff } from "./backoff.js";
import { unless } from "./deferred.js";
import { Disconnected, LongwireError, unexpected } from "./errors.js";
import type { Heard } from "./heard.js";
import type { Link } from "./link.js";
import type { WebSocketKind } from "./websocket/kind.js";
import { Wire } from "./wire.js";

/** How to connect. */
export interface ConnectOptions {
  /**
   * Aborting it gives up the first connection, and later closes the client: jobs go on.
   */
  signal?: AbortSignal | undefined;
  /** Seconds to go on trying to connect again; for ever where it is left out. The first connection is tried once. */
  patience?: number | undefined;
  /** Bytes of a frame that is sent, at most: the server's `limits.frame_bytes`, 1,048,576 where it is left out. It closes over a larger one. */
  frameBytes?: number | undefined;
  /** The class of WebSockets to use, instead of the one that is there: a class of `ws` that sends headers, for example. */
  WebSocket?: WebSocketKind | undefined;
}

/** What servers take, unless an operator has set another bound. */
const FRAME_BYTES = 2 ** 20;

/** Closes for which there is no use in coming back: a rule was broken. */
const FOR_GOOD = [1002, 1007, 1008, 1009];

/** Who uses a connection. */
export interface User {
  /** There is a new one: what was not answered has to be said again. */
  opened(): void;
  heard(frame: Heard): void;
  /** There will be none any more. */
  ended(why: Disconnected): void;
}

/** A connection that is made anew where it breaks. */
export class Connection {
  #link: Link = { state: "connected" };
  readonly #listeners = new Set<(link: Link) => void>();
  readonly #url: string;
  readonly #Kind: WebSocketKind;
  readonly #options: ConnectOptions;
  readonly #user: User;
  #wire: Wire | undefined;
  /** Whether frames get through. */
  #up = false;
  #attempts = 0;
  #until = Infinity;
  #stopWaiting = () => {};
  readonly #abort = () => void this.close(this.#options.signal!.reason);

  private constructor(url: string, Kind: WebSocketKind, options: ConnectOptions, user: User) {
    this.#url = url;
    this.#Kind = Kind;
    this.#options = options;
    this.#user = user;
  }

  /** Connects for the first time. */
  static async open(url: string | URL, options: ConnectOptions, user: User): Promise<Connection> {
    const { signal } = options;
    const address = socketAddress(url);
    const Kind = options.WebSocket ?? (await findWebSocket());
    signal?.throwIfAborted();
    const connection = new Connection(address, Kind, options, user);
    signal?.addEventListener("abort", connection.#abort);
    try {
      await unless(signal, new Promise<void>((opened, failed) => connection.#dial(failed, opened)));
    } catch (error) {
      void connection.close();
      throw error;
    }
    return connection;
  }

  /** How it is doing. The object is the same until that changes. */
  get link(): Link {
    return this.#link;
  }

  /** Tells of each change. */
  onLink(listener: (link: Link) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a frame, and says whether there was a connection to send it on. Whether it arrived only an answer tells. Throws where it never can be sent. */
  send(frame: object): boolean {
    const text = JSON.stringify(frame);
    const { frameBytes = FRAME_BYTES } = this.#options;
    const bytes = new Blob([text]).size;
    if (bytes > frameBytes) throw new LongwireError("", "too_large", `${bytes} bytes; at most ${frameBytes}`);
    if (this.#up) this.#wire?.send(text);
    return this.#up;
  }

  /** Closes it for good, because of that. */
  close(cause?: unknown): Promise<void> {
    return this.#end(new Disconnected("closed", "closed here", { cause }));
  }

  #dial(failed: (why: Disconnected) => void, opened?: () => void): void {
    const unreachable = (reason: string) =>
      failed(new Disconnected("unreachable", `no Longwire at ${this.#url}: ${reason || "no answer"}`));
    try {
      this.#wire = new Wire(this.#Kind, this.#url, this.#until - Date.now(), {
        opened: () => {
          this.#up = true;
          this.#tell({ state: "connected" });
          this.#user.opened();
          opened?.();
        },
        text: (text) => this.#heard(text),
        gone: (code, reason) => (this.#up ? this.#broke(code, reason) : unreachable(reason)),
      });
    } catch (error) {
      unreachable(String(error));
    }
  }

  #heard(text: unknown): void {
    this.#attempts = 0;
    try {
      if (typeof text !== "string") throw Error("binary");
      const frame = Object(JSON.parse(text)) as Heard;
      if (frame.notice === "shutting_down") this.#tell({ state: "shutting_down", left: frame.left! });
      else this.#user.heard(frame);
    } catch (error) {
      void this.#end(unexpected(error, text));
    }
  }

  #broke(code: number, reason: string): void {
    this.#up = false;
    const said = `closed: ${code} ${reason}`;
    if (FOR_GOOD.includes(code)) void this.#end(new Disconnected("closed_by_server", said));
    else this.#again(new Disconnected("connection_lost", said));
  }

  #again(why: Disconnected): void {
    const now = Date.now();
    // Of connections that break unheard, the first counts.
    if (!this.#attempts) this.#until = now + (this.#options.patience ?? Infinity) * 1000;
    const left = this.#until - now;
    if (left <= 0) return void this.#end(why);
    const wait = backoff(this.#attempts++, Math.random());
    this.#tell({ state: "reconnecting", attempts: this.#attempts, why });
    const go = () => {
      this.#stopWaiting();
      this.#dial((failed) => this.#again(failed));
    };
    const timer = setTimeout(go, Math.min(wait, left));
    // A browser that says that the network is back need not be waited for.
    globalThis.addEventListener?.("online", go);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", go);
    };
  }

  async #end(why: Disconnected): Promise<void> {
    if (this.#link.state === "closed") return;
    const wire = this.#wire;
    this.#up = false;
    this.#wire = undefined;
    this.#stopWaiting();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#tell({ state: "closed", why });
    this.#user.ended(why);
    await wire?.close();
  }

  #tell(link: Link): void {
    this.#link = link;
    // Apart, so that what a listener throws breaks nothing here.
    for (const listener of this.#listeners) queueMicrotask(() => listener(link));
  }
}
