// What a terminal's colours look like here: in either theme, and always so that one can read them.
import type { Color, Style } from "./ansi.ts";

type Rgb = readonly [number, number, number];
type Pair<T> = readonly [light: T, dark: T];

/** The sixteen as text, light and dark; the second eight are the first, as bold tells them apart. */
const TEXT: readonly Pair<Rgb>[] = [
  [[0x56, 0x61, 0x68], [0x98, 0xa4, 0xab]],
  [[0xb3, 0x26, 0x1e], [0xff, 0x8f, 0x87]],
  [[0x0b, 0x6b, 0x53], [0x4f, 0xd1, 0xa5]],
  [[0x8a, 0x50, 0x00], [0xf0, 0xb3, 0x5a]],
  [[0x1f, 0x5f, 0xae], [0x84, 0xb6, 0xf5]],
  [[0x6a, 0x45, 0xb0], [0xbd, 0xa2, 0xf4]],
  [[0x0b, 0x6a, 0x7c], [0x66, 0xcf, 0xe0]],
  [[0x14, 0x19, 0x1c], [0xe8, 0xec, 0xee]],
];
/** And as grounds, in both themes. */
const GROUND: readonly Rgb[] = [[0x20, 0x26, 0x2a], [0xb3, 0x26, 0x1e], [0x1a, 0x7f, 0x5f], [0xd9, 0x9a, 0x2b], [0x1f, 0x5f, 0xae], [0x6a, 0x45, 0xb0], [0x1a, 0x8a, 0x9c], [0xd0, 0xd5, 0xd8]];
const INK = TEXT[7]!;
const CARD: Pair<Rgb> = [[0xff, 0xff, 0xff], [0x16, 0x1a, 0x1d]];
/** What text without a ground of its own may stand on: of all lines the one that is chosen is nearest to the text. `--at` in the style. */
const NEAREST: Pair<Rgb> = [[0xd2, 0xdf, 0xef], [0x2c, 0x39, 0x48]];
/** WCAG 2.2, 1.4.3. */
const ENOUGH = 4.5;
const MOST_KNOWN = 2000;

/** As CSS properties. */
export type Look = { color?: string; backgroundColor?: string };

const known = new Map<string, Look>();

/** The colours of that style. */
export function lookOf({ fg, bg, dim, inverse }: Style): Look {
  if (fg === undefined && bg === undefined && !inverse && !dim) return {};
  const key = `${fg}/${bg}/${dim}/${inverse}`;
  const before = known.get(key);
  if (before) return before;
  if (known.size > MOST_KNOWN) known.clear();
  const look = looked(fg, bg, dim ?? false, inverse ?? false);
  known.set(key, look);
  return look;
}

function looked(fg: Color | undefined, bg: Color | undefined, isDim: boolean, isInverse: boolean): Look {
  const ground = bg === undefined ? undefined : both(bg, GROUND.map((each) => [each, each] as const));
  // On a ground of its own plain text is as dark or as light as is read best.
  const plain = ground && !isInverse ? pair((theme) => (contrast(INK[0], ground[theme]) > contrast(INK[1], ground[theme]) ? INK[0] : INK[1])) : INK;
  const text = fg !== undefined ? both(fg, TEXT) : isDim ? TEXT[0]! : plain;
  const [front, back] = isInverse ? [ground ?? CARD, text] : [text, ground];
  return { color: css(pair((theme) => readable(front[theme], (back ?? NEAREST)[theme]))), ...(back && { backgroundColor: css(back) }) };
}

const pair = <T>(of: (theme: 0 | 1) => T): Pair<T> => [of(0), of(1)];
const both = (color: Color, sixteen: readonly Pair<Rgb>[]): Pair<Rgb> => (typeof color === "number" ? sixteen[color % 8]! : [color, color]);
const written = (rgb: Rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;
const css = ([light, dark]: Pair<Rgb>) => `light-dark(${written(light)}, ${written(dark)})`;

/** The colour, or as much nearer to black or white as it takes. */
function readable(text: Rgb, ground: Rgb): Rgb {
  const end: Rgb = contrast([0, 0, 0], ground) > contrast([255, 255, 255], ground) ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = text.map((part, at) => Math.round(part + (end[at]! - part) * share)) as unknown as Rgb;
    if (contrast(mixed, ground) >= ENOUGH) return mixed;
  }
  return end;
}

function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((part) => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
