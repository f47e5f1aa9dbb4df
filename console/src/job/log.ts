// What a job printed, as lines. Each stream has lines of its own, so that what is printed in pieces to one is not torn by the other.
import type { Stream } from "longwire";
import { PLAIN, spansOf, type Span, type Style } from "./ansi.ts";

export interface Line {
  /** The event that it began with. */
  readonly seq: number;
  readonly stream: Stream | "note";
  readonly spans: readonly Span[];
  readonly text: string;
}

interface Open {
  raw: string;
  /** Where it stands among the lines. */
  at: number;
  seq: number;
  style: Style;
}

const MOST_LINES = 100_000;
/** What is kept to be downloaded, in characters. */
const MOST_RAW = 32_000_000;
/** A line longer than that is cut into several. */
const LONGEST = 4000;

export class Log {
  readonly lines: Line[] = [];
  /** How many were dropped, as there were too many. */
  dropped = 0;
  #raw: string[] = [];
  #rawLength = 0;
  readonly #open = new Map<Stream, Open>();
  readonly #styles = new Map<Stream, Style>();
  readonly #decoders = new Map<Stream, TextDecoder>();

  add(seq: number, output: string | Uint8Array, stream: Stream): void {
    const text = typeof output === "string" ? output : this.#decoder(stream).decode(output, { stream: true });
    this.#raw.push(text);
    this.#rawLength += text.length;
    if (this.#rawLength > MOST_RAW) this.#forgetHalf();
    const parts = text.split("\n");
    parts.forEach((part, index) => this.#put(seq, stream, part, index < parts.length - 1));
    if (this.lines.length > MOST_LINES) this.#drop(MOST_LINES / 10);
  }

  note(seq: number, text: string): void {
    this.lines.push({ seq, stream: "note", text, spans: [{ text, style: PLAIN }] });
  }

  #forgetHalf(): void {
    this.#raw.splice(0, Math.ceil(this.#raw.length / 2));
    this.#rawLength = this.#raw.reduce((sum, part) => sum + part.length, 0);
  }

  /** As it was printed: all, or the last of it. */
  blob(): Blob {
    return new Blob(this.#raw, { type: "text/plain" });
  }

  #put(seq: number, stream: Stream, part: string, isWhole: boolean): void {
    const before = this.#open.get(stream);
    if (part === "" && !isWhole) return;
    const open = before ?? { raw: "", at: this.lines.length, seq, style: this.#styles.get(stream) ?? PLAIN };
    open.raw += part;
    const { spans, last } = spansOf(seen(open.raw), open.style);
    this.lines[open.at] = { seq: open.seq, stream, spans, text: spans.map((span) => span.text).join("") };
    if (isWhole || open.raw.length > LONGEST) {
      this.#styles.set(stream, last);
      this.#open.delete(stream);
    } else this.#open.set(stream, open);
  }

  #decoder(stream: Stream): TextDecoder {
    const decoder = this.#decoders.get(stream) ?? new TextDecoder();
    this.#decoders.set(stream, decoder);
    return decoder;
  }

  #drop(count: number): void {
    this.lines.splice(0, count);
    this.dropped += count;
    for (const [stream, open] of this.#open) {
      open.at -= count;
      if (open.at < 0) this.#open.delete(stream);
    }
  }
}

/** What a terminal would show of it: what follows the last return to the line's beginning. */
function seen(raw: string): string {
  const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
  return text.slice(text.lastIndexOf("\r") + 1);
}
