import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { addKeys } from "../keys.ts";
import { useWindow } from "../parts/virtual.ts";
import type { Style } from "./ansi.ts";
import { linesWith, pieces } from "./find.ts";
import type { Line } from "./log.ts";
import type { Reader } from "./reader.ts";

const LINE = 20;
type Streams = "both" | "stdout" | "stderr";

export function Output({ reader, name }: { reader: Reader; name: string }) {
  const follows = useSignal(true);
  const streams = useSignal<Streams>("both");
  const sought = useSignal("");
  const at = useSignal(-1);
  const lines = useComputed<readonly Line[]>(() => {
    void reader.version.value;
    const all = reader.log.lines;
    return streams.value === "both" ? all.slice() : all.filter(({ stream }) => stream === streams.value || stream === "note");
  });
  const found = useComputed(() => linesWith(lines.value, sought.value));
  const { ref, from, to } = useWindow(lines.value.length, LINE);

  useLayoutEffect(() => {
    if (follows.value && ref.current) ref.current.scrollTop = ref.current.scrollHeight;
  });
  const show = (index: number) => {
    follows.value = false;
    at.value = index;
    const box = ref.current;
    if (box) box.scrollTop = Math.max(0, index * LINE - box.clientHeight / 2);
  };
  const step = (by: number) => {
    const list = found.peek();
    if (list.length === 0) return;
    const next = by > 0 ? list.find((each) => each > at.peek()) : list.findLast((each) => each < at.peek());
    show(next ?? (by > 0 ? list[0]! : list.at(-1)!));
  };
  const jump = (seq: number) => {
    const index = lines.peek().findIndex((line) => line.seq >= seq);
    show(index < 0 ? lines.peek().length - 1 : index);
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
  const lastTop = useRef(0);
  const scrolled = () => {
    const box = ref.current!;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 2;
    // Whoever scrolls up wants to read.
    if (!isAtEnd && follows.peek() && box.scrollTop < lastTop.current) follows.value = false;
    lastTop.current = box.scrollTop;
  };
  const download = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(reader.log.blob());
    link.download = `${name.replace(/[^\w.-]+/g, "_") || "job"}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const matches = found.value.length;
  const place = found.value.indexOf(at.value) + 1;

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
          onInput={(event) => ((sought.value = event.currentTarget.value), (at.value = -1))}
          onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), step(event.shiftKey ? -1 : 1))}
        />
        <span class="number matches" role="status">
          {sought.value ? (place > 0 ? `${place} of ${matches}` : `${matches} lines`) : ""}
        </span>
        <label class="inline">
          Event
          <input id="log-seq" inputMode="numeric" placeholder="seq" onKeyDown={(event) => event.key === "Enter" && jump(Number(event.currentTarget.value) || 1)} />
        </label>
        <select aria-label="Which stream" value={streams.value} onChange={(event) => (streams.value = event.currentTarget.value as Streams)}>
          <option value="both">both streams</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </select>
        <button type="button" data-action="download" onClick={download}>
          Download
        </button>
      </div>
      <div class="lines" ref={ref} tabIndex={0} role="log" aria-live="off" aria-label="What it printed" onScroll={scrolled}>
        <div class="rows" style={{ height: `${lines.value.length * LINE}px` }}>
          {lines.value.slice(from, to).map((line, index) => (
            <LineOf key={from + index} line={line} index={from + index} sought={sought.value} isAt={at.value === from + index} />
          ))}
        </div>
        {lines.value.length === 0 && <p class="nothing">Nothing printed so far.</p>}
      </div>
    </section>
  );
}

function LineOf({ line, index, sought, isAt }: { line: Line; index: number; sought: string; isAt: boolean }) {
  return (
    <div class={`line is-${line.stream}${isAt ? " is-at" : ""}`} style={{ transform: `translateY(${index * LINE}px)` }}>
      <span class="seq number">{line.seq}</span>
      <span class="stream">{line.stream === "stderr" ? "err" : ""}</span>
      <code>
        {pieces(line, sought).map(({ text, style, isFound }, at) => {
          const Kind = isFound ? "mark" : "span";
          return (
            <Kind key={at} class={classOf(style)} style={colorsOf(style)}>
              {text}
            </Kind>
          );
        })}
      </code>
    </div>
  );
}

const isNumber = (color: string | undefined) => color !== undefined && /^\d+$/.test(color);

function classOf({ fg, bg, bold, dim, italic, underline, strike, inverse }: Style): string | undefined {
  const words = [isNumber(fg) && `fg${fg}`, isNumber(bg) && `bg${bg}`, bold && "bold", dim && "dim", italic && "italic", underline && "underline", strike && "strike", inverse && "inverse"];
  return words.filter(Boolean).join(" ") || undefined;
}

function colorsOf({ fg, bg }: Style) {
  const colors: Record<string, string> = {};
  if (fg && !isNumber(fg)) colors["color"] = fg;
  if (bg && !isNumber(bg)) colors["backgroundColor"] = bg;
  return colors;
}
