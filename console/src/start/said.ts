// What a start says, in the two ways in which others can say it.

export interface Wanted {
  readonly route: string;
  readonly connid: string;
  /** Nothing where the route's is meant. */
  readonly time: number | undefined;
  readonly input: unknown;
  readonly tags: string;
  readonly onConflict: string;
}

/** The frame, without what is left out. */
export function frameOf({ route, connid, time, input, tags, onConflict }: Wanted): Record<string, unknown> {
  const words = tags.split(/[\s,]+/).filter(Boolean);
  return {
    route,
    ...(connid.trim() && { connid: connid.trim() }),
    ...(time !== undefined && { time }),
    ...(input !== undefined && { input }),
    ...(words.length > 0 && { tags: words }),
    ...(onConflict !== "reject" && { on_conflict: onConflict }),
  };
}

/** As one word of a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The same start with curl. */
export function curlOf(frame: object, origin: string): string {
  return `curl -X POST ${quoted(`${origin}jobs`)} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(frame))}`;
}
