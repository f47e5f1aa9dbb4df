// Colours of a terminal (SGR, ECMA-48) as spans of text; every other sequence is dropped, so nothing of it reaches the page.

export interface Style {
  readonly fg?: string | undefined;
  readonly bg?: string | undefined;
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
  0: PLAIN,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { strike: undefined },
  39: { fg: undefined },
  49: { bg: undefined },
};

function styled(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number);
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!;
    if (code === 0) style = PLAIN;
    else if (code in SWITCHES) style = { ...style, ...SWITCHES[code] };
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(at + 1));
      at += used;
      if (color) style = { ...style, [code === 38 ? "fg" : "bg"]: color };
    } else style = { ...style, ...plainColor(code) };
  }
  return style;
}

/** One of the sixteen, by its number; the page's style says what it looks like in either theme. */
function plainColor(code: number): Style {
  if (code >= 30 && code <= 37) return { fg: String(code - 30) };
  if (code >= 90 && code <= 97) return { fg: String(code - 82) };
  if (code >= 40 && code <= 47) return { bg: String(code - 40) };
  if (code >= 100 && code <= 107) return { bg: String(code - 92) };
  return PLAIN;
}

const byte = (number: number | undefined) => Math.max(0, Math.min(255, Math.trunc(number ?? 0) || 0));

/** A colour of 256, or of all; and how many numbers say it. */
function extended([kind, ...rest]: readonly number[]): [string | undefined, number] {
  if (kind === 2) return [`rgb(${byte(rest[0])} ${byte(rest[1])} ${byte(rest[2])})`, 4];
  if (kind !== 5) return [undefined, 0];
  const number = byte(rest[0]);
  if (number < 16) return [String(number), 2];
  if (number >= 232) return [`rgb(${Array(3).fill(8 + 10 * (number - 232)).join(" ")})`, 2];
  const step = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  const cube = number - 16;
  return [`rgb(${step(Math.floor(cube / 36))} ${step(Math.floor(cube / 6) % 6)} ${step(cube % 6)})`, 2];
}
