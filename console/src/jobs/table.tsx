import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { addKeys } from "../keys.ts";
import { isNarrow } from "../parts/media.ts";
import { reveal, useWindow } from "../parts/virtual.ts";
import { killOne } from "../receipts.ts";
import { addressOf, go } from "../route.ts";
import { connection, isUp } from "../server.ts";
import { live, look, truth, type Row } from "../store.ts";
import { EndedRow, LiveRow } from "./row.tsx";
import { current, mark, marked, order, orderBy, shown, tab, words, type Order } from "./view.ts";

const LIVE: readonly (readonly [string, string, Order | undefined])[] = [
  ["connid", "Connid", "connid"],
  ["state", "State", "status"],
  ["route", "Route", "route"],
  ["left", "Time left", "left"],
  ["progress", "Progress", "progress"],
  ["by", "Who", undefined],
];
const ENDED: typeof LIVE = [
  ["connid", "Connid", "connid"],
  ["state", "Outcome", "status"],
  ["route", "Route", "route"],
  ["took", "Took", undefined],
  ["ended", "Ended", "ended"],
  ["why", "Receipt, or error", undefined],
];

/** How often what the feed does not say is asked for, of the rows that are seen. */
const LOOK_MS = 1000;
const MOST_LOOKS = 60;

export function Table() {
  const rows = shown.value;
  const isLive = tab.value === "live";
  const height = isNarrow.value ? (isLive ? 76 : 64) : 36;
  const { ref, from, to } = useWindow(rows.length, height);
  const seen = rows.slice(from, to);
  useAnchor(ref, rows, height);
  useLooks(seen);
  useRowKeys(ref, height);
  useGutter(ref);
  const columns = isLive ? LIVE : ENDED;
  const Line = isLive ? LiveRow : EndedRow;
  return (
    <div class={`table is-${tab.value}`} role="table" aria-label={isLive ? "What runs" : "What ended"} aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="thead">
        <div role="row" class="tr" aria-rowindex={1}>
          {isLive && <MarkAll rows={rows} />}
          {columns.map(([name, title, by]) => (
            <Head key={name} name={name} title={title} by={by} />
          ))}
          {isLive && <span role="columnheader" class="c-kill"><span class="unseen">Kill</span></span>}
        </div>
      </div>
      <div role="rowgroup" class="tbody" ref={ref} tabIndex={0} aria-label="Rows">
        <div class="rows" role="presentation" style={{ height: `${rows.length * height}px` }}>
          {seen.map((row, at) => (
            <Line key={row.job} row={row} index={from + at} height={height} isMarked={marked.value.has(row.job)} isCurrent={current.value === row.job} />
          ))}
        </div>
        {rows.length === 0 && <Nothing />}
      </div>
    </div>
  );
}

function Head({ name, title, by }: { name: string; title: string; by: Order | undefined }) {
  const isIt = by !== undefined && order.value.by === by;
  const sort = isIt ? (order.value.isDown ? "descending" : "ascending") : undefined;
  return (
    <span role="columnheader" class={`c-${name}`} aria-sort={sort}>
      {by ? (
        <button type="button" class="head" onClick={() => orderBy(by)}>
          {title}
          <i aria-hidden="true">{isIt ? (order.value.isDown ? "↓" : "↑") : ""}</i>
        </button>
      ) : (
        title
      )}
    </span>
  );
}

function MarkAll({ rows }: { rows: readonly Row[] }) {
  const count = marked.value.size;
  const ref = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => void (ref.current!.indeterminate = count > 0 && count < rows.length));
  return (
    <span role="columnheader" class="c-mark">
      <input
        ref={ref}
        type="checkbox"
        checked={count > 0 && count >= rows.length}
        aria-label="Mark all that are shown"
        onChange={(event) => (marked.value = new Set(event.currentTarget.checked ? shown.peek().map(({ job }) => job) : []))}
      />
    </span>
  );
}

/** The head leaves as much room as the scroll bar takes. */
function useGutter(ref: { current: HTMLDivElement | null }) {
  useLayoutEffect(() => {
    const box = ref.current!;
    const sized = new ResizeObserver(() => box.parentElement?.style.setProperty("--gutter", `${box.offsetWidth - box.clientWidth}px`));
    sized.observe(box);
    return () => sized.disconnect();
  }, []);
}

/** Never an empty table where nothing is known. */
function Nothing() {
  const { state } = connection.value;
  if (!isUp()) return <p class="nothing">{state === "connecting" ? "Connecting…" : "No connection: what runs is not known."}</p>;
  if (truth.value === "reading") return <p class="nothing">Reading what runs…</p>;
  if (words.value) return <p class="nothing">Nothing fits the filter.</p>;
  return <p class="nothing">{tab.value === "live" ? "Nothing runs. Start something: it will be here at once." : "Nothing has ended since the page's memory begins."}</p>;
}

/** Who has scrolled sees the same rows on, whatever comes above them. */
function useAnchor(ref: { current: HTMLDivElement | null }, rows: readonly Row[], height: number) {
  const anchor = useRef<{ job: string; off: number; top: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const box = ref.current!;
    const kept = anchor.current;
    if (kept && box.scrollTop > 0 && box.scrollTop === kept.top) {
      const index = rows.findIndex(({ job }) => job === kept.job);
      if (index >= 0) box.scrollTop = index * height + kept.off;
    }
    const remember = () => {
      const at = Math.floor(box.scrollTop / height);
      const row = rows[at];
      anchor.current = row && { job: row.job, off: box.scrollTop - at * height, top: box.scrollTop };
    };
    remember();
    box.addEventListener("scroll", remember, { passive: true });
    return () => box.removeEventListener("scroll", remember);
  }, [rows, height]);
}

function useLooks(seen: readonly Row[]) {
  const rows = useRef(seen);
  rows.current = seen;
  useEffect(() => {
    let busy = false;
    const ask = async () => {
      if (busy || document.hidden || !isUp()) return;
      busy = true;
      // Of a job that only lets time pass everything is known, once who started it is.
      const unknown = rows.current.filter((row) => (live.has(row.job) ? row.by === undefined || row.route !== "request" : row.by === undefined && row.status !== "ok"));
      await Promise.all(unknown.slice(0, MOST_LOOKS).map(look)).finally(() => (busy = false));
    };
    const timer = setInterval(() => void ask(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
}

function useRowKeys(ref: { current: HTMLDivElement | null }, height: number) {
  useEffect(() => {
    const move = (by: number) => {
      const rows = shown.peek();
      const at = rows.findIndex(({ job }) => job === current.peek());
      const next = Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by));
      current.value = rows[next]?.job;
      if (ref.current) reveal(ref.current, next, height);
    };
    const row = () => shown.peek().find(({ job }) => job === current.peek());
    const where = "Jobs";
    return addKeys([
      { keys: ["ArrowDown", "j"], what: "The next row", where, run: () => move(1) },
      { keys: ["ArrowUp", "k"], what: "The row before", where, run: () => move(-1) },
      { keys: ["Enter", "o"], what: "Open the job", where, run: () => current.peek() && go(addressOf(current.peek()!)) },
      { keys: ["x"], what: "Mark the row", where, run: () => row() && tab.peek() === "live" && mark(row()!.job, !marked.peek().has(row()!.job)) },
      { keys: ["Delete"], what: "Kill the row's job", where, run: () => row() && live.has(row()!.job) && void killOne(row()!) },
    ]);
  }, [height]);
}
