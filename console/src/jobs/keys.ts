// The rows with the keyboard: the focus goes from row to row, and is not lost with one that ends.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { addKeys } from "../keys.ts";
import { reveal } from "../parts/virtual.ts";
import { addressOf, go } from "../route.ts";
import { live, type Row } from "../store.ts";
import { current, killing, mark, marked, tab } from "./view.ts";

const isOnRow = () => document.activeElement?.closest("[data-job]") != null;
const lineOf = (box: HTMLElement, job: string | undefined) => (job === undefined ? null : box.querySelector<HTMLElement>(`[data-job="${CSS.escape(job)}"]`));

export function useRowKeys(ref: { current: HTMLDivElement | null }, rows: readonly Row[], height: number): void {
  const { value } = current;
  const index = value === undefined ? -1 : rows.findIndex(({ job }) => job === value);
  const now = useRef({ rows, height, index, at: 0 });
  // Where the current row stands, or stood.
  now.current = { rows, height, index, at: index >= 0 ? index : now.current.at };
  const wanted = useRef<string | undefined>(undefined);
  const wasIn = useRef(false);

  const focus = () => {
    const line = lineOf(ref.current!, wanted.current);
    // One that is still to be scrolled to is there after the next drawing.
    if (!line) return;
    wanted.current = undefined;
    line.focus({ preventScroll: true });
  };
  const goTo = (to: number) => {
    const next = Math.max(0, Math.min(now.current.rows.length - 1, to));
    wanted.current = current.value = now.current.rows[next]?.job;
    reveal(ref.current!, next, now.current.height);
    focus();
  };

  useLayoutEffect(() => {
    const isLost = wasIn.current && document.activeElement === document.body;
    // Who was on a row that is no longer there is on the one in its place.
    if (isLost && index < 0) goTo(now.current.at);
    else focus();
    wasIn.current = isOnRow();
  });
  useEffect(() => {
    const box = ref.current!;
    const look = () => (wasIn.current = isOnRow());
    box.addEventListener("focusin", look);
    return () => box.removeEventListener("focusin", look);
  }, []);
  useEffect(() => {
    const move = (by: number) => {
      const { index, at } = now.current;
      // From a row that is gone the next one is in its place.
      goTo(current.peek() === undefined ? 0 : index >= 0 || by < 0 ? at + by : at);
    };
    const row = () => now.current.rows[now.current.index];
    const isLive = () => tab.peek() === "live";
    const toggle = (it = row()) => it && isLive() && mark([it.job], !marked.peek().has(it.job));
    const ask = (it = row()) => it && live.has(it.job) && (killing.value = [it]);
    const open = (it = row()) => it && go(addressOf(it.job));
    const where = "Jobs";
    return addKeys([
      { keys: ["ArrowDown", "j"], what: "The next row", where, run: () => move(1) },
      { keys: ["ArrowUp", "k"], what: "The row before", where, run: () => move(-1) },
      { keys: ["Enter", "o"], what: "Open the job", where, run: () => open() },
      { keys: ["x"], what: "Mark the row", where, run: () => toggle() },
      { keys: ["Delete"], what: "Kill the row's job", where, run: () => ask() },
    ]);
  }, []);
}
