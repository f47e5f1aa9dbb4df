// Where a text stands in the lines, and how a line is shown with it.
import type { Line } from "./log.ts";
import type { Span, Style } from "./ansi.ts";

export interface Piece extends Span {
  readonly isFound: boolean;
}

/** The numbers of the lines that have the text in them, whatever its case. */
export function linesWith(lines: readonly Line[], text: string): readonly number[] {
  const sought = text.toLowerCase();
  if (!sought) return [];
  const found: number[] = [];
  for (const { stream, number, text } of lines) if (stream !== "note" && text.toLowerCase().includes(sought)) found.push(number);
  return found;
}

/** Where the first line stands whose number, or event, is at least that; after the last where there is none. Both rise from line to line. */
export function placeOf(lines: readonly Line[], key: "number" | "seq", least: number): number {
  let [from, to] = [0, lines.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (lines[middle]![key] < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The line's spans, cut where the text begins and ends. */
export function pieces({ spans, text }: Line, sought: string): readonly Piece[] {
  const ranges = rangesOf(text.toLowerCase(), sought.toLowerCase());
  if (ranges.length === 0) return spans.map((span) => ({ ...span, isFound: false }));
  const cut: Piece[] = [];
  let offset = 0;
  for (const span of spans) {
    const end = offset + span.text.length;
    let from = offset;
    for (const [first, last] of ranges) {
      if (last <= from || first >= end) continue;
      put(cut, text, from, Math.max(from, first), span.style, false);
      put(cut, text, Math.max(from, first), Math.min(end, last), span.style, true);
      from = Math.min(end, last);
    }
    put(cut, text, from, end, span.style, false);
    offset = end;
  }
  return cut;
}

function put(cut: Piece[], text: string, from: number, to: number, style: Style, isFound: boolean): void {
  if (to > from) cut.push({ text: text.slice(from, to), style, isFound });
}

function rangesOf(text: string, sought: string): readonly [number, number][] {
  const ranges: [number, number][] = [];
  if (sought) for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) ranges.push([at, at + sought.length]);
  return ranges;
}
