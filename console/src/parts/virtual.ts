// A list of which only what is seen is there: rows of one height, placed by their number.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows beside what is seen, so that a quick scroll finds some. */
const BESIDE = 6;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Follows where `ref` is scrolled to. */
export function useWindow(count: number, height: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [at, move] = useState({ top: 0, seen: 600 });
  useLayoutEffect(() => {
    const box = ref.current!;
    const look = () => move((before) => (before.top === box.scrollTop && before.seen === box.clientHeight ? before : { top: box.scrollTop, seen: box.clientHeight }));
    const sized = new ResizeObserver(look);
    sized.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      sized.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, []);
  const top = Math.min(at.top, Math.max(0, count * height - at.seen));
  const from = Math.max(0, Math.floor(top / height) - BESIDE);
  const to = Math.min(count, Math.ceil((top + at.seen) / height) + BESIDE);
  return { ref, from, to };
}

/** Scrolls so far that the row is seen. */
export function reveal(box: HTMLElement, index: number, height: number): void {
  const [top, bottom] = [index * height, (index + 1) * height];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}
