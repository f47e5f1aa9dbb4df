import { deferred } from "./deferred.js";
import { Disconnected, Refused, unexpected } from "./errors.js";
import type { Heard } from "./heard.js";
import type { Status } from "./protocol.js";

/** How often something is sent before its server is given up. */
const MOST_TRIES = 5;

/** Something to be answered. */
export interface Ask {
  /** What to send, at that try, counted from 1. */
  frame(tries: number): object;
  /** Takes the answer. True says to send once more. Throws where it answers something else. */
  answer(frame: Heard): boolean | void;
  /** It was refused, or there will be no answer. */
  fail?(error: Refused | Disconnected, tries: number): void;
  /** Whether to send it once more, after that refusal. */
  again?(refusal: Refused): boolean;
  /** How often it may be sent; 1 forgets it with its connection, without a word. */
  most?: number;
}

interface Asked extends Ask {
  tries: number;
}

/** What was asked and is not answered. */
export class Asks {
  #last = 0;
  readonly #asked = new Map<number, Asked>();
  readonly #send: (frame: object) => boolean;
  #over: Disconnected | undefined;

  /** `send` says whether there was a connection to send it on, and throws where that cannot be sent on any. */
  constructor(send: (frame: object) => boolean) {
    this.#send = send;
  }

  /** Asks; the number tells one from another. */
  ask(ask: Ask): number {
    const id = ++this.#last;
    this.#asked.set(id, { ...ask, tries: 0 });
    if (this.#over) this.#drop(id, this.#over);
    else this.#try(id);
    return id;
  }

  /** The same, for an answer that has only to be handed on. What is sent again and refused as the job has ended that way was done. */
  question<Answer>(question: object, done?: Status): Promise<Answer> {
    const { promise, resolve, reject } = deferred<Answer>();
    this.ask({
      frame: () => question,
      answer: (frame) => resolve(frame as Answer),
      fail(error, tries) {
        const { ended } = error as Refused;
        const { route, connid, job } = question as Heard;
        if (tries > 1 && ended && ended.status === done) resolve({ route, connid, job, status: "ok", seq: ended.seq, ended } as Answer);
        else reject(error);
      },
    });
    return promise;
  }

  /** Whether the frame was an answer. */
  heard(frame: Heard): boolean {
    const id = frame.id as number;
    if (id == null) return false;
    delete frame.id;
    const ask = this.#asked.get(id);
    try {
      if (frame.status === "error") {
        if (!frame.code) throw Error("no code");
        const refusal = refused(frame);
        if (ask?.again?.(refusal)) this.#try(id);
        else this.#drop(id, refusal);
      } else if (ask?.answer(frame)) this.#try(id);
      else this.#asked.delete(id);
    } catch (error) {
      this.#drop(id, unexpected(error, frame));
    }
    return true;
  }

  /** There is a new connection, on which something may have to be asked before the rest. */
  reopened(first?: () => void): void {
    const before = [...this.#asked];
    first?.();
    for (const [id, { most }] of before) {
      if (most === 1) this.#asked.delete(id);
      else this.#try(id);
    }
  }

  /** There will be no connection any more. */
  fail(error: Disconnected): void {
    this.#over = error;
    for (const id of [...this.#asked.keys()]) this.#drop(id, error);
  }

  #try(id: number): void {
    const ask = this.#asked.get(id)!;
    const { tries, most = MOST_TRIES } = ask;
    if (tries >= most) return this.#drop(id, new Disconnected("no_reply", `sent ${most} times, no answer`));
    try {
      // What was never sent may be said in another way than what may have been heard.
      if (this.#send({ ...ask.frame(tries + 1), id })) ask.tries++;
    } catch (error) {
      // What cannot be sent is refused here, as the server would.
      const { message } = error as Error;
      this.#drop(id, refused({ code: "invalid_field", message, ...(error as object) }));
    }
  }

  #drop(id: number, error: Refused | Disconnected): void {
    const ask = this.#asked.get(id);
    this.#asked.delete(id);
    ask?.fail?.(error, ask.tries);
  }
}

/** The refusal that a frame is, as an error. */
export const refused = (frame: Heard): Refused => new Refused(frame as ConstructorParameters<typeof Refused>[0]);
