import type { WebSocketKind, WebSocketLike } from "./websocket/kind.js";

const OPEN_WITHIN = 10_000;
const PROBE_AFTER = 20_000;
const DEAD_AFTER = 45_000;
const CLOSE_WITHIN = 1000;

/** Browsers do not let a page ping. Any question does: it is answered, and its id is nobody's. */
const PROBE = JSON.stringify({ route: "status", limit: 1, id: 0 });

/** Who is told what happens on a socket. */
export interface Hears {
  opened(): void;
  /** What came as a text; what did not is none of the protocol's. */
  text(text: unknown): void;
  /** Once, and the last there is. */
  gone(code: number, reason: string): void;
}

/** One socket, from its opening to its end. One on which nothing comes for too long has ended. */
export class Wire {
  readonly #socket: WebSocketLike;
  readonly #hears: Hears;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gone = false;
  #heardAt = 0;
  /** Something was asked, as the opening is, and nothing was heard since. */
  #probed = true;

  /** It is given so many milliseconds to open, at most. */
  constructor(Kind: WebSocketKind, url: string, within: number, hears: Hears) {
    this.#hears = hears;
    this.#socket = new Kind(url, "longwire.v1");
    this.#timer = setTimeout(() => this.#listen(), Math.min(OPEN_WITHIN, within));
    const socket = this.#socket;
    socket.addEventListener("open", () => this.#heard(() => hears.opened()));
    socket.addEventListener("message", ({ data }) => this.#heard(() => hears.text(data)));
    let why = "";
    socket.addEventListener("error", ({ message = "" }) => {
      why = message;
      // A close follows, and knows less; but not in every Node, where there was no connection yet.
      if (!this.#heardAt) this.#end(1006, why);
    });
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason || why));
  }

  send(text: string): void {
    // One that is closing takes nothing more, and its end is told soon.
    if (this.#socket.readyState === 1) this.#socket.send(text);
  }

  /** Says goodbye, and is done once the other side has answered, or has not in time. */
  async close(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#timer);
    await new Promise<unknown>((closed) => {
      this.#timer = setTimeout(() => closed(this.#terminate()), CLOSE_WITHIN);
      this.#socket.addEventListener("close", closed);
      this.#socket.close(1000);
    });
    clearTimeout(this.#timer);
  }

  #heard(tell: () => void): void {
    if (this.#gone) return;
    this.#heardAt = Date.now();
    this.#probed = false;
    tell();
  }

  /** A machine that slept is not silence: nothing counts as lost that was not asked first. */
  #listen(): void {
    const quiet = Date.now() - this.#heardAt;
    if (this.#probed) {
      this.#end(1006, "no answer");
      return this.#terminate();
    }
    let wait = Math.min(PROBE_AFTER - quiet, PROBE_AFTER);
    if (wait <= 0) {
      this.#probed = true;
      this.send(PROBE);
      wait = DEAD_AFTER - PROBE_AFTER;
    }
    this.#timer = setTimeout(() => this.#listen(), wait);
  }

  #terminate(): void {
    // `ws` would wait half a minute for the answer of a peer that is gone.
    const socket: WebSocketLike & { terminate?(): void } = this.#socket;
    (socket.terminate ?? socket.close).call(socket);
  }

  #end(code: number, reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#timer);
    this.#hears.gone(code, reason);
  }
}
