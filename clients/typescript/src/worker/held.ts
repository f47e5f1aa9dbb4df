import { refused } from "../asks.js";
import { toBase64, wellFormed } from "../bytes.js";
import { deferred, quiet, type Deferred } from "../deferred.js";
import { JobLost, Refused, type LongwireError } from "../errors.js";
import type { Heard } from "../heard.js";
import type { Progress, Stream } from "../protocol.js";

/** What was said of a job and is not answered, at most, before its function has to wait. */
const MOST_UNANSWERED = 64;

/** Letters, or bytes, of output in one frame, so that it stays within what a server takes. */
const PIECE = 64 * 1024;

/** Says a frame, and tells once it is answered, with why it is not. */
export type Say = (frame: object, answered: (error?: LongwireError) => void) => void;

/** A job in a worker's hands: what its function is given. */
export class HeldJob<Input = unknown> {
  /** What the job was given; `null` where that is nothing. */
  readonly input: Input;
  /** What its starter calls it. */
  readonly connid: string;
  /** What the server calls it. */
  readonly job: string;
  /** The route it was started on. */
  readonly route: string;
  /** Which attempt to serve it this is, from 1. */
  readonly attempt: number;
  /** Seconds that it has to end once it is told to. */
  readonly grace: number;
  readonly #lease: string;
  readonly #say: Say;
  readonly #told = new AbortController();
  #unanswered = 0;
  #room: Deferred<void> | undefined;
  #refusal: Refused | undefined;
  /** Progress that is under way, and what was said since. */
  #isProgressing = false;
  #latest: Progress | undefined;
  /** Its function has ended: there is nothing more to say, and nobody to tell. */
  #isOver = false;

  /** @internal */
  constructor(frame: Heard, say: Say) {
    this.input = frame.input as Input;
    this.connid = frame.connid!;
    this.job = frame.job!;
    this.route = frame.route!;
    this.attempt = frame.attempt!;
    this.grace = frame.grace!;
    this.#lease = frame.lease!;
    this.#say = say;
  }

  /**
   * Aborted when the job is to end. The reason says why: {@link JobKilled}, {@link JobTimeout}, or {@link JobLost}, where it is no
   * longer this worker's. What is thrown because of that ends the job with nothing more to say.
   */
  get signal(): AbortSignal {
    return this.#told.signal;
  }

  /** Prints a line. Await it, so that the work is not faster than the log. */
  print(line: string, stream: Stream = "stdout"): Promise<void> {
    return this.output(`${line}\n`, stream);
  }

  /** Prints text, or bytes, as they are. Await it, so that the work is not faster than the log. */
  output(output: string | Uint8Array, stream: Stream = "stdout"): Promise<void> {
    return quiet(this.#output(output, stream));
  }

  async #output(output: string | Uint8Array, stream: Stream): Promise<void> {
    for (let at = 0; at < output.length; ) {
      const to = pieceEnd(output, at);
      const piece = output.slice(at, to);
      const written = typeof piece === "string" ? { output: wellFormed(piece) } : { output: toBase64(piece), encoding: "base64" };
      if (this.#refusal) throw this.#refusal;
      this.#append({ ...written, stream });
      at = to;
      await this.#hasRoom();
    }
  }

  /** Says how far it has come. Of what is said faster than it is written only the latest is sent. */
  progress(progress: Progress): void {
    if (this.#refusal) throw this.#refusal;
    this.#latest = plain(progress);
    this.#progress();
  }

  #progress(): void {
    const progress = this.#latest;
    if (!progress || this.#isProgressing) return;
    this.#isProgressing = true;
    this.#latest = undefined;
    this.#append({ progress }, () => {
      this.#isProgressing = false;
      this.#progress();
    });
  }

  /** @internal */
  tell(reason: LongwireError): void {
    if (!this.#isOver) this.#told.abort(reason);
    this.#room?.resolve();
  }

  /** @internal */
  end(outcome: object, answered: (error?: LongwireError) => void): void {
    if (this.#latest) this.#append({ progress: this.#latest });
    this.#isOver = true;
    this.#say({ route: "end", lease: this.#lease, ...outcome }, answered);
  }

  #append(what: object, then?: () => void): void {
    if (this.#isLost || this.#isOver || this.#refusal) return;
    this.#unanswered++;
    this.#say({ route: "append", lease: this.#lease, ...what }, (error) => {
      // Whoever says more is told.
      if (error instanceof Refused && !this.#isLost) this.#refusal = error;
      if (--this.#unanswered < MOST_UNANSWERED) this.#room?.resolve();
      then?.();
    });
  }

  get #isLost(): boolean {
    return this.signal.reason instanceof JobLost;
  }

  async #hasRoom(): Promise<void> {
    while (this.#unanswered >= MOST_UNANSWERED && !this.#isLost && !this.#isOver) {
      this.#room = deferred();
      await this.#room.promise;
    }
  }
}

/** The progress as it is now, in JSON's own values. */
function plain(progress: Progress): Progress {
  try {
    return JSON.parse(JSON.stringify(progress, (_, value) => (typeof value === "string" ? wellFormed(value) : value))) as Progress;
  } catch (error) {
    throw refused({ code: "invalid_field", message: `progress is no JSON: ${error}`, field: "progress" });
  }
}

/** Where a piece that begins there ends: not within a letter. */
function pieceEnd(output: string | Uint8Array, at: number): number {
  const end = Math.min(at + PIECE, output.length);
  const isHalf = typeof output === "string" && end < output.length && /[\ud800-\udbff]/.test(output[end - 1]!);
  return isHalf ? end - 1 : end;
}
