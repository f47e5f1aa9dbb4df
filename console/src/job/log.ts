// What a job printed, as lines. Each stream has lines of its own, so that what is printed in pieces to one is not torn by the other.
import type { Gap, Stream } from "longwire";
import { PLAIN, spansOf, type Span, type Style } from "./ansi.ts";

export interface Line {
  /** Its place among all lines that there were: it stays the same whatever is shown, and whatever is dropped. */
  readonly number: number;
  /** The event that it began with. */
  readonly seq: number;
  readonly stream: Stream | "note";
  readonly spans: readonly Span[];
  readonly text: string;
}

interface Open {
  raw: string;
  readonly number: number;
  readonly seq: number;
  style: Style;
}

const MOST_LINES = 100_000;
/** What is kept to be downloaded, in characters. */
const MOST_RAW = 32_000_000;
/** A line longer than that is cut into several. */
const LONGEST = 4000;
/** An escape sequence is rarely longer, and should not be cut in two. */
const SEQUENCE = 40;

export class Log {
  readonly lines: Line[] = [];
  /** How many lines were dropped here, as there were too many. */
  dropped = 0;
  /** How many events the server no longer had. */
  missing = 0;
  #isCut = false;
  #raw: string[] = [];
  #rawLength = 0;
  readonly #open = new Map<Stream, Open>();
  readonly #styles = new Map<Stream, Style>();
  readonly #decoders = new Map<Stream, TextDecoder>();

  /** Whether it is all that was printed. */
  get isWhole(): boolean {
    return this.dropped === 0 && this.missing === 0;
  }

  /** What is to be said before the first line. */
  get head(): Line | undefined {
    if (this.dropped === 0 && !this.#isCut) return undefined;
    const lines = this.dropped === 0 ? "" : `${this.dropped.toLocaleString()} lines before this are not held here`;
    const download = this.#isCut ? `Download has the last ${this.#rawLength.toLocaleString()} characters only` : "Download has them";
    const gap = this.missing === 0 ? "" : `; of all events ${this.missing.toLocaleString()} were no longer kept by the server`;
    return noteOf(-1, 0, `${[lines, download].filter(Boolean).join("; ")}${gap}`);
  }

  add(seq: number, output: string | Uint8Array, stream: Stream): void {
    const text = typeof output === "string" ? output : this.#decoder(stream).decode(output, { stream: true });
    this.#raw.push(text);
    this.#rawLength += text.length;
    if (this.#rawLength > MOST_RAW) this.#forgetHalf();
    const parts = text.split("\n");
    parts.forEach((part, index) => this.#put(seq, stream, part, index < parts.length - 1));
    if (this.lines.length > MOST_LINES) this.#drop(this.lines.length - MOST_LINES + MOST_LINES / 10);
  }

  /** What is no longer kept. What comes after it is no part of a line before. */
  gap({ from, to }: Gap["gap"]): void {
    this.missing += to - from + 1;
    this.#open.clear();
    this.#decoders.clear();
    const events = from === to ? `event ${from} is` : `events ${from.toLocaleString()} to ${to.toLocaleString()} are`;
    this.lines.push(noteOf(this.dropped + this.lines.length, from, `${events} no longer kept by the server`));
  }

  #forgetHalf(): void {
    this.#isCut = true;
    this.#raw.splice(0, Math.ceil(this.#raw.length / 2));
    this.#rawLength = this.#raw.reduce((sum, part) => sum + part.length, 0);
  }

  /** As it was printed: all, or the last of it. */
  blob(): Blob {
    return new Blob(this.#raw, { type: "text/plain" });
  }

  #put(seq: number, stream: Stream, part: string, isWhole: boolean): void {
    if (part === "" && !isWhole) return;
    let rest = part;
    do {
      const open = this.#open.get(stream) ?? { raw: "", number: this.dropped + this.lines.length, seq, style: this.#styles.get(stream) ?? PLAIN };
      const [now, later] = cut(open.raw + rest);
      open.raw = now;
      rest = later;
      this.#show(open, stream, isWhole || later !== "");
    } while (rest !== "");
  }

  /** Shows what there is of a line. One that is done is gone on with no more. */
  #show(open: Open, stream: Stream, isDone: boolean): void {
    const back = open.raw.lastIndexOf("\r", open.raw.length - 2);
    if (back >= 0) {
      // As in a terminal: what stood before the last return to the line's beginning is no longer seen, but its colours go on.
      open.style = spansOf(open.raw.slice(0, back), open.style).last;
      open.raw = open.raw.slice(back + 1);
    }
    const { spans, last } = spansOf(open.raw, open.style);
    const line = { number: open.number, seq: open.seq, stream, spans, text: spans.map((span) => span.text).join("") };
    // It may have been dropped meanwhile.
    if (open.number >= this.dropped) this.lines[open.number - this.dropped] = line;
    this.#styles.set(stream, last);
    if (isDone) this.#open.delete(stream);
    else this.#open.set(stream, open);
  }

  #decoder(stream: Stream): TextDecoder {
    const decoder = this.#decoders.get(stream) ?? new TextDecoder();
    this.#decoders.set(stream, decoder);
    return decoder;
  }

  #drop(count: number): void {
    this.lines.splice(0, count);
    this.dropped += count;
    for (const [stream, { number }] of this.#open) if (number < this.dropped) this.#open.delete(stream);
  }
}

const noteOf = (number: number, seq: number, text: string): Line => ({ number, seq, stream: "note", text, spans: [{ text, style: PLAIN }] });

/** What may be one line, and what is left: no letter and no escape sequence is cut in two. */
function cut(raw: string): readonly [string, string] {
  if (raw.length <= LONGEST) return [raw, ""];
  const escape = raw.lastIndexOf("\x1b", LONGEST - 1);
  let at = escape > LONGEST - SEQUENCE ? escape : LONGEST;
  if (/[\ud800-\udbff]/.test(raw[at - 1]!)) at--;
  return [raw.slice(0, at), raw.slice(at)];
}
