import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useWindow } from "../parts/virtual.ts";
import { connection, isUp } from "../server.ts";
import { live, look, truth, type Row } from "../store.ts";
import { useHold } from "./hold.ts";
import { useRowKeys } from "./keys.ts";
import { EndedRow, LiveRow } from "./row.tsx";
import { clearFilter, current, isFiltered, mark, marked, notLooked, order, orderBy, shown, tab, toKill, type Order, type Tab } from "./view.ts";

const COLUMNS: Record<Tab, readonly (readonly [string, string, Order | undefined])[]> = {
  live: [
    ["connid", "Name", "connid"],
    ["state", "State", "status"],
    ["route", "Route", "route"],
    ["left", "Time left", "left"],
    ["progress", "Progress", "progress"],
    ["by", "Who", undefined],
  ],
  ended: [
    ["connid", "Name", "connid"],
    ["state", "Outcome", "status"],
    ["route", "Route", "route"],
    ["took", "Took", undefined],
    ["ended", "Ended", "ended"],
    ["why", "Receipt, or error", undefined],
  ],
};

/** How often what the feed does not say is asked for, of the rows that are seen. */
const LOOK_MS = 1000;
const MOST_LOOKS = 60;

/** Up to this width of the table a row is stacked. The same stands in the style. */
const STACKED = 680;

export function Table() {
  const rows = shown.value;
  const isLive = tab.value === "live";
  const [isStacked, stack] = useState(false);
  const height = isStacked ? (isLive ? 76 : 64) : 36;
  const { ref, from, to } = useWindow(rows.length, height);
  const seen = rows.slice(from, to);
  useWidth(ref, (width) => stack(width <= STACKED));
  useAnchor(ref, rows, height);
  useLooks(seen);
  useRowKeys(ref, rows, height);
  useHold(ref);
  const stop = seen.find(({ job }) => job === current.value) ?? rows[Math.max(from, Math.min(to - 1, Math.ceil((ref.current?.scrollTop ?? 0) / height)))];
  const Line = isLive ? LiveRow : EndedRow;
  return (
    <div class={`table is-${tab.value}`} role="grid" aria-label={isLive ? "What runs" : "What ended"} aria-rowcount={rows.length + 1} aria-multiselectable={isLive}>
      <div role="rowgroup" class="thead">
        <div role="row" class="tr" aria-rowindex={1}>
          {isLive && <MarkAll rows={rows} />}
          {COLUMNS[tab.value].map(([name, title, by]) => (
            <Head key={name} name={name} title={title} by={by} />
          ))}
          {isLive && <span role="columnheader" class="c-kill"><span class="unseen">Kill</span></span>}
        </div>
      </div>
      <div role="rowgroup" class="tbody" ref={ref}>
        <div class="rows" role="presentation" style={{ height: `${rows.length * height}px` }}>
          {seen.map((row, at) => (
            <Line
              key={row.job}
              row={row}
              index={from + at}
              height={height}
              isMarked={marked.value.has(row.job) && live.has(row.job)}
              isCurrent={current.value === row.job}
              isStop={row === stop}
            />
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
  const count = toKill.value.length;
  const most = count === 0 ? 0 : rows.reduce((sum, { job }) => sum + (live.has(job) ? 1 : 0), 0);
  const ref = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => void (ref.current!.indeterminate = count > 0 && count < most));
  return (
    <span role="columnheader" class="c-mark">
      <input
        ref={ref}
        type="checkbox"
        checked={count > 0 && count >= most}
        aria-label="Mark all that are shown"
        onChange={(event) => mark(shown.peek().map(({ job }) => job), event.currentTarget.checked)}
      />
    </span>
  );
}

/** Tells how wide it is; and the head leaves as much room as the scroll bar takes. */
function useWidth(ref: { current: HTMLDivElement | null }, tell: (width: number) => void) {
  useLayoutEffect(() => {
    const box = ref.current!;
    const look = () => {
      tell(box.offsetWidth);
      box.parentElement?.style.setProperty("--gutter", `${box.offsetWidth - box.clientWidth}px`);
    };
    const sized = new ResizeObserver(look);
    sized.observe(box);
    look();
    return () => sized.disconnect();
  }, []);
}

/** The button goes with the filter; who pressed it is where the next one is typed. */
function clear(): void {
  clearFilter();
  document.getElementById("filter")?.focus();
}

/** Never an empty table where nothing is known, nor where something is hidden. */
function Nothing() {
  const { state } = connection.value;
  if (!isUp()) return <p class="nothing">{state === "connecting" ? "Connecting…" : "No connection: what runs is not known."}</p>;
  if (truth.value === "reading") return <p class="nothing">Reading what runs…</p>;
  if (isFiltered.value)
    return (
      <div class="nothing" role="row">
        <p role="gridcell">
          Nothing fits the filter.{" "}
          <button type="button" class="small" data-action="clear-filter" onClick={clear}>
            Clear it
          </button>
        </p>
      </div>
    );
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
      const unknown = rows.current.filter((row) => (live.has(row.job) ? row.by === undefined || row.route !== "request" : !row.isLooked && row.status !== "ok"));
      // Then those that would be seen if more was known of them.
      const next = new Set([...unknown, ...notLooked.peek()].slice(0, MOST_LOOKS));
      await Promise.all([...next].map(look)).finally(() => (busy = false));
    };
    const timer = setInterval(() => void ask(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
}
