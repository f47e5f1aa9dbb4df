// Where in the log one is: at its end, which is followed, or at a line, which stays where it is.
import type { ReadonlySignal, Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useWindow } from "../parts/virtual.ts";
import { placeOf } from "./find.ts";
import type { Line } from "./log.ts";

export const LINE = 20;

export function useScroll(lines: ReadonlySignal<readonly Line[]>, follows: Signal<boolean>) {
  const { ref, from, to } = useWindow(lines.value.length, LINE);
  const lastTop = useRef(0);
  // Which line is the first that is seen, and where it stands.
  const anchor = useRef({ number: 0, place: 0 });

  const settle = () => {
    const { scrollTop } = ref.current!;
    lastTop.current = scrollTop;
    const place = Math.floor(scrollTop / LINE);
    const first = lines.peek()[place];
    if (first) anchor.current = { number: first.number, place };
  };
  const scrollTo = (top: number) => {
    ref.current!.scrollTop = top;
    // Where it came to may be less far; settled here, it is not taken for somebody's scrolling.
    settle();
  };
  useLayoutEffect(() => {
    const box = ref.current!;
    if (follows.value) {
      // Else somebody scrolls up, which is told only later.
      if (box.scrollTop >= lastTop.current) scrollTo(box.scrollHeight);
      return;
    }
    // What is read stays where it is, whatever was dropped before it, or is no longer shown.
    const { number, place } = anchor.current;
    const moved = placeOf(lines.value, "number", number) - place;
    if (moved !== 0) scrollTo(box.scrollTop + moved * LINE);
  }, [lines.value, follows.value]);
  const onScroll = () => {
    const box = ref.current!;
    const by = box.scrollTop - lastTop.current;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 2;
    // Whoever scrolls up wants to read; whoever comes back to the end, what is new.
    if (by < 0 && !isAtEnd) follows.value = false;
    else if (by > 0 && isAtEnd) follows.value = true;
    settle();
  };
  /** Leads to the line in that place. */
  const showPlace = (place: number) => {
    follows.value = false;
    scrollTo(Math.max(0, place * LINE - ref.current!.clientHeight / 2));
  };
  return { ref, from, to, onScroll, showPlace };
}
