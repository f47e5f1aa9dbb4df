// Colours of a terminal (SGR, ECMA-48) as spans of text; every other sequence is dropped, so nothing of it reaches the page.

/** One of the sixteen by its number, or red, green and blue. */
export type Color = number | readonly [number, number, number];

export interface Style {
  readonly fg?: Color | undefined;
  readonly bg?: Color | undefined;
  readonly bold?: boolean | undefined;
  readonly dim?: boolean | undefined;
  readonly italic?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly inverse?: boolean | undefined;
  readonly strike?: boolean | undefined;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export const PLAIN: Style = {};

// CSI … final; OSC, DCS, APC, PM, SOS … BEL or ST; two-character escapes; and the other control characters but the tab.
const SEQUENCE = /\x1b\[([0-9;:<=>?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** The spans of a line, and the style in which the next begins. */
export function spansOf(text: string, first: Style): { readonly spans: readonly Span[]; readonly last: Style } {
  const spans: Span[] = [];
  let style = first;
  let from = 0;
  const put = (to: number) => to > from && spans.push({ text: text.slice(from, to), style });
  for (const found of text.matchAll(SEQUENCE)) {
    put(found.index);
    from = found.index + found[0].length;
    if (found[2] === "m" && !/[<=>?]/.test(found[1]!)) style = styled(style, found[1]!);
  }
  put(text.length);
  return { spans, last: style };
}

const SWITCHES: Record<number, Style> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { strike: undefined },
  39: { fg: undefined },
  49: { bg: undefined },
};

/** Foreground, background, and the underline's colour, which is not shown but has as many numbers. */
const FULL: Record<number, "fg" | "bg" | undefined> = { 38: "fg", 48: "bg", 58: undefined };

function styled(before: Style, parameters: string): Style {
  const codes = parameters.split(";");
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    // What follows a colon belongs to that number alone: 4:3 is a way to underline, and no italic.
    const [code, ...own] = codes[at]!.split(":").map(Number) as [number, ...number[]];
    if (code === 0) style = PLAIN;
    else if (code in FULL) {
      const numbers = own.length > 0 ? own : codes.slice(at + 1).map(Number);
      const [color, used] = fullColor(numbers, own.length > 4);
      if (own.length === 0) at += used;
      if (color !== undefined && FULL[code]) style = { ...style, [FULL[code]]: color };
    } else if (code === 4 && own[0] === 0) style = { ...style, underline: undefined };
    else style = { ...style, ...(SWITCHES[code] ?? plainColor(code)) };
  }
  return style;
}

function plainColor(code: number): Style {
  if (code >= 30 && code <= 37) return { fg: code - 30 };
  if (code >= 90 && code <= 97) return { fg: code - 82 };
  if (code >= 40 && code <= 47) return { bg: code - 40 };
  if (code >= 100 && code <= 107) return { bg: code - 92 };
  return PLAIN;
}

const byte = (number: number | undefined) => Math.max(0, Math.min(255, Math.trunc(number ?? 0) || 0));

/** A colour of 256, or of all; and how many numbers say it. With colons a colour space may stand before red, green and blue. */
function fullColor([kind, ...rest]: readonly number[], hasSpace: boolean): [Color | undefined, number] {
  const [red, green, blue] = hasSpace ? rest.slice(1) : rest;
  if (kind === 2) return [[byte(red), byte(green), byte(blue)], 4];
  if (kind !== 5) return [undefined, 0];
  const number = byte(red);
  if (number < 16) return [number, 2];
  if (number >= 232) return [[0, 1, 2].map(() => 8 + 10 * (number - 232)) as unknown as Color, 2];
  const step = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  const cube = number - 16;
  return [[step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6)], 2];
}
