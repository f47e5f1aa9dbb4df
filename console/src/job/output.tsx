import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addKeys } from "../keys.ts";
import { hasEnded } from "../store.ts";
import type { Style } from "./ansi.ts";
import { lookOf } from "./colors.ts";
import { linesWith, pieces, placeOf } from "./find.ts";
import type { Line } from "./log.ts";
import type { Reader } from "./reader.ts";
import { LINE, useScroll } from "./scroll.ts";

type Streams = "both" | "stdout" | "stderr";

export function Output({ reader, name }: { reader: Reader; name: string }) {
  const follows = useSignal(true);
  const streams = useSignal<Streams>("both");
  const sought = useSignal("");
  // The number of the line that one was led to.
  const at = useSignal<number | undefined>(undefined);
  // Why a jump led elsewhere, or nowhere.
  const said = useSignal("");
  const lines = useComputed<readonly Line[]>(() => {
    void reader.version.value;
    const { head, lines: all } = reader.log;
    const shown = streams.value === "both" ? all : all.filter(({ stream }) => stream === streams.value || stream === "note");
    return head ? [head, ...shown] : shown.slice();
  });
  const found = useComputed(() => linesWith(lines.value, sought.value));
  const { ref, from, to, onScroll, showPlace } = useScroll(lines, follows);

  const show = (line: Line | undefined) => {
    if (!line) return;
    at.value = line.number;
    showPlace(placeOf(lines.peek(), "number", line.number));
  };
  const step = (by: number) => {
    const list = found.peek();
    const from = at.peek() ?? (by > 0 ? -1 : Infinity);
    const next = by > 0 ? (list.find((each) => each > from) ?? list[0]) : (list.findLast((each) => each < from) ?? list.at(-1));
    if (next !== undefined) show(lines.peek()[placeOf(lines.peek(), "number", next)]);
  };
  const jump = (text: string) => {
    const [line, why] = lineOf(lines.peek(), text, reader.log.isWhole);
    said.value = why;
    show(line);
  };
  useEffect(
    () =>
      addKeys([
        { keys: ["f"], what: "Follow the log, or pause", where: "Job", run: () => (follows.value = !follows.peek()) },
        { keys: ["/"], what: "Search in the log", where: "Job", run: () => document.getElementById("log-search")?.focus() },
        { keys: ["n"], what: "The next match", where: "Job", run: () => step(1) },
        { keys: ["N"], what: "The match before", where: "Job", run: () => step(-1) },
        { keys: ["g"], what: "Jump to an event", where: "Job", run: () => document.getElementById("log-seq")?.focus() },
      ]),
    [],
  );

  return (
    <section class="card output" aria-labelledby="log-title">
      <div class="tools">
        <h2 id="log-title">Log</h2>
        <button type="button" aria-pressed={follows.value} data-action="follow" onClick={() => (follows.value = !follows.value)}>
          {follows.value ? "Following" : "Paused"}
        </button>
        <input
          id="log-search"
          type="search"
          class="filter"
          placeholder="Search"
          aria-label="Search in the log"
          value={sought.value}
          onInput={(event) => ((sought.value = event.currentTarget.value), (at.value = undefined), (said.value = ""))}
          onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), step(event.shiftKey ? -1 : 1))}
        />
        <span class="number matches" role="status">
          {said.value || (sought.value && matchesText(found.value, at.value, reader.log.isWhole))}
        </span>
        <label class="inline">
          Event
          <input
            id="log-seq"
            inputMode="numeric"
            placeholder="seq"
            aria-invalid={said.value !== ""}
            onInput={() => (said.value = "")}
            onKeyDown={(event) => event.key === "Enter" && jump(event.currentTarget.value)}
          />
        </label>
        <select aria-label="Which stream" value={streams.value} onChange={(event) => (streams.value = event.currentTarget.value as Streams)}>
          <option value="both">both streams</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </select>
        <button type="button" data-action="download" onClick={() => download(reader.log.blob(), name)}>
          Download
        </button>
      </div>
      <div class="lines" ref={ref} tabIndex={0} role="log" aria-live="off" aria-label="What it printed" onScroll={onScroll}>
        <div class="rows" style={{ height: `${lines.value.length * LINE}px` }}>
          {lines.value.slice(from, to).map((line, index) => (
            <LineOf key={line.number} line={line} index={from + index} sought={sought.value} isAt={at.value === line.number} />
          ))}
        </div>
        {lines.value.length === 0 && <p class="nothing">{nothingText(reader)}</p>}
      </div>
    </section>
  );
}

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/[^\w.-]+/g, "_") || "job"}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The line of that event, or the nearest; and why it is not that, if it is not. */
function lineOf(lines: readonly Line[], text: string, isWhole: boolean): readonly [Line | undefined, string] {
  const first = lines.find(({ stream }) => stream !== "note")?.seq;
  const last = lines.at(-1)?.seq;
  if (!/^[1-9]\d*$/.test(text.trim())) return [undefined, "an event is a number, from 1 on"];
  if (first === undefined || last === undefined) return [undefined, "there is no event here"];
  const seq = Number(text);
  const line = lines[Math.min(lines.length - 1, placeOf(lines, "seq", seq))];
  if (seq < first && !isWhole) return [line, `event ${seq.toLocaleString()} is not held here; the first is ${first.toLocaleString()}`];
  return [line, seq > last ? `nothing was printed from event ${seq.toLocaleString()} on; the last is ${last.toLocaleString()}` : ""];
}

function matchesText(found: readonly number[], at: number | undefined, isWhole: boolean): string {
  const place = at === undefined ? 0 : found.indexOf(at) + 1;
  const all = found.length.toLocaleString();
  return `${place > 0 ? `${place.toLocaleString()} of ${all}` : `${all} ${found.length === 1 ? "line" : "lines"}`}${isWhole ? "" : " of those held"}`;
}

/** Only what is known to be empty is called that. */
function nothingText(reader: Reader): string {
  if (reader.isGone.value) return "There is nothing to be read.";
  if (!reader.isRead.value) return "Not read yet.";
  const status = reader.view.value?.status;
  return status && hasEnded(status) ? "It printed nothing." : "Nothing printed so far.";
}

function LineOf({ line, index, sought, isAt }: { line: Line; index: number; sought: string; isAt: boolean }) {
  return (
    <div class={`line is-${line.stream}${isAt ? " is-at" : ""}`} style={{ transform: `translateY(${index * LINE}px)` }}>
      <span class="seq number">{line.number < 0 ? "" : line.seq}</span>
      <span class="stream">{line.stream === "stderr" ? "err" : ""}</span>
      <code>
        {pieces(line, sought).map(({ text, style, isFound }, at) => {
          const Kind = isFound ? "mark" : "span";
          return (
            <Kind key={at} class={classOf(style)} style={isFound ? {} : lookOf(style)}>
              {text}
            </Kind>
          );
        })}
      </code>
    </div>
  );
}

function classOf({ bold, italic, underline, strike }: Style): string | undefined {
  const words = [bold && "bold", italic && "italic", underline && "underline", strike && "strike"];
  return words.filter(Boolean).join(" ") || undefined;
}
